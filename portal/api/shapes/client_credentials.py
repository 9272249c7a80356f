"""Shapes of what the holder of a client has: secrets, keys, registration access tokens. Values travel once."""

from rest_framework.serializers import CharField, DictField, IntegerField, URLField

from portal.api.shapes.base import Reason, Shape, Text, instant, state


class Secret(Shape):
    id = IntegerField()
    hint = Text(help_text="The first characters of the value, to recognize it by")
    created_at = instant()
    expires_at = instant(allow_null=True)
    last_used_at = instant(allow_null=True)
    ended_at = instant(allow_null=True)


class IssuedSecret(Shape):
    """A new client secret, which nobody can read again."""

    client_secret = Text()
    client_secret_expires_at = IntegerField(help_text="Seconds since 1970; 0 for never (RFC 7591 §3.2.1)")


class Key(Shape):
    kid = Text()
    thumbprint = Text(help_text="RFC 7638")
    state = CharField()
    jwk = DictField()
    created_at = instant()
    last_used_at = instant(allow_null=True)
    ended_at = instant(allow_null=True)


class NewKey(Reason):
    jwk = DictField(help_text="A public key (RFC 7517 §4)")


class Promotion(Reason):
    jwks = DictField(required=False, help_text="New public keys (RFC 7517 §5), for a client that has keys")


class Promoted(Shape):
    """A client in production as its holder learns of it; the values are in this answer alone."""

    client_id = Text()
    registration_state = state(source="state")
    client_secret = Text(allow_null=True)
    registration_access_token = Text()
    registration_client_uri = URLField()
    metadata = DictField(help_text="Effective metadata (RFC 7591 §2)")


class IssuedRegistrationAccessToken(Shape):
    """A new registration access token, which nobody can read again (RFC 7592 §3)."""

    registration_access_token = Text()
    registration_client_uri = URLField()
