"""No stale answer: what begins after a containment call returned gets nothing, in any process, on any connection.

A process of its own contains organization after organization through the API. Eight connections drive introspection,
token and refresh requests at organizations around that frontier. Each containment is written down when its call has
returned, in memory that all processes share; a driver reads that note before it sends, so whatever it sends then has
begun after. Requests begun before are counted too: they show that the bench would have seen an active answer.
"""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.connection import Connection
from typing import Any

from portal.local.bench import names
from portal.local.bench.documents import SCOPES
from portal.local.bench.load import FORK, Answer, Channel
from portal.local.bench.operations import basic, form, request
from portal.local.bench.plan import CONNECTIONS, Plan
from portal.local.errors import CannotRun
from portal.local.processes import POLL_SECONDS

OPERATIONS = ("introspection", "token", "refresh")
WINDOW = 3  # organizations on either side of the frontier that requests go to
SHARE_BEHIND = 0.75  # of the requests go to organizations that are contained already
PATIENCE_SECONDS = 120.0  # for the answers to one containment
TOKEN_SERVES = 50  # containments, before the officer asks for a new one
MACHINE_SECRET, WEB_SECRET = 0, 2


@dataclass(slots=True)
class Count:
    """Answers to one operation. `stale` are those that should have been refused and were not."""

    after: int = 0
    stale: int = 0
    active_before: int = 0
    refused_before: int = 0

    def add(self, *, contained: bool, active: bool) -> None:
        self.after += contained
        self.stale += contained and active
        self.active_before += active and not contained
        self.refused_before += not active and not contained

    def include(self, other: "Count") -> None:
        self.after += other.after
        self.stale += other.stale
        self.active_before += other.active_before
        self.refused_before += other.refused_before


@dataclass(frozen=True, slots=True)
class Contained:
    """The verdict. `organizations` were contained while the requests ran."""

    organizations: int
    seconds: float
    by_operation: dict[str, Count]

    @property
    def after(self) -> int:
        return sum(count.after for count in self.by_operation.values())

    @property
    def stale(self) -> int:
        return sum(count.stale for count in self.by_operation.values())

    @property
    def active_before(self) -> int:
        return sum(count.active_before for count in self.by_operation.values())


class Board:
    """Shared by all processes: which organizations are contained by now, and how many answers came after that."""

    def __init__(self, organizations: int) -> None:
        self._contained = FORK.RawArray("b", organizations)
        self._answers = FORK.RawArray("l", CONNECTIONS)
        self._frontier = FORK.RawValue("l", 0)

    def is_contained(self, number: int) -> bool:
        return bool(self._contained[number])

    def note(self, number: int) -> None:
        """Called when the containment of `number` has returned."""
        self._contained[number] = 1
        self._frontier.value = number + 1

    def count_answer(self, driver: int) -> None:
        self._answers[driver] += 1

    @property
    def answers(self) -> int:
        return sum(self._answers)

    @property
    def frontier(self) -> int:
        """The organization that is contained next, or is being contained now."""
        return int(self._frontier.value)

    @property
    def is_over(self) -> bool:
        return self.frontier == len(self._contained)


def contain(port: int, plan: Plan, seed: Mapping[str, Any]) -> Contained:
    """Contain `plan.contained` organizations, each when the one before has had its share of `plan.answers`."""
    board = Board(plan.contained)
    started = time.monotonic()
    officer = _forked(_contain_all, port, plan, seed, board)
    pipes = [_forked(_drive_all, port, plan, seed, board, number) for number in range(CONNECTIONS)]
    by_operation = {name: Count() for name in OPERATIONS}
    for pipe in (officer, *pipes):
        for operation, count in _received(pipe).items():
            by_operation[operation].include(count)
    return Contained(plan.contained, round(time.monotonic() - started, 1), by_operation)


def _forked(work: Callable[..., dict[str, Count]], *arguments: Any) -> Connection:
    ours, theirs = FORK.Pipe(duplex=False)
    FORK.Process(target=_work, args=(work, arguments, theirs), daemon=True).start()
    theirs.close()
    return ours


def _work(work: Callable[..., dict[str, Count]], arguments: tuple[Any, ...], pipe: Connection) -> None:
    try:
        pipe.send(work(*arguments))
    except (CannotRun, OSError) as error:
        pipe.send(str(error))


def _received(pipe: Connection) -> dict[str, Count]:
    found = pipe.recv()
    if isinstance(found, str):
        raise CannotRun(f"The containment bench broke: {found}")
    return dict(found)


def _contain_all(port: int, plan: Plan, seed: Mapping[str, Any], board: Board) -> dict[str, Count]:
    channel = Channel(port)
    bearer = ""
    for number in range(plan.contained):
        if number % TOKEN_SERVES == 0:
            bearer = _service_token(channel, *seed["service"])
        _contain_one(channel, number, bearer)
        board.note(number)
        _wait_for_answers(board, (number + 1) * plan.answers // plan.contained)
    return {}


def _service_token(channel: Channel, identifier: str, secret: str) -> str:
    fields = {"grant_type": "client_credentials"}
    answer = channel.ask(form("/token", fields, authorization=basic(identifier, secret)))
    return f"Bearer {json.loads(answer.body)['access_token']}"


def _contain_one(channel: Channel, number: int, bearer: str) -> None:
    body = json.dumps({"reason": "the bench stops it"}).encode()
    path = f"/api/v1/organizations/{names.slug(number)}/contain"
    answer = channel.ask(request(path, body, "application/json", authorization=bearer))
    if answer.status != HTTPStatus.OK:
        raise CannotRun(f"a containment was answered {answer.status}: {answer.body[:300].decode()}")


def _wait_for_answers(board: Board, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while board.answers < wanted:
        if time.monotonic() > deadline:
            raise CannotRun(f"no more than {board.answers} answers came")
        time.sleep(POLL_SECONDS)


def _drive_all(port: int, plan: Plan, seed: Mapping[str, Any], board: Board, number: int) -> dict[str, Count]:
    driver = Driver(Channel(port), plan, seed, board, number)
    while not board.is_over:
        driver.ask_once()
    return driver.counts


class Driver:
    """One connection that asks around the frontier, and remembers what it was given."""

    def __init__(
        self, channel: Channel, plan: Plan, seed: Mapping[str, Any], board: Board, number: int
    ) -> None:
        self._channel, self._plan, self._board, self._number = channel, plan, board, number
        self._resource_server = basic(*seed["resource_server"])
        self._choice = random.Random(number)  # noqa: S311  # which request comes next, nothing secret
        self._given: dict[int, list[str]] = {}
        self._heads: dict[int, str] = {}
        self.counts = {name: Count() for name in OPERATIONS}

    def ask_once(self) -> None:
        """Send one request, knowing whether it begins after its organization's containment returned."""
        organization = self._near_the_frontier()
        operation = self._choice.choice(OPERATIONS)
        client = self._client(organization, operation)
        octets = getattr(self, f"_{operation}")(organization, client)
        contained = self._board.is_contained(organization)
        answer = self._channel.ask(octets)
        active = self._is_active(operation, answer)
        self.counts[operation].add(contained=contained, active=active)
        if contained:
            self._board.count_answer(self._number)
        if active and operation != "introspection":
            self._remember(organization, client, json.loads(answer.body))

    def _near_the_frontier(self) -> int:
        """Mostly one of those contained last, else one of the next; all of them exist."""
        frontier = self._board.frontier
        behind = frontier and self._choice.random() < SHARE_BEHIND
        first, last = (frontier - WINDOW, frontier - 1) if behind else (frontier, frontier + WINDOW - 1)
        return self._choice.randint(max(0, first), min(self._plan.contained - 1, last))

    def _client(self, organization: int, operation: str) -> int:
        """A client of the organization that can do it; for refresh one that no other driver uses, if there is one."""
        first = organization * self._plan.clients_each
        everyone = range(first, first + self._plan.clients_each)
        if operation == "refresh":
            web = [n for n in everyone if n % 4 == WEB_SECRET]
            return self._choice.choice([n for n in web if n // 4 % CONNECTIONS == self._number] or web)
        if operation == "token":
            return self._choice.choice([n for n in everyone if n % 4 == MACHINE_SECRET])
        return self._choice.choice(everyone)

    def _introspection(self, organization: int, client: int) -> bytes:
        """A token that has been there, or one that this driver got, perhaps while the containment was under way."""
        value = self._choice.choice([names.access_token(client), *self._given.get(organization, ())[-4:]])
        return form("/introspect", {"token": value}, authorization=self._resource_server)

    def _token(self, organization: int, client: int) -> bytes:
        fields = {"grant_type": "client_credentials", "scope": SCOPES[0]}
        return form("/token", fields, authorization=_caller(client))

    def _refresh(self, organization: int, client: int) -> bytes:
        head = self._heads.get(client) or names.refresh_token((client - WEB_SECRET) // 4)
        fields = {"grant_type": "refresh_token", "refresh_token": head}
        return form("/token", fields, authorization=_caller(client))

    def _is_active(self, operation: str, answer: Answer) -> bool:
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CannotRun(f"{operation} was answered {answer.status}: {answer.body[:300].decode()}")
        if operation == "introspection":
            return bool(json.loads(answer.body)["active"])
        return answer.status == HTTPStatus.OK

    def _remember(self, organization: int, client: int, document: Mapping[str, str]) -> None:
        self._given.setdefault(organization, []).append(document["access_token"])
        if "refresh_token" in document:
            self._heads[client] = document["refresh_token"]


def _caller(client: int) -> str:
    return basic(names.client_id(client), names.client_secret(client))
