"""A progress bar on the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Never

from tqdm import tqdm

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(task: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that takes how much is done, and of how much; without a terminal nothing is shown.

    The bar stands from the first call until all is done.
    """
    bars: list[tqdm[Never]] = []

    def show(done: int, total: int) -> None:
        if not bars:
            bars.append(tqdm(unit=unit, desc=task, total=total, file=sys.stderr, disable=None, leave=False))
        bars[0].total = total
        bars[0].update(done - bars[0].n)
        if done >= total:
            bars[0].close()

    try:
        yield show
    finally:
        for bar in bars:
            bar.close()
