"""What is fetched from clients' own addresses: sets of keys, and logos."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0040_domain_challenges"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClientLogo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uri", models.CharField(max_length=2048)),
                ("picture", models.BinaryField(default=bytes)),
                ("digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("fetched_at", models.DateTimeField(blank=True, null=True)),
                ("next_fetch_at", models.DateTimeField()),
                ("found", models.CharField(blank=True, max_length=500)),
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="logo",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_fetch_at"], name="logo_by_next_fetch")],
            },
        ),
        migrations.CreateModel(
            name="KeySet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uri", models.CharField(max_length=2048)),
                ("keys", models.JSONField()),
                ("fetched_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
                ("next_fetch_at", models.DateTimeField()),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("found", models.CharField(blank=True, max_length=500)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="key_sets",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["next_fetch_at"], name="key_set_by_next_fetch")],
                "constraints": [
                    models.UniqueConstraint(fields=("client", "uri"), name="one_key_set_for_an_address")
                ],
            },
        ),
    ]
