"""A progress bar on the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(task: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that takes how much is done, and of how much; without a terminal nothing is shown."""
    with tqdm(unit=unit, desc=task, file=sys.stderr, disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
