"""The door of a busy process: who is let in first, who has to come back, and that no place is lost."""

import random
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from portal.config import admission, wsgi
from portal.config.admission import ROOM, Admission, Kind, kind_of
from tests.together import poll


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/revoke", Kind.STOP),
        ("/api/v1/organizations/acme/contain", Kind.STOP),
        ("/staff/organizations/acme/contain/", Kind.STOP),
        ("/introspect", Kind.INTROSPECT),
        ("/token", Kind.TOKEN),
        ("/register", Kind.REGISTER),
        ("/register/c_1", Kind.REGISTER),
        ("/api/v1/clients", Kind.REGISTER),
        ("/authorize/", Kind.PORTAL),
        ("/staff/", Kind.PORTAL),
        ("/anything", Kind.PORTAL),
        ("/healthz/ready", None),
        ("/.well-known/oauth-authorization-server", None),
    ],
)
def test_kinds(path: str, kind: Kind | None) -> None:
    assert kind_of(path) is kind


def test_the_order_of_survival() -> None:
    assert list(Kind) == [Kind.STOP, Kind.INTROSPECT, Kind.TOKEN, Kind.REGISTER, Kind.PORTAL]
    rooms = [ROOM[kind] for kind in Kind]
    assert rooms == sorted(rooms, reverse=True)
    assert rooms[Kind.TOKEN] < admission.THREADS


class Crowd:
    """People at one door, each in a thread; `inside` tells who was let in, in order."""

    def __init__(self, slots: int) -> None:
        self.door = Admission(slots)
        self.inside: list[Kind] = []
        self._threads = ThreadPoolExecutor(64)

    def comes(self, kind: Kind) -> "Future[bool]":
        before = self.door._waiting
        came = self._threads.submit(self._enter, kind)
        poll(lambda: self.door._waiting > before or came.done(), "neither waits nor is done")
        return came

    def _enter(self, kind: Kind) -> bool:
        is_in = self.door.enter(kind)
        if is_in:
            self.inside.append(kind)
        return is_in


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(slots=1)


class TestOrder:
    def test_a_free_place_is_taken_at_once(self, crowd: Crowd) -> None:
        assert crowd.door.enter(Kind.PORTAL)

    def test_the_most_urgent_line_goes_first_whoever_came_first(self, crowd: Crowd) -> None:
        crowd.door.enter(Kind.TOKEN)
        came = [crowd.comes(kind) for kind in reversed(Kind)]
        for number in range(len(came)):
            crowd.door.leave()
            poll(lambda number=number: len(crowd.inside) > number, "nobody is called")
        assert crowd.inside == list(Kind)

    def test_within_a_line_first_come_first_served(self, crowd: Crowd) -> None:
        crowd.door.enter(Kind.TOKEN)
        first, second = crowd.comes(Kind.TOKEN), crowd.comes(Kind.TOKEN)
        crowd.door.leave()
        assert first.result(5)
        assert not second.done()
        crowd.door.leave()
        assert second.result(5)

    def test_nobody_overtakes_a_line_that_is_as_urgent(self, crowd: Crowd) -> None:
        door = Admission(slots=2)
        crowd.door = door
        door.enter(Kind.REGISTER)
        waiting = crowd.comes(Kind.REGISTER)  # one place is kept free of registrations
        assert not waiting.done()
        assert door.enter(Kind.STOP)
        door.leave()
        door.leave()
        assert waiting.result(5)


class TestRoom:
    def test_is_full_for_the_last_first(self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
        """With each one more who waits, one kind more is sent away; who stops something is let in for longest."""
        monkeypatch.setattr(admission, "ROOM", {kind: 5 - kind for kind in Kind})
        crowd.door.enter(Kind.STOP)
        for last in reversed(Kind):
            crowd.comes(Kind.STOP)
            assert [kind for kind in Kind if crowd.door._waiting >= admission.ROOM[kind]] == list(Kind)[last:]
            assert not crowd.comes(last).result(5)

    def test_who_waited_in_vain_has_to_come_back(self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(admission, "PATIENCE_SECONDS", dict.fromkeys(Kind, 0.05))
        crowd.door.enter(Kind.TOKEN)
        assert not crowd.door.enter(Kind.TOKEN)
        crowd.door.leave()
        assert crowd.door.enter(Kind.TOKEN)


def test_no_place_is_lost_or_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at once, some of whom give up: never more inside than there are places, and all are free in the end."""
    monkeypatch.setattr(admission, "PATIENCE_SECONDS", dict.fromkeys(Kind, 0.002))
    door, inside, most = Admission(slots=3), [0], [0]
    guard = threading.Lock()

    def visit(number: int) -> bool:
        chance = random.Random(number)
        if not door.enter(chance.choice(list(Kind))):
            return False
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        threading.Event().wait(chance.random() * 0.002)
        with guard:
            inside[0] -= 1
        door.leave()
        return True

    with ThreadPoolExecutor(24) as threads:
        came = list(threads.map(visit, range(2000)))
    assert any(came)
    assert not all(came)
    assert most[0] <= 3
    assert (door._busy, door._waiting) == (0, 0)
    assert not any(door._lines)


@pytest.mark.parametrize(
    ("path", "type_"), [("/token", "application/json"), ("/staff/", "text/plain; charset=utf-8")]
)
def test_who_has_to_come_back_is_told_when(path: str, type_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "ROOM", dict.fromkeys(Kind, 0))
    door = Admission(slots=1)
    door.enter(Kind.STOP)
    said: list[tuple[str, dict[str, str]]] = []
    application = wsgi.ByUrgency(wsgi.ByPath(), door)
    body = application(
        {"REQUEST_METHOD": "GET", "PATH_INFO": path},
        lambda status, headers: said.append((status, dict(headers))),
    )
    ((status, headers),) = said
    assert status == "503 Service Unavailable"
    assert (headers["Retry-After"], headers["Content-Type"], headers["Cache-Control"]) == (
        "1",
        type_,
        "no-store",
    )
    assert b"enough to do" in b"".join(body)
