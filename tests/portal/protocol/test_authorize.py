"""The authorization endpoint: what stays on a page, what goes to the client, and what the person is shown."""

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from requests import Response

from registry import lifecycle, queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, ClientLogo, Grant, User
from registry.onboarding import grant_entitlement
from registry.organization_facts import EntitlementFacts
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.live import Browser, Live
from tests.portal.protocol.reading import SAFE
from tests.software import allow, introspect, look, register, signed_in, told

pytestmark = pytest.mark.usefixtures("live_db")


class Scene:
    """One organization with an app, and a person who is signed in."""

    def __init__(self, live: Live, browser: Browser, user: User) -> None:
        self.live, self.browser, self.user = live, browser, user
        self.acme = world.organization()
        self.app = register(live, self.acme, scope="accounts:read transactions:read")

    def ask(self, **changes: str | None) -> Response:
        return look(self.browser, self.app.question(**changes))

    def events(self, event: Event) -> int:
        found = queries.audit_events(Viewer(Role.AUDITOR, None), organization=self.acme, action=event)
        return int(found.count())

    @property
    def codes(self) -> int:
        return Grant.objects.filter(organization=self.acme).count()


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[ExitStack, list[tuple[Browser, User]]]]:
    """Signing in costs a password hash, so this module's person signs in once."""
    with ExitStack() as stack:
        yield stack, []


@pytest.fixture
def scene(live_server: Live, kept: tuple[ExitStack, list[tuple[Browser, User]]]) -> Scene:
    stack, found = kept
    if not found:
        user = world.person(Role.END_USER)
        found.append((stack.enter_context(signed_in(live_server, user)), user))
    return Scene(live_server, *found[0])


def stays(answer: Response) -> str:
    """The error of a page from which nobody is sent anywhere."""
    assert answer.status_code == 400, answer.headers
    assert "Location" not in answer.headers
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


def goes(answer: Response, scene: Scene) -> str:
    """The error that the client reads at its own redirection URI, with `iss` and `state`."""
    said = told(answer)
    assert answer.headers["Location"].startswith(f"{scene.app.redirect_uri}?")
    assert said["iss"] == scene.live.issuer
    assert said.keys() == {"error", "error_description", "state", "iss"}
    assert SAFE.fullmatch(said["error_description"])
    return said["error"]


class TestStaysOnAPage:
    @pytest.mark.parametrize(
        "uri",
        [
            "{uri}/",
            "{uri}?",
            "{uri}#",
            "{uri}?a=b",
            "{upper}",
            "https://evil.example/cb",
            "/cb",
            "x",
            "{host}",
            "{uri}%2f",
        ],
    )
    def test_when_the_redirect_uri_is_not_registered(self, scene: Scene, uri: str) -> None:
        registered = scene.app.redirect_uri
        host = registered.removesuffix("/cb")
        sent = uri.format(uri=registered, upper=registered.upper(), host=host)
        assert "invalid_request" in stays(scene.ask(redirect_uri=sent))

    @pytest.mark.parametrize("client_id", [None, "", "c_unknown", "\x00", "c" * 300, "' OR 1=1"])
    def test_when_the_client_is_unknown(self, scene: Scene, client_id: str | None) -> None:
        stays(scene.ask(client_id=client_id))

    @pytest.mark.parametrize("state", ["pending", "suspended", "contained"])
    def test_when_the_client_may_not(self, scene: Scene, state: str) -> None:
        if state == "pending":
            app = register(scene.live, scene.acme, environment=Environment.PRODUCTION)
            stays(look(scene.browser, app.question()))
            return
        if state == "suspended":
            lifecycle.suspend_client(scene.app.client_id, actor=world.STAN, reason="x", now=world.now())
        else:
            lifecycle.contain_organization(scene.acme.pk, actor=world.STAN, reason="x", now=world.now())
        stays(scene.ask())

    def test_when_two_are_registered_and_none_is_named(self, scene: Scene) -> None:
        host = f"https://app.{scene.acme.slug}.example"
        app = register(scene.live, scene.acme, redirect_uris=[f"{host}/a", f"{host}/b"])
        stays(look(scene.browser, app.question(redirect_uri=None)))


class TestGoesToTheClient:
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"response_type": None}, "invalid_request"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": "id_token"}, "unsupported_response_type"),
            ({"response_type": "code token"}, "unsupported_response_type"),
            ({"response_type": "code id_token"}, "unsupported_response_type"),
            ({"response_type": "CODE"}, "unsupported_response_type"),
            ({"response_type": "none"}, "unsupported_response_type"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge": ""}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
            ({"code_challenge": "a" * 129}, "invalid_request"),
            ({"code_challenge": "a" * 5000}, "invalid_request"),
            ({"code_challenge": "=" * 43}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge_method": None}, "invalid_request"),
            ({"code_challenge_method": "s256"}, "invalid_request"),
            ({"scope": "payments:write"}, "invalid_scope"),
            ({"scope": "accounts:read payments:write"}, "invalid_scope"),
            ({"scope": 'accounts:"read'}, "invalid_scope"),
        ],
        ids=str,
    )
    def test_an_error(self, scene: Scene, changes: dict[str, str | None], error: str) -> None:
        assert goes(scene.ask(**changes), scene) == error
        assert scene.codes == 0

    def test_that_the_person_refused(self, scene: Scene) -> None:
        asked = scene.app.question()
        look(scene.browser, asked)
        answer = scene.browser.submit(f"/authorize/?{urlencode(asked)}", decision="deny")
        assert goes(answer, scene) == "access_denied"
        assert scene.events(Event.CONSENT_REFUSED) == 1
        assert scene.codes == 0

    def test_no_state_when_none_was_sent(self, scene: Scene) -> None:
        assert "state" not in told(scene.ask(state=None, scope="payments:write"))
        assert "state" not in told(scene.ask(state="", scope="payments:write"))


class TestParameters:
    @pytest.mark.parametrize(
        "more",
        [
            "redirect_uri=https://evil.example/",
            "client_id=x",
            "scope=accounts:read",
            "state=2",
            "code_challenge=" + "a" * 43,
            "code_challenge_method=plain",
            "unknown=1&unknown=2",
            "x=%00",
            "x=%FF",
        ],
    )
    def test_stand_once_and_are_text(self, scene: Scene, more: str) -> None:
        """CVE-2026-9689; RFC 6749 §3.1."""
        asked = urlencode(scene.app.question())
        for query in (f"{asked}&{more}", f"{more}&{asked}"):
            answer = scene.browser.get(f"/authorize/?{query}", allow_redirects=False)
            assert "A parameter" in stays(answer)

    @pytest.mark.parametrize("more", ["x=1", "x=", "scope=", "prompt=none", "request=eyJ", "nonce=%25zz"])
    def test_that_are_unknown_or_empty_are_ignored(self, scene: Scene, more: str) -> None:
        asked = scene.app.question()
        if more == "scope=":
            del asked["scope"]
        answer = scene.browser.get(f"/authorize/?{urlencode(asked)}&{more}", allow_redirects=False)
        assert answer.status_code == 200

    @pytest.mark.parametrize("state", ["s t&u=v#w", '"\\é\n', "<script>", "x" * 2000, "%2F+"])
    def test_a_state_returns_as_it_was(self, scene: Scene, state: str) -> None:
        assert told(allow(scene.browser, scene.app.question(state=state)))["state"] == state

    @pytest.mark.parametrize("mode", ["fragment", "form_post", "web_message"])
    def test_the_answer_goes_into_the_query(self, scene: Scene, mode: str) -> None:
        answer = allow(scene.browser, scene.app.question(response_mode=mode))
        assert told(answer)["code"]
        assert "#" not in answer.headers["Location"]

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
    def test_are_read_by_get_and_post_alone(self, scene: Scene, method: str) -> None:
        answer = scene.browser.request(method, "/authorize/")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


class TestConsent:
    def test_becomes_a_code_and_an_event(self, scene: Scene) -> None:
        asked = scene.app.question()
        answer = allow(scene.browser, asked)
        said = told(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        assert said.keys() == {"code", "state", "iss"}
        assert (said["state"], said["iss"]) == (asked["state"], scene.live.issuer)
        assert scene.events(Event.CONSENT_GIVEN) == 1
        token = scene.app.exchange(said["code"]).json()["access_token"]
        assert introspect(scene.live, world.resource_server(), token)["sub"] == str(scene.user.pk)

    def test_names_organization_software_host_and_scopes(self, scene: Scene) -> None:
        page = scene.ask().text
        for words in ("Acme", "Ledger", "accounts:read", "Test software"):
            assert words in page
        assert f"app.{scene.acme.slug}.example" in page.replace("<wbr>", "")
        assert "transactions:read" not in page

    def test_shows_the_logo_that_we_drew_and_no_other(self, scene: Scene) -> None:
        assert "<img" not in scene.ask().text
        client = Client.objects.get(client_id=scene.app.client_id)
        logo = {"uri": "https://rp.example/logo.png", "digest": secrets.token_hex(32), "picture": b"x"}
        ClientLogo.objects.create(client=client, next_fetch_at=world.now(), **logo)
        assert f'<img src="/logos/{logo["digest"]}.png" alt=""' in scene.ask().text

    def test_says_whose_account_it_is_and_lets_another_sign_in(self, scene: Scene) -> None:
        assert f'{scene.user} · <a href="/sign-out/">Not you? Sign out</a>' in scene.ask().text

    def test_lets_the_form_go_to_the_redirect_uri_alone(self, scene: Scene) -> None:
        policy = scene.ask().headers["Content-Security-Policy"]
        assert f"form-action 'self' https://app.{scene.acme.slug}.example" in policy
        assert "unsafe" not in policy

    def test_needs_the_token_of_its_own_form(self, scene: Scene) -> None:
        asked = scene.app.question()
        look(scene.browser, asked)
        answer = scene.browser.post(f"/authorize/?{urlencode(asked)}", data={"allow": "true"})
        assert answer.status_code == 403
        assert scene.codes == 0

    @pytest.mark.parametrize("allowed", ["", "false", "TRUE", "1", "on"])
    def test_is_one_word(self, scene: Scene, allowed: str) -> None:
        asked = scene.app.question()
        look(scene.browser, asked)
        answer = scene.browser.submit(f"/authorize/?{urlencode(asked)}", allow=allowed)
        assert told(answer)["error"] == "access_denied"

    def test_is_judged_again_when_it_is_given(self, scene: Scene) -> None:
        """Between the page and the button the organization lost the scope, then everything."""
        asked = scene.app.question()
        look(scene.browser, asked)
        facts = EntitlementFacts("partner", ["transactions:read"], world.GRANTS)
        grant_entitlement(scene.acme.pk, facts, actor=world.STAN, now=world.now())
        answer = scene.browser.submit(f"/authorize/?{urlencode(asked)}", allow="true")
        assert goes(answer, scene) == "invalid_scope"
        lifecycle.contain_organization(scene.acme.pk, actor=world.STAN, reason="x", now=world.now())
        stays(scene.browser.submit(f"/authorize/?{urlencode(asked)}", allow="true"))
        assert scene.codes == 0
        assert scene.events(Event.CONSENT_GIVEN) == 0

    def test_form_fields_do_not_change_what_was_asked(self, scene: Scene) -> None:
        asked = scene.app.question()
        look(scene.browser, asked)
        scope = "accounts:read transactions:read"
        answer = scene.browser.submit(f"/authorize/?{urlencode(asked)}", allow="true", scope=scope)
        assert answer.status_code == 400
        assert scene.codes == 0


def test_a_stranger_signs_in_first(live_server: Live) -> None:
    acme = world.organization()
    asked = register(live_server, acme).question()
    answer = live_server.get(f"/authorize/?{urlencode(asked)}")
    assert answer.status == 302
    target = urlsplit(answer.headers["Location"])
    assert target.path == "/sign-in/"
    assert parse_qs(target.query)["next"] == [f"/authorize/?{urlencode(asked)}"]


@pytest.mark.parametrize(
    ("registered", "asked", "ok"),
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", True),
        ("http://127.0.0.1:8000/cb", "http://127.0.0.1/cb", True),
        ("http://[::1]/cb", "http://[::1]:1/cb", True),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb/", False),
        ("http://127.0.0.1/cb", "http://localhost:51004/cb", False),
        ("http://127.0.0.1/cb", "http://[::1]/cb", False),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", False),
        ("http://127.0.0.1/cb", "http://u@127.0.0.1:1/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb", False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb?a=b", False),
        ("example.{slug}.app:/cb", "example.{slug}.app:/cb", True),
        ("example.{slug}.app:/cb", "example.{slug}.app:/CB", False),
    ],
)
def test_native_apps_are_answered_on_their_device(
    scene: Scene, registered: str, asked: str, ok: bool
) -> None:
    """RFC 8252 §7.3: any port on a loopback literal, everything else to the letter."""
    slug = scene.acme.slug
    uri = registered.format(slug=slug)
    app = register(
        scene.live,
        scene.acme,
        application_type="native",
        token_endpoint_auth_method="none",
        redirect_uris=[uri],
    )
    question = app.question(redirect_uri=asked.format(slug=slug))
    if not ok:
        stays(look(scene.browser, question))
        return
    answer = allow(scene.browser, question)
    assert answer.headers["Location"].startswith(question["redirect_uri"])
    told_code = told(answer)["code"]
    assert app.exchange(told_code, redirect_uri=question["redirect_uri"]).status == 200


def test_a_client_without_pkce_may_where_its_column_says_so(scene: Scene) -> None:
    Client.objects.filter(client_id=scene.app.client_id).update(require_pkce=False)
    question = scene.app.question(code_challenge=None, code_challenge_method=None)
    code = told(allow(scene.browser, question))["code"]
    assert scene.app.exchange(code, code_verifier=None).status == 200
