"""Shapes of registrations: requests that broke no rule, and their decisions."""

from rest_framework.serializers import ChoiceField, DictField, ListField, UUIDField

from portal.api.shapes.base import (
    OUTCOMES,
    REVIEWS,
    Line,
    Paged,
    Shape,
    Text,
    environment,
    instant,
    state,
)
from portal.api.shapes.clients import ROUTES


class RegistrationFilters(Paged):
    outcome = ChoiceField(OUTCOMES, required=False)
    organization = Line(max_length=64, required=False, help_text="Slug of an organization")
    environment = environment(required=False)
    client_id = Line(max_length=255, required=False)
    route = ChoiceField(ROUTES, required=False)
    decided_from = instant(required=False, help_text="Included")
    decided_to = instant(required=False, help_text="Not included")


class Risk(Shape):
    member = Text()
    why = Text()


class Registration(Shape):
    id = UUIDField()
    organization = Text(source="organization.slug")
    client_id = Text(source="client.client_id")
    client_state = state(source="client.state")
    environment = environment()
    route = ChoiceField(ROUTES)
    initial_access_token = UUIDField(source="initial_access_token_id", allow_null=True)
    verb = ChoiceField(["create", "replace"], help_text="Whether it makes the client or changes it")
    evidence = DictField()
    metadata = DictField(help_text="Effective metadata that was judged (RFC 7591 §2)")
    metadata_before = DictField(allow_null=True, help_text="What a change replaces")
    risks = ListField(child=Risk(), help_text="Why a change waits")
    policy_version = Text()
    review = ChoiceField(REVIEWS)
    outcome = ChoiceField(OUTCOMES)
    requested_by = Text()
    first_approval_by = Text()
    decided_by = Text()
    reason = Text()
    created_at = instant()
    decided_at = instant(allow_null=True)
    undo_until = instant(
        allow_null=True, help_text="Until when a change that applied at once can be taken back"
    )
