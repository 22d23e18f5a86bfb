"""Replacing several files and folders at once, so that a process that is killed leaves all of them as they were.

The moves are written down before the first of them. Whatever command runs next takes back what was not finished.
"""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chatbot.errors import BackupError
from chatbot.files import open_lock, sync_folder_entry, try_lock, write_atomically
from chatbot.settings import Settings

__all__ = ["Move", "locked", "remove", "restore_record", "swap", "take_back", "take_back_restore"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Move:
    """What takes a place (None: nothing does), the place, and where goes what was there."""

    new: Path | None
    place: Path
    aside: Path


def restore_record(settings: Settings) -> Path:
    """Return the file that says what a restore moves."""
    return settings.index.absolute().with_name(f".{settings.index.name}.restoring.json")


def take_back_restore(settings: Settings) -> None:
    """Bring back what was there before a restore that was interrupted, if there was one; raises `BackupError`."""
    if take_back(restore_record(settings)):
        _LOG.warning("A restore was interrupted: what was there before it is there again. Repeat the restore.")


@contextmanager
def swap(record: Path, moves: Sequence[Move]) -> Iterator[None]:
    """Make the moves, then run the body; where either fails, or is killed, all is taken back.

    `record` is the file that says what is under way; call it within `locked`. Raises `OSError`.
    """
    plan = [{name: str(path) if path else None for name, path in asdict(move).items()} for move in moves]
    write_atomically(record, json.dumps(plan).encode(), 0o600)
    try:
        for move in moves:
            if move.place.exists() or move.place.is_symlink():
                move.aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                move.place.rename(move.aside)
            if move.new:
                move.new.rename(move.place)
            sync_folder_entry(move.place)
        yield
    except BaseException:
        _take_back(record)
        raise
    record.unlink()
    sync_folder_entry(record)


def take_back(record: Path) -> bool:
    """Take back moves that were not finished, and return whether there were any.

    Raises `BackupError` where that fails, or where another process makes them just now.
    """
    if not record.exists():
        return False
    with locked(record):
        return _take_back(record)


def _take_back(record: Path) -> bool:
    try:
        plan = json.loads(record.read_bytes())
    except FileNotFoundError:
        return False
    try:
        for entry in reversed(plan):
            new, place, aside = (Path(entry[name]) if entry[name] else None for name in ("new", "place", "aside"))
            if not place or not aside:
                continue
            if new and place.exists() and not new.exists():
                place.rename(new)
            if aside.exists():
                aside.rename(place)
                with suppress(OSError):  # others may lie there still
                    aside.parent.rmdir()
            if new:
                remove(new)
            sync_folder_entry(place)
        record.unlink()
    except OSError as error:
        raise BackupError(
            f"A restore was interrupted, and {error.filename} cannot be put back: {error.strerror}. Allow it to this "
            f"user, and run the command again; {record} says what was moved."
        ) from error
    return True


@contextmanager
def locked(record: Path) -> Iterator[None]:
    """Keep others from making or taking back moves; raises `BackupError` while another process does."""
    descriptor = open_lock(record.with_suffix(".lock"))
    try:
        if not try_lock(descriptor):
            raise BackupError("A backup is being restored here just now: wait until it is done.")
        yield
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a file or a folder with all below it; nothing there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
