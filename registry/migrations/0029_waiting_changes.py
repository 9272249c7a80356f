"""One decision waits for a client, and its live registration access token is found; built beside the traffic."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

_ONE = models.UniqueConstraint(
    fields=["client"], condition=Q(outcome="pending"), name="one_decision_waits_for_a_client"
)
_DROP = "DROP INDEX CONCURRENTLY IF EXISTS"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("registry", "0028_changes_of_clients"),
    ]

    operations = [
        migrations.RunSQL(f"{_DROP} live_configuration_token", migrations.RunSQL.noop),
        migrations.RunSQL(f"{_DROP} one_decision_waits_for_a_client", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="registrationaccesstoken",
            index=models.Index(
                fields=["client"], condition=Q(ended_at=None), name="live_configuration_token"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY one_decision_waits_for_a_client"
                    " ON registry_registration (client_id) WHERE outcome = 'pending'",
                    f"{_DROP} one_decision_waits_for_a_client",
                )
            ],
            state_operations=[migrations.AddConstraint(model_name="registration", constraint=_ONE)],
        ),
    ]
