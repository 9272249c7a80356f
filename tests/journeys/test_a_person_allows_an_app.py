"""An end user's story: asked by an app, signed in, told who asks, allowed; tokens turn over; a thief ends them."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from registry import queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.live import Browser, Live
from tests.software import introspect, is_active, look, register, told

pytestmark = pytest.mark.usefixtures("live_db")


def events(holder: Organization) -> list[str]:
    found = queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder)
    return list(found.values_list("action", flat=True))


def sign_in_where_sent(browser: Browser, location: str, email: str) -> str:
    """Follow to the sign-in page and send its form; where it leads."""
    browser.get(location, allow_redirects=False)
    (after,) = parse_qs(urlsplit(location).query)["next"]
    answer = browser.submit(location, login=email, password=world.PASSWORD, next=after)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def test_from_the_question_to_the_end_of_the_family(live_server: Live) -> None:
    acme, server = world.organization(), world.resource_server()
    person = world.person(Role.END_USER)
    app = register(live_server, acme)
    asked = app.question()

    with live_server.browser() as browser:
        sent_away = look(browser, asked)
        assert sent_away.status_code == 302
        back = sign_in_where_sent(browser, sent_away.headers["Location"], person.email)
        assert back == f"/authorize/?{urlencode(asked)}"
        page = browser.get(back, allow_redirects=False)
        assert "Ledger" in page.text
        answer = told(browser.submit(back, allow="true"))
    assert (answer["state"], answer["iss"]) == (asked["state"], live_server.issuer)

    issued = app.exchange(answer["code"]).json()
    seen = introspect(live_server, server, issued["access_token"])
    assert (seen["sub"], seen["org_id"], seen["scope"]) == (str(person.pk), str(acme.pk), "accounts:read")

    turned = app.refresh(issued["refresh_token"]).json()
    assert is_active(live_server, server, turned["access_token"])

    stolen = app.refresh(issued["refresh_token"])
    assert (stolen.status, stolen.json()["error"]) == (400, "invalid_grant")
    assert app.refresh(turned["refresh_token"]).status == 400
    for value in (issued["access_token"], turned["access_token"]):
        assert not is_active(live_server, server, value)
    told_events = events(acme)
    assert told_events.count(Event.CONSENT_GIVEN) == 1
    assert told_events.count(Event.TOKEN_REUSE_SEEN) >= 1
