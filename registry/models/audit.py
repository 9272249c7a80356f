"""The audit log. Only `registry.audit` imports this module; the table refuses UPDATE, DELETE and TRUNCATE."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from registry.identifiers import uuid7

from .organizations import Organization


class AuditEvent(models.Model):
    """One decision, state change, credential event, refusal or sign-in.

    `digest` is the leaf hash of the event's document (`registry.event_document`), as it was when it was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    action = models.CharField(max_length=64)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    environment = models.CharField(max_length=16, blank=True)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=255)
    actor_kind = models.CharField(max_length=32)
    actor_id = models.CharField(max_length=255)
    actor_label = models.CharField(max_length=255)
    reason = models.CharField(max_length=1000, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    policy_version = models.CharField(max_length=64, blank=True)
    once = models.CharField(max_length=200, null=True)  # noqa: DJ001  # NULL stays outside the index
    digest = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(
                    Func(F("digest"), function="octet_length", output_field=models.IntegerField()), 32
                ),
                name="event_digest_is_sha256",
            ),
            models.UniqueConstraint(
                fields=["once"], condition=Q(once__isnull=False), name="event_is_told_once_a_minute"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="event_by_organization"),
            models.Index(fields=["action", "-id"], name="event_by_action"),
            models.Index(fields=["subject_id", "-id"], name="event_by_subject"),
            models.Index(fields=["actor_id", "-id"], name="event_by_actor"),
            models.Index(fields=["request_id", "-id"], name="event_by_request"),
        ]
