"""What lies in the repository: nothing beside the house, no machine's paths, no registry's addresses, whole locks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

HOUSE = {
    "manage.py",
    "pyproject.toml",
    "README.md",
    "registry",
    "portal",
    "federation",
    "templates",
    "static",
    "tests",
}
BESIDE = {"docs", ".ci", "LICENSE", "CHANGELOG.md", "Dockerfile", "compose.yaml"}
BY_CONVENTION = {"requirements.lock", "requirements-test.lock", ".gitignore", ".dockerignore", ".git"}
LOCKS = ("requirements.lock", "requirements-test.lock")
REQUIREMENT = re.compile(r"[a-z0-9][a-z0-9.-]*(\[[a-z0-9,-]+\])?==[^\s;]+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
# Split, so that this file does not find itself.
OF_A_REGISTRY = (
    "pythonhosted" + ".org",
    "pypi" + ".org",
    "index" + "-url",
    "trusted" + "-host",
    "npmjs" + ".org",
)
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:home|Users|work|root|mnt|private/tmp)/[\w.-]+")
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{64,}")


def ignored() -> set[str]:
    """Names at the root that git is told to leave out."""
    lines = (ROOT / ".gitignore").read_text().split()
    return {line.strip("/") for line in lines}


def kept() -> Iterator[Path]:
    """Every file that belongs to the repository, whether or not git is installed here."""
    left_out = ignored() | {".git"}
    for top in ROOT.iterdir():
        if top.name not in left_out and not top.name.endswith(".egg-info"):
            yield from (
                path for path in [top, *top.rglob("*")] if path.is_file() and "__pycache__" not in path.parts
            )


def texts() -> Iterator[tuple[str, str]]:
    for path in kept():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # fonts and images


def test_the_top_level_is_the_house_and_nothing_else() -> None:
    held = {entry.name for entry in ROOT.iterdir()} - ignored()
    assert {name for name in held if not name.endswith(".egg-info")} - HOUSE - BESIDE - BY_CONVENTION == set()


@pytest.mark.parametrize("name", sorted(HOUSE | {"docs", ".ci", "LICENSE", "CHANGELOG.md", *LOCKS}))
def test_the_house_is_complete(name: str) -> None:
    assert (ROOT / name).exists()


def test_no_address_of_a_package_registry() -> None:
    assert [path for path, text in texts() if any(address in text for address in OF_A_REGISTRY)] == []


def test_no_path_of_somebodys_machine() -> None:
    assert [(path, found) for path, text in texts() for found in OF_A_MACHINE.findall(text)] == []


def test_no_private_key() -> None:
    assert [path for path, text in texts() if SECRETS.search(text)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_requirements_and_hashes(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.lstrip().startswith("#")]
    assert lines
    for above, line in zip([lines[0], *lines], lines, strict=False):
        assert REQUIREMENT.fullmatch(line) or HASH.fullmatch(line), line
        if REQUIREMENT.fullmatch(line):
            assert line is lines[0] or not above.endswith("\\"), f"{above} has no hash"
        else:
            assert above.endswith("\\"), f"{line} belongs to no requirement"
    assert HASH.fullmatch(lines[-1])
    assert not lines[-1].endswith("\\")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(name: str) -> None:
    assert not re.search(r"://| @ |git\+|--find-links|^-", (ROOT / name).read_text(), re.MULTILINE)


def test_the_test_lock_holds_the_runtime_lock() -> None:
    runtime, everything = (
        set(re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS
    )
    assert runtime
    assert runtime <= everything
