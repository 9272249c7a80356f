"""CVE-2020-5300 (ORY Hydra): the `jti` of a client assertion is checked, and then not spent."""

from collections import Counter
from typing import Any

import pytest

from registry.models import SpentAssertion
from tests import world
from tests.live import Answer, Live
from tests.software import Software, asserting, machine
from tests.together import together

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def software(live_server: Live) -> Software:
    return machine(live_server, world.organization(), signer=world.signer())


def present(software: Software, compact: str, path: str = "/token", **form: Any) -> Answer:
    form = {"grant_type": "client_credentials"} | form | asserting(compact)
    return software.door.post(path, form=form)


def test_twenty_at_once_have_one_winner(software: Software) -> None:
    compact = software.assertion()
    answers = together(20, lambda _: present(software, compact))
    assert Counter(answer.status for answer in answers) == {200: 1, 401: 19}
    assert {a.json()["error"] for a in answers if a.status == 401} == {"invalid_client"}


def test_the_same_jti_in_another_assertion_is_spent_too(software: Software) -> None:
    first = present(software, software.assertion(jti="one"))
    second = present(software, software.assertion(jti="one", iat=0))
    assert [first.status, second.status] == [200, 401]


def test_what_was_spent_at_one_endpoint_is_spent_at_the_other(software: Software) -> None:
    compact = software.assertion()
    assert present(software, compact, "/revoke", token="x").status == 200
    assert present(software, compact).status == 401


def test_it_is_kept_longer_than_any_clock_could_accept_it(software: Software) -> None:
    now = world.now().timestamp()
    present(software, software.assertion(exp=int(now) + 300))
    kept = SpentAssertion.objects.get(client=software.row.pk).expires_at.timestamp()
    assert kept >= int(now) + 300 + 10 + 60


@pytest.mark.parametrize("jti", [None, "", 1, ["a"], {}], ids=str)
def test_without_one_nothing_is_issued(software: Software, jti: object) -> None:
    assert present(software, software.assertion(jti=jti)).status == 401
