"""Shapes: types, lengths and names of members, in and out. What a value means is judged by the registry."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.serializers import (
    CharField,
    ChoiceField,
    DateTimeField,
    IntegerField,
    ListField,
    RegexField,
    Serializer,
)

from portal.api.pagination import MAX_PAGE
from registry.policy.presets import BASELINE
from registry.states import Environment, State

# Words of the registry's tables, which a door does not import; a test holds them together.
REVIEWS = ("automatic", "one_person", "four_eyes")
SCHEMES = ("lei", "national")
CONTACT_KINDS = ("business", "technical", "security", "incident", "billing")
OUTCOMES = ("pending", "approved", "rejected", "withdrawn", "undone")
PROOFS = ("attested", "dns_txt", "well_known")
PROOF_METHODS = ("dns_txt", "well_known")

ENVIRONMENTS = [environment.value for environment in Environment]
STATES = [state.value for state in State]
GRANT_TYPES = sorted(BASELINE.grant_types)
SCOPE_VALUE = r"^[\x21\x23-\x5B\x5D-\x7E]+$"  # RFC 6749 §3.3
ROLE = r"^[a-z0-9][a-z0-9_.-]*$"


class Shape(Serializer[Any]):
    """An object with exactly these members: one that is not known is refused, whatever it holds."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        strange = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        found: dict[str, Any] = {name: [ErrorDetail("", "unknown")] for name in sorted(strange)}
        try:
            value: dict[str, Any] = super().to_internal_value(data)
        except ValidationError as refusal:
            raise ValidationError({**refusal.detail, **found}) from None  # type: ignore[dict-item]  # DRF nests at will
        if found:
            raise ValidationError(found)
        return value


class Text(CharField):
    """Text, and nothing that could be read as text: a number is refused."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Line(Text, RegexField):
    """Text without control characters, so that it cannot break a log line or a header."""

    def __init__(self, regex: str = r"^[^\x00-\x1f\x7f]*$", **options: Any) -> None:
        super().__init__(regex, **options)
        self._all_of = re.compile(regex)

    def to_internal_value(self, data: Any) -> str:
        """Judged before spaces are cut off: Python counts some control characters among them."""
        if isinstance(data, str) and not self._all_of.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(IntegerField):
    """A JSON number without a fraction: 20 and 20.0 are one number (JSON Schema, validation §6.1.1)."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer():
            data = int(data)
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Reason(Shape):
    """Why something is done; it is kept in the audit log."""

    reason = Text(max_length=1000)


class OptionalReason(Shape):
    """Why something is done, where the act explains itself."""

    reason = Text(max_length=1000, default="", allow_blank=True)


class Unasked(Shape):
    """A query that asks nothing."""


class Paged(Shape):
    """The query of every list."""

    cursor = CharField(required=False, max_length=500)
    page_size = IntegerField(required=False, min_value=1, max_value=MAX_PAGE)


def environment(**options: Any) -> ChoiceField:
    return ChoiceField(ENVIRONMENTS, **options)


def state(**options: Any) -> ChoiceField:
    return ChoiceField(STATES, **options)


def instant(**options: Any) -> DateTimeField:
    return DateTimeField(**options)


def scope_values(**options: Any) -> ListField:
    return ListField(child=Line(SCOPE_VALUE, max_length=128), max_length=200, **options)


def each_once(items: Iterable[Any]) -> None:
    """Raise ValidationError when an item stands twice."""
    listed = list(items)
    if len(set(listed)) != len(listed):
        raise ValidationError("", "repeated")


class ProblemFinding(Shape):
    member = Text(help_text="The offending member, such as `contacts[1].email`; empty for the whole request")
    found = Text()
    fix = Text()
    rule = Text()
    source = Text()  # type: ignore[assignment]  # a member, not the field's own source
