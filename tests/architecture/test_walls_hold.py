"""Each wall is broken once, in a copy of the tree, and the tool that guards it has to name the breach."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from portal.local import verify
from tests.architecture import finders
from tests.architecture.source import ROOMS, ROOT, Found

PROGRAMS = Path(sys.executable).parent


class Breach(NamedTuple):
    """`text` at the end of `path`, which may be new; `told` are words that the guard has to say."""

    path: str
    text: str
    told: tuple[str, ...]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tools read: the rooms without their data, the configuration, the types of libraries."""
    root = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / ".ci/stubs", root / ".ci/stubs")
    for name in ("pyproject.toml", "manage.py"):
        shutil.copy(ROOT / name, root / name)
    return root


@contextmanager
def broken(root: Path, *breaches: Breach) -> Iterator[None]:
    before = {
        path: path.read_text() if path.exists() else None for path in (root / one.path for one in breaches)
    }
    try:
        for breach in breaches:
            path = root / breach.path
            path.write_text((before[path] or "") + f"\n{breach.text}\n")
        yield
    finally:
        for path, text in before.items():
            path.unlink() if text is None else path.write_text(text)


def run(root: Path, program: str, *arguments: str) -> tuple[int, str]:
    answer = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    return answer.returncode, " ".join((answer.stdout + answer.stderr).split())


def titled(breaches: dict[str, Breach]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("breach", breaches.values(), ids=breaches.keys())


IMPORTS = {
    "registry on portal": Breach(
        "registry/events.py",
        "import portal.paths",
        ("Three rooms: portal above registry above federation BROKEN", "registry.events -> portal.paths"),
    ),
    "federation on registry": Breach(
        "federation/__init__.py",
        "import registry.errors",
        ("Three rooms: portal above registry above federation BROKEN", "federation -> registry.errors"),
    ),
    "upwards in the registry": Breach(
        "registry/lifecycle.py",
        "import registry.registration",
        ("every module has its place BROKEN", "registry.lifecycle -> registry.registration"),
    ),
    "a module without a place": Breach(
        "registry/helpers.py", "", ("every module has its place BROKEN", "registry.helpers")
    ),
    "upwards in the portal": Breach(
        "portal/paths.py",
        "import portal.authn",
        ("what doors share BROKEN", "portal.paths -> portal.authn"),
    ),
    "one door through another": Breach(
        "portal/protocol/token.py",
        "import portal.api.urls",
        ("The doors are strangers to each other BROKEN", "portal.protocol.token -> portal.api.urls"),
    ),
    "federation on Django": Breach(
        "federation/__init__.py",
        "import django.conf",
        ("no framework, no database, no socket BROKEN", "federation -> django"),
    ),
    "federation on a socket": Breach(
        "federation/__init__.py",
        "import socket",
        ("no framework, no database, no socket BROKEN", "federation -> socket"),
    ),
    "a rule that queries": Breach(
        "registry/policy/scopes.py",
        "from registry.models import Client",
        ("no framework, no database, no clock BROKEN", "registry.policy.scopes -> registry.models"),
    ),
    "a table that looks at the clock": Breach(
        "registry/states.py",
        "from registry import clock",
        ("no framework, no database, no clock BROKEN", "registry.states -> registry.clock"),
    ),
    "the registry on DRF": Breach(
        "registry/tokens.py",
        "import rest_framework.exceptions",
        ("no browser and to no outsider BROKEN", "registry.tokens -> rest_framework"),
    ),
    "a second way out": Breach("registry/rate.py", "import ssl", ("outsider BROKEN", "registry.rate -> ssl")),
    "a second writer of events": Breach(
        "registry/people.py",
        "from registry.models.audit import AuditEvent",
        ("Only registry.audit takes the audit table BROKEN", "registry.people -> registry.models.audit"),
    ),
    "a door with a model": Breach(
        "portal/protocol/token.py",
        "from registry.models import Client",
        ("never its tables BROKEN", "portal.protocol.token -> registry.models"),
    ),
    "production on one machine": Breach(
        "portal/middleware.py",
        "import portal.local.places",
        ("what belongs to one machine BROKEN", "portal.middleware -> portal.local.places"),
    ),
    "the auditor on the writer": Breach(
        "portal/auditor/tree.py",
        "import registry.merkle",
        ("shares no code with whoever writes it BROKEN", "portal.auditor.tree -> registry.merkle"),
    ),
    "a second sequencer": Breach(
        "registry/people.py",
        "from registry.models.transparency import AuditLeaf",
        ("take the tables of its tree BROKEN", "registry.people -> registry.models.transparency"),
    ),
    "a cycle": Breach(
        "registry/models/organizations.py",
        "import registry.models.clients",
        ("No two siblings depend on each other BROKEN", "registry.models"),
    ),
}


@titled(IMPORTS)
def test_import_linter_names(copy: Path, breach: Breach) -> None:
    with broken(copy, breach):
        code, text = run(copy, "lint-imports", "--no-cache")
    assert code == 1
    for words in breach.told:
        assert words in text


def _banned(path: str, name: str, statement: str) -> Breach:
    return Breach(path, statement, ("TID251", f"`{name}` is banned"))


RULES = {
    "django's clock": _banned(
        "registry/tokens.py", "django.utils.timezone.now", "from django.utils.timezone import now"
    ),
    "python's clock": _banned(
        "registry/people.py", "datetime.datetime.now", "import datetime as d\nx = d.datetime.now(d.UTC)"
    ),
    "an old clock": _banned("registry/expiry.py", "time.time", "import time\nx = time.time()"),
    "the database's clock": _banned(
        "registry/queries/lists.py",
        "django.db.models.functions.Now",
        "from django.db.models.functions import Now",
    ),
    "a way out by the library": _banned("registry/facts.py", "urllib.request", "import urllib.request"),
    "a way out by hand": _banned("portal/middleware.py", "socket", "import socket"),
    "a way out by a package": _banned("portal/protocol/token.py", "requests", "import requests"),
    "a way out by TLS": _banned("registry/credentials.py", "ssl", "import ssl"),
    "a door without a rule": _banned(
        "portal/apps.py", "django.contrib.admin", "from django.contrib import admin"
    ),
    "swallowing": Breach(
        "registry/expiry.py",
        "def swallow() -> None:\n    try:\n        expire_clients()\n    except Exception:\n        return",
        ("BLE001", "blind exception"),
    ),
    "an empty except": Breach(
        "registry/expiry.py", "try:\n    x = 1\nexcept:\n    x = 2", ("E722", "bare `except`")
    ),
    "talking to a terminal": Breach("registry/tokens.py", 'print("here")', ("T201", "`print` found")),
    "a commented-out check": Breach("registry/jwk.py", "# check_key(key)", ("ERA001", "commented-out code")),
    "SQL from text": Breach(
        "registry/queries/lists.py",
        "def find(word: str) -> str:\n    return f\"SELECT * FROM registry_client WHERE name = '{word}'\"",
        ("S608", "SQL injection"),
    ),
}


@titled(RULES)
def test_ruff_names(copy: Path, breach: Breach) -> None:
    with broken(copy, breach):
        code, text = run(copy, "ruff", "check", "--no-cache", "--output-format", "concise", breach.path)
    assert code == 1
    for words in (breach.path, *breach.told):
        assert words in text


def test_ruff_accepts_the_clock_and_the_way_out_where_they_belong(copy: Path) -> None:
    places = ("registry/clock.py", "registry/egress.py", "portal/local")
    assert run(copy, "ruff", "check", "--no-cache", "--select", "TID251", *places)[0] == 0


TYPES = (
    Breach(
        "registry/roles.py", 'def wall() -> int:\n    return "text"', ("registry/roles.py", "[return-value]")
    ),
    Breach(
        "registry/identifiers.py",
        "def wall(x):\n    return x",
        ("registry/identifiers.py", "[no-untyped-def]"),
    ),
    Breach(
        "registry/expiry.py",
        "def wall(client: Client) -> object:\n    return client.owner",
        ("registry/expiry.py", '"Client" has no attribute "owner"'),
    ),
    Breach(
        "registry/people.py",
        'def wall() -> object:\n    return User.objects.filter(owner="x")',
        ("registry/people.py", "Cannot resolve keyword 'owner'"),
    ),
    Breach(
        "portal/paths.py",
        'def wall() -> str:\n    return "text"  # type: ignore',
        ("portal/paths.py", "[unused-ignore]"),
    ),
)


@pytest.mark.long
def test_mypy_names(copy: Path) -> None:
    """One run for all of them, on their files alone: it is the slowest guard."""
    with broken(copy, *TYPES):
        code, text = run(copy, "mypy", "--strict", *(breach.path for breach in TYPES))
    assert code == 1
    for breach in TYPES:
        for words in breach.told:
            assert words in text


def manage(root: Path, *arguments: str, **changed: str) -> tuple[int, str]:
    environment = verify.production_environment() | changed
    answer = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stdout + answer.stderr


def test_a_model_without_its_migration_is_named(copy: Path) -> None:
    table = "class Wall(models.Model):\n    height = models.IntegerField()"
    with broken(copy, Breach("registry/models/decisions.py", table, ())):
        code, told = manage(copy, "makemigrations", "--check", "--dry-run")
    assert (code, "Create model Wall" in told) == (1, True)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"CONCORDAT_CLOCK_OFFSET_FILE": "/run/offset"}, "registry.E003"),
        ({"CREDENTIAL_KEY": ""}, "registry.E001"),
        ({"CONCORDAT_DEPLOYMENT": "staging"}, "registry.E005"),
    ],
)
def test_an_unsafe_deployment_is_named(changed: dict[str, str], name: str) -> None:
    code, told = manage(ROOT, "check", "--deploy", "--fail-level", "WARNING", **changed)
    assert (code, name in told) == (1, True)


FINDERS: dict[str, tuple[Callable[[Path], Iterator[Found]], Breach]] = {
    "state assigned": (
        finders.state_writes,
        Breach("registry/expiry.py", "def f(c: Client) -> None:\n    c.state = 'active'", ("writes state",)),
    ),
    "epoch counted": (
        finders.state_writes,
        Breach("registry/tokens.py", "def f(c: Client) -> None:\n    c.epoch += 1", ("writes epoch",)),
    ),
    "state updated": (
        finders.state_writes,
        Breach("registry/expiry.py", "Client.objects.update(state='active')", ("writes state",)),
    ),
    "state updated from a dict": (
        finders.state_writes,
        Breach("registry/expiry.py", "Client.objects.update(**{'state': 'active'})", ("writes state",)),
    ),
    "states updated in bulk": (
        finders.state_writes,
        Breach("registry/expiry.py", "Client.objects.bulk_update([], ['cutoff_at'])", ("writes cutoff_at",)),
    ),
    "state by name": (
        finders.state_writes,
        Breach("registry/people.py", "setattr(User(), 'session_epoch', 2)", ("writes session_epoch",)),
    ),
    "state by a computed name": (
        finders.state_writes,
        Breach("registry/people.py", "setattr(User(), 'st' + 'ate', 2)", ("name is computed",)),
    ),
    "state at birth": (
        finders.state_writes,
        Breach("registry/facts.py", "Organization(state='active')", ("writes state",)),
    ),
    "state in SQL": (
        finders.state_writes,
        Breach(
            "registry/tokens.py",
            "SQL = 'UPDATE registry_client SET last_used_at = now(), state = %s WHERE id = %s'",
            ("writes state",),
        ),
    ),
    "an event in SQL": (
        finders.audit_table_named,
        Breach("registry/tokens.py", "SQL = 'INSERT INTO registry_auditevent'", ("names the audit table",)),
    ),
    "an event by the registry of apps": (
        finders.audit_table_named,
        Breach(
            "registry/people.py",
            "from django.apps import apps\napps.get_model('registry', 'AuditEvent')",
            ("names the audit table",),
        ),
    ),
    "a model through a re-export": (
        finders.queries_in_doors,
        Breach(
            "portal/protocol/token.py",
            "from registry import queries\nqueries.ClientRow.objects.all()",
            ("queries through .objects",),
        ),
    ),
    "a cursor in a door": (
        finders.queries_in_doors,
        Breach(
            "portal/protocol/token.py", "from django.db import connection", ("takes django.db.connection",)
        ),
    ),
    "a page in the registry": (
        finders.web_in_registry,
        Breach("registry/people.py", "from django.http import HttpResponse", ("knows of the web",)),
    ),
    "a signal": (
        finders.signals,
        Breach("registry/people.py", "from django.db.models.signals import post_save", ("hears signals",)),
    ),
    "magic on save": (
        finders.magic_in_models,
        Breach(
            "registry/models/people.py",
            "class X(models.Model):\n    def save(self) -> None: ...",
            ("overrides save()",),
        ),
    ),
    "an order of rows": (
        finders.magic_in_models,
        Breach("registry/models/people.py", "class Meta:\n    ordering = ['id']", ("sets ordering",)),
    ),
    "a name that says nothing": (
        finders.banned_names,
        Breach("portal/utils.py", "", ("utils says nothing",)),
    ),
    "a tool silenced": (
        finders.exceptions_without_reason,
        Breach("registry/roles.py", "x = 1  # noqa" + ": E741", ("without a reason",)),
    ),
    "a long file": (finders.long_files, Breach("registry/roles.py", "x = 1\n" * 400, ("more than 400",))),
}


@pytest.mark.parametrize(("finder", "breach"), FINDERS.values(), ids=FINDERS.keys())
def test_finder_names(tmp_path: Path, finder: Callable[[Path], Iterator[Found]], breach: Breach) -> None:
    """Finders look at each file by itself: a copy of one is enough."""
    path, original = tmp_path / breach.path, ROOT / breach.path
    path.parent.mkdir(parents=True)
    if original.exists():
        shutil.copy(original, path)
    whole = {str(found) for found in finder(tmp_path)}
    with broken(tmp_path, breach):
        new = {str(found) for found in finder(tmp_path)} - whole
    assert any(text.startswith(breach.path) and breach.told[0] in text for text in new)
