"""The audit tree: digests in events, a queue that triggers keep, tables of leaves, nodes and heads that only grow.

Every name in the functions carries its schema: nobody can put a table of their own in the way.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.lookups import Exact

from registry import event_document

WAIT_BRIEFLY = "SET LOCAL lock_timeout = '3s'"
BATCH = 1000

QUEUE = """
CREATE FUNCTION registry_audit_enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.registry_auditqueue (event, held) VALUES (NEW.id, false);
    RETURN NULL;
END $$;
CREATE TRIGGER registry_audit_enqueues AFTER INSERT ON registry_auditevent
    FOR EACH ROW EXECUTE FUNCTION registry_audit_enqueue();

CREATE FUNCTION registry_audit_dequeue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM public.registry_auditqueue q USING added WHERE q.event = added.event_id;
    RETURN NULL;
END $$;
CREATE TRIGGER registry_audit_dequeues AFTER INSERT ON registry_auditleaf
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION registry_audit_dequeue();

CREATE FUNCTION registry_audit_queue_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gone WHERE NOT EXISTS (SELECT FROM public.registry_auditleaf l WHERE l.event_id = gone.event)
    ) THEN
        RAISE EXCEPTION 'an event leaves the queue with its leaf' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER registry_audit_queue_gives_to_leaves AFTER DELETE ON registry_auditqueue
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION registry_audit_queue_is_kept();
CREATE TRIGGER registry_audit_queue_takes_from_events BEFORE INSERT ON registry_auditqueue
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION registry_audit_only_grows();
CREATE TRIGGER registry_audit_queue_only_holds BEFORE UPDATE ON registry_auditqueue
    FOR EACH ROW WHEN (OLD.event <> NEW.event OR OLD.held) EXECUTE FUNCTION registry_audit_only_grows();
CREATE TRIGGER registry_audit_queue_keeps_table BEFORE TRUNCATE ON registry_auditqueue
    FOR EACH STATEMENT EXECUTE FUNCTION registry_audit_only_grows();

ALTER TABLE registry_auditqueue SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""
UNQUEUE = """
DROP TRIGGER registry_audit_enqueues ON registry_auditevent;
DROP TRIGGER registry_audit_dequeues ON registry_auditleaf;
DROP TRIGGER registry_audit_queue_gives_to_leaves ON registry_auditqueue;
DROP TRIGGER registry_audit_queue_takes_from_events ON registry_auditqueue;
DROP TRIGGER registry_audit_queue_only_holds ON registry_auditqueue;
DROP TRIGGER registry_audit_queue_keeps_table ON registry_auditqueue;
DROP FUNCTION registry_audit_enqueue();
DROP FUNCTION registry_audit_dequeue();
DROP FUNCTION registry_audit_queue_is_kept();
"""
GUARD = """
CREATE TRIGGER registry_audit_keeps_rows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION registry_audit_only_grows();
CREATE TRIGGER registry_audit_keeps_table BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION registry_audit_only_grows();
"""
UNGUARD = """
DROP TRIGGER registry_audit_keeps_rows ON {table};
DROP TRIGGER registry_audit_keeps_table ON {table};
"""
GROWING = (
    "registry_auditleaf",
    "registry_auditnode",
    "registry_auditcheckpoint",
    "registry_auditcosignature",
)


def give_digests(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Digests and places in the queue for the events of the time before: from now on they are held to these."""
    events = apps.get_model("registry", "AuditEvent").objects.using(schema_editor.connection.alias)
    queue = apps.get_model("registry", "AuditQueue").objects.using(schema_editor.connection.alias)
    schema_editor.execute("ALTER TABLE registry_auditevent DISABLE TRIGGER registry_audit_keeps_rows")
    while batch := list(events.filter(digest=None).order_by("id")[:BATCH]):
        for event in batch:
            event.digest = event_document.leaf_hash(event_document.document(vars(event)))
        events.bulk_update(batch, ["digest"])
        queue.bulk_create(queue.model(event=event.pk) for event in batch)
    schema_editor.execute("ALTER TABLE registry_auditevent ENABLE TRIGGER registry_audit_keeps_rows")


def has_32_octets(column: str) -> Exact:
    length = models.Func(models.F(column), function="octet_length", output_field=models.IntegerField())
    return Exact(length, 32)


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_guards")]

    operations = [
        migrations.RunSQL(WAIT_BRIEFLY, WAIT_BRIEFLY),
        migrations.AddField("auditevent", "digest", models.BinaryField(null=True)),
        migrations.CreateModel(
            "AuditQueue",
            [
                ("event", models.UUIDField(primary_key=True, serialize=False)),
                ("held", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            "AuditLeaf",
            [
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leaf",
                        to="registry.auditevent",
                    ),
                ),
                ("hash", models.BinaryField()),
            ],
            {
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0)), name="leaf_number_counts_from_zero"
                    ),
                    models.CheckConstraint(condition=has_32_octets("hash"), name="leaf_hash_is_sha256"),
                ]
            },
        ),
        migrations.CreateModel(
            "AuditNode",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "level", "index", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hash", models.BinaryField()),
            ],
            {
                "constraints": [
                    models.CheckConstraint(condition=has_32_octets("hash"), name="node_hash_is_sha256")
                ]
            },
        ),
        migrations.CreateModel(
            "AuditCheckpoint",
            [
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField()),
                ("note", models.TextField()),
            ],
            {
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("size__gt", 0)), name="checkpoint_has_leaves"),
                    models.CheckConstraint(condition=has_32_octets("root"), name="checkpoint_root_is_sha256"),
                ]
            },
        ),
        migrations.CreateModel(
            "AuditCosignature",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "checkpoint_id",
                        "witness",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cosignatures",
                        to="registry.auditcheckpoint",
                    ),
                ),
                ("witness", models.CharField(max_length=200)),
                ("line", models.TextField()),
            ],
        ),
        migrations.RunPython(give_digests, migrations.RunPython.noop),
        migrations.AlterField("auditevent", "digest", models.BinaryField()),
        migrations.AddConstraint(
            "auditevent",
            models.CheckConstraint(condition=has_32_octets("digest"), name="event_digest_is_sha256"),
        ),
        # Every request writes an event: no index that another one stands in for, and none of NULLs.
        migrations.AlterField(
            "auditevent",
            "organization",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.organization",
            ),
        ),
        migrations.AlterField("auditevent", "once", models.CharField(max_length=200, null=True)),
        migrations.AddConstraint(
            "auditevent",
            models.UniqueConstraint(
                condition=models.Q(("once__isnull", False)),
                fields=("once",),
                name="event_is_told_once_a_minute",
            ),
        ),
        migrations.RunSQL(QUEUE, UNQUEUE),
        *(migrations.RunSQL(GUARD.format(table=table), UNGUARD.format(table=table)) for table in GROWING),
    ]
