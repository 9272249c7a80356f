"""Changes of clients: registrations that replace metadata, credentials that take each other's place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0027_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="clientsecret",
            name="hint",
            field=models.CharField(db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            model_name="registration",
            name="metadata_before",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="registration",
            name="risks",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="registration",
            name="undo_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="registration",
            name="verb",
            field=models.CharField(
                choices=[("create", "create"), ("replace", "replace")],
                db_default="create",
                default="create",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="registrationaccesstoken",
            name="superseded_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="clientkey",
            name="state",
            field=models.CharField(
                choices=[
                    ("active", "Active"),
                    ("retired", "Retired"),
                    ("ended", "Ended"),
                    ("compromised", "Compromised"),
                ],
                default="active",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="registration",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("withdrawn", "Withdrawn"),
                    ("undone", "Undone"),
                ],
                max_length=16,
            ),
        ),
    ]
