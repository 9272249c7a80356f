"""Notices that are owed to organizations, and signs of life of the machine room."""

import django.db.models.deletion
import registry.identifiers
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0010_idempotency_and_rates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("period_seconds", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("period_seconds__gt", 0)), name="a_heartbeat_comes_again"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("client_expired", "client_expired"),
                            ("client_unused", "client_unused"),
                            ("client_restricted", "client_restricted"),
                            ("client_suspended", "client_suspended"),
                        ],
                        max_length=32,
                    ),
                ),
                ("once", models.CharField(max_length=200)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("failure", models.CharField(blank=True, max_length=300)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True, choices=[("sent", "sent"), ("unreached", "unreached")], max_length=16
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="registry.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)), fields=["due_at"], name="notice_by_due"
                    ),
                    models.Index(fields=["client", "kind", "created_at"], name="notice_by_client"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("once",), name="an_occasion_is_told_of_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("settled_at", None)),
                            models.Q(("settled_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_settled_notice_has_an_outcome",
                    ),
                ],
            },
        ),
    ]
