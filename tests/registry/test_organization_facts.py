"""Facts that cannot be true, without a database."""

import pytest

from registry import organization_facts
from registry.countries import COUNTRIES
from registry.errors import InvalidInput

LEIS = ["5493001KJTIIGC8Y1R12", "5493006MHB84DD0ZWV18", "213800D1EI4B9WTWWD28", "HWUPKR0MPOU8FGXBT394"]


class TestLei:
    @pytest.mark.parametrize("lei", LEIS)
    def test_with_its_check_digits_is_valid(self, lei: str) -> None:
        assert organization_facts.lei_is_valid(lei)

    @pytest.mark.parametrize("lei", LEIS)
    def test_with_any_one_character_changed_is_not(self, lei: str) -> None:
        """ISO 7064 MOD 97-10 finds every single error and every transposition."""
        for place, character in enumerate(lei):
            other = (
                str((int(character) + 1) % 10) if character.isdecimal() else "A" if character != "A" else "B"
            )
            assert not organization_facts.lei_is_valid(lei[:place] + other + lei[place + 1 :])
        assert not organization_facts.lei_is_valid(lei[1] + lei[0] + lei[2:])

    @pytest.mark.parametrize(
        "lei", ["", "5493001kjtiigc8y1r12", LEIS[0][:-1], LEIS[0] + "0", "٥" * 20, LEIS[0] + "\n"]
    )
    def test_of_another_shape_is_not(self, lei: str) -> None:
        assert not organization_facts.lei_is_valid(lei)


class TestCountries:
    def test_are_those_that_are_assigned(self) -> None:
        assert len(COUNTRIES) == 249
        assert {"NO", "DE", "GB", "SS", "AX"} <= COUNTRIES

    @pytest.mark.parametrize("code", ["UK", "EU", "XX", "ZZ", "AN", "no", "", "N", "NOR"])
    def test_and_no_others(self, code: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            organization_facts.check_country(code)
        assert refusal.value.findings[0].member == "country"
