"""A backup of an installation, made while it serves: pages, clinic.toml, index, and the rows of both databases."""

import errno
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import IO, Final

from chatbot import __version__
from chatbot.database import Database
from chatbot.errors import BackupError
from chatbot.files import sync_folder_entry
from chatbot.indexing import current_or_none, kept_builds, publishing_lock
from chatbot.journal import journal_database
from chatbot.operation.archive import ArchiveWriter, Manifest, is_portable
from chatbot.operation.last_backup import note_backup
from chatbot.settings import STAFF_DATABASE, STAFF_INTENT, Settings
from chatbot.staff import IntentLog, staff_database

__all__ = ["CLINIC", "CORPUS", "INDEX", "JOURNAL_ROWS", "STAFF", "STAFF_ROWS", "BackupChoice", "back_up"]

_LOG = logging.getLogger(__name__)

CORPUS: Final = "corpus/"
INDEX: Final = "index/"
STAFF: Final = "staff/"
CLINIC: Final = "clinic.toml"
JOURNAL_ROWS: Final = "journal.jsonl"
STAFF_ROWS: Final = "staff.jsonl"

_TRIES: Final = 5
_PAUSE: Final = 0.5  # seconds before pages that were changed meanwhile are read again
_PATIENCE: Final = 600.0  # seconds that pages which are being published may take
_VOLATILE: Final = ("sessions",)  # after a restore, everybody signs in anew
_OF_THIS_MACHINE: Final = {
    "backup.json",
    "notices.json",
    STAFF_DATABASE,
    f"{STAFF_DATABASE}-wal",
    f"{STAFF_DATABASE}-shm",
}
_DRAFT: Final = ".draft-"

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class BackupChoice:
    """What to leave out, and whether to replace a file that is there.

    Without the index, the versions to go back to are left out too. Without the journal, no question is in the file.
    """

    index: bool = True
    journal: bool = True
    force: bool = False


class _Changed(Exception):
    """Pages or index were changed while they were read."""


def back_up(settings: Settings, file: Path, choice: BackupChoice, progress: Progress) -> Manifest:
    """Write a backup into a file that only its owner may read, in one step, and return what it holds.

    The databases are read as they are at one moment, and so are pages and index. Raises `BackupError` where the file is
    there already or cannot be written, and a `FootnoteError` where something cannot be read.
    """
    if file.exists() and not choice.force:
        raise BackupError(f"{file} exists already: name another file, or add --force to replace it.")
    if not file.absolute().parent.is_dir():
        raise BackupError(f"There is no folder {file.absolute().parent}: make it, or name another file.")
    draft = file.with_name(f".draft-{token_hex(8)}")
    made = datetime.now(UTC)
    try:
        for attempt in range(_TRIES):
            with open(draft, "wb", opener=_open_private) as opened:
                try:
                    manifest = _write(settings, opened, choice, progress, made)
                except (_Changed, FileNotFoundError) as error:
                    if attempt == _TRIES - 1:
                        raise BackupError(
                            "The pages were changed while they were read, several times: try again later."
                        ) from error
                    time.sleep(_PAUSE)
                    continue
                opened.flush()
                os.fsync(opened.fileno())
            break
        draft.replace(file)
        sync_folder_entry(file.absolute())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BackupError(
                f"There is no room for {file}: name a file on another disk, or make room. Nothing was changed."
            ) from error
        reason = error.strerror or type(error).__name__
        raise BackupError(
            f"{error.filename or file} cannot be backed up to {file}: {reason}. Nothing was changed."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    note_backup(settings.staff, file, made)
    return manifest


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@dataclass(frozen=True, slots=True)
class _File:
    """A file to back up, by its name in the archive."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Content:
    """What a backup is made of: rows of databases, files of the index that are open, and other files.

    `journal` and `staff` are the versions of the databases' schemas, or None.
    """

    rows: Sequence[tuple[str, IO[bytes]]]
    index: Sequence[tuple[_File, IO[bytes]]]
    files: Sequence[_File]
    journal: int | None
    staff: int | None

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        opened = sum(os.fstat(source.fileno()).st_size for _, source in (*self.rows, *self.index))
        return opened + sum(file.path.stat().st_size for file in self.files)


def _write(settings: Settings, opened: IO[bytes], choice: BackupChoice, progress: Progress, made: datetime) -> Manifest:
    with ExitStack() as stack:
        held = stack.enter_context(ExitStack())
        held.enter_context(publishing_lock(settings.index, _PATIENCE))
        if (settings.staff / STAFF_INTENT).exists():
            _LOG.warning("%s", IntentLog.of(settings).recover())
        build, pages = current_or_none(settings.index), _state(settings.corpus)
        content = _open_content(settings, choice, Path(opened.name).parent, stack)
        total = content.size
        archive = stack.enter_context(ArchiveWriter(opened, lambda done: progress(done, max(total, done))))
        for name, rows in content.rows:
            archive.add(name, rows, os.fstat(rows.fileno()).st_size, made.timestamp())
        for file in content.files:
            with file.path.open("rb") as source:
                _add(archive, file, source)
        if _state(settings.corpus) != pages or current_or_none(settings.index) != build:
            raise _Changed
        held.close()
        for file, opened_before in content.index:
            _add(archive, file, opened_before)
        return archive.finish(
            version=__version__,
            made=made.isoformat(timespec="seconds"),
            build=(build or "") if choice.index else "",
            journal=content.journal,
            staff=content.staff,
        )


def _open_content(settings: Settings, choice: BackupChoice, folder: Path, stack: ExitStack) -> _Content:
    """Open what is to be backed up, until the stack closes it; rows are written into a folder beside the backup."""
    files = list(_files(settings, choice))
    # Opened at once, so that a build that is replaced once publishing goes on can still be read.
    index = [(file, stack.enter_context(file.path.open("rb"))) for file in files if file.name.startswith(INDEX)]
    journal = journal_database(settings.journal) if choice.journal else None
    staff = staff_database(settings.staff, settings.staff_database)
    return _Content(
        [(name, _rows(database, folder, stack)) for name, database in _databases(journal, staff)],
        index,
        [file for file in files if not file.name.startswith(INDEX)],
        journal.version if journal and journal.exists else None,
        staff.version if staff.exists else None,
    )


def _add(archive: ArchiveWriter, file: _File, source: IO[bytes]) -> None:
    status = os.fstat(source.fileno())
    archive.add(file.name, source, status.st_size, status.st_mtime, status.st_mode & 0o777)


def _databases(journal: Database | None, staff: Database) -> Iterator[tuple[str, Database]]:
    if journal and journal.exists:
        yield JOURNAL_ROWS, journal
    if staff.exists:
        yield STAFF_ROWS, staff


def _rows(database: Database, folder: Path, stack: ExitStack) -> IO[bytes]:
    """Return a file without a name that holds the rows of a database, a JSON array of table and values a line.

    It is where the backup is, because a disk for temporary files may be too small.
    """
    file = stack.enter_context(TemporaryFile(dir=folder))  # noqa: SIM115 - the stack closes it
    for name, values in database.dump(_VOLATILE):
        file.write(json.dumps([name, values], ensure_ascii=True).encode() + b"\n")
    database.close()
    file.seek(0)
    return file


def _files(settings: Settings, choice: BackupChoice) -> Iterator[_File]:
    """Yield the files to back up; a link is followed to a file within its folder, and else left out."""
    yield from _below(CORPUS, settings.corpus)
    if settings.clinic and settings.clinic.is_file():
        yield _File(CLINIC, settings.clinic)
    builds: tuple[str, ...] = ()
    if choice.index and (live := current_or_none(settings.index)):
        builds = (live, *kept_builds(settings.index))
        yield _File(f"{INDEX}CURRENT", settings.index / "CURRENT")
        for build in builds:
            yield from _below(f"{INDEX}{build}/", settings.index / build)
    for file in _below(STAFF, settings.staff):
        first, _, rest = file.name.removeprefix(STAFF).partition("/")
        is_kept = first == "kept" and rest.partition("/")[0] in builds
        if first not in {"draft", "kept", *_OF_THIS_MACHINE} or is_kept:
            yield file


def _below(prefix: str, folder: Path) -> Iterator[_File]:
    for root, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = Path(root, name)
            inside = not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())
            if inside and path.is_file() and not name.startswith((_DRAFT, ".lock", ".serving")):
                file = _File(prefix + path.relative_to(folder).as_posix(), path)
                if not is_portable(file.name):
                    raise BackupError(f"{str(path)!r} has a name that cannot be restored: rename it, and repeat.")
                yield file


def _state(corpus: Path) -> list[tuple[str, int, int, int]]:
    """Return what changes whenever a file of the corpus does."""
    files = [(file.name, file.path.stat()) for file in _below(CORPUS, corpus)]
    return [(name, status.st_ino, status.st_size, status.st_mtime_ns) for name, status in files]
