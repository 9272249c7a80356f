"""Versions of the policy, drafts of them, and waivers."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from registry.identifiers import uuid7


class PolicyVersion(models.Model):
    """A published version; the newest is in force. Version 1 is built in and has no row. The table only grows.

    restores  the earlier version that this one brings back
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.PositiveIntegerField()
    document = models.JSONField()
    restores = models.PositiveIntegerField(null=True, blank=True)
    drafted_by = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    published_by = models.CharField(max_length=100)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="a_policy_version_has_its_number_alone"),
            models.CheckConstraint(condition=Q(number__gt=1), name="policy_version_1_is_built_in"),
            models.CheckConstraint(
                condition=~Q(drafted_by=F("published_by")), name="a_policy_version_has_four_eyes"
            ),
        ]


class DraftEnd(models.TextChoices):
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class PolicyDraft(models.Model):
    """A version to be. One person writes it, another publishes it.

    based_on  the version that was in force when it was written last
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.JSONField()
    based_on = models.PositiveIntegerField()
    restores = models.PositiveIntegerField(null=True, blank=True)
    drafted_by = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    edition = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=DraftEnd.choices, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="an_ended_draft_has_an_outcome",
            )
        ]


class WaiverStage(models.TextChoices):
    ASKED = "asked"
    GRANTED = "granted"
    ENDED = "ended"


class Waiver(models.Model):
    """One finding that is forgiven to one client until an instant, by two people.

    member  without places: `redirect_uris`, `jwks.keys.n`
    value   what the rule objects to, as canonical JSON; another value is not forgiven
    owner   who answers for it, as a name that people are called by
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="waivers"
    )
    rule = models.CharField(max_length=64)
    member = models.CharField(max_length=200)
    value = models.TextField()
    found = models.CharField(max_length=500)
    owner = models.CharField(max_length=100)
    reason = models.CharField(max_length=1000)
    stage = models.CharField(max_length=16, choices=WaiverStage.choices, default=WaiverStage.ASKED)
    asked_by = models.CharField(max_length=100)
    asked_at = models.DateTimeField()
    granted_by = models.CharField(max_length=100, blank=True)
    granted_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(granted_by="") | ~Q(granted_by=F("asked_by")), name="a_waiver_has_four_eyes"
            ),
            models.CheckConstraint(
                condition=~Q(stage="granted") | ~Q(granted_by=""),
                name="a_granted_waiver_names_who_granted_it",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("asked_at")), name="a_waiver_ends"),
        ]
        indexes = [
            models.Index(fields=["client"], condition=Q(stage="granted"), name="waiver_of_client"),
            models.Index(fields=["ends_at"], condition=~Q(stage="ended"), name="waiver_by_end"),
        ]
