"""Rates: one row for each of whoever may ask only so often. Lost in a crash of the database, and not missed."""

from django.db import models


class RateBucket(models.Model):
    """How far somebody has gone into an allowance: at `full_at` all of it is there again.

    The table is unlogged (its migration says so): no row of it is worth a write to disk.
    """

    subject = models.CharField(primary_key=True, max_length=160)
    full_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["full_at"], name="rate_bucket_by_end")]
