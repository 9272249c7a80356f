"""One more kind of notice; the database knows nothing of kinds."""

from django.db import migrations, models

KINDS = ("client_expired", "client_unused", "client_restricted", "client_suspended", "key_reused")


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0029_waiting_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=32),
        ),
    ]
