"""What is hashed of an event: the same bytes whether it comes from memory or from the table."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from portal.auditor.events import MEMBERS
from registry import audit, event_document
from registry.canonical_json import NotCanonical
from registry.models.audit import AuditEvent
from tests import audit_log, world

AT = datetime(2026, 11, 24, 12, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
ID = UUID("01a20d94-771b-792b-80c0-eff328d77e9a")


class Colour(StrEnum):
    RED = "red"


class TestFacts:
    @pytest.mark.parametrize(
        ("value", "stored"),
        [
            (AT, "2026-11-24T11:00:00.000007Z"),
            (date(2026, 11, 24), "2026-11-24"),
            (ID, str(ID)),
            (Colour.RED, "red"),
            (1.5, "1.5"),
            (1e30, "1e+30"),
            (2**53, "9007199254740992"),
            (2**53 - 1, 2**53 - 1),
            (True, True),
            ((1, [None]), [1, [None]]),
            (MappingProxyType({"b": 1}), {"b": 1}),
        ],
    )
    def test_become_json(self, value: object, stored: object) -> None:
        found = event_document.facts({"a": value})
        assert found == {"a": stored}
        assert type(found["a"]) is type(stored)

    def test_of_nothing_are_nothing(self) -> None:
        assert event_document.facts(None) is None

    @pytest.mark.parametrize(
        "value", [{"a": "x\0"}, {"x\0": 1}, {1: 2}, {"a": {1}}, {"a": b"x"}, {"a": float("nan")}]
    )
    def test_refuses_what_the_table_would_not_give_back(self, value: dict[Any, Any]) -> None:
        with pytest.raises(NotCanonical):
            event_document.facts(value)


class TestDocument:
    def test_has_a_member_for_each_column_but_the_digest(self) -> None:
        columns = {field.attname for field in AuditEvent._meta.concrete_fields}
        assert set(event_document.COLUMNS) == columns - {"digest"}

    def test_has_the_members_that_the_auditor_knows(self) -> None:
        row = dict.fromkeys(event_document.COLUMNS, "") | {"at": AT}
        assert event_document.document(row).keys() == MEMBERS

    def test_an_instant_is_utc_to_the_microsecond(self) -> None:
        assert event_document.instant(AT) == "2026-11-24T11:00:00.000007Z"
        assert event_document.instant(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"


@pytest.mark.django_db
class TestStored:
    def rows(self, **facts: Any) -> list[audit.StoredEvent]:
        acme = world.organization()
        before = set(audit.history().values_list("pk", flat=True))
        audit_log.record(acme, 1, **facts)
        new = set(audit.history().values_list("pk", flat=True)) - before
        return list(audit.stored(list(new)))

    @pytest.mark.parametrize(
        "value",
        [
            1e300,
            -0.0,
            1e-7,
            2**70,
            "é\u2028\U0001f600",
            "e\u0301",
            {"z": 1, "a": {"\u20ac": []}},
            [True, None],
        ],
    )
    def test_gives_back_what_was_hashed(self, value: object) -> None:
        (row,) = self.rows(value=value)
        assert row.is_as_written
        assert row.document["after"] == event_document.facts({"number": 0, "value": value})

    def test_every_event_of_ours_is_as_it_was_written(self) -> None:
        world.organization()
        world.operator()
        ids = list(audit.history().values_list("pk", flat=True))
        assert len(ids) > 4
        assert all(row.is_as_written for row in audit.stored(ids))
