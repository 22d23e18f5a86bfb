"""Restoring a backup: checked as a whole, written beside what is there, and put in its place at once."""

import json
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

from chatbot import __version__
from chatbot.database import Database, Row
from chatbot.errors import BackupError
from chatbot.files import write_atomically
from chatbot.journal import Journal, journal_database
from chatbot.operation.archive import Manifest, is_portable, read_archive
from chatbot.operation.backup import CLINIC, CORPUS, INDEX, JOURNAL_ROWS, STAFF, STAFF_ROWS
from chatbot.operation.last_backup import note_backup
from chatbot.operation.presence import alone
from chatbot.operation.swap import Move, locked, remove, restore_record, swap, take_back_restore
from chatbot.settings import STAFF_DATABASE, STAFF_INTENT, Settings
from chatbot.staff import staff_database

__all__ = ["Restored", "check_backup", "restore"]

_DEFAULT_CLINIC: Final = Path("clinic.toml")
_RESERVE: Final = 64 << 20  # bytes that a disk keeps free
_TEXTS: Final = "texts"  # the table of the staff's files in a database that servers share
_BESIDE: Final = ("", "-wal", "-shm")  # the files of an SQLite database

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup held, and the folders in which lies what was there before."""

    manifest: Manifest
    aside: tuple[Path, ...]


def check_backup(file: Path, progress: Progress, room: int | None = None) -> Manifest:
    """Read a backup as a whole and return what it holds; raises `BackupError` where it cannot be restored here."""
    manifest = read_archive(file, _free(file) if room is None else room, _known, progress)
    newest = journal_database("journal"), staff_database(Path("staff"))
    newer = any(
        theirs and ours and theirs > ours.version
        for theirs, ours in zip((manifest.journal, manifest.staff), newest, strict=True)
    )
    if newer or _numbers(manifest.version) > _numbers(__version__):
        raise BackupError(f"{file} was made by Footnote {manifest.version}, which is newer: install that one first.")
    for name, held in ((JOURNAL_ROWS, manifest.journal), (STAFF_ROWS, manifest.staff)):
        if (held is not None) != (name in manifest.members):
            raise BackupError(f"{file} cannot be used: {name} does not fit its manifest. Use another backup.")
    return manifest


def restore(settings: Settings, file: Path, checking: Progress, writing: Progress, *, force: bool = False) -> Restored:
    """Put a backup in the place of an installation, at whose folders the settings point.

    Raises `BackupError` before anything is changed: for a file that cannot be used, a server that runs, or data that is
    there and would be replaced. With `force`, that data is kept in folders called before-restore.
    """
    take_back_restore(settings)
    _refuse_root(settings)
    manifest = check_backup(file, checking, min(_free(path) for path in _parents(settings)))
    places = _Places(settings, manifest)
    if not force and (there := places.occupied()):
        raise BackupError(f"{there} is there already: add --force to replace it; it is then kept aside.")
    try:
        for folder in _parents(settings):
            folder.mkdir(parents=True, exist_ok=True)
        with alone(settings), locked(restore_record(settings)), places.staging():
            places.extract(file, writing)
            aside = places.put()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BackupError(
            f"{error.filename or settings.corpus} cannot be written: {reason}. What was there is still there. "
            "Check the free space, and who may write in the folder above."
        ) from error
    return Restored(manifest, aside)


class _Places:
    """Where the parts of a backup belong, where they are written first, and where goes what was there."""

    def __init__(self, settings: Settings, manifest: Manifest) -> None:
        self._settings = settings
        self._manifest = manifest
        self._token = token_hex(4)
        self._stamp = time.strftime("%Y%m%d-%H%M%S")
        self._journal = journal_database(settings.journal) if manifest.journal is not None else None
        self._staff = staff_database(settings.staff, settings.staff_database)
        journal = {JOURNAL_ROWS: _file_of(settings)} if self._journal and not self._journal.is_shared else {}
        self._places: Mapping[str, Path] = {
            CORPUS: settings.corpus.absolute(),
            INDEX: settings.index.absolute(),
            STAFF: settings.staff.absolute(),
            CLINIC: (settings.clinic or _DEFAULT_CLINIC).absolute(),
            **journal,
        }
        for name, place in self._places.items():
            for other, folder in self._places.items():
                if name != other and place.is_relative_to(folder):
                    raise BackupError(f"{place} lies within {folder}: set the two apart, then repeat.")

    def occupied(self) -> str:
        """Return a place that holds something already, or ""."""
        for place in self._places.values():
            if place.is_file() or (place.is_dir() and any(path.name != ".serving" for path in place.iterdir())):
                return str(place)
        for database in filter(None, (self._journal, self._staff)):
            if database.is_shared and next(database.dump(), None):
                return "Data in the PostgreSQL database"
        return ""

    def _staged(self, name: str) -> Path:
        place = self._places[name]
        return place.with_name(f".restoring-{self._token}-{place.name}")

    def _rows(self, name: str) -> Path:
        return self._places[INDEX].with_name(f".restoring-{self._token}-{name}")

    def _aside(self, place: Path) -> Path:
        return place.parent / f"before-restore-{self._stamp}-{self._token}" / place.name

    @contextmanager
    def staging(self) -> Iterator[None]:
        """Remove at the end what was staged and is not in its place, and at once what a killed restore has left."""
        for place in [*self._places.values(), *map(self._rows, (JOURNAL_ROWS, STAFF_ROWS))]:
            for left in place.parent.glob(f".restoring-????????-{place.name.rpartition('-')[2]}*"):
                remove(left)
        try:
            yield
        finally:
            for path in [*map(self._staged, self._places), *map(self._rows, (JOURNAL_ROWS, STAFF_ROWS))]:
                with suppress(OSError):
                    for end in _BESIDE:
                        remove(path.with_name(path.name + end))

    def extract(self, file: Path, progress: Progress) -> None:
        """Write the members of a backup beside their places; raises `BackupError` if it is another one by now."""
        for name in (CORPUS, INDEX, STAFF):
            self._staged(name).mkdir(parents=True, mode=0o700 if name == STAFF else 0o777)
        bytes_ = sum(member.size for member in self._manifest.members.values())
        manifest = read_archive(file, bytes_ + len(repr(self._manifest)) * 4, self._write, progress)
        if manifest != self._manifest:
            raise BackupError(f"{file} was changed while it was restored: repeat the command.")
        if self._journal and not self._journal.is_shared:
            journal = Journal.open(str(self._staged(JOURNAL_ROWS)), self._settings.retention)
            self._fill(Database(str(self._staged(JOURNAL_ROWS)), self._journal.schema), JOURNAL_ROWS)
            if journal:  # a backup may be older than words may be kept
                journal.apply_retention()
                journal.close()
        if not self._staff.is_shared:
            self._fill(staff_database(self._staged(STAFF)), STAFF_ROWS)
        note_backup(self._staged(STAFF), file, manifest.moment)

    def _write(self, name: str, entry: tarfile.TarInfo, pieces: Iterator[bytes]) -> None:
        private = name.startswith(STAFF) or name in {JOURNAL_ROWS, STAFF_ROWS}
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        mode = 0o600 if private else entry.mode & 0o666 | 0o600
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        member = self._manifest.members.get(name)
        os.utime(path, (member.modified, member.modified) if member else None)

    def _path(self, name: str) -> Path:
        if name in {JOURNAL_ROWS, STAFF_ROWS}:
            return self._rows(name)
        root = name.partition("/")[0] + "/" if "/" in name else name
        return self._staged(root) / name.removeprefix(root) if root.endswith("/") else self._staged(root)

    def _fill(self, database: Database, name: str) -> None:
        """Replace the rows of a database by those of the backup, if it has any."""
        version = {JOURNAL_ROWS: self._manifest.journal, STAFF_ROWS: self._manifest.staff}[name]
        if version is not None:
            with self._rows(name).open("rb") as lines:
                database.replace_all(version, self._without_texts(database, map(_row, lines)))
        database.close()

    def _without_texts(self, database: Database, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield rows, and write those that are files where servers share no database to the staff's folder."""
        for table, values in rows:
            name = str(values.get("name"))
            if table != _TEXTS or database.is_shared:
                yield table, values
            elif _is_of_staff(name):
                path = self._staged(STAFF) / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_atomically(path, str(values.get("content", "")).encode(), 0o600)

    def put(self) -> tuple[Path, ...]:
        """Put all in its place, and return the folders in which lies what was there."""
        moves = list(self._moves())
        shared = [
            (database, name)
            for database, name in ((self._journal, JOURNAL_ROWS), (self._staff, STAFF_ROWS))
            if database and database.is_shared
        ]
        with swap(restore_record(self._settings), moves):
            for database, name in shared:
                self._keep_rows(database, name)
                self._fill(database, name)
        return tuple(sorted({move.aside.parent for move in moves if move.aside.exists()}))

    def _moves(self) -> Iterator[Move]:
        held = {name.partition("/")[0] + "/" if "/" in name else name for name in self._manifest.members}
        for name, place in self._places.items():
            is_new = name in held or name in {CORPUS, STAFF}
            if name == JOURNAL_ROWS:
                for end in _BESIDE[1:]:
                    path = place.with_name(place.name + end)
                    yield Move(None, path, self._aside(path))
            yield Move(self._staged(name) if is_new else None, place, self._aside(place))

    def _keep_rows(self, database: Database, name: str) -> None:
        """Write the rows that a shared database holds into the folder of what was there."""
        path = self._aside(self._places[INDEX]).with_name(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(json.dumps(row) + "\n" for row in database.dump())


def _known(name: str, _entry: tarfile.TarInfo, _pieces: Iterator[bytes]) -> None:
    """Raise `BackupError` for a member that no backup has."""
    if name.startswith(STAFF):
        is_known = _is_of_staff(name.removeprefix(STAFF))
    else:
        is_known = name.startswith((CORPUS, INDEX)) or name in {CLINIC, JOURNAL_ROWS, STAFF_ROWS}
    if not is_known:
        raise BackupError(f"{name[:100]!r} belongs to no backup of Footnote. Use another file.")


def _is_of_staff(name: str) -> bool:
    """Return whether a file of the staff's folder may be of a backup.

    Its database and a change of the pages that is under way never are: the next start would carry out a stranger's.
    """
    under_way, _, _ = STAFF_INTENT.partition("/")
    return is_portable(name) and not name.startswith(STAFF_DATABASE) and name.partition("/")[0] != under_way


def _row(line: bytes) -> Row:
    try:
        name, values = json.loads(line)
        return str(name), dict(values)
    except (ValueError, TypeError, RecursionError) as error:
        raise BackupError("The backup holds a row that cannot be read. Use another file.") from error


def _file_of(settings: Settings) -> Path:
    return Path(settings.journal).expanduser().absolute()


def _parents(settings: Settings) -> list[Path]:
    return [folder.absolute().parent for folder in (settings.corpus, settings.index, settings.staff)]


def _free(path: Path) -> int:
    """Return the bytes that may be written beside a path."""
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    return max(shutil.disk_usage(there).free - _RESERVE, 0)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())


def _refuse_root(settings: Settings) -> None:
    """Raise `BackupError` where root would write files that the server, another user, cannot read."""
    there = next(folder for folder in settings.index.absolute().parents if folder.exists())
    owner = there.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        raise BackupError(
            f"{there} belongs to another user: restore as that one, as with sudo -u '#{owner}' footnote ..."
        )
