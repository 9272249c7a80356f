"""The bench: its rows are as the product's, its generator reads answers right, a small run of it all works."""

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError

from portal.local import programs
from portal.local.bench import document, load, measure, names, operations, workers
from portal.local.bench.chart import drawn
from portal.local.bench.containment import Board, Count
from portal.local.bench.load import Answer, Channel, Driven, Prepared, WrongAnswer
from portal.local.bench.measure import Statements
from portal.local.bench.plan import PAGES, QUICK, Plan
from portal.local.bench.rounds import Cost, Figures
from portal.local.engines import inherited_environment
from portal.local.processes import Child
from portal.management.commands.bench import planned
from registry import assertions, identifiers, jwk, tokens
from tests import world

OPTIONS: dict[str, Any] = {
    "document": None,
    "organizations": None,
    "clients": None,
    "rounds": None,
    "requests": None,
    "quick": False,
    "only": None,
}


class TestNames:
    """What the bench computes by itself has to be what the product computes."""

    def test_a_digest(self) -> None:
        found = names.digest(settings.REGISTRY.credential_key, "pcs_1")
        assert found == identifiers.digest("pcs_1")

    def test_a_checksum(self) -> None:
        assert names.checksum("cat_1") == tokens.checksum("cat_1")

    def test_a_thumbprint(self) -> None:
        key = names.public_jwk(names.private_key("client 1"), "kid")
        assert names.thumbprint(key) == jwk.thumbprint(key)

    def test_an_assertion(self) -> None:
        key = names.private_key("client 1")
        read = assertions.parse(operations.assertion("c_1", key, "https://as.example"))
        assert read.client_id == "c_1"
        assertions.verify(
            read,
            keys=[names.public_jwk(key, "kid")],
            registered_alg="ES256",
            audiences=frozenset({"https://as.example"}),
            now=world.now(),
        )

    def test_keys_follow_from_their_label(self) -> None:
        first, again = (names.public_jwk(names.private_key("a"), "kid") for _ in range(2))
        assert first == again != names.public_jwk(names.private_key("b"), "kid")


@contextmanager
def answering(octets: bytes) -> Iterator[int]:
    """A server that answers every request on each connection with these octets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_all, args=(listener, octets), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _answer_all(listener: socket.socket, octets: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, octets), daemon=True).start()


def _answer(connection: socket.socket, octets: bytes) -> None:
    with connection:
        while connection.recv(65536):
            connection.sendall(octets)


WITH_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
IN_CHUNKS = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


class TestChannel:
    @pytest.mark.parametrize(("octets", "status"), [(WITH_LENGTH, 200), (IN_CHUNKS, 201)])
    def test_reads_an_answer_to_its_end(self, octets: bytes, status: int) -> None:
        with answering(octets) as port:
            channel = Channel(port)
            answers = [channel.ask(b"GET / HTTP/1.1\r\n\r\n") for _ in range(2)]
            channel.close()
        assert answers == [Answer(status, b"hello")] * 2


class TestDrive:
    def test_sends_each_request_once(self) -> None:
        requests = [Prepared(b"GET / HTTP/1.1\r\n\r\n", 200, b"hello")] * 10
        with answering(WITH_LENGTH) as port:
            driven = load.drive(port, requests, connections=3, seconds=5)
        assert driven.requests == 10
        assert 0 < driven.percentile(0.5) <= driven.percentile(0.99)

    @pytest.mark.parametrize("wanted", [Prepared(b"x", 201), Prepared(b"x", 200, b"goodbye")])
    def test_refuses_an_answer_that_does_not_fit(self, wanted: Prepared) -> None:
        with answering(WITH_LENGTH) as port, pytest.raises(WrongAnswer, match="answered 200: hello"):
            load.drive(port, [wanted], connections=1, seconds=5)

    def test_counts_the_time_between_first_and_last(self) -> None:
        assert Driven(2.0, [1.0, 2.0, 30.0]).percentile(0.99) == 30.0


class TestMeasure:
    def test_counts_the_processes_below(self) -> None:
        before = measure.cpu_seconds(os.getpid())
        assert sum(number * number for number in range(2_000_000)) > 0
        assert measure.cpu_seconds(os.getpid()) - before > 0.02

    def test_knows_the_memory_of_a_process(self) -> None:
        assert measure.memory_mib(os.getpid())[0] > 10


class TestSettled:
    def test_waits_until_the_weight_stands_still(self) -> None:
        weights = iter(([10.0], [40.0, 20.0], [50.0, 30.0], [50.5, 30.0], [99.0]))
        child = Child("idle", [], Path(), {})
        assert workers.settled(child, lambda pid: next(weights), seconds=0.0) == [50.5, 30.0]


class TestPlanned:
    def test_is_the_issue_s_size_unless_told_otherwise(self) -> None:
        assert planned(OPTIONS) == Plan(organizations=10_000, clients=100_000)

    def test_takes_what_is_given(self) -> None:
        plan = planned(OPTIONS | {"clients": 4_000, "organizations": 100, "only": ["refresh"]})
        assert (plan.clients, plan.organizations, plan.operations) == (4_000, 100, ("refresh",))

    @pytest.mark.parametrize("wrong", [{"clients": 1_001}, {"organizations": 1_000, "clients": 1_000}])
    def test_refuses_what_cannot_be_filled(self, wrong: dict[str, int]) -> None:
        with pytest.raises(CommandError, match="--clients"):
            planned(OPTIONS | wrong)

    def test_refuses_more_revocations_than_there_are_tokens(self) -> None:
        few = OPTIONS | {"quick": True, "clients": 1_000, "organizations": 100, "only": ["revocation"]}
        assert planned(few | {"requests": 468}).requests == 468
        with pytest.raises(CommandError, match="468 of revocation in each round"):
            planned(few | {"requests": 469})
        assert planned(few | {"requests": 469, "only": ["introspection"]}).requests == 469

    def test_refuses_a_document_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="no such document"):
            planned(OPTIONS | {"document": tmp_path / "x.md"})


NOT_OF_STOCK = {"private_key_jwt", "reading", "update", "deregistration"}


def figures(cpu: float = 2.0) -> Figures:
    cost = Cost(100, 500.0, 1.0, 2.0, cpu - 0.5, 0.5, 0.0)
    return Figures.of([cost, cost, Cost(100, 400.0, 3.0, 9.0, 9.0, 9.0, 0.0)], Statements(2.0, 0.0))


class TestFigures:
    def test_are_medians_with_their_range(self) -> None:
        found = figures()
        assert (found.cpu, found.cpu_lowest, found.cpu_highest) == (2.0, 2.0, 18.0)
        assert (found.requests, found.p50) == (300, 1.0)


class TestBoard:
    def test_moves_the_frontier_behind_what_is_contained(self) -> None:
        board = Board(2)
        board.note(0)
        assert (board.is_contained(0), board.is_contained(1), board.frontier) == (True, False, 1)
        board.note(1)
        assert board.is_over

    def test_an_active_answer_after_containment_is_stale(self) -> None:
        count = Count()
        for contained, active in ((True, True), (True, False), (False, True), (False, False)):
            count.add(contained=contained, active=active)
        assert count == Count(after=2, stale=1, active_before=1, refused_before=1)


RUN: dict[str, Any] = {
    "plan": {"organizations": 1, "clients": 4, "rounds": 3, "requests": 5},
    "machine": {
        "at": "now",
        "cpus": 2,
        "load_before": 0.5,
        "connections": 8,
        "web_workers": 2,
        "python": "3",
    },
    "idle_mib": {"concordat": [10.0, 20.0]},
    "after_mib": {"concordat": [10.0, 30.0]},
    "workers_mib": {"worker": [70.0, 30.0]},
    "flat": {},
    "pages": {
        "case": {"cpu": 30.0, "web_cpu": 28.0, "database_cpu": 2.0, "statements": {"work": 9, "control": 0}}
    },
    "contained": None,
}


class TestDocument:
    def test_keeps_what_is_written_by_hand(self, tmp_path: Path) -> None:
        path = tmp_path / "performance.md"
        path.write_text(f"above\n{document.BEGIN}\nold\n{document.END}\nbelow\n")
        found = {"cpu": 2.0, "web_cpu": 1.5, "database_cpu": 0.5, "per_second": 500, "p50": 1, "p99": 2}
        found |= {"statements": {"work": 2, "control": 0}}
        document.write(path, RUN | {"costs": {"concordat": {"client_credentials": found}}})
        text = path.read_text()
        assert text.startswith("above\n")
        assert text.endswith("below\n")
        assert "| client credentials | 2.00 | 1.50 | 0.50 | 2 + 0 | 500 |" in text
        assert "| case | 30.0 | 28.0 | 2.0 | 9 + 0 |" in text
        assert "| Celery worker | 100 | 70 + 30 | – |" in text
        assert "old" not in text

    def test_refuses_a_document_without_a_place(self, tmp_path: Path) -> None:
        path = tmp_path / "performance.md"
        path.write_text("nothing")
        with pytest.raises(document.NoPlaceForFigures, match="no place for figures"):
            document.write(path, RUN)


def test_the_chart_has_a_line_for_each_operation() -> None:
    svg = drawn({100: {"introspection": figures(1.0)}, 100_000: {"introspection": figures(2.0)}})
    assert svg.startswith("<svg ")
    assert svg.count("stroke-width") == 1
    assert "100,000" in svg


@pytest.mark.long
def test_a_small_run_measures_both_sides_and_finds_nothing_stale(tmp_path: Path) -> None:
    """Engines, both servers and all requests are real; the figures themselves are not judged here."""
    figures_file = tmp_path / "figures.json"
    options = (
        "--quick",
        "--beside",
        "stock",
        "--contain",
        "--pages",
        "--json",
        str(figures_file),
        "--home",
        str(tmp_path / "home"),
    )
    programs.run_command(
        inherited_environment() | {"PYTHONPATH": os.pathsep.join(sys.path)}, "bench", *options
    )
    run = json.loads(figures_file.read_text())
    assert set(run["costs"]["concordat"]) == set(QUICK.operations)
    assert set(run["costs"]["stock toolkit"]) == set(QUICK.operations) - NOT_OF_STOCK
    assert all(side["cpu"] > 0 for sides in run["costs"].values() for side in sides.values())
    assert set(run["pages"]) == set(PAGES)
    assert all(page["statements"]["work"] > 0 for page in run["pages"].values())
    counts = run["contained"]["by_operation"].values()
    assert sum(count["after"] for count in counts) >= QUICK.answers
    assert all(count["stale"] == 0 and count["active_before"] > 0 for count in counts)
    assert datetime.fromisoformat(run["machine"]["at"]).tzinfo == UTC
