"""Staff have one account for a mailbox. Where two exist, the migration says which constraint they break: end one."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0023_key_fingerprint"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                models.Func(
                    django.db.models.functions.text.Lower("email"),
                    models.Value("\\+[^@]*@"),
                    models.Value("@"),
                    function="regexp_replace",
                ),
                condition=models.Q(
                    (
                        "role__in",
                        ["administrator", "approver", "auditor", "partner_manager", "security_officer"],
                    )
                ),
                name="staff_have_one_account_for_a_mailbox",
            ),
        ),
    ]
