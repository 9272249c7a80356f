"""Canary secrets in every field and header of every endpoint: none reaches audit log, logs, metrics, mails or pages.

Members of a registration that was granted, and the e-mail address of a sign-in, are facts that the log has to hold:
no canary is put there, but for secrets where software may put them by mistake.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.urls import URLPattern, URLResolver, get_resolver
from psycopg import sql

from registry.queries import WHOLE
from tests import world
from tests.attacks.doors import ROUTES, Route, Somebody, cast, invited, known
from tests.attacks.privileges import TABLE
from tests.live import Answer, Live
from tests.software import Software, machine

HEADERS = (
    "Authorization",
    "Cookie",
    "DPoP",
    "From",
    "Idempotency-Key",
    "If-Match",
    "Origin",
    "Proxy-Authorization",
    "Referer",
    "User-Agent",
    "X-Api-Key",
    "X-Forwarded-For",
    "X-Request-Id",
)
SCHEMES = ("", "Bearer ", "Basic ", "DPoP ", "Token ")
FIELDS = (
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "csrfmiddlewaretoken",
    "initial_access_token",
    "password",
    "password1",
    "recovery_code",
    "refresh_token",
    "registration_access_token",
    "secret",
    "software_statement",
    "state",
    "token",
    "totp",
    "username",
)


class Canaries:
    """Secrets of one test, each with the place where it was put."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self.answers: list[Answer] = []
        self.done = 0  # acts that were carried out although they carried canaries

    def at(self, place: str) -> str:
        value = f"cnry{secrets.token_hex(12)}"
        self.places[value] = place
        return value

    def is_(self, place: str, value: str) -> str:
        """A real credential, which is searched for too."""
        self.places[value] = place
        return value

    def found_in(self, text: str) -> set[str]:
        """Places whose secret stands in a text."""
        made = set(re.findall(r"cnry[0-9a-f]{24}", text)) & self.places.keys()
        real = {value for value in self.places if not value.startswith("cnry") and value in text}
        return {self.places[value] for value in made | real}


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


def paths(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """The routes of every endpoint, as they stand in the URL conf."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern).lstrip("^").rstrip("$")
        if isinstance(entry, URLResolver):
            yield from paths(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def address(route: str, canaries: Canaries) -> str:
    """A path of this route; where it takes a secret, that is a canary."""
    route = re.sub(r"\(\?P<\w+>.*?\)", canaries.at(f"{route} in the path"), route)
    route = re.sub(r"<uuid:\w+>", "01a20d94-771b-792b-80c0-eff328d77e9a", route)
    route = re.sub(r"<(str:)?token>", lambda _: canaries.at(f"{route} in the path"), route)
    return re.sub(r"<[^>]+>", "nobody", route)


def headers(route: str, canaries: Canaries) -> dict[str, str]:
    return {name: canaries.at(f"{route} in {name}") for name in HEADERS}


def tell_everywhere(live: Live, canaries: Canaries) -> None:
    """Every endpoint: query, headers, a form, and JSON."""
    for route in paths(get_resolver()):
        path = address(route, canaries)
        query = "&".join(f"{name}={canaries.at(f'{route}?{name}')}" for name in FIELDS)
        form = {name: canaries.at(f"{route} form {name}") for name in FIELDS}
        body = {name: canaries.at(f"{route} JSON {name}") for name in FIELDS}
        canaries.answers += [
            live.get(f"{path}?{query}", headers=headers(route, canaries)),
            live.post(path, headers=headers(route, canaries), form=form),
            live.post(path, headers=headers(route, canaries), json=body),
        ]
    for scheme in SCHEMES:
        for path in ("/register", "/token", "/introspect", "/revoke", "/api/v1/organizations"):
            told = {"Authorization": scheme + canaries.at(f"{path} {scheme}")}
            canaries.answers.append(live.post(path, headers=told, form={"token": canaries.at(path)}))


def tell_as_a_partner(live: Live, canaries: Canaries) -> Software:
    """With good credentials of its own: secrets where they do not belong, and the real ones where they do."""
    holder = world.organization()
    token = canaries.is_("the initial access token", world.initial_access_token(holder).value)
    for name in FIELDS:
        members = world.metadata(holder) | {name: canaries.at(f"a registration's {name}")}
        canaries.answers.append(live.post("/register", bearer=token, json=members))
    key = world.signer().public | {"d": canaries.at("a private key")}
    userinfo = f"https://{canaries.at('userinfo')}:{canaries.at('userinfo')}@app.{holder.slug}.example/cb"
    canaries.answers += [
        live.post("/register", bearer=token, json=world.metadata(holder, jwks={"keys": [key]})),
        live.post("/register", bearer=token, json=world.metadata(holder, redirect_uris=[userinfo])),
    ]
    software = machine(live, holder)
    canaries.is_("the client's secret", software.secret)
    canaries.is_("its registration access token", software.information["registration_access_token"])
    for path in ("/token", "/introspect", "/revoke"):
        form = {name: canaries.at(f"{path} of a client, {name}") for name in FIELDS}
        canaries.answers += [
            live.post(path, basic=(software.client_id, software.secret), form=form),
            live.post(path, basic=(software.client_id, canaries.at(f"{path} secret")), form={"token": "x"}),
        ]
    granted = canaries.is_("an access token", software.token().json()["access_token"])
    canaries.answers.append(live.get("/api/v1/organizations", bearer=granted))
    software.ask("/revoke", token=granted)
    return software


def tell_as_a_person(live: Live, canaries: Canaries) -> None:
    with live.browser() as browser:
        browser.get("/sign-in/")
        browser.submit("/sign-in/", login="ada@people.example", password=canaries.at("a password"))
        browser.get(f"/sign-in/?next=/invitations/{canaries.at('next')}/")
        browser.get(f"/authorize/?client_id=nobody&state={canaries.at('state')}&code={canaries.at('code')}")


# Doors of those who have signed in, and who tells there. A form that passes carries more than it was asked for.
SIGNED_IN = {
    "staff:": ("manager", "administrator"),
    "partner:": ("admin",),
    "api:": ("service",),
    "": ("enduser",),
}
GOOD = {
    "decision": "approve",
    "email": "new@people.example",
    "evidence": "register extract",
    "name": "New",
    "reason": "checked",
    "reason_code": "misuse",
    "role": "organization_reader",
    "scope": WHOLE,
    f"seen_{WHOLE}": "1000",
}
LAST = ("account_logout", "mfa_deactivate_totp")
NOT_SENT = {"Authorization", "Cookie", "Origin", "Referer"}  # with others than one's own nobody gets in
EXTRA = tuple(name for name in FIELDS if name != "csrfmiddlewaretoken")


def tell_signed_in(live: Live, canaries: Canaries) -> None:
    """Every address as somebody who is let in, with secrets where none belong."""
    holder = world.organization("told", production_review="one_person")
    ids = known(holder)
    canaries.is_("an invitation", ids["token"])
    for door, names in SIGNED_IN.items():
        for name in names:
            who = cast(name, holder)
            who.door = live
            if who.bearer:
                canaries.is_(f"the token of {name}", who.bearer)
            for route in sorted(of_door(door), key=lambda route: route.name in LAST):
                tell_one(who, route, ids, canaries)
    stale = cast("manager", holder, fresh=False)
    stale.door = live
    for route in of_door("staff:"):
        if "manager" in TABLE[route.name, "POST"].fresh:
            tell_one(stale, route, ids, canaries)


def of_door(door: str) -> list[Route]:
    return [
        route for route in ROUTES.values() if route.name.startswith(door) and (door or ":" not in route.name)
    ]


def tell_one(who: Somebody, route: Route, ids: Mapping[str, object], canaries: Canaries) -> None:
    place, path = f"{who.name} at {route.name}", route.path(ids)
    sent = {name: canaries.at(f"{place} in {name}") for name in HEADERS if name not in NOT_SENT}
    query = "&".join(f"{name}={canaries.at(f'{place}?{name}')}" for name in EXTRA)
    told = GOOD | {name: canaries.at(f"{place}, {name}") for name in EXTRA}
    answers = [who.ask("GET", f"{path}?{query}", headers=sent), who.ask("POST", path, told, headers=sent)]
    if route.name.startswith("api:"):
        answers += [who.ask(verb, path, told, headers=sent) for verb in ("PATCH", "DELETE")]
        answers.append(who.ask("POST", path, {"reason": "checked"}, headers=sent))
    canaries.done += [answer.status == 303 for answer in answers].count(True)
    # A page that was asked for links to itself with its query; one of an error says nothing of it.
    canaries.answers += [answer for answer in answers if answer.status >= 400]


def tell_a_new_password(live: Live, canaries: Canaries) -> None:
    """Whoever is invited chooses one, signs in with it, and changes it."""
    holder = world.organization("joined")
    chosen, changed = canaries.at("a chosen password"), canaries.at("a changed password")
    both = {"password1": chosen, "password2": chosen}
    joined = Somebody("anonymous", door=live).ask("POST", f"/invitations/{invited(holder)}/", both)
    assert joined.status == 303, joined.text
    with live.browser() as browser:
        browser.get("/sign-in/")
        browser.submit("/sign-in/", login=f"new@{holder.slug}.example", password=chosen)
        browser.get("/account/password/")
        told = browser.submit("/account/password/", oldpassword=chosen, password1=changed, password2=changed)
        assert told.status_code == 302


def rows_with(url: str, canaries: Canaries) -> dict[str, set[str]]:
    """Where canaries stand in the database, by table; sessions are packed, and looked into."""
    with psycopg.connect(url) as session:
        names = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = {}
        for (name,) in names:
            rows = session.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name)))
            found[name] = canaries.found_in("\n".join(text for (text,) in rows))
        sessions = session.execute("SELECT session_data FROM django_session").fetchall()
    told = " ".join(str(SessionStore().decode(data)) for (data,) in sessions)
    found["what sessions hold"] = canaries.found_in(told)
    return {name: places for name, places in found.items() if places}


def metrics_of(live: Live) -> str:
    """What each process has counted, names and labels of all series: /metrics tells a part of it."""
    files = list(Path(live.environment["PROMETHEUS_MULTIPROC_DIR"]).glob("*.db"))
    assert files
    return "".join(file.read_bytes().decode("latin-1") for file in files)


def test_no_secret_is_found_anywhere(live_server: Live, live_db: None, canaries: Canaries) -> None:
    world.operator()
    tell_everywhere(live_server, canaries)
    tell_as_a_partner(live_server, canaries)
    tell_as_a_person(live_server, canaries)
    tell_signed_in(live_server, canaries)
    tell_a_new_password(live_server, canaries)
    folder = live_server.ca_file.parent
    assert len(canaries.places) > 5000
    assert canaries.done > 5
    assert [answer.body for answer in canaries.answers if answer.status >= 500] == []
    assert canaries.found_in((folder / "web.log").read_text()) == set()
    assert canaries.found_in("".join(file.read_text() for file in (folder / "mail").rglob("*.log"))) == set()
    assert canaries.found_in("".join(answer.text for answer in canaries.answers)) == set()
    assert canaries.found_in(metrics_of(live_server)) == set()
    assert rows_with(live_server.environment["DATABASE_URL"], canaries) == {}


def test_what_is_searched_for_can_be_found(live_server: Live, live_db: None, canaries: Canaries) -> None:
    """The control: a canary where the log has to hold what it is told."""
    holder = world.organization()
    machine(live_server, holder, client_name=canaries.at("the name"))
    found = rows_with(live_server.environment["DATABASE_URL"], canaries)
    assert found["registry_auditevent"] == found["registry_client"] == {"the name"}
