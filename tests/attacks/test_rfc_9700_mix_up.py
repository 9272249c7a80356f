"""RFC 9700 §4.4: a client with several servers is led to believe that an answer came from another one (RFC 9207)."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from registry.models import Client
from registry.roles import Role
from tests import world
from tests.live import Live
from tests.software import allow, look, register, signed_in, told

pytestmark = pytest.mark.usefixtures("live_db")


def test_every_answer_names_the_issuer(live_server: Live) -> None:
    app = register(live_server, world.organization())
    document = live_server.get("/.well-known/oauth-authorization-server").json()
    assert document["authorization_response_iss_parameter_supported"] is True
    with signed_in(live_server, world.person(Role.END_USER)) as browser:
        granted = told(allow(browser, app.question()))
        failed = told(look(browser, app.question(scope="admin")))
        look(browser, asked := app.question())
        denied = told(browser.submit(f"/authorize/?{urlencode(asked)}", decision="deny"))
    for answer in (granted, failed, denied):
        assert answer["iss"] == document["issuer"] == live_server.issuer


def test_a_registered_iss_does_not_stand_in_for_it(live_server: Live) -> None:
    """A redirection URI that carries `iss` itself, registered before the rule: the answer has one, and it is ours."""
    app = register(live_server, world.organization())
    row = app.row
    uri = f"{app.redirect_uri}?iss=https%3A%2F%2Fother.example&a=b"
    Client.objects.filter(pk=row.pk).update(metadata=row.metadata | {"redirect_uris": [uri]})
    app = replace(app, information={**app.information, "redirect_uris": [uri]})
    with signed_in(live_server, world.person(Role.END_USER)) as browser:
        answers = [allow(browser, app.question()), look(browser, app.question(scope="admin"))]
    for answer in answers:
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert (query["iss"], query["a"]) == ([live_server.issuer], ["b"])
