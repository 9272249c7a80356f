"""Facts that cannot be true, without a database."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from registry import organization_facts
from registry.countries import COUNTRIES
from registry.errors import InvalidInput
from registry.organization_facts import EntitlementFacts

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


def refused(refusal: pytest.ExceptionInfo[InvalidInput]) -> tuple[str, str, str]:
    (finding,) = refusal.value.findings
    return finding.member, finding.rule, finding.fix


FIX = "Name a day of the years between, or leave it out."
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


class TestEndsOfTime:
    @pytest.mark.parametrize("end", [date(2000, 1, 1), date(9998, 12, 31)])
    def test_an_agreement_ends_between_them(self, end: date) -> None:
        organization_facts.check_contract_end(end, today=date(2000, 1, 1))

    @pytest.mark.parametrize("end", [date.min, date(1999, 12, 31), date(9999, 1, 1), date.max])
    def test_and_not_there(self, end: date) -> None:
        with pytest.raises(InvalidInput) as refusal:
            organization_facts.check_contract_end(end, today=date(1, 1, 1))
        assert refused(refusal) == ("contract_end", "organization.contract_end", FIX)

    @pytest.mark.parametrize("end", [None, FIRST + MOMENT, LAST, LAST.astimezone(timezone.max)])
    def test_a_role_ends_between_them(self, end: datetime | None) -> None:
        facts = EntitlementFacts("partner", ["accounts:read"], [], end)
        assert facts.row()["valid_until"] == end

    @pytest.mark.parametrize(
        "end",
        [
            FIRST,
            LAST + MOMENT,
            datetime.min.replace(tzinfo=UTC),
            datetime.min.replace(tzinfo=timezone.max),
            datetime.max.replace(tzinfo=UTC),
            datetime.max.replace(tzinfo=timezone.min),
        ],
    )
    def test_and_not_at_them(self, end: datetime) -> None:
        with pytest.raises(InvalidInput) as refusal:
            EntitlementFacts("partner", ["accounts:read"], [], end).row()
        assert refused(refusal) == ("valid_until", "organization.valid_until", FIX)
