"""The stop switch of issuance."""

import registry.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0020_notices_and_heartbeats"),
    ]

    operations = [
        migrations.CreateModel(
            name="IssuanceStop",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(max_length=1000)),
                ("started_at", models.DateTimeField()),
                ("started_by", models.CharField(max_length=100)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.CharField(blank=True, max_length=100)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("ended_at",),
                        name="issuance_is_stopped_once_at_a_time",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
