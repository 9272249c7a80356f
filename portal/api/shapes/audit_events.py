"""Shapes of audit events."""

from typing import Any

from rest_framework.serializers import ChoiceField, DictField, Field, UUIDField

from portal.api.shapes.base import Line, Paged, Shape, Text, instant
from registry.events import Event

ACTIONS = [event.value for event in Event]


class AuditEventFilters(Paged):
    """`from` is included, `to` is not."""

    organization = Line(max_length=64, required=False, help_text="Slug of an organization")
    action = ChoiceField(ACTIONS, required=False)
    subject = Line(max_length=255, required=False, help_text="Identifier of what the events are about")
    actor = Line(max_length=255, required=False, help_text="Identifier of who acted")
    request_id = Line(max_length=64, required=False, help_text="Request that they belong to")

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        """With the two that Python does not take as names."""
        begin, end = instant(source="since", required=False), instant(source="until", required=False)
        return {**super().get_fields(), "from": begin, "to": end}


class Subject(Shape):
    kind = Text(source="subject_kind")
    id = Text(source="subject_id")


class EventActor(Shape):
    kind = Text(source="actor_kind")
    id = Text(source="actor_id")
    label = Text(source="actor_label")  # type: ignore[assignment]  # a member, not the field's own label


class AuditEvent(Shape):
    id = UUIDField()
    at = instant()
    action = ChoiceField(ACTIONS)
    organization = Text(source="organization.slug")
    environment = Text(help_text="Empty where an event is about no environment in particular")
    subject = Subject(source="*")
    actor = EventActor(source="*")
    reason = Text()
    before = DictField(allow_null=True)
    after = DictField(allow_null=True)
    request_id = Text()
    policy_version = Text()
