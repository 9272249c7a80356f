"""Clients: one piece of software each, always of one organization."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from oauth2_provider.models import AbstractApplication

from registry.identifiers import new_client_id
from registry.states import Environment, Route, State

from .organizations import Organization

# What lists look into for a part of a word.
SEARCHED = ("name", "client_id", "software_id")


def _trigrams(column: str) -> OpClass:
    """By which PostgreSQL finds `column__icontains`, from three letters on."""
    return OpClass(Upper(column), name="gin_trgm_ops")


class Client(AbstractApplication):
    """A client known to the authorization server by `client_id`.

    `metadata` (effective metadata) is the only truth; the toolkit's columns `redirect_uris`, `client_type`,
    `authorization_grant_type` and `name` are its projection, written by `registry.registration` alone.
    `state`, `epoch` and `cutoff_at` are written by `registry.lifecycle` alone. A client that ended stays
    as a tombstone: its client_id is never used again.
    """

    user = None
    client_id = models.CharField(max_length=255, unique=True, default=new_client_id)
    client_secret = models.CharField(max_length=1, blank=True, default="", editable=False)

    # Found by client_of_organization, which begins with it.
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="clients", db_index=False
    )
    environment = models.CharField(max_length=16, choices=[(e.value, e.value) for e in Environment])
    route = models.CharField(max_length=32, choices=[(r.value, r.value) for r in Route])
    metadata = models.JSONField()
    software_id = models.CharField(max_length=255, blank=True)
    policy_version = models.CharField(max_length=64)

    state = models.CharField(max_length=16, choices=[(s.value, s.value) for s in State])
    state_before = models.CharField(max_length=16, blank=True)
    state_reason = models.CharField(max_length=1000, blank=True)
    state_since = models.DateTimeField()
    epoch = models.PositiveBigIntegerField(default=1)
    cutoff_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    registered_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    require_pkce = models.BooleanField(default=True)
    rotate_refresh_tokens = models.BooleanField(default=True)
    assertion_audience = models.CharField(max_length=32, default="issuer")
    access_token_seconds = models.PositiveIntegerField(default=300)

    class Meta(AbstractApplication.Meta):
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(State)), name="client_state_is_known"),
            models.CheckConstraint(
                condition=Q(access_token_seconds__lte=3600), name="access_tokens_live_an_hour_at_most"
            ),
            models.CheckConstraint(condition=Q(client_secret=""), name="toolkit_secret_column_stays_empty"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "environment", "registered_at"],
                include=["state"],
                name="client_of_organization",
            ),
            models.Index(fields=["state", "valid_until"], name="client_by_end"),
            models.Index(fields=["-registered_at", "-id"], name="client_by_registration"),
            models.Index(fields=["name", "id"], name="client_by_name"),
            models.Index(fields=["state", "id"], include=["route"], name="client_by_state"),
            models.Index(
                F("last_used_at").asc(nulls_first=True),
                "id",
                include=["state", "registered_at"],
                name="client_by_last_use",
            ),
            GinIndex(*(_trigrams(column) for column in SEARCHED), name="client_by_part_of_a_name"),
            models.Index(
                fields=["organization", "environment", "software_id"],
                name="client_by_software",
                condition=~Q(software_id=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.client_id


class KeySet(models.Model):
    """Keys as they were fetched from an address that a client names, or wants to name, as its `jwks_uri`.

    tried_at       of the last attempt, whatever came of it
    next_fetch_at  when the sweep looks again
    failing_since  since when no attempt has brought a set that is accepted; `found` says why the last did not
    """

    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="key_sets"
    )
    uri = models.CharField(max_length=2048)
    keys = models.JSONField()
    fetched_at = models.DateTimeField()
    tried_at = models.DateTimeField()
    next_fetch_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True, blank=True)
    found = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "uri"], name="one_key_set_for_an_address")]
        indexes = [models.Index(fields=["next_fetch_at"], name="key_set_by_next_fetch")]


class ClientLogo(models.Model):
    """Our own drawing of the picture at a client's `logo_uri`; empty until it was fetched, or where it is none.

    digest  SHA-256 of `picture` in hex, by which it is served
    found   why the last attempt brought none
    """

    client = models.OneToOneField(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="logo"
    )
    uri = models.CharField(max_length=2048)
    picture = models.BinaryField(default=bytes)
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    next_fetch_at = models.DateTimeField()
    found = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["next_fetch_at"], name="logo_by_next_fetch")]


class KeyState(models.TextChoices):
    ACTIVE = "active"
    RETIRED = "retired"
    ENDED = "ended"
    COMPROMISED = "compromised"


class ClientKey(models.Model):
    """One public key of a client. The thumbprint (RFC 7638) is its name for ever: the ledger of keys."""

    client = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.PROTECT, related_name="keys"
    )
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kid = models.CharField(max_length=255)
    thumbprint = models.CharField(max_length=64)
    jwk = models.JSONField()
    state = models.CharField(max_length=16, choices=KeyState.choices, default=KeyState.ACTIVE)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thumbprint"],
                condition=Q(state="active"),
                name="one_key_belongs_to_one_active_client",
            ),
            models.UniqueConstraint(fields=["client", "thumbprint"], name="a_client_lists_a_key_once"),
        ]
        indexes = [models.Index(fields=["thumbprint"], name="key_by_thumbprint")]
