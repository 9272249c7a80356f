"""Versions of the policy, which only grow; drafts, waivers and dry runs."""

import django.db.models.deletion
import registry.identifiers
from django.conf import settings
from django.db import migrations, models


GUARD = """
CREATE FUNCTION registry_policy_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'published policy versions stay: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER registry_policy_keeps_rows BEFORE UPDATE OR DELETE ON registry_policyversion
    FOR EACH ROW EXECUTE FUNCTION registry_policy_only_grows();
CREATE TRIGGER registry_policy_keeps_table BEFORE TRUNCATE ON registry_policyversion
    FOR EACH STATEMENT EXECUTE FUNCTION registry_policy_only_grows();
"""
UNGUARD = """
DROP TRIGGER registry_policy_keeps_table ON registry_policyversion;
DROP TRIGGER registry_policy_keeps_rows ON registry_policyversion;
DROP FUNCTION registry_policy_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0041_fetched"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyDryRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("document", models.JSONField()),
                ("label", models.CharField(max_length=100)),
                ("asked_by", models.CharField(max_length=100)),
                ("asked_at", models.DateTimeField()),
                ("clients", models.PositiveIntegerField()),
                ("judged", models.PositiveIntegerField(default=0)),
                ("failing", models.PositiveIntegerField(default=0)),
                ("newly_failing", models.PositiveIntegerField(default=0)),
                ("rules", models.JSONField(default=dict)),
                ("last_client", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="registration",
            name="monitored",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.CreateModel(
            name="PolicyDraft",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("document", models.JSONField()),
                ("based_on", models.PositiveIntegerField()),
                ("restores", models.PositiveIntegerField(blank=True, null=True)),
                ("drafted_by", models.CharField(max_length=100)),
                ("reason", models.CharField(max_length=1000)),
                ("edition", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("published", "Published"), ("withdrawn", "Withdrawn")],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("outcome", "")),
                            models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="an_ended_draft_has_an_outcome",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyDryRunFinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=64)),
                ("member", models.CharField(max_length=200)),
                ("found", models.CharField(max_length=500)),
                ("is_new", models.BooleanField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.organization",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="findings",
                        to="registry.policydryrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("restores", models.PositiveIntegerField(blank=True, null=True)),
                ("drafted_by", models.CharField(max_length=100)),
                ("reason", models.CharField(max_length=1000)),
                ("published_by", models.CharField(max_length=100)),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("number",), name="a_policy_version_has_its_number_alone"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gt", 1)), name="policy_version_1_is_built_in"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("drafted_by", models.F("published_by")), _negated=True),
                        name="a_policy_version_has_four_eyes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule", models.CharField(max_length=64)),
                ("member", models.CharField(max_length=200)),
                ("value", models.TextField()),
                ("found", models.CharField(max_length=500)),
                ("owner", models.CharField(max_length=100)),
                ("reason", models.CharField(max_length=1000)),
                (
                    "stage",
                    models.CharField(
                        choices=[("asked", "Asked"), ("granted", "Granted"), ("ended", "Ended")],
                        default="asked",
                        max_length=16,
                    ),
                ),
                ("asked_by", models.CharField(max_length=100)),
                ("asked_at", models.DateTimeField()),
                ("granted_by", models.CharField(blank=True, max_length=100)),
                ("granted_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waivers",
                        to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("stage", "granted")), fields=["client"], name="waiver_of_client"
                    ),
                    models.Index(
                        condition=models.Q(("stage", "ended"), _negated=True),
                        fields=["ends_at"],
                        name="waiver_by_end",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("granted_by", ""),
                            models.Q(("granted_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="a_waiver_has_four_eyes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stage", "granted"), _negated=True),
                            models.Q(("granted_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_granted_waiver_names_who_granted_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("asked_at"))), name="a_waiver_ends"
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
