"""Credentials of the registration plane and of clients; each rests as a digest, never as its value."""

from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from registry.states import Environment

from .organizations import Organization

_CLIENT = settings.OAUTH2_PROVIDER_APPLICATION_MODEL


class InitialAccessToken(models.Model):
    """Lets one organization register in one environment, counted and dated."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="initial_access_tokens"
    )
    environment = models.CharField(max_length=16, choices=[(e.value, e.value) for e in Environment])
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16)
    roles = ArrayField(models.CharField(max_length=64), null=True, blank=True)
    allowed_hosts = ArrayField(models.CharField(max_length=253), null=True, blank=True)
    software_id = models.CharField(max_length=255, blank=True)
    max_uses = models.PositiveIntegerField(default=1)
    uses = models.PositiveIntegerField(default=0)
    organization_epoch = models.PositiveBigIntegerField()
    policy_version = models.CharField(max_length=64)
    created_by = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(uses__lte=F("max_uses")), name="initial_access_token_not_overspent"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "environment"], name="iat_by_organization"),
            models.Index(fields=["expires_at"], condition=Q(ended_at=None), name="iat_by_end"),
        ]


class RegistrationAccessToken(models.Model):
    """Lets its holder read, replace and delete one client; dies with the client or an epoch.

    superseded_at  when another took its place; it goes on until that one is used, a day at most
    """

    client = models.ForeignKey(_CLIENT, on_delete=models.PROTECT, related_name="registration_access_tokens")
    digest = models.CharField(max_length=64, unique=True)
    organization_epoch = models.PositiveBigIntegerField()
    client_epoch = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    first_used_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["client"], condition=Q(ended_at=None), name="live_configuration_token")
        ]


class ClientSecret(models.Model):
    """A secret that we generated for a client; several may live at once while one replaces another."""

    client = models.ForeignKey(_CLIENT, on_delete=models.PROTECT, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=16, default="", db_default="")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["client"], condition=Q(ended_at=None), name="live_secret_of_client")]


class IdempotentRegistration(models.Model):
    """Remembers a registration by its Idempotency-Key, so that a lost answer can be asked for again."""

    initial_access_token = models.ForeignKey(InitialAccessToken, on_delete=models.PROTECT, related_name="+")
    key_digest = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    client = models.ForeignKey(_CLIENT, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["initial_access_token", "key_digest"], name="one_registration_per_idempotency_key"
            )
        ]


class SpentAssertion(models.Model):
    """The `jti` of a client assertion: spent once, kept until no clock could accept it again."""

    client = models.ForeignKey(_CLIENT, on_delete=models.PROTECT, related_name="+")
    jti_digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "jti_digest"], name="an_assertion_is_spent_once")
        ]
        indexes = [models.Index(fields=["expires_at"], name="spent_assertion_by_end")]


class ResourceServer(models.Model):
    """A protected resource that may introspect: one environment, a set of scopes."""

    identifier = models.CharField(max_length=100, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="resource_servers")
    environment = models.CharField(max_length=16, choices=[(e.value, e.value) for e in Environment])
    scopes = ArrayField(models.CharField(max_length=128))
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
