"""Whole rows of a table read by statements of our own: the columns to select, and the model they make.

For the few reads of the hot path. Building such a statement from a model costs several times what it costs to run; here
it is text that is made once in a process. Nothing is cached but that text.
"""

import json
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.db.models import JSONField, Model

Row = TypeVar("Row", bound=Model)


class Whole(Generic[Row]):
    """All columns of a table under an alias. `columns` goes into a SELECT, `row` takes its values."""

    def __init__(self, table: type[Row], alias: str) -> None:
        fields = table._meta.concrete_fields
        self.columns = ", ".join(f"{alias}.{field.column}" for field in fields)
        self.width = len(fields)
        self._table = table
        self._names = [field.attname for field in fields]
        self._json = [place for place, field in enumerate(fields) if isinstance(field, JSONField)]

    def row(self, values: Sequence[Any]) -> Row:
        """The model of these values; JSON arrives as text through a cursor of our own."""
        parsed = list(values)
        for place in self._json:
            parsed[place] = json.loads(parsed[place]) if isinstance(parsed[place], str) else parsed[place]
        return self._table.from_db("default", self._names, parsed)
