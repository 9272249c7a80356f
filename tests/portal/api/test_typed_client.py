"""A typed Python client, made from the committed document, used against the running server."""

import importlib
import json
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from portal.management.commands import openapi
from tests import world
from tests.live import Live

NAME = "concordat_client"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the client was generated, on the path of imports for this module."""
    folder = tmp_path_factory.mktemp("generated")
    config = Config.from_sources(
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        openapi.FILE,
        "utf-8",
        overwrite=False,
        output_path=folder / NAME,
    )
    assert list(generate(config=config)) == []
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


class Typed:
    """The generated client with a token of a service that may do everything."""

    def __init__(self, live: Live) -> None:
        self.live, self.models = live, module("models")
        service = world.service()
        form = {"grant_type": "client_credentials"}
        answer = live.post("/token", form=form, basic=(service.client_id, service.client_secret))
        self.client = module("client").AuthenticatedClient(
            base_url=live.base_url,
            token=answer.json()["access_token"],
            verify_ssl=ssl.create_default_context(cafile=str(live.ca_file)),
            raise_on_unexpected_status=True,
        )

    def call(self, operation: str, *arguments: Any, **options: Any) -> Any:
        """The whole response of one operation: `parsed` is the typed answer."""
        tag = operation.replace("audit_events", "audit-events").partition("_")[0].replace("-", "_")
        sync = module(f"api.{tag}.{operation}").sync_detailed
        return sync(*arguments, client=self.client, **options)


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{NAME}.{name}")


def _opened(live: Live) -> Iterator[Typed]:
    made = Typed(live)
    with made.client:
        yield made


@pytest.fixture
def typed(live_db: None, live_server: Live, folder: Path) -> Iterator[Typed]:
    yield from _opened(live_server)


@pytest.fixture
def another(live_db: None, live_server: Live, folder: Path) -> Iterator[Typed]:
    """A second service, for what needs two."""
    yield from _opened(live_server)


@pytest.fixture
def acme(live_db: None) -> world.Organization:
    return world.organization()


def test_every_operation_has_a_function(folder: Path) -> None:
    document = json.loads(openapi.FILE.read_text(encoding="utf-8"))
    names = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    assert names <= {path.stem for path in (folder / NAME / "api").rglob("*.py")}


def test_an_answer_is_an_object_with_its_types(typed: Typed, acme: world.Organization) -> None:
    told = typed.call("organizations_retrieve", acme.slug).parsed
    assert isinstance(told, typed.models.Organization)
    assert (told.slug, told.state, told.created_at) == (acme.slug, typed.models.State.ACTIVE, acme.created_at)
    assert {quota.environment for quota in told.quotas} == {"sandbox", "production"}


def test_a_part_is_an_object_of_its_own(typed: Typed, acme: world.Organization) -> None:
    fields = [
        typed.models.OrganizationsRetrieveFieldsItem.SLUG,
        typed.models.OrganizationsRetrieveFieldsItem.STATE,
    ]
    told = typed.call("organizations_retrieve", acme.slug, fields=fields).parsed
    assert isinstance(told, typed.models.PartOfOrganization)
    assert told.to_dict() == {"slug": acme.slug, "state": "active"}


def test_a_problem_is_an_object_too(typed: Typed) -> None:
    problem = typed.call("organizations_retrieve", "nobody").parsed
    assert isinstance(problem, typed.models.Problem)
    assert (problem.status, problem.code) == (404, "not_found")


def test_pages_are_walked(typed: Typed, acme: world.Organization) -> None:
    first = typed.call("audit_events_list", organization=acme.slug, page_size=1)
    assert isinstance(first.parsed.results[0], typed.models.AuditEvent)
    assert first.parsed.next_.startswith("https://")


def test_a_write_that_is_repeated_is_done_once(typed: Typed, acme: world.Organization) -> None:
    body = typed.models.TokenRequestRequest(environment=typed.models.EnvironmentEnum.SANDBOX, max_uses=3)
    operation = "organizations_initial_access_tokens_create"
    first, again = (typed.call(operation, acme.slug, body=body, idempotency_key=KEY) for _ in range(2))
    assert isinstance(first.parsed, typed.models.IssuedToken)
    assert (again.parsed, again.headers["Idempotent-Replayed"]) == (first.parsed, "true")
    registered = typed.live.post("/register", json=world.machine_metadata(), bearer=first.parsed.value)
    client_id = registered.json()["client_id"]
    wanted = typed.models.ClientsWantedRequest(client_ids=[client_id, "c_nobody"])
    found = typed.call("clients_lookup", body=wanted).parsed
    assert ([row.client_id for row in found.results], found.missing) == ([client_id], ["c_nobody"])


def test_a_final_act_binds_to_what_was_seen(typed: Typed, another: Typed, acme: world.Organization) -> None:
    reason = typed.models.CutoffRequest(reason="leak")
    contained = typed.call("organizations_contain", acme.slug, body=reason)
    end = another.models.ReasonRequest(reason="end")
    stale = another.call("organizations_revoke", acme.slug, body=end, if_match='"1"')
    assert stale.parsed.code == "precondition_failed"
    told = another.call("organizations_revoke", acme.slug, body=end, if_match=contained.headers["ETag"])
    assert told.parsed.state == typed.models.State.REVOKED
