"""Dry runs: what a policy would say of every living client, kept as rows while it is worked out."""

from django.conf import settings
from django.db import models

from registry.identifiers import uuid7

from .organizations import Organization


class PolicyDryRun(models.Model):
    """One question "what if this were in force", and how far the answer is.

    last_client  key of the last client that was judged: where another worker goes on
    rules        rule → [clients it would refuse, of these how many it does not refuse today]
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.JSONField()
    label = models.CharField(max_length=100)
    asked_by = models.CharField(max_length=100)
    asked_at = models.DateTimeField()
    clients = models.PositiveIntegerField()
    judged = models.PositiveIntegerField(default=0)
    failing = models.PositiveIntegerField(default=0)
    newly_failing = models.PositiveIntegerField(default=0)
    rules = models.JSONField(default=dict)
    last_client = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)


class PolicyDryRunFinding(models.Model):
    """What one rule would say of one client; `is_new` when the version in force does not say it."""

    run = models.ForeignKey(PolicyDryRun, on_delete=models.CASCADE, related_name="findings")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    rule = models.CharField(max_length=64)
    member = models.CharField(max_length=200)
    found = models.CharField(max_length=500)
    is_new = models.BooleanField()
