"""Plays the demo story through the real HTTP endpoints and returns what people need to use the deployment."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from jwcrypto.jwk import JWK

from portal.local import programs
from portal.local.deployment import Deployment
from portal.local.errors import StoryBroke
from portal.local.story import GENEROUS, GRANTS, PARTNERS, Application, Partner, mistaken
from registry.states import Environment

_YEAR_SECONDS = 365 * 86400
_WEEK_SECONDS = 7 * 86400


def play(deployment: Deployment) -> dict[str, Any]:
    """Make organizations, software and decisions over HTTP; the facts for `quickstart.json`."""
    deployment.announce("The operator, its staff and its services")
    cast = _command(deployment, "seed_cast")
    with urllib3.PoolManager(ca_certs=str(deployment.ca_file)) as pool:
        story = Story(deployment, pool, cast)
        story.play()
        people = _command(deployment, "seed_cast", *(partner.slug for partner in PARTNERS))
        return story.facts(people)


def _command(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    answer = programs.run_command(deployment.environment, *arguments)
    facts: dict[str, Any] = json.loads(answer.strip().splitlines()[-1])
    return facts


class Service:
    """One service client of the operator, speaking to the API with tokens of our own token endpoint."""

    def __init__(self, base_url: str, pool: urllib3.PoolManager, credentials: Mapping[str, str]) -> None:
        self._base_url, self._pool = base_url, pool
        self._credentials = credentials
        self._token = ""

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call of the API; a token is fetched when there is none or it has expired."""
        answer = self._send(method, path, body)
        if answer.status == 401:
            self._token = self._new_token()
            answer = self._send(method, path, body)
        return _read(answer, method, path)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self._token or 'none'}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        return self._pool.request(method, f"{self._base_url}/api/v1/{path}", body=content, headers=headers)

    def _new_token(self) -> str:
        pair = f"{self._credentials['client_id']}:{self._credentials['client_secret']}"
        answer = self._pool.request(
            "POST",
            f"{self._base_url}/token",
            body=urlencode({"grant_type": "client_credentials"}),
            headers={
                "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        return str(_read(answer, "POST", "/token")["access_token"])


def _read(answer: Any, method: str, path: str) -> Any:
    if answer.status >= 400:
        raise StoryBroke(f"{method} {path}", answer.status, answer.data.decode(errors="replace")[:500])
    return answer.json() if answer.data else None


class Story:
    """Twelve organizations, about sixty clients, refused and waiting registrations, two containments."""

    def __init__(self, deployment: Deployment, pool: urllib3.PoolManager, cast: Mapping[str, Any]) -> None:
        self._deployment, self._pool, self._cast = deployment, pool, cast
        first, second = cast["services"]
        self._desk = Service(deployment.base_url, pool, first)
        self._second = Service(deployment.base_url, pool, second)
        self._tokens: dict[tuple[str, Environment], str] = {}
        self._clients: list[dict[str, Any]] = []
        self._organizations: dict[str, Any] = {}

    def play(self) -> None:
        for partner in PARTNERS:
            self._deployment.announce(partner.display_name)
            self._found(partner)
            self._register(partner)
        self._decide()
        for partner in PARTNERS:
            self._end(partner)
        self._organizations = {partner.slug: self._known(partner) for partner in PARTNERS}

    def _found(self, partner: Partner) -> None:
        self._desk.call("POST", "organizations", _organization(partner))
        where = f"organizations/{partner.slug}"
        evidence = {"domain": partner.domain, "evidence": "TXT record seen by the onboarding desk"}
        self._desk.call("POST", f"{where}/domains", evidence)
        if partner.ending == "draft":
            return
        self._desk.call(
            "POST", f"{where}/submit", {"evidence": "Register extract, signed agreement", "reason": ""}
        )
        if partner.ending != "pending":
            self._second.call("POST", f"{where}/approve", {"reason": "Extract and agreement checked"})

    def _register(self, partner: Partner) -> None:
        for number, (environment, kind) in enumerate(partner.apps):
            if environment == Environment.SANDBOX or partner.ending != "pending":
                self._post(partner, environment, kind, number)
        for mistake in partner.refusals:
            answer = self._send_registration(partner, Environment.SANDBOX, mistaken(partner, mistake))
            if answer.status != 400:
                raise StoryBroke(f"refusal of {mistake}", answer.status, answer.data.decode()[:500])

    def _post(self, partner: Partner, environment: Environment, kind: str, number: int) -> None:
        private = (
            JWK.generate(kty="EC", crv="P-256", kid=f"{partner.slug}-{number}") if kind == "keys" else None
        )
        public = json.loads(private.export_public()) | {"use": "sig", "alg": "ES256"} if private else None
        app = Application(partner, environment, kind, number, public)
        registered = _read(self._send_registration(partner, environment, app.body), "POST", "/register")
        self._clients.append(_credentials(app, registered, private))

    def _send_registration(self, partner: Partner, environment: Environment, body: Mapping[str, Any]) -> Any:
        return self._pool.request(
            "POST",
            f"{self._deployment.base_url}/register",
            body=json.dumps(body),
            headers={
                "Authorization": f"Bearer {self._token(partner, environment)}",
                "Content-Type": "application/json",
            },
        )

    def _token(self, partner: Partner, environment: Environment) -> str:
        key = (partner.slug, environment)
        if key not in self._tokens:
            generous = partner.generous and environment == Environment.SANDBOX
            ceiling = {
                "environment": environment,
                "max_uses": GENEROUS if generous else 50,
                "lifetime_seconds": _YEAR_SECONDS if generous else _WEEK_SECONDS,
            }
            made = self._desk.call("POST", f"organizations/{partner.slug}/initial-access-tokens", ceiling)
            self._tokens[key] = made["value"]
        return self._tokens[key]

    def _decide(self) -> None:
        """Of what waits in production most is approved, one rejected; under four eyes a person has the last word."""
        waiting = self._desk.call("GET", "registrations?outcome=pending&page_size=200")["results"]
        for number, case in enumerate(sorted(waiting, key=lambda case: case["created_at"])):
            if number % 4 == 3:
                continue
            verb, reason = (
                ("reject", "Contacts could not be reached") if number == 1 else ("approve", "Reviewed")
            )
            self._desk.call("POST", f"registrations/{case['id']}/{verb}", {"reason": reason})

    def _end(self, partner: Partner) -> None:
        where = f"organizations/{partner.slug}"
        if partner.ending in {"contained", "restored"}:
            self._desk.call("POST", f"{where}/contain", {"reason": "Secret found in a public repository"})
        if partner.ending == "restored":
            self._second.call("POST", f"{where}/restore", {"reason": "Secret replaced, incident closed"})
        if partner.ending == "production_contained":
            environment = {"environment": Environment.PRODUCTION, "reason": "Unusual traffic"}
            self._desk.call("POST", f"{where}/contain", environment)

    def _known(self, partner: Partner) -> dict[str, Any]:
        where = f"organizations/{partner.slug}"
        found, domains = self._desk.call("GET", where), self._desk.call("GET", f"{where}/domains")
        proved = [row["domain"] for row in domains.get("results", domains)]
        return {"id": found["id"], "state": found["state"], "proved_domains": proved}

    def facts(self, people: Mapping[str, Any]) -> dict[str, Any]:
        """What `quickstart.json` says."""
        accounts = dict(self._cast["accounts"]) | people["partner-example"]
        accounts["other_organization_admin"] = people["other-example"]["organization_admin"]
        base_url = self._deployment.base_url
        return {
            "base_url": base_url,
            "issuer": base_url,
            "ca_file": str(self._deployment.ca_file),
            "accounts": accounts,
            "api": {
                "token_endpoint": f"{base_url}/token",
                "base_url": f"{base_url}/api/v1/",
                **self._cast["services"][0],
                "scopes": self._cast["api_scopes"],
                "second": self._cast["services"][1],
            },
            "organizations": self._organizations,
            "initial_access_tokens": dict(self._known_tokens()),
            "resource_server": self._cast["resource_servers"][Environment.SANDBOX],
            "resource_servers": self._cast["resource_servers"],
            "clients": self._usable(),
        }

    def _known_tokens(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for (slug, environment), token in self._tokens.items():
            if environment != Environment.SANDBOX:
                continue
            rows = self._desk.call("GET", f"organizations/{slug}/initial-access-tokens")["results"]
            left = next(
                (row["max_uses"] - row["uses"] for row in rows if row["environment"] == environment), 0
            )
            yield slug, {"token": token, "environment": environment, "uses_left": left}

    def _usable(self) -> list[dict[str, Any]]:
        """The clients that may act when the story is over."""
        held = self._desk.call("GET", "clients?state=active&page_size=200")["results"]
        stopped = {slug for slug, found in self._organizations.items() if found["state"] != "active"}
        active = {row["client_id"] for row in held if row["organization"] not in stopped}
        return [client for client in self._clients if client["client_id"] in active]


def _organization(partner: Partner) -> dict[str, Any]:
    quota = {"clients": GENEROUS, "registrations_per_hour": GENEROUS} if partner.generous else {}
    kinds = ("business", "technical", "security", "incident", "billing")
    return {
        "slug": partner.slug,
        "legal_name": partner.legal_name,
        "display_name": partner.display_name,
        "registration_scheme": "national",
        "registration_number": partner.number,
        "country": partner.country,
        "website": f"https://www.{partner.domain}/",
        "contacts": [
            {"kind": k, "name": f"{k.title()} desk", "email": f"{k}@{partner.domain}"} for k in kinds
        ],
        "entitlements": [
            {
                "role": "service-provider",
                "scopes": list(partner.scopes),
                "default_scopes": [partner.scopes[0]],
                "grant_types": list(GRANTS),
            }
        ],
        "quotas": [{"environment": "sandbox", **quota}, {"environment": "production"}],
        "production_review": partner.production_review,
    }


def _credentials(app: Application, registered: Mapping[str, Any], private: JWK | None) -> dict[str, Any]:
    kept = (
        "client_id",
        "client_secret",
        "registration_access_token",
        "grant_types",
        "scope",
        "redirect_uris",
    )
    facts = {name: registered[name] for name in kept if name in registered}
    facts |= {"organization": app.partner.slug, "environment": app.environment, "name": app.name}
    facts["token_endpoint_auth_method"] = registered["token_endpoint_auth_method"]
    if private is not None:
        facts["private_jwk"] = json.loads(private.export_private())
    return facts
