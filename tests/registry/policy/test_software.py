"""Rule T2: one client per software, and the software a token is bound to."""

from dataclasses import replace

import pytest

from registry.policy.presets import BASELINE
from tests.registry.policy.judging import MACHINE, objects, says

ONE_EACH = replace(BASELINE, one_client_per_software_id=True)
NAMED = MACHINE | {"software_id": "app"}


class TestT2Holder:
    def test_refuses_a_second_client(self) -> None:
        (finding,) = says("T2.holder", NAMED, parameters=ONE_EACH, software_holder="c_7")
        assert "c_7" in finding.found

    def test_accepts_where_the_preset_does_not_say_so(self) -> None:
        assert not objects("T2.holder", NAMED, parameters=BASELINE, software_holder="c_7")

    def test_accepts_the_holder_itself(self) -> None:
        assert not objects("T2.holder", NAMED, parameters=ONE_EACH, software_holder="c_7", client_id="c_7")

    def test_accepts_the_first(self) -> None:
        assert not objects("T2.holder", NAMED, parameters=ONE_EACH)


class TestT2Bound:
    @pytest.mark.parametrize("document", [MACHINE, MACHINE | {"software_id": "App"}])
    def test_refuses_other_software(self, document: dict[str, object]) -> None:
        assert objects("T2.bound", document, allowed_software_id="app")  # type: ignore[arg-type]

    def test_accepts_its_own(self) -> None:
        assert not objects("T2.bound", NAMED, allowed_software_id="app")

    def test_an_unbound_token_allows_all(self) -> None:
        assert not objects("T2.bound", NAMED)
