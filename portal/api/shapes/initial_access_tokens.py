"""Shapes of initial access tokens. The value travels once, in the answer to its issue."""

from django.conf import settings
from rest_framework.serializers import IntegerField, ListField, UUIDField

from portal.api.shapes.base import ROLE, Line, Shape, Text, Whole, environment, instant

HOST = r"^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$"


class TokenRequest(Shape):
    """The limits of a new initial access token; what is left out is limited by the organization alone."""

    environment = environment()
    max_uses = Whole(min_value=1, max_value=100_000, required=False)
    lifetime_seconds = Whole(
        min_value=60, max_value=settings.REGISTRY.initial_access_token_seconds_limit, required=False
    )
    roles = ListField(child=Line(ROLE, max_length=64), min_length=1, max_length=50, required=False)
    allowed_hosts = ListField(child=Line(HOST, max_length=253), min_length=1, max_length=100, required=False)
    software_id = Line(max_length=255, required=False)


class InitialAccessToken(Shape):
    id = UUIDField()
    organization = Text(source="organization.slug")
    environment = environment()
    hint = Text(help_text="The first characters of the value, to recognize it by")
    roles = ListField(child=Text(), allow_null=True)
    allowed_hosts = ListField(child=Text(), allow_null=True)
    software_id = Text()
    max_uses = IntegerField()
    uses = IntegerField()
    created_by = Text()
    created_at = instant()
    expires_at = instant()
    ended_at = instant(allow_null=True)
    end_reason = Text()


class IssuedToken(InitialAccessToken):
    """A new initial access token with its value, which nobody can read again."""

    value = Text()
