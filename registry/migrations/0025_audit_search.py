"""Indexes by which the audit log is searched for an actor and a request.

Built beside the traffic: nothing waits for them. One that failed half-way is dropped by name and built again.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("registry", "0024_one_account_for_a_mailbox"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(fields=["actor_id", "-id"], name="event_by_actor"),
        ),
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(fields=["request_id", "-id"], name="event_by_request"),
        ),
    ]
