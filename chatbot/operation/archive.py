"""The archive of a backup: a compressed tar file whose last member, the manifest, has the SHA-256 of all others.

An archive is read as a stranger's: only plain files with names below known folders are taken, within a bound of bytes,
and nothing is written by a name of the archive before that.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, Self

from chatbot.errors import BackupError

__all__ = ["FORMAT", "MANIFEST", "ArchiveWriter", "Manifest", "Member", "is_portable", "read_archive"]

FORMAT: Final = 1
"""The version of this layout."""

MANIFEST: Final = "manifest.json"

_LEVEL: Final = 3  # of compression: vectors hardly shrink, and texts do at once
_PIECE: Final = 1 << 20  # bytes that are read at once
_MOST_MEMBERS: Final = 1_000_000
_LONGEST_END: Final = 1 << 20  # bytes
_LONGEST_MANIFEST: Final = 512 << 20  # bytes
_LATEST: Final = 1e11  # seconds of Unix time, some thousand years; file systems take no more
_NAME: Final = re.compile(r"(?!.*(?:^|/)\.{0,2}(?:/|$))[^\\\x00-\x1f\x7f]{1,4096}")
"""A path of parts that are neither empty nor dots, without what some system takes for something else."""


_WORD: Final = re.compile(r"[\w.+-]{0,64}", re.ASCII)
"""A version or the id of a build, which is printed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its size in bytes, its SHA-256, when it was changed (Unix time), and its permissions."""

    size: int
    sha256: str
    modified: float
    mode: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds, and what it is of.

    `version` is that of Footnote, `made` when it was made (ISO 8601, UTC), `build` the live build or "", `journal` and
    `staff` the versions of the databases' schemas or None.
    """

    format: int
    version: str
    made: str
    build: str
    journal: int | None
    staff: int | None
    members: dict[str, Member]

    @property
    def moment(self) -> datetime:
        """When it was made."""
        return datetime.fromisoformat(self.made)


class ArchiveWriter:
    """Writes an archive into a file that is open for writing, member by member.

    >>> with ArchiveWriter(file) as archive:
    ...     archive.add("clinic.toml", content, size, modified)
    ...     archive.finish(version="1.2.3", made=now, build="", journal=None, staff=None)
    """

    def __init__(self, file: IO[bytes], progress: Callable[[int], object]) -> None:
        """Take what is called with the bytes that were read so far."""
        self._gzip = gzip.GzipFile("", "wb", _LEVEL, file, mtime=0)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed on exit
        self._members: dict[str, Member] = {}
        self._progress = progress
        self._done = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the archive, which is whole only if it was finished."""
        try:
            self._tar.close()
        finally:
            self._gzip.close()

    def add(self, name: str, source: IO[bytes], size: int, modified: float = 0.0, mode: int = 0o600) -> None:
        """Add a file; raises `OSError` where it is shorter than its size."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, int(modified), mode
        hashing = _Hashing(source)
        self._tar.addfile(info, hashing)  # type: ignore[arg-type]  # it reads, and does nothing else
        self._members[name] = Member(size, hashing.digest, modified, mode)
        self._done += size
        self._progress(self._done)

    def finish(self, *, version: str, made: str, build: str, journal: int | None, staff: int | None) -> Manifest:
        """Add the manifest, and return it."""
        manifest = Manifest(FORMAT, version, made, build, journal, staff, dict(self._members))
        content = json.dumps(asdict(manifest), indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(content), 0o600
        self._tar.addfile(info, io.BytesIO(content))
        return manifest


def is_portable(name: str) -> bool:
    """Return whether every system takes a name for the same path below a folder.

    Stricter than what a corpus may hold: an archive is a stranger's, and may be restored on another system.
    """
    return _NAME.fullmatch(name) is not None


def read_archive(
    file: Path,
    room: int,
    sink: Callable[[str, tarfile.TarInfo, Iterator[bytes]], object],
    progress: Callable[[int, int], object],
) -> Manifest:
    """Read an archive from its beginning to its end, and return its manifest.

    `sink` takes the name, the entry and the content of each member but the manifest; what it leaves of the content is
    read all the same. `room` is the most bytes of all members together. `progress` is called with how many bytes of the
    file were read, and of how many. Raises `BackupError` for anything that Footnote has not written so.
    """
    seen: dict[str, Member] = {}
    manifest: Manifest | None = None
    total = 0
    with _opened(file, progress) as tar:
        for entry in tar:
            name = entry.name
            if manifest is not None or name in seen or len(seen) >= _MOST_MEMBERS:
                raise _not_ours(file, f"{name:.100} is one member too many")
            if entry.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or entry.issparse() or not is_portable(name):
                raise _not_ours(file, f"{name[:100]!r} is no plain file with a plain name")
            total += entry.size
            if total > room:
                raise BackupError(
                    f"{file} holds more than the {room >> 20:,} MiB that are free: make room, or restore it elsewhere."
                )
            content = tar.extractfile(entry)
            assert content is not None  # noqa: S101 - a plain file has a content
            hashing = _Hashing(content)
            if name == MANIFEST:
                manifest = _manifest(file, hashing.read(_LONGEST_MANIFEST), entry.size)
                continue
            pieces = iter(lambda reader=hashing: reader.read(_PIECE), b"")  # type: ignore[misc]  # bound at once
            sink(name, entry, pieces)
            for _ in pieces:
                pass
            seen[name] = Member(hashing.size, hashing.digest, entry.mtime, entry.mode)
        _read_end(tar.fileobj)  # type: ignore[arg-type]  # it is the one that was passed in
    if manifest is None:
        raise BackupError(f"{file} ends early: it was cut off while it was written or copied. Use another backup.")
    _compare(file, manifest, seen)
    return manifest


@contextmanager
def _opened(file: Path, progress: Callable[[int, int], object]) -> Iterator[tarfile.TarFile]:
    """Open an archive; whatever is wrong with its bytes becomes a `BackupError`."""
    try:
        size = file.stat().st_size
        with file.open("rb") as raw, gzip.GzipFile(fileobj=_Counting(raw, size, progress)) as plain:
            bounded = _Bounded(plain)
            with tarfile.open(fileobj=bounded, mode="r:") as tar:  # type: ignore[call-overload]  # it reads
                yield tar
    except FileNotFoundError:
        raise BackupError(f"There is no {file}: name the file of a backup.") from None
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, _TooMuch) as error:
        raise _not_ours(file, "it is damaged, or no backup") from error


class _TooMuch(Exception):
    """A header claims more than any header needs."""


class _Bounded:
    """A file of which no single piece may be long, so that a header cannot fill the memory."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LONGEST_MANIFEST:
            raise _TooMuch
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


class _Counting(io.RawIOBase):
    """A file that says how much of it was read."""

    def __init__(self, file: IO[bytes], size: int, progress: Callable[[int, int], object]) -> None:
        super().__init__()
        self._file, self._size, self._progress = file, max(size, 1), progress

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._progress(self._file.tell(), self._size)
        return content


class _Hashing:
    """A file of which each byte that is read is hashed and counted."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self._sha256.update(content)
        self.size += len(content)
        return content


def _read_end(file: _Bounded) -> None:
    """Read what stands behind the last member, so that the checksum at the end of the file is compared."""
    if len(file.read(_LONGEST_END + 1)) > _LONGEST_END:
        raise _TooMuch


def _manifest(file: Path, content: bytes, size: int) -> Manifest:
    if len(content) != size:
        raise _not_ours(file, "its manifest is cut off")
    try:
        fields: dict[str, Any] = json.loads(content)
        if isinstance(fields.get("format"), int) and fields["format"] > FORMAT:
            raise BackupError(
                f"{file} was made by Footnote {str(fields.get('version'))[:20]}, which is newer: install that one."
            )
        members = {str(name): Member(**member) for name, member in fields.pop("members").items()}
        manifest = Manifest(**fields, members=members)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise _not_ours(file, "its manifest cannot be read") from error
    if not _is_well_formed(manifest):
        raise _not_ours(file, "its manifest cannot be read")
    return manifest


def _is_well_formed(manifest: Manifest) -> bool:
    """Return whether the values of a manifest are such as others may take for what they are called."""
    try:
        made = datetime.fromisoformat(manifest.made)
    except (ValueError, TypeError):
        return False
    versions = (version for version in (manifest.journal, manifest.staff) if version is not None)
    times = (member.modified for member in manifest.members.values())
    return (
        made.tzinfo is not None
        and all(isinstance(name, str) and _WORD.fullmatch(name) for name in (manifest.version, manifest.build))
        and all(type(version) is int and version >= 0 for version in versions)
        and all(isinstance(time, int | float) and abs(time) < _LATEST for time in times)
    )


def _compare(file: Path, manifest: Manifest, seen: dict[str, Member]) -> None:
    """Raise `BackupError` unless the members are those of the manifest, byte for byte."""
    for name in sorted(manifest.members.keys() | seen.keys()):
        written, found = manifest.members.get(name), seen.get(name)
        if written is None or found is None or (written.size, written.sha256) != (found.size, found.sha256):
            raise _not_ours(file, f"{name:.100} is missing or is not what was written")


def _not_ours(file: Path, reason: str) -> BackupError:
    return BackupError(f"{file} cannot be used: {reason}. Use another backup.")
