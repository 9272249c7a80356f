"""What an export may be and what it may not, for an auditor with nothing but the public key."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from portal.auditor import canonical
from portal.auditor.export import Export
from portal.auditor.notes import PublicKey
from portal.auditor.verdict import Refuted
from registry import audit_export, audit_identity, canonical_json, signed_note, transparency
from registry.audit_export import NothingSequenced, Selection
from registry.audit_identity import AuditKeyMissing
from registry.models import Organization
from registry.signed_note import COSIGNATURE_V1, SigningKey
from tests import audit_log, world

pytestmark = pytest.mark.django_db
WITNESS = SigningKey("witness.example/w1", bytes(32), COSIGNATURE_V1)
Lines = list[bytes]


@pytest.fixture
def acme() -> Organization:
    """Its log: two organizations, three checkpoints."""
    holder = world.organization()
    audit_log.sequence()
    audit_log.record(world.organization("beta", active=False, domains=()), 2)
    audit_log.sequence()
    audit_log.record(holder, 2)
    audit_log.sequence()
    return holder


@pytest.fixture
def whole(acme: Organization) -> Lines:
    return audit_log.exported().splitlines(keepends=True)


@pytest.fixture
def partial(acme: Organization) -> Lines:
    return audit_log.exported(Selection(acme)).splitlines(keepends=True)


def refuted(lines: Lines) -> Refuted:
    with pytest.raises(Refuted) as caught:
        audit_log.verified(b"".join(lines))
    return caught.value


def resigned(lines: Lines) -> Lines:
    """The same lines under a new end: what only the log itself could do."""
    events = sum(b'"event":' in line for line in lines[:-1])
    export = audit_export.export(Selection())
    digest = sha256(b"".join(lines[:-1])).digest()
    return [*lines[:-1], canonical_json.encode({"end": export._end(events, digest)}) + b"\n"]


def changed(line: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(line)
    change(value)
    return canonical_json.encode(value) + b"\n"


class TestComplete:
    def test_holds_every_event_and_the_checkpoints_between(self, whole: Lines) -> None:
        report = audit_log.verified(b"".join(whole))
        assert report.head is not None
        assert report.events == report.head.size == sum(b'"event":' in line for line in whole)
        assert report.heads >= 2

    def test_every_line_is_canonical(self, whole: Lines) -> None:
        for line in whole:
            canonical.read(line[:-1])

    def test_of_one_event(self) -> None:
        transparency.sequence(now=world.now(), limit=1)
        assert audit_log.verified(audit_log.exported()).events == 1

    @pytest.mark.parametrize("leaf", [0, 4, 7])
    def test_an_event_that_was_changed_is_named(self, whole: Lines, leaf: int) -> None:
        place = next(n for n, line in enumerate(whole) if b'"number":%d}' % leaf in line)
        whole[place] = changed(whole[place], lambda line: line["event"].update(reason="none"))
        assert refuted(whole).leaf == leaf

    @pytest.mark.parametrize("leaf", [0, 4, 7])
    def test_with_its_hash_too_it_is_found_at_the_next_checkpoint(self, whole: Lines, leaf: int) -> None:
        def change(line: dict[str, Any]) -> None:
            line["event"]["reason"] = "none"
            hashed = sha256(b"\0" + canonical_json.encode(line["event"])).digest()
            line["hash"] = audit_log.text(hashed)

        place = next(n for n, line in enumerate(whole) if b'"number":%d}' % leaf in line)
        whole[place] = changed(whole[place], change)
        assert "the first bad leaf is one of" in str(refuted(resigned(whole)))

    def test_an_event_left_out_is_found(self, whole: Lines) -> None:
        assert refuted([*whole[:3], *whole[4:]]).leaf == 2

    def test_events_in_another_order_are_found(self, whole: Lines) -> None:
        assert refuted([whole[0], whole[2], whole[1], *whole[3:]]).leaf == 0

    def test_an_event_twice_is_found(self, whole: Lines) -> None:
        assert refuted([*whole[:3], whole[2], *whole[3:]]).leaf == 2

    @pytest.mark.parametrize("kept", [0, 1, 3, -1])
    def test_a_cut_is_found(self, whole: Lines, kept: int) -> None:
        refuted(whole[:kept])

    def test_a_cut_before_the_end_is_found(self, whole: Lines) -> None:
        refuted([*whole[:-2], whole[-1]])
        assert "leaves were signed" in str(refuted(resigned([*whole[:-2], whole[-1]])))

    def test_half_a_line_is_found(self, whole: Lines) -> None:
        refuted([*whole[:-1], whole[-1][:-1]])

    def test_something_behind_the_end_is_found(self, whole: Lines) -> None:
        assert "follows the last line" in str(refuted([*whole, whole[1]]))

    def test_the_end_of_another_export_is_found(self, whole: Lines) -> None:
        other = audit_log.exported().splitlines(keepends=True)
        assert "those that were signed" in str(refuted([*whole[:-1], other[-1]]))

    def test_an_earlier_checkpoint_at_another_place_is_found(self, whole: Lines) -> None:
        place = next(n for n, line in enumerate(whole) if n and line.startswith(b'{"checkpoint"'))
        moved = [*whole[:place], whole[place + 1], whole[place], *whole[place + 2 :]]
        assert "stands after" in str(refuted(moved))

    def test_a_checkpoint_of_nobody_is_found(self, whole: Lines) -> None:
        whole[0] = changed(whole[0], lambda line: line.update(checkpoint="log\n1\nAAAA\n\n— log AAAAAAAA\n"))
        assert "a checkpoint" in str(refuted(whole))


class TestPartial:
    def test_holds_the_events_of_the_organization(self, acme: Organization, partial: Lines) -> None:
        events = [json.loads(line)["event"] for line in partial[1:-1]]
        assert {event["organization"] for event in events} == {str(acme.pk)}
        assert audit_log.verified(b"".join(partial)).events == len(events)

    def test_holds_the_events_of_the_time(self, acme: Organization) -> None:
        since = world.now()
        audit_log.record(acme, 3)
        until = world.now()
        audit_log.record(acme, 3)
        audit_log.sequence()
        assert audit_log.verified(audit_log.exported(Selection(since=since, until=until))).events == 3

    def test_may_hold_nothing(self, acme: Organization) -> None:
        empty = audit_log.exported(Selection(since=world.now() + timedelta(days=1)))
        assert audit_log.verified(empty).events == 0

    def test_an_event_left_out_breaks_the_end(self, partial: Lines) -> None:
        assert "those that were signed" in str(refuted([*partial[:2], *partial[3:]]))

    def test_a_changed_event_is_named(self, partial: Lines) -> None:
        partial[2] = changed(partial[2], lambda line: line["event"].update(reason="none"))
        assert refuted(partial).leaf == json.loads(partial[2])["number"]

    @pytest.mark.parametrize(
        "change",
        [
            lambda line: line["proof"].pop(),
            lambda line: line["proof"].reverse(),
            lambda line: line["proof"].insert(0, line["proof"][0]),
            lambda line: line.update(number=line["number"] + 1),
        ],
        ids=["missing", "swapped", "twice", "moved"],
    )
    def test_a_proof_that_is_none_is_named(
        self, partial: Lines, change: Callable[[dict[str, Any]], object]
    ) -> None:
        partial[2] = changed(partial[2], change)
        assert refuted(resigned(partial)).leaf == json.loads(partial[2])["number"]

    @pytest.mark.parametrize("proof", [[1], "x", None, {}, ["AAAA"], ["AA"]])
    def test_a_proof_of_another_shape_is_refused(self, partial: Lines, proof: object) -> None:
        partial[2] = changed(partial[2], lambda line: line.update(proof=proof))
        refuted(partial)

    @pytest.mark.parametrize("number", [-1, 10_000, True, "1", None])
    def test_a_number_that_is_none_is_refused(self, partial: Lines, number: object) -> None:
        partial[1] = changed(partial[1], lambda line: line.update(number=number))
        assert "not in the order" in str(refuted(partial))

    def test_what_the_first_line_does_not_describe_is_refused(self, partial: Lines) -> None:
        """Even when the log itself signs it: an event of another organization, or of another time."""
        for description in ({"from": "2999-01-01T00:00:00.000000Z"}, {"to": "2000-01-01T00:00:00.000000Z"}):
            first = changed(partial[0], lambda line, told=description: line.update(told))
            assert "not one that the first line describes" in str(refuted(resigned([first, *partial[1:]])))
        first = changed(partial[0], lambda line: line["organization"].update(id="another"))
        assert "not one that the first line describes" in str(refuted(resigned([first, *partial[1:]])))

    def test_earlier_checkpoints_cannot_be_compared_and_that_is_said(
        self, acme: Organization, partial: Lines
    ) -> None:
        before = transparency.latest_checkpoint()
        audit_log.record(acme)
        audit_log.sequence()
        from portal.auditor import notes

        report = audit_log.verified(b"".join(partial), [notes.head(before[1], audit_log.keys())])
        assert report.apart == 0
        later = transparency.latest_checkpoint()
        report = audit_log.verified(b"".join(partial), [notes.head(later[1], audit_log.keys())])
        assert report.apart == 1
        assert any("other sizes" in line for line in report.lines())


class TestFirstLine:
    @pytest.mark.parametrize(
        "change",
        [
            {"format": "concordat-audit-export/2"},
            {"complete": 1},
            {"organization": "x"},
            {"organization": {"id": "x"}},
            {"from": 1},
            {"to": []},
            {"more": None},
            {"checkpoint": None},
        ],
    )
    def test_of_another_shape_is_refused(self, whole: Lines, change: dict[str, Any]) -> None:
        refuted([changed(whole[0], lambda line: line.update(change)), *whole[1:]])

    @pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"[]\n", b"\x00", b"x" * 100])
    def test_must_be_there(self, acme: Organization, content: bytes) -> None:
        refuted([content])

    def test_a_line_without_end_is_not_read_for_ever(self, acme: Organization) -> None:
        with pytest.raises(Refuted):
            Export(io.BytesIO(b"[" * 9_000_000), audit_log.keys()).verify()


def test_the_key_of_another_log_verifies_nothing(whole: Lines) -> None:
    other = SigningKey(audit_identity.origin(), bytes(32)).verifier
    with pytest.raises(Refuted, match="no known key"):
        Export(io.BytesIO(b"".join(whole)), [PublicKey.read(str(other))]).verify()


def test_cosignatures_go_along(acme: Organization, settings: Settings) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, audit_witness_keys=(str(WITNESS.verifier),))
    _, note = transparency.latest_checkpoint()
    transparency.add_cosignatures(note + signed_note.cosign(note, WITNESS, 1679315147))
    witness = PublicKey.read(str(WITNESS.verifier))
    report = Export(io.BytesIO(audit_log.exported()), audit_log.keys(), [witness]).verify()
    assert report.witnesses == {"witness.example/w1"}


def test_there_is_no_export_without_a_checkpoint() -> None:
    with pytest.raises(NothingSequenced):
        audit_export.export(Selection())


def test_there_is_no_export_without_the_key(acme: Organization, settings: Settings) -> None:
    public = tuple(str(key) for key in audit_identity.verifier_keys())
    settings.REGISTRY = replace(settings.REGISTRY, audit_key="", audit_public_keys=public)
    with pytest.raises(AuditKeyMissing):
        audit_export.export(Selection())
