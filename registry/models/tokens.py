"""The toolkit's swapped token models. Each row carries the epochs under which it was issued."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractDeviceGrant,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from registry.states import Environment

from .organizations import Organization

_CLIENT = settings.OAUTH2_PROVIDER_APPLICATION_MODEL
_USER = settings.AUTH_USER_MODEL


class Stamped(models.Model):
    """Issued for a client of an organization, valid only while both epochs stand unchanged."""

    application = models.ForeignKey(_CLIENT, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    environment = models.CharField(max_length=16, choices=[(e.value, e.value) for e in Environment])
    organization_epoch = models.PositiveBigIntegerField()
    client_epoch = models.PositiveBigIntegerField()

    class Meta:
        abstract = True


class AccessToken(Stamped, AbstractAccessToken):
    """An opaque access token; `token` stays empty, `token_checksum` is SHA-256 of the value."""

    user = models.ForeignKey(_USER, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    family = models.UUIDField(null=True, blank=True)

    class Meta(AbstractAccessToken.Meta):
        swappable = "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL"
        constraints = [models.CheckConstraint(condition=Q(token=""), name="access_token_rests_as_checksum")]
        indexes = [
            models.Index(fields=["expires"], name="access_token_by_end"),
            models.Index(fields=["family"], condition=~Q(family=None), name="access_token_by_family"),
        ]


class RefreshToken(Stamped, AbstractRefreshToken):
    """A refresh token of one family: the family began at one authorization and ends as one."""

    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="+")
    scope = models.TextField(blank=True)
    idle_until = models.DateTimeField()
    absolute_until = models.DateTimeField()

    class Meta:
        swappable = "OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL"
        constraints = [
            models.CheckConstraint(condition=Q(token=""), name="refresh_token_rests_as_checksum"),
            models.UniqueConstraint(fields=["token_checksum"], name="refresh_token_is_unique"),
            models.UniqueConstraint(
                fields=["token_family"], condition=Q(revoked=None), name="one_live_head_of_a_family"
            ),
        ]
        indexes = [
            models.Index(fields=["token_family"], name="refresh_token_by_family"),
            models.Index(fields=["absolute_until"], name="refresh_token_by_end"),
        ]


class Grant(Stamped, AbstractGrant):
    """An authorization code; `code` holds SHA-256 of the value. Spent codes stay until purged: replay is seen."""

    user = models.ForeignKey(_USER, on_delete=models.CASCADE, related_name="+")
    family = models.UUIDField(unique=True)
    spent_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractGrant.Meta):
        swappable = "OAUTH2_PROVIDER_GRANT_MODEL"
        indexes = [models.Index(fields=["expires"], name="code_by_end")]


class IDToken(AbstractIDToken):
    """The toolkit's record of an ID token; issued from the part that brings OpenID Connect on."""

    class Meta(AbstractIDToken.Meta):
        swappable = "OAUTH2_PROVIDER_ID_TOKEN_MODEL"


class DeviceGrant(AbstractDeviceGrant):
    """The toolkit's record of a device grant; this server does not offer the device flow."""

    class Meta(AbstractDeviceGrant.Meta):
        swappable = "OAUTH2_PROVIDER_DEVICE_GRANT_MODEL"
