"""Rows written by statements that are made once: several new ones together, some columns of one that is there.

Saving models one by one costs a statement each, and building a statement costs more than running it. Here the text is
built once in a process for the same tables in the same order, and the database prepares it after a few uses. Of names
it holds those of our own tables alone. For what is written together and often; everything else is saved as ever.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field, ForeignKey, JSONField, Model
from psycopg.types.json import Json

Places = tuple[tuple[str, int], ...]  # attributes that name another new row, with its place among them


def insert(*new: Model) -> None:
    """Insert unsaved models, in one statement, and give those their key whose key the database makes.

    A model may refer to one that stands before it and has no key yet. Validates nothing and sends no signal. Raises
    IntegrityError, and then wrote nothing.
    """
    shapes = tuple((type(row), row.pk is None, _places(row, new)) for row in new)
    values = [value for row, shape in zip(new, shapes, strict=True) for value in _values(row, *shape[1:])]
    with connection.cursor() as cursor:
        cursor.execute(_statement(shapes), values)
        made = cursor.fetchone() or ()
    keys = iter(made)
    for row in new:
        row.pk = next(keys) if row.pk is None else row.pk
        row._state.adding, row._state.db = False, "default"


def update(row: Model, *names: str) -> None:
    """Write these attributes of a saved model, and the instant of its change where it keeps one. One statement.

    Raises LookupError for a row that is not there any more.
    """
    fields = _named(type(row), names)
    values = [_adapted(field, field.pre_save(row, add=False)) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_updating(type(row), fields), [*values, row.pk])
        if cursor.rowcount != 1:
            raise LookupError(f"{type(row).__name__} {row.pk} is not there any more")


@cache
def _named(table: type[Model], names: Sequence[str]) -> "tuple[Field[Any, Any], ...]":
    wanted = {table._meta.get_field(name) for name in names}
    return tuple(field for field in _fields(table) if field in wanted or getattr(field, "auto_now", False))


@cache
def _updating(table: type[Model], fields: "tuple[Field[Any, Any], ...]") -> str:
    changes = ", ".join(f'"{field.column}" = %s' for field in fields)
    key = table._meta.pk.column
    return f'UPDATE "{table._meta.db_table}" SET {changes} WHERE "{key}" = %s'  # noqa: S608  # names of ours


def _places(row: Model, new: Sequence[Model]) -> Places:
    """Which attributes of a row name one of the new rows that has no key yet."""
    unsaved = [one for one in new if one.pk is None]
    if not unsaved or row is unsaved[0]:
        return ()
    return tuple(
        (field.attname, place)
        for field in _fields(type(row))
        if isinstance(field, ForeignKey) and getattr(row, field.attname) is None
        for place, one in enumerate(new)
        if one.pk is None and row._state.fields_cache.get(field.name) is one
    )


@cache
def _fields(table: type[Model]) -> "tuple[Field[Any, Any], ...]":
    return tuple(table._meta.concrete_fields)


def _values(row: Model, is_keyless: bool, places: Places) -> list[Any]:  # noqa: FBT001  # unpacked from a shape
    named = {attribute for attribute, _ in places}
    return [
        _adapted(field, field.pre_save(row, add=True))
        for field in _fields(type(row))
        if field.attname not in named and not (field.primary_key and is_keyless)
    ]


def _adapted(field: "Field[Any, Any]", value: Any) -> Any:
    if isinstance(field, JSONField):
        return None if value is None else Json(value, _dumped)
    return str(value) if isinstance(value, str) else value


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@cache
def _statement(shapes: tuple[tuple[type[Model], bool, Places], ...]) -> str:
    parts = [_part(place, *shape) for place, shape in enumerate(shapes)]
    made = [_reference(place) for place, shape in enumerate(shapes) if shape[1]]
    return f"WITH {', '.join(parts)} SELECT {', '.join(made) or 'NULL'}"


def _part(place: int, table: type[Model], is_keyless: bool, places: Places) -> str:  # noqa: FBT001  # the same
    named = dict(places)
    fields = [field for field in _fields(table) if not (field.primary_key and is_keyless)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(
        _reference(named[field.attname]) if field.attname in named else "%s" for field in fields
    )
    key = table._meta.pk.column
    into = f'INSERT INTO "{table._meta.db_table}" ({columns}) VALUES ({marks})'  # noqa: S608  # names of ours
    return f'made_{place} AS ({into} RETURNING "{key}" AS key)'


def _reference(place: int) -> str:
    return f"(SELECT key FROM made_{place})"  # noqa: S608  # a number
