"""Exceptions under which clients were made by hand; the terms in versions, and who accepted which: neither changes."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


GUARD = """
CREATE FUNCTION registry_terms_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was published or accepted stays: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER registry_terms_keep_versions BEFORE UPDATE OR DELETE ON registry_termsversion
    FOR EACH ROW EXECUTE FUNCTION registry_terms_stay();
CREATE TRIGGER registry_terms_keep_acceptances BEFORE UPDATE OR DELETE ON registry_termsacceptance
    FOR EACH ROW EXECUTE FUNCTION registry_terms_stay();
"""
UNGUARD = """
DROP TRIGGER registry_terms_keep_acceptances ON registry_termsacceptance;
DROP TRIGGER registry_terms_keep_versions ON registry_termsversion;
DROP FUNCTION registry_terms_stay();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0060_policy_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ManualException",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("software_cannot_register", "software_cannot_register"),
                            ("migration", "migration"),
                            ("continuity_of_service", "continuity_of_service"),
                            ("order_of_an_authority", "order_of_an_authority"),
                            ("trial", "trial"),
                        ],
                        max_length=32,
                    ),
                ),
                ("evidence", models.TextField(max_length=4000)),
                ("granted_by", models.CharField(max_length=100)),
                ("granted_at", models.DateTimeField()),
                ("renewals", models.PositiveIntegerField(default=0)),
                ("renewed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="manual_exception",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "sponsor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TermsVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("version", models.CharField(max_length=32, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True, max_length=200000)),
                ("url", models.URLField(blank=True, max_length=500)),
                ("sha256", models.CharField(max_length=64)),
                ("effective_at", models.DateTimeField()),
                ("published_at", models.DateTimeField()),
                ("published_by", models.CharField(max_length=100)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("text", ""), ("url__gt", "")),
                            models.Q(("text__gt", ""), ("url", "")),
                            _connector="OR",
                        ),
                        name="terms_are_text_or_address",
                    ),
                    models.UniqueConstraint(
                        fields=("effective_at",), name="one_version_of_the_terms_an_instant"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("accepted_at", models.DateTimeField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.organization",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acceptances",
                        to="registry.termsversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "terms"), name="an_organization_accepts_a_version_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
