"""A client refers to its organization: the constraint is there, whatever became of 0027 where that ran out of time.

As 0027 was written first, an attempt that waited too long for a lock could leave it dropped, and the next one did not
miss it. Where it is there nothing happens. It is added without looking at the rows, then proved beside the traffic.
"""

from django.db import migrations

_NAME = "registry_client_organization_id_4563ae98_fk_registry_"
_MISSING = """
DO $$ BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint WHERE contype = 'f'
            AND conrelid = 'registry_client'::regclass AND confrelid = 'registry_organization'::regclass
    ) THEN
        ALTER TABLE registry_client ADD CONSTRAINT {name} FOREIGN KEY (organization_id)
            REFERENCES registry_organization (id) DEFERRABLE INITIALLY DEFERRED NOT VALID;
    END IF;
END $$
"""
_PROVED = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_constraint WHERE conname = '{name}' AND NOT convalidated) THEN
        ALTER TABLE registry_client VALIDATE CONSTRAINT {name};
    END IF;
END $$
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("registry", "0070_people_and_terms"),
    ]

    operations = [
        migrations.RunSQL(statement.format(name=_NAME), migrations.RunSQL.noop)
        for statement in (_MISSING, _PROVED)
    ]
