"""Clients that were registered by hand: why, on whose evidence, and who of the operator answers for each."""

from django.conf import settings
from django.db import models

from registry.states import ExceptionReason

from .people import User


class ManualException(models.Model):
    """The exception under which one client was registered by hand. When it ends: the client's `valid_until`.

    ended_at  when the client left the exception for a route that needs none
    """

    client = models.OneToOneField(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="manual_exception"
    )
    reason = models.CharField(max_length=32, choices=[(r.value, r.value) for r in ExceptionReason])
    evidence = models.TextField(max_length=4000)
    sponsor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_by = models.CharField(max_length=100)
    granted_at = models.DateTimeField()
    renewals = models.PositiveIntegerField(default=0)
    renewed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
