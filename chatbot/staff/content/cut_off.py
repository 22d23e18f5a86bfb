"""What became of a publishing that was cut off: the console says it to each editor until she has seen it."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from chatbot.files import write_atomically
from chatbot.times import utc_text

__all__ = ["TIME", "CutOff", "CutOffs"]

TIME: Final = "%Y-%m-%dT%H-%M-%S"
"""The form of the time (UTC) that names a change of the pages."""

_FILE: Final = "draft/cut-off.json"
_TIME_LENGTH: Final = 19  # characters; a number may stand behind them
_SHOWN: Final = timedelta(days=30)
_NAMED: Final = 12  # pages


@dataclass(frozen=True, slots=True)
class CutOff:
    """A change of the pages that was cut off, and what became of it.

    `time` is when it began (UTC), as an `Intent` has it. `finished` says whether it was finished, or else taken back.
    `drafts` says whether drafts were published, or else one went back to the version before. `pages` are the names of
    the pages, and `seen` those of the accounts that have seen this.
    """

    time: str
    finished: bool
    drafts: bool
    pages: tuple[str, ...]
    seen: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `CutOffs` wrote; raises `ValueError`."""
        try:
            fields = json.loads(text)
            cut_off = cls(**fields | {name: tuple(fields[name]) for name in ("pages", "seen")})
            cut_off.text.encode()  # what cannot be shown is damaged
        except (AttributeError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(type(error).__name__) from error
        return cut_off

    @property
    def begun(self) -> datetime:
        """When the change began (UTC)."""
        return datetime.strptime(self.time[:_TIME_LENGTH], TIME).replace(tzinfo=UTC)

    @property
    def text(self) -> str:
        """What an editor must know."""
        when = utc_text(self.begun)
        change = f"The publishing of {when}" if self.drafts else f"Going back to the version before, on {when},"
        if self.finished:
            became = "It was finished afterwards: visitors are answered from the new pages."
        elif self.drafts:
            became = (
                "It was taken back: visitors are answered from the pages as they were before. The drafts are kept. "
                "Publish them again."
            )
        else:
            became = "It was taken back: the pages are as they were before. Go back again if you still want to."
        return f"{change} was cut off. {became} {_pages(self.pages)}"


class CutOffs:
    """Keeps the latest change that was cut off, in the staff's folder, which servers may share."""

    def __init__(self, staff: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Take the staff's folder, and a clock in UTC."""
        self._file = staff / _FILE
        self._clock = clock

    def write(self, cut_off: CutOff) -> None:
        """Keep what became of a change, in place of an earlier one; raises `OSError`."""
        write_atomically(self._file, json.dumps(asdict(cut_off)).encode(), 0o600)

    def unseen_by(self, account: str) -> CutOff | None:
        """Return the latest change of the last 30 days that was cut off, unless the account has seen it."""
        cut_off = self._read()
        if cut_off is None or account in cut_off.seen or self._clock() - cut_off.begun > _SHOWN:
            return None
        return cut_off

    def mark_seen(self, account: str, time: str) -> None:
        """Note that an account has seen what became of the change that began at a time; raises `OSError`."""
        cut_off = self._read()
        if cut_off and cut_off.time == time and account not in cut_off.seen:
            self.write(replace(cut_off, seen=(*cut_off.seen, account)))

    def _read(self) -> CutOff | None:
        with suppress(OSError, ValueError):  # it only informs, and must keep nobody from the console
            return CutOff.from_json(self._file.read_text("utf-8"))
        return None


def _pages(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Pages: {', '.join(names[:_NAMED])}{more}."
