"""When somebody's access ended. Of those whose access had ended before, no invitation from before today counts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0025_audit_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="ended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(
            "UPDATE registry_user SET ended_at = now() WHERE NOT is_active", migrations.RunSQL.noop
        ),
    ]
