"""Registrations that were granted or wait: the evidence, what policy said, who decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Right

from registry.identifiers import uuid7
from registry.states import Environment, Route, Verb

from .credentials import InitialAccessToken
from .organizations import Organization, Review

# What people call a case by: `R-` before the random end of its identifier.
CASE_NUMBER = Right(Cast("id", models.TextField()), 8)


class Outcome(models.TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"


DECIDED_BY_PEOPLE = ~Q(outcome=Outcome.PENDING) & ~Q(decided_by="policy")


class Registration(models.Model):
    """One registration request that broke no rule, and its decision. Refused requests are audit events.

    verb             whether it makes the client or changes it
    metadata_before  the effective metadata that a change replaces; None for a new client
    risks            why a change waits: `[{"member": …, "why": …}]`
    monitored        findings that refused nothing, each with its `standing`: `monitored` or `waived`
    undo_until       until when a change that applied at once can be taken back
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="registrations")
    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="registrations"
    )
    environment = models.CharField(max_length=16, choices=[(e.value, e.value) for e in Environment])
    route = models.CharField(max_length=32, choices=[(r.value, r.value) for r in Route])
    initial_access_token = models.ForeignKey(
        InitialAccessToken, null=True, blank=True, on_delete=models.PROTECT, related_name="registrations"
    )
    verb = models.CharField(
        max_length=16, choices=[(v.value, v.value) for v in Verb], default=Verb.CREATE, db_default=Verb.CREATE
    )
    evidence = models.JSONField(default=dict)
    metadata = models.JSONField()
    metadata_before = models.JSONField(null=True, blank=True)
    risks = models.JSONField(default=list, db_default=[])
    monitored = models.JSONField(default=list, db_default=[])
    undo_until = models.DateTimeField(null=True, blank=True)
    policy_version = models.CharField(max_length=64)
    review = models.CharField(max_length=16, choices=Review.choices)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    requested_by = models.CharField(max_length=100)
    first_approval_by = models.CharField(max_length=100, blank=True)
    decided_by = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(outcome="pending"), name="one_decision_waits_for_a_client"
            )
        ]
        indexes = [
            models.Index(fields=["outcome", "created_at"], name="registration_by_outcome"),
            models.Index(fields=["organization", "created_at"], name="registration_by_organization"),
            models.Index(CASE_NUMBER, name="registration_by_case_number"),
            models.Index(
                fields=["created_at", "id"], condition=DECIDED_BY_PEOPLE, name="registration_decided"
            ),
        ]
