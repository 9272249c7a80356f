"""The stop switch of issuance: a row for each time that it was thrown. While one has no end, nothing is issued."""

from django.db import models
from django.db.models import Q

from registry.identifiers import uuid7


class IssuanceStop(models.Model):
    """Issuance is off from `started_at` until `ended_at`, for everybody. Written by `registry.issuance` alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reason = models.CharField(max_length=1000)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ended_at"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="issuance_is_stopped_once_at_a_time",
            )
        ]
