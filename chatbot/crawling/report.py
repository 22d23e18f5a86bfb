"""The report of a crawl: what was read, what was left out and why."""

from dataclasses import dataclass

__all__ = ["Copy", "CrawlReport", "LeftOut"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An address that was not read, and why, to stand after it."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Copy:
    """An address that shows the same words as another, which was kept."""

    address: str
    of: str


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What one crawl found, as addresses in the order in which they were read.

    `missing` are pages that the site did not have at this look and that go at the next, `withdrawn` those that went,
    `kept_by_hand` those that somebody changed or took away in the corpus. `stopped` says why the crawl ended before it
    had read all, or is empty.
    """

    site: str
    seconds: float
    requests: int
    received: int
    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    withdrawn: tuple[str, ...]
    missing: tuple[str, ...]
    kept_by_hand: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    copies: tuple[Copy, ...]
    untitled: tuple[str, ...]
    notes: tuple[str, ...]
    stopped: str

    @property
    def read(self) -> int:
        """The number of pages that were read and are kept."""
        return len(self.new) + len(self.changed) + len(self.unchanged)
