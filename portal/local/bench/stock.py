"""The other side: a stock django-oauth-toolkit project, written into a folder of its own, with as many rows as ours.

Stock means: `startproject`'s middleware, the toolkit's models, views and validator as installed, scopes by settings.
What differs from the defaults, and why, stands in stock_project.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from portal.local.bench import names
from portal.local.bench.bed import Bed, Web, free_port
from portal.local.bench.load import Prepared
from portal.local.bench.operations import again_and_again, basic, form, request
from portal.local.bench.plan import Plan
from portal.local.bench.stock_project import FILES
from portal.local.bench.stock_rows import INTROSPECTOR, fill
from portal.local.errors import StepFailed

DATABASE = "stock"


class Stock:
    """The stock server; `prepare` makes its project, database and rows, `start` serves it."""

    name = "stock toolkit"

    def __init__(self, bed: Bed, plan: Plan) -> None:
        self.plan = plan
        self._bed = bed
        self._port = free_port()
        self._folder = bed.engines.home / "stock"
        self._environment = bed.environment(DATABASE, self._port) | {
            "DJANGO_SETTINGS_MODULE": "stock_settings",
            "PYTHONPATH": os.pathsep.join([str(self._folder), str(Path(__file__).resolve().parents[3])]),
        }
        self.web: Web
        self._streams = {
            name: stream() for name in plan.operations if (stream := getattr(self, f"_{name}", None))
        }

    def prepare(self) -> None:
        self._folder.mkdir()
        for name, text in FILES.items():
            (self._folder / name).write_text(text)
        self._bed.make_database(DATABASE)
        self._migrate()
        fill(self._bed.superuser_url(DATABASE), self.plan)

    def start(self) -> None:
        self.web = self._bed.serve(
            "web-stock", DATABASE, "stock_wsgi:application", self._environment, self._port, self._folder
        )

    def take(self, operation: str, count: int) -> list[Prepared]:
        """The next requests, none twice; none at all of what the toolkit does not offer."""
        stream = self._streams.get(operation)
        return [next(stream) for _ in range(count)] if stream else []

    def _migrate(self) -> None:
        owner = self._environment | {"DATABASE_URL": self._bed.engines.owner_url(DATABASE)}
        answer = subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
            env=owner,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            raise StepFailed("migrate of the stock project", answer.returncode, answer.stderr[-1500:])

    def _empty(self) -> Iterator[Prepared]:
        return again_and_again([Prepared(request("/healthz/live", b"", method="GET"))])

    def _client_credentials(self) -> Iterator[Prepared]:
        fields = {"grant_type": "client_credentials", "scope": "read"}
        requests = [form("/o/token/", fields, authorization=_caller(n)) for n in self.plan.spread(0)]
        return (Prepared(octets, 200, b"access_token") for octets in again_and_again(requests))

    def _introspection(self) -> Iterator[Prepared]:
        """As the toolkit documents it: the resource server holds a bearer token of scope `introspection`."""
        return self._introspecting(f"Bearer {INTROSPECTOR}")

    def _introspection_basic(self) -> Iterator[Prepared]:
        """As ours does it: the resource server sends its secret."""
        return self._introspecting(_caller(0))

    def _introspecting(self, authorization: str) -> Iterator[Prepared]:
        requests = [
            form("/o/introspect/", {"token": names.access_token(n)}, authorization=authorization)
            for n in self.plan.spread_tokens()
        ]
        return (Prepared(octets, 200, b'"active": true') for octets in again_and_again(requests))

    def _registration(self) -> Iterator[Prepared]:
        """The same software as ours, but for its keys, which the toolkit does not take."""
        for number in again_and_again(self.plan.spread_organizations()):
            domain = names.domain(number)
            body = {
                "client_name": "Ledger",
                "redirect_uris": [f"https://app.{domain}/callback", f"https://staging.{domain}/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic",
            }
            octets = request("/o/register/", json.dumps(body).encode(), "application/json")
            yield Prepared(octets, 201, b"client_secret")

    def _refresh(self) -> Iterator[Prepared]:
        for number in range(self.plan.kept_refresh_tokens, self.plan.refresh_tokens):
            fields = {"grant_type": "refresh_token", "refresh_token": names.refresh_token(number)}
            caller = _caller(self.plan.client_of_refresh_token(number))
            yield Prepared(form("/o/token/", fields, authorization=caller), 200, b"refresh_token")

    def _revocation(self) -> Iterator[Prepared]:
        for number in range(self.plan.clients, 2 * self.plan.clients, 2):
            fields = {"token": names.access_token(number)}
            caller = _caller(number - self.plan.clients)
            yield Prepared(form("/o/revoke_token/", fields, authorization=caller), 200)


def _caller(number: int) -> str:
    return basic(names.client_id(number), names.client_secret(number))
