"""Notices: what a running server saw and an engineer should know, kept in a file that the doctor reads.

Nothing in it is a visitor's: it holds names of websites and addresses of proxies, and the day on which each was seen.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from chatbot.files import write_atomically
from chatbot.times import day_text

__all__ = ["PROXIES", "REFUSED_SITES", "Notices", "day_seen", "is_recent", "read_notices"]

REFUSED_SITES: Final = "refused sites"
"""The kind of notice of a website that asks for the chat and is not on the list."""

PROXIES: Final = "unnamed proxies"
"""The kind of notice of an address that forwards requests and is not named as a proxy."""

_LOG = logging.getLogger(__name__)
_FILE: Final = "notices.json"
_RECENT: Final = timedelta(days=30)  # what was seen longer ago has been mended or taken down
_MOST: Final = 50  # of a kind; made-up ones beyond it fill neither the log nor the file


class Notices:
    """The notices of a server: each is logged once, and written down where there is a folder for it.

    It must be used from one thread.
    """

    def __init__(self, folder: Path | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Keep notices in a file of this folder; without one, only log them."""
        self._folder = folder
        self._clock = clock
        self._seen: set[tuple[str, str]] = set()

    def note(self, kind: str, name: str, message: str) -> None:
        """Log a message and write its name down, unless that was done since the start; never fail."""
        if (kind, name) in self._seen or sum(seen == kind for seen, _ in self._seen) >= _MOST:
            return
        self._seen.add((kind, name))
        _LOG.warning("%s", message)
        if self._folder:
            try:
                self._write(self._folder, kind, name)
            except OSError as error:
                _LOG.warning("%s cannot be written: %s.", self._folder / _FILE, error.strerror or type(error).__name__)

    def _write(self, folder: Path, kind: str, name: str) -> None:
        kept = {one: dict(names) for one, names in read_notices(folder).items()}
        names = kept.setdefault(kind, {})
        names.pop(name, None)
        names[name] = self._clock().isoformat(timespec="seconds")
        kept[kind] = dict(list(names.items())[-_MOST:])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(folder / _FILE, json.dumps(kept, indent=2).encode(), 0o600)


def read_notices(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the notices kept in a folder: kind -> name -> when it was seen (ISO 8601, UTC), the latest last.

    A file that is missing or damaged holds none.
    """
    try:
        kept = json.loads((folder / _FILE).read_bytes())
        return {str(kind): {str(name): str(seen) for name, seen in names.items()} for kind, names in kept.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def is_recent(seen: str, now: datetime) -> bool:
    """Return whether something was seen recently, by its time (ISO 8601)."""
    try:
        return now - datetime.fromisoformat(seen) < _RECENT
    except (ValueError, TypeError):
        return True


def day_seen(seen: str) -> str:
    """Return the day on which something was seen, by its time (ISO 8601)."""
    try:
        return day_text(datetime.fromisoformat(seen))
    except (ValueError, OSError, OverflowError):
        return "an unknown day"
