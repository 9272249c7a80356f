"""Rules C1 and P1: what only the server may set."""

import pytest

from registry.client_metadata import PROTECTED
from registry.policy.client_ids import NEVER_IN_AN_UPDATE, client_id_is_ours
from registry.states import Verb
from registry.strict_json import Json
from tests.registry.policy.judging import MACHINE, judge, objects

UPDATE = {"verb": Verb.REPLACE, "client_id": "c_1"}


class TestClientIdIsOurs:
    @pytest.mark.parametrize("candidate", ["c_" + "a" * 24, "c_ABCDEFGHIJKLMNOPQRSTUV-_"])
    def test_accepts(self, candidate: str) -> None:
        assert client_id_is_ours(candidate)

    @pytest.mark.parametrize(
        "candidate",
        [
            "",
            "1",
            "42",
            "https://rp.example/client",
            "c_" + "a" * 23,
            "c_" + "a" * 25,
            "c_" + "a" * 23 + "/",
            "a" * 26,
            "018f2c3e-7b1a-7c11-9f00-000000000000",
            "c_" + "a" * 24 + "\n",
            "C_" + "a" * 24,
        ],
    )
    def test_refuses(self, candidate: str) -> None:
        assert not client_id_is_ours(candidate)


class TestC1Identity:
    @pytest.mark.parametrize("claimed", [None, "c_2", "C_1", 1, ["c_1"]])
    def test_an_update_names_its_client(self, claimed: Json) -> None:
        assert objects("C1.identity", MACHINE | {"client_id": claimed}, **UPDATE)

    def test_accepts_its_own(self) -> None:
        assert not objects("C1.identity", MACHINE | {"client_id": "c_1"}, **UPDATE)

    def test_a_choice_on_creation_is_ignored(self) -> None:
        judgement = judge(MACHINE | {"client_id": "chosen"})
        assert judgement.is_acceptable
        assert "client_id" not in judgement.metadata.as_document()
        assert judgement.metadata.protected == ("client_id",)


class TestP1Protected:
    @pytest.mark.parametrize("member", NEVER_IN_AN_UPDATE)
    def test_an_update_carries_none(self, member: str) -> None:
        assert objects("P1.protected", MACHINE | {"client_id": "c_1", member: "x"}, **UPDATE)

    @pytest.mark.parametrize("verb", Verb)
    @pytest.mark.parametrize("member", sorted(PROTECTED))
    def test_no_protected_member_reaches_the_effective_state(self, member: str, verb: Verb) -> None:
        judgement = judge(MACHINE | {member: "x"}, verb=verb, client_id="c_1")
        assert judgement.metadata.as_document() == judge(MACHINE).metadata.as_document()

    def test_creation_ignores_them(self) -> None:
        assert judge(MACHINE | dict.fromkeys(PROTECTED, "x")).is_acceptable
