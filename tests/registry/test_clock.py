"""The one caller of the system clock, and the offset that a local deployment may set."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry import clock


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Iterator[Path]:
    path = tmp_path / "offset"
    settings.REGISTRY = replace(settings.REGISTRY, clock_offset_file=str(path))
    clock._offset_file.cache_clear()
    yield path
    clock._offset_file.cache_clear()


def offset() -> int:
    return round((clock.now() - datetime.now(UTC)) / timedelta(seconds=1))


def test_without_a_file_it_is_the_time(file: Path, settings: Any) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, clock_offset_file="")
    assert offset() == 0
    assert clock.now().utcoffset() == timedelta()


@pytest.mark.parametrize(("text", "seconds"), [("3600", 3600), ("-60\n", -60), ("", 0), ("0", 0)])
def test_the_file_moves_it(file: Path, text: str, seconds: int) -> None:
    file.write_text(text)
    assert offset() == seconds


def test_the_file_is_read_each_time_and_may_be_absent(file: Path) -> None:
    assert offset() == 0
    file.write_text("60")
    assert offset() == 60


def test_a_file_that_says_something_else_is_an_error(file: Path) -> None:
    file.write_text("soon")
    with pytest.raises(ValueError, match="soon"):
        clock.now()


def test_library_stamps_are_compared_without_it(file: Path) -> None:
    file.write_text("86400")
    assert abs(clock.system_seconds() - datetime.now(UTC).timestamp()) < 60


class TestWithin:
    def test_gives_all_while_there_is_time(self) -> None:
        assert list(clock.within(60, [1, 2, 3])) == [1, 2, 3]

    def test_gives_nothing_once_it_is_over(self) -> None:
        assert list(clock.within(0, [1, 2, 3])) == []

    def test_ends_between_two(self) -> None:
        given = clock.within(0.05, [1, 2, 3])
        assert next(given) == 1
        time.sleep(0.06)
        assert list(given) == []
