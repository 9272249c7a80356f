"""Shapes of bulk reads: names in, what has them and what nobody has out, in the order in which they were asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework.serializers import ListField

from portal.api.shapes.base import Line, Shape, Text, each_once
from portal.api.shapes.clients import Client
from portal.api.shapes.organizations import OrganizationSummary

MOST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Rows by name, and the names that were asked for."""

    rows: Mapping[str, Any]
    wanted: Sequence[str]

    @property
    def results(self) -> list[Any]:
        return [self.rows[name] for name in self.wanted if name in self.rows]

    @property
    def missing(self) -> list[str]:
        return [name for name in self.wanted if name not in self.rows]


def names(max_characters: int) -> ListField:
    """Up to 200 names, each once."""
    child = Line(max_length=max_characters)
    return ListField(child=child, min_length=1, max_length=MOST, validators=[each_once])


class OrganizationsWanted(Shape):
    slugs = names(64)


class OrganizationsFound(Shape):
    results = OrganizationSummary(many=True)
    missing = ListField(child=Text(), help_text="Slugs that no organization has")


class ClientsWanted(Shape):
    client_ids = names(255)


class ClientsFound(Shape):
    results = Client(many=True)
    missing = ListField(child=Text(), help_text="Identifiers that no client has")
