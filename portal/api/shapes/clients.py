"""Shapes of clients."""

from rest_framework.serializers import ChoiceField, DictField, IntegerField

from portal.api.shapes.base import Line, Paged, Shape, Text, environment, instant, state
from registry.states import Route

ROUTES = [route.value for route in Route]


class ClientFilters(Paged):
    organization = Line(source="slug", max_length=64, required=False, help_text="Slug of an organization")
    environment = environment(required=False)
    state = state(required=False)
    route = ChoiceField(ROUTES, required=False)
    software_id = Line(max_length=255, required=False)
    key = Line(
        r"^[A-Za-z0-9_-]{43}$", required=False, help_text="Thumbprint (RFC 7638) of a key that it has or had"
    )
    unused_since = instant(required=False, help_text="Live clients that were not used since then")
    q = Line(
        source="search", max_length=200, required=False, help_text="Part of a name, client_id or software_id"
    )


class Client(Shape):
    client_id = Text()
    name = Text()
    organization = Text(source="organization.slug")
    environment = environment()
    route = ChoiceField(ROUTES)
    state = state()
    state_reason = Text()
    state_since = instant()
    metadata = DictField(help_text="Effective metadata (RFC 7591 §2)")
    policy_version = Text()
    registered_at = instant()
    valid_until = instant(allow_null=True)
    last_used_at = instant(allow_null=True)
    version = IntegerField()
