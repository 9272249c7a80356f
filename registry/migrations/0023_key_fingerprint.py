"""By what the credential key is known again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0022_contained_by_for_each_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="KeyFingerprint",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("since", models.DateTimeField()),
            ],
        ),
    ]
