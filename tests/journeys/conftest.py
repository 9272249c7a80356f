"""The deployment whose engines the operator's stories stop; started by the first that needs it."""

from collections.abc import Iterator

import pytest

from tests import machine as machines
from tests.browser.conftest import chromium, opened, profile, stage  # noqa: F401  # fixtures, by their names
from tests.machine import Machine


@pytest.fixture(scope="package")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machines.running(tmp_path_factory.mktemp("machine")) as running:
        yield running
