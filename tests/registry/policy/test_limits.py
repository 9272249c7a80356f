"""Rule L1: the quotas of an organization."""

import pytest

from registry.policy.key_examples import EC_KEY, OKP_KEY
from registry.states import Verb
from tests.registry.policy.judging import MACHINE, judge, objects
from tests.registry.policy.test_keys import keyed


class TestL1Clients:
    @pytest.mark.parametrize(("left", "refused"), [(-1, True), (0, True), (1, False)])
    def test_needs_room_for_one(self, left: int, *, refused: bool) -> None:
        assert objects("L1.clients", MACHINE, clients_left=left) is refused

    def test_an_update_takes_no_room(self) -> None:
        assert not objects("L1.clients", MACHINE, clients_left=0, verb=Verb.REPLACE)


class TestL1Rate:
    @pytest.mark.parametrize(("left", "refused"), [(-1, True), (0, True), (1, False)])
    def test_needs_one_left(self, left: int, *, refused: bool) -> None:
        assert objects("L1.rate", MACHINE, registrations_left_this_hour=left) is refused

    def test_an_update_is_no_registration(self) -> None:
        assert not objects("L1.rate", MACHINE, registrations_left_this_hour=0, verb=Verb.REPLACE)


class TestL1Keys:
    @pytest.mark.parametrize(("allowed", "refused"), [(0, True), (1, True), (2, False)])
    def test_is_within_the_quota(self, allowed: int, *, refused: bool) -> None:
        assert objects("L1.keys", keyed(EC_KEY, OKP_KEY), keys_per_client=allowed) is refused

    @pytest.mark.parametrize("verb", Verb)
    def test_counts_on_update_too(self, verb: Verb) -> None:
        assert "L1.keys" in {
            each.rule for each in judge(keyed(EC_KEY), keys_per_client=0, verb=verb).findings
        }
