"""The lines of a change, and the norm it is read against."""

from typing import Any

import pytest

from portal import change_page

Lines = dict[str, list[str]]
OLD = {"scope": "a b", "redirect_uris": ["https://a.example/cb"], "client_name": "Ledger"}


def only_change(**members: Any) -> dict[str, Any]:
    (found,) = change_page.diff(OLD, OLD | members, [])["changes"]
    return dict(found)


class TestDiff:
    def test_folds_what_stays(self) -> None:
        unchanged = change_page.diff(OLD, OLD | {"scope": "a"}, [])["unchanged"]
        assert [line["member"] for line in unchanged] == ["client_name", "redirect_uris"]

    def test_keeps_the_lines_of_a_list_that_stay(self) -> None:
        found = only_change(redirect_uris=["https://a.example/cb", "https://b.example/cb"])
        assert (found["same"], found["removed"], found["added"]) == (
            ["https://a.example/cb"],
            [],
            ["https://b.example/cb"],
        )

    def test_a_member_that_comes_is_added_whole(self) -> None:
        assert only_change(jwks={"keys": [{"kid": "1"}]})["added"] == ['{"kid": "1"}']

    def test_a_member_that_goes_is_removed(self) -> None:
        (found,) = change_page.diff(OLD, {k: v for k, v in OLD.items() if k != "scope"}, [])["changes"]
        assert (found["removed"], found["added"]) == (["a b"], [])


class TestNorm:
    @pytest.mark.parametrize(
        ("other", "outcome"), [("a c", "pass"), ("c", "pass"), ("a b", "warn"), ("cc", "warn")]
    )
    def test_compares_only_the_scopes_that_are_new(self, other: str, outcome: str) -> None:
        found = change_page.norm("scope", OLD, {"scope": "a b c"}, [{"scope": other}])
        assert found is not None
        assert found["outcome"] == outcome

    @pytest.mark.parametrize("after", [{"scope": "a"}, {}])
    def test_what_only_narrows_has_none(self, after: dict[str, str]) -> None:
        assert change_page.norm("scope", OLD, after, [OLD]) is None

    def test_keys_have_none(self) -> None:
        assert change_page.norm("jwks", {}, {"jwks": {"keys": [{"kid": "1"}]}}, [OLD]) is None
