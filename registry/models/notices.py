"""Mails that are owed. A row is written with the change that it tells of; a task sends it, once."""

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import Q

from registry.identifiers import uuid7

from .organizations import Organization


class NoticeKind(StrEnum):
    CLIENT_EXPIRED = "client_expired"
    CLIENT_UNUSED = "client_unused"
    CLIENT_RESTRICTED = "client_restricted"
    CLIENT_SUSPENDED = "client_suspended"
    KEY_REUSED = "key_reused"
    DOMAIN_MISSING = "domain_missing"
    DOMAIN_ENDED = "domain_ended"


class NoticeOutcome(StrEnum):
    """How a notice was settled; one that is not is still owed.

    SENT        the mail server took it
    UNREACHED   the organization has no address to write to
    """

    SENT = "sent"
    UNREACHED = "unreached"


class Notice(models.Model):
    """One mail to an organization's contacts; `once` names the occasion, so that it is told of once.

    organization  who reads it: the client's own, or the operator
    client        whom it is about; None when it is about the organization itself
    due_at        when to try, or to try again
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=32, choices=[(kind.value, kind.value) for kind in NoticeKind])
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="notices")
    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="notices",
    )
    once = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=16, blank=True, choices=[(outcome.value, outcome.value) for outcome in NoticeOutcome]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["once"], name="an_occasion_is_told_of_once"),
            models.CheckConstraint(
                condition=Q(settled_at=None, outcome="") | (Q(settled_at__isnull=False) & ~Q(outcome="")),
                name="a_settled_notice_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(settled_at=None), name="notice_by_due"),
            models.Index(fields=["client", "kind", "created_at"], name="notice_by_client"),
        ]
