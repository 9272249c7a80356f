"""What the tables guard by themselves: an audit log that only grows, and the sign-in cache's table."""

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

GUARD = """
CREATE FUNCTION registry_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER registry_audit_keeps_rows BEFORE UPDATE OR DELETE ON registry_auditevent
    FOR EACH ROW EXECUTE FUNCTION registry_audit_only_grows();
CREATE TRIGGER registry_audit_keeps_table BEFORE TRUNCATE ON registry_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION registry_audit_only_grows();
"""
UNGUARD = """
DROP TRIGGER registry_audit_keeps_table ON registry_auditevent;
DROP TRIGGER registry_audit_keeps_rows ON registry_auditevent;
DROP FUNCTION registry_audit_only_grows();
"""


def make_cache_table(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", "signin_cache", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]

    operations = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
    ]
