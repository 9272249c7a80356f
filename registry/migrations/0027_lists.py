"""Indexes by which lists are sorted, searched and counted without reading the whole table.

Built beside the traffic, each attempt beginning with what is left of the one before (see 0025). pg_trgm is a trusted
extension of PostgreSQL: the owner of the database may add it.
"""

import django.db.models.deletion
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    TrigramExtension,
)
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Upper

INDEXES = {
    "client": (
        models.Index(fields=["-registered_at", "-id"], name="client_by_registration"),
        models.Index(fields=["name", "id"], name="client_by_name"),
        models.Index(fields=["state", "id"], include=["route"], name="client_by_state"),
        models.Index(
            F("last_used_at").asc(nulls_first=True),
            "id",
            include=["state", "registered_at"],
            name="client_by_last_use",
        ),
        GinIndex(
            *(OpClass(Upper(column), name="gin_trgm_ops") for column in ("name", "client_id", "software_id")),
            name="client_by_part_of_a_name",
        ),
        models.Index(
            fields=["organization", "environment", "registered_at"],
            include=["state"],
            name="client_of_organization",
        ),
    ),
    "organization": (
        models.Index(fields=["display_name", "id"], name="organization_by_name"),
        models.Index(fields=["state", "state_since"], name="organization_by_state"),
    ),
    "registration": (
        models.Index(
            fields=["created_at", "id"],
            condition=~Q(outcome="pending") & ~Q(decided_by="policy"),
            name="registration_decided",
        ),
    ),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("registry", "0026_end_of_access"),
    ]

    operations = [
        TrigramExtension(),
        *(
            migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}", migrations.RunSQL.noop)
            for indexes in INDEXES.values()
            for index in indexes
        ),
        *(
            AddIndexConcurrently(model_name=model, index=index)
            for model, indexes in INDEXES.items()
            for index in indexes
        ),
        # client_of_organization takes the place of the same without the state, and of the foreign key's own.
        RemoveIndexConcurrently(model_name="client", name="client_by_organization"),
        # The index alone: Django would drop the constraint, too, and add it again, in two transactions (see 0080).
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS registry_client_organization_id_4563ae98",
                    migrations.RunSQL.noop,
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="client",
                    name="organization",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clients",
                        to="registry.organization",
                    ),
                )
            ],
        ),
    ]
