"""The one test over many cases fails for each of them."""

import pytest

from tests.each import check_each


def odd(number: int) -> None:
    assert number % 2, "even"


def test_all_that_pass_are_silent() -> None:
    check_each([("one", 1), ("three", 3)], odd)


def test_each_that_fails_is_named() -> None:
    with pytest.raises(AssertionError) as caught:
        check_each([("two", 2), ("one", 1), ("two", 4), ("two", 3)], odd)
    assert [line for line in str(caught.value).splitlines() if "even" in line] == ["two: even", "two: even"]
    assert "one:" not in str(caught.value)


def test_another_error_says_in_which_case() -> None:
    with pytest.raises(TypeError) as caught:
        check_each([("text", "1")], odd)  # type: ignore[list-item]
    assert caught.value.__notes__ == ["in the case text"]


def test_no_case_at_all_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="there is no case"):
        check_each([], odd)
