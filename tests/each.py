"""One test over many cases, where thousands of tests would cost more than what they judge."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Case = TypeVar("Case")


def check_each(cases: Iterable[tuple[str, Case]], check: Callable[[Case], None]) -> None:
    """Call `check` with every case. Fails when there is none, and names each one that failed, with what was said."""
    said = [(name, _failure(check, case, name)) for name, case in cases]
    assert said, "there is no case"
    failed = [f"{name}: {failure}" for name, failure in said if failure is not None]
    if failed:
        raise AssertionError("\n".join(failed))


def _failure(check: Callable[[Case], None], case: Case, name: str) -> str | None:
    try:
        check(case)
    except AssertionError as failure:
        return str(failure)
    except Exception as error:
        error.add_note(f"in the case {name}")
        raise
    return None
