"""Challenges by which organizations prove domains, and when each proof was looked after."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0030_key_reuse"),
    ]

    operations = [
        migrations.CreateModel(
            name="DomainChallenge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("domain", models.CharField(max_length=253)),
                ("challenge", models.CharField(max_length=32)),
                ("created_by", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("found", models.CharField(blank=True, max_length=500)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="proveddomain",
            name="challenge",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="proveddomain",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="proveddomain",
            name="missing_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="proveddomain",
            name="next_check_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="client",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("client_expired", "client_expired"),
                    ("client_unused", "client_unused"),
                    ("client_restricted", "client_restricted"),
                    ("client_suspended", "client_suspended"),
                    ("key_reused", "key_reused"),
                    ("domain_missing", "domain_missing"),
                    ("domain_ended", "domain_ended"),
                ],
                max_length=32,
            ),
        ),
        migrations.AlterField(
            model_name="proveddomain",
            name="proof",
            field=models.CharField(
                choices=[("attested", "attested"), ("dns_txt", "DNS TXT"), ("well_known", "well-known file")],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="proveddomain",
            index=models.Index(
                condition=models.Q(("ended_at", None), ("next_check_at__isnull", False)),
                fields=["next_check_at"],
                name="proved_domain_by_check",
            ),
        ),
        migrations.AddField(
            model_name="domainchallenge",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="domain_challenges",
                to="registry.organization",
            ),
        ),
        migrations.AddConstraint(
            model_name="domainchallenge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("organization", "domain"),
                name="one_open_challenge_for_a_domain",
            ),
        ),
    ]
