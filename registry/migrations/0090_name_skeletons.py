"""What is left of the names of an organization when all that the eye passes over is gone; see policy.lookalikes."""

from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

from registry.policy import lookalikes


def fill(apps: Any, schema_editor: Any) -> None:
    organizations = apps.get_model("registry", "Organization").objects
    for row in organizations.only("legal_name", "display_name").iterator():
        names = sorted(lookalikes.skeletons(row.legal_name, row.display_name))
        organizations.filter(pk=row.pk).update(name_skeletons=names)


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0080_client_has_an_organization"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="name_skeletons",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="organization",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["name_skeletons"], name="organization_by_skeleton"
            ),
        ),
    ]
