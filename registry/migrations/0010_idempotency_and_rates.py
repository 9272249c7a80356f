"""Remembered answers, and buckets of rates in an unlogged table: what a crash empties is not missed."""

from django.db import migrations, models

UNLOGGED = "ALTER TABLE registry_ratebucket SET UNLOGGED"


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_transparency")]

    operations = [
        migrations.CreateModel(
            "RememberedAnswer",
            [
                ("place", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("request", models.CharField(max_length=64)),
                ("sealed", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["created_at"], name="remembered_answer_by_age")]},
        ),
        migrations.CreateModel(
            "RateBucket",
            [
                ("subject", models.CharField(max_length=160, primary_key=True, serialize=False)),
                ("full_at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["full_at"], name="rate_bucket_by_end")]},
        ),
        migrations.RunSQL(UNLOGGED, migrations.RunSQL.noop),
    ]
