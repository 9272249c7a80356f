"""Indexes by which the audit log is searched for an actor and a request, and a case is found by its number.

Built beside the traffic: nothing waits for them. One that failed half-way stands invalid in the table (PostgreSQL,
"Building Indexes Concurrently"), so that each attempt begins by dropping what is left of the one before.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Cast, Right


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("registry", "0024_one_account_for_a_mailbox"),
    ]

    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS event_by_actor", migrations.RunSQL.noop),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS event_by_request", migrations.RunSQL.noop),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS registration_by_case_number", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(fields=["actor_id", "-id"], name="event_by_actor"),
        ),
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(fields=["request_id", "-id"], name="event_by_request"),
        ),
        AddIndexConcurrently(
            model_name="registration",
            index=models.Index(Right(Cast("id", models.TextField()), 8), name="registration_by_case_number"),
        ),
    ]
