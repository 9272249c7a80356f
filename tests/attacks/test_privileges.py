"""Who may what: everybody × every address of the URL conf × every verb, against one table (privileges.txt).

A new address or verb without a cell fails, and so does a row without an address. Whoever is not let in leaves nothing
behind but what the log says of strangers.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction

from registry.models import Client, Organization
from registry.operator import API_SCOPES
from tests import audit_log, world
from tests.attacks.doors import (
    CAST,
    OF_STRANGERS,
    PEOPLE,
    ROUTES,
    VERBS,
    Route,
    Somebody,
    cast,
    known,
    routes,
    service,
    written,
)
from tests.attacks.privileges import TABLE, read
from tests.live import Answer
from tests.software import CHALLENGE

pytestmark = pytest.mark.django_db
PROVE_AGAIN = ("/sign-in/step-up/", "/sign-in/password/", "/account/totp/")


class Outcome(Enum):
    IN = "let in"
    ASKED = "asked to prove it again"
    OUT = "not let in"


def outcome(answer: Answer) -> Outcome:
    assert answer.status < 500, answer.text
    if 300 <= answer.status < 400:
        where = answer.headers["Location"]
        if where.startswith(PROVE_AGAIN):
            return Outcome.ASKED
        return Outcome.OUT if where.startswith("/sign-in/") else Outcome.IN
    return Outcome.OUT if answer.status in {401, 403, 404, 405} else Outcome.IN


@pytest.fixture
def acme() -> Organization:
    return world.organization("acme", production_review="one_person")


@pytest.fixture
def ids(acme: Organization) -> dict[str, Any]:
    found = known(acme)
    audit_log.sequence()
    return found


def asked(route: Route, ids: Mapping[str, Any]) -> dict[str, Any]:
    """What an address cannot do without, so that what it answers is about who asks."""
    if route.name == "authorize":
        return question(ids["client_id"])
    if route.name == "api:audit_proof":
        return {"event": str(ids["event_id"])}
    return ASKED.get(route.name, {})


ASKED: Mapping[str, dict[str, Any]] = {
    "token": {"grant_type": "client_credentials"},
    "introspect": {"token": "x"},
    "revoke": {"token": "x"},
    "api:audit_consistency": {"from": 1},
}


def question(client_id: str) -> dict[str, str]:
    (redirect_uri,) = Client.objects.get(client_id=client_id).redirect_uris.split()
    asked = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri}
    return asked | {
        "scope": "accounts:read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def ask(somebody: Somebody, route: Route, verb: str, ids: Mapping[str, Any]) -> Answer:
    """Ask, and take back whatever it did."""
    told, path = asked(route, ids), route.path(ids)
    if verb in {"GET", "HEAD"} or route.name == "authorize":
        path, told = (f"{path}?{urlencode(told)}" if told else path), {}
    with transaction.atomic():
        answer = somebody.ask(verb, path, told)
        transaction.set_rollback(True)
    return answer


def cells(verbs: Sequence[str]) -> Iterator[tuple[Route, str]]:
    return ((route, verb) for route in ROUTES.values() for verb in verbs)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {name for name, _ in TABLE} == set(ROUTES)
    assert len(ROUTES) == len(list(routes()))


@pytest.mark.parametrize(
    "text",
    ["home people - -", "home " + "- " * 7 + "\nhome " + "- " * 7, "home " + "kings " * 7],
    ids=["a cell is missing", "a row stands twice", "nobody is called that"],
)
def test_a_table_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        read(text)


# One of each stack tries every verb; the others what pages and forms send, and the rest in the long variant.
THOROUGH = ("anonymous", "manager", "service")
SENT = ("GET", "POST")
REST = tuple(verb for verb in VERBS if verb not in SENT)
TRIED = [
    *(pytest.param(name, VERBS, id=name) for name in THOROUGH),
    *(pytest.param(name, SENT, id=name) for name in CAST if name not in THOROUGH),
    *(
        pytest.param(name, REST, id=f"{name}, other verbs", marks=pytest.mark.long)
        for name in CAST
        if name not in THOROUGH
    ),
]


@pytest.mark.parametrize(("name", "verbs"), TRIED)
def test_who_is_let_in(name: str, verbs: Sequence[str], acme: Organization, ids: dict[str, Any]) -> None:
    somebody, wrong, left = cast(name, acme), [], {}
    for route, verb in cells(verbs):
        with written() as tables:
            found = outcome(ask(somebody, route, verb, ids))
        is_in = name in TABLE[route.name, verb].roles
        if is_in is (found is Outcome.OUT):
            wrong.append(f"{verb} {route.name}: {found.value}")
        if found is Outcome.OUT and tables - OF_STRANGERS:
            left[f"{verb} {route.name}"] = tables - OF_STRANGERS
    assert wrong == []
    assert left == {}


@pytest.mark.parametrize("name", PEOPLE)
def test_who_is_asked_to_prove_it_again(name: str, acme: Organization, ids: dict[str, Any]) -> None:
    somebody = cast(name, acme, fresh=False)
    let_in = {
        (route.name, verb): ask(somebody, route, verb, ids)
        for route, verb in cells(SENT if name in THOROUGH else ("POST",))
        if name in TABLE[route.name, verb].roles
    }
    found = {cell for cell, answer in let_in.items() if outcome(answer) is Outcome.ASKED}
    assert found == {cell for cell in let_in if name in TABLE[cell].fresh}


SCOPED = sorted({cell.scope for cell in TABLE.values() if cell.scope})


def test_every_scope_opens_something() -> None:
    assert sorted(API_SCOPES) == SCOPED


@pytest.mark.parametrize("scope", SCOPED)
def test_what_one_scope_opens(scope: str, ids: dict[str, Any]) -> None:
    """It opens its own addresses and no other, and all other scopes together do not open them."""
    alone, without = service(scopes=(scope,)), service(scopes=tuple(set(API_SCOPES) - {scope}))
    for (name, verb), cell in TABLE.items():
        if cell.scope:
            found = outcome(ask(alone, ROUTES[name], verb, ids))
            assert found is (Outcome.IN if cell.scope == scope else Outcome.OUT), (name, verb)
        if cell.scope == scope:
            assert outcome(ask(without, ROUTES[name], verb, ids)) is Outcome.OUT, (name, verb)
