"""A progress bar on standard error: that of rich where it is installed, a plain one elsewhere, none in a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

WIDTH = 40
STEP = 1000  # leaves between two pictures: drawing must not cost more than the work


@contextmanager
def progress(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function that takes how far the work has come, from 0 to `total`."""
    if not sys.stderr.isatty():
        yield lambda done: None
    elif find_spec("rich"):
        with _rich(name, total) as show:
            yield show
    else:
        yield lambda done: _plain(name, done, total)
        sys.stderr.write("\n")


@contextmanager
def _rich(name: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console  # noqa: PLC0415  # not there in production
    from rich.progress import Progress  # noqa: PLC0415  # not there in production

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=total)
        yield lambda done: bar.update(task, completed=done) if done % STEP == 0 or done >= total - 1 else None


def _plain(name: str, done: int, total: int) -> None:
    if done % STEP == 0 or done >= total - 1:
        share = min(done / total, 1.0) if total else 1.0
        sys.stderr.write(f"\r{name} {'#' * int(share * WIDTH):<{WIDTH}} {share:4.0%}")
        sys.stderr.flush()
