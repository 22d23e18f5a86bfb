"""Builds of the index on disk: atomic, immutable, and verified by checksums when they are opened.

A build is written into a draft folder, flushed to the disk, renamed to its id, and only then named in `CURRENT`, which
is itself replaced in one step. A reader therefore finds the old build or the new one, wherever a writer was stopped.
The files of an open build are mapped into memory. One that is removed meanwhile stays readable until it is closed.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final

from chatbot.errors import IndexBusy, IndexDamaged, IndexIncompatible, IndexingError, IndexMissing
from chatbot.files import is_below, sha256_of, write_atomically

__all__ = [
    "REBUILD_HINT",
    "Build",
    "Manifest",
    "activate",
    "adopt",
    "current",
    "current_or_none",
    "draft",
    "kept_builds",
    "live_since",
    "open_build",
    "preparing_lock",
    "publish",
    "publishing_lock",
    "read_manifest",
    "remove_builds",
    "restore",
    "write_lock",
]

REBUILD_HINT: Final = "run 'footnote build'"
"""The cure for an index that may not be served."""

_MANIFEST = "manifest.json"
_CURRENT = "CURRENT"
_DRAFT = ".draft-"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The inputs of a build (`format` to `encoder_fingerprint`), its figures, and the SHA-256 of each file.

    `corpus` is the digest of the corpus. `search` holds the figures of the vector search, such as its recall.
    `encoder` is a name for people; `encoder_fingerprint` identifies the model.
    """

    format: int
    corpus: str
    splitter: str
    encoder: str
    encoder_fingerprint: str
    documents: int
    passages: int
    problems: tuple[str, ...]
    notices: tuple[str, ...]
    search: Mapping[str, float]
    files: Mapping[str, str]

    @property
    def id(self) -> str:
        """Name of the build, derived from its inputs."""
        inputs = [self.format, self.corpus, self.splitter, self.encoder_fingerprint]
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Build:
    """A manifest and the folder with the files that it names."""

    manifest: Manifest
    folder: Path

    @property
    def made(self) -> datetime:
        """When it was published."""
        return datetime.fromtimestamp((self.folder / _MANIFEST).stat().st_mtime, UTC)


@contextmanager
def write_lock(index: Path) -> Iterator[None]:
    """Hold the lock of an index folder; raises `IndexBusy` if another process holds it."""
    with _locked(index, ".lock", f"Another build of {index} is under way: wait until it ends.", 0):
        yield


@contextmanager
def publishing_lock(index: Path, patience: float = 0) -> Iterator[None]:
    """Hold the lock under which pages are changed and an index of them is built.

    Raises `IndexBusy` if it is not free within `patience` seconds. Take it before `write_lock`.
    """
    message = f"The pages of {index} are being published or built just now: wait a moment and try again."
    with _locked(index, ".publishing.lock", message, patience):
        yield


@contextmanager
def preparing_lock(index: Path) -> Iterator[None]:
    """Hold the lock of the folder in which changes of the pages are prepared, for several servers of one clinic.

    Raises `IndexBusy`. Take it before `publishing_lock`.
    """
    with _locked(index, ".preparing.lock", f"Pages of {index} are being prepared just now: try again later.", 0):
        yield


@contextmanager
def _locked(index: Path, name: str, busy: str, patience: float) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - reading an index needs no lock

    lock = FileLock(index / name, timeout=patience)
    with _or_unwritable(index):
        index.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            raise IndexBusy(busy) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _or_unwritable(index: Path) -> Iterator[None]:
    """Raise `IndexingError` in place of an `OSError`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise IndexingError(f"{index} cannot be written: {reason}. Check the folder and the disk.") from error


def current(index: Path) -> str:
    """Return the name of the live build; raises `IndexMissing` or `IndexDamaged`."""
    try:
        name = (index / _CURRENT).read_text("ascii").strip()
    except FileNotFoundError:
        raise IndexMissing(f"There is no index in {index}: {REBUILD_HINT}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(index / _CURRENT) from error
    if not re.fullmatch(r"[0-9a-f]{16}", name):
        raise _damaged(index / _CURRENT)
    return name


def current_or_none(index: Path) -> str | None:
    """Return the name of the live build, or None where it cannot be read."""
    try:
        return current(index)
    except IndexingError:
        return None


def live_since(index: Path) -> tuple[int, int] | None:
    """Return what changes whenever a build is made live, also one of the same name; None where there is none."""
    try:
        status = (index / _CURRENT).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def open_build(index: Path, name: str) -> Build:
    """Verify all files of a build.

    Raises `IndexDamaged` (names the file that is missing or altered) or `IndexIncompatible`.
    """
    manifest = _manifest(index / name)
    for file, digest in manifest.files.items():
        _verify(index / name / file, digest)
    return Build(manifest, index / name)


def read_manifest(index: Path, name: str | None = None) -> Manifest:
    """Read the manifest of a build, or else of the live one, and no other file of it; raises an `IndexingError`."""
    return _manifest(index / (name or current(index)))


@contextmanager
def draft(index: Path) -> Iterator[Path]:
    """Yield an empty folder for the files of a build and remove it afterwards; call it inside `write_lock`."""
    folder = index / f"{_DRAFT}build"
    with _or_unwritable(index):
        for left in index.glob(f"{_DRAFT}*"):
            _remove(left)
        folder.mkdir()
        try:
            yield folder
        finally:
            if folder.exists():
                _remove(folder)


def publish(index: Path, folder: Path, manifest: Manifest) -> Build:
    """Make the files of a folder that `draft` gave a build, and make it live.

    `manifest` may lack the digests of the files. The build before it is kept, older ones are removed.
    """
    with _or_unwritable(index):
        build = _put(index, folder, manifest)
        # Before it is made live: a build that is killed here is made again, which removes the rest.
        remove_builds(index, {build.manifest.id, current_or_none(index)})
        _point(index, build.manifest.id)
    return build


def adopt(index: Path, build: Build) -> None:
    """Make a build that was made elsewhere live here, too; raises an `IndexingError` if that cannot be done.

    The two folders share the files where the disk allows it: no file of a build is ever changed. All other builds are
    kept, until `remove_builds`.
    """
    with write_lock(index), draft(index) as folder:
        for name in build.manifest.files:
            try:
                (folder / name).hardlink_to(build.folder / name)
            except OSError:
                shutil.copyfile(build.folder / name, folder / name)
        _point(index, _put(index, folder, build.manifest).manifest.id)


def _put(index: Path, folder: Path, manifest: Manifest) -> Build:
    """Make the files of a folder a build, which is not live yet."""
    paths = sorted(folder.iterdir())
    files = manifest.files or {path.name: sha256_of(path) for path in paths}
    for path in paths:
        _sync(path)
    build = Build(replace(manifest, files=files), index / manifest.id)
    if _is_whole(build):  # then it stays, so that it is there at every moment
        _remove_strays(build)
    else:
        write_atomically(folder / _MANIFEST, _with_checksum(build.manifest))
        if build.folder.exists():
            _remove(build.folder)
        folder.rename(build.folder)
    return build


def _is_whole(build: Build) -> bool:
    """Return whether a build is there with these very files."""
    try:
        return open_build(build.folder.parent, build.folder.name).manifest.files == build.manifest.files
    except IndexingError:
        return False


def _remove_strays(build: Build) -> None:
    """Remove what lies in the folder of a build and is no file of it."""
    for path in list(build.folder.iterdir()):
        if path.name not in {*build.manifest.files, _MANIFEST}:
            _remove(path)


def remove_builds(index: Path, kept: Collection[str | None]) -> None:
    """Remove all builds but some, each in one step; raises an `IndexingError`."""
    with _or_unwritable(index):
        for old in list(_builds(index)):
            if old.name not in kept:
                _remove(old)


def kept_builds(index: Path) -> tuple[str, ...]:
    """Return the names of the builds that are there besides the live one, the newest first."""
    live = current_or_none(index)
    folders = [path for path in _builds(index) if path.name != live]
    return tuple(path.name for path in sorted(folders, key=_age))


def activate(index: Path, name: str) -> None:
    """Make a kept build live again; raises `IndexDamaged` if its files fail verification."""
    with write_lock(index), _or_unwritable(index):
        open_build(index, name)
        _point(index, name)


def restore(index: Path, name: str) -> None:
    """Let `CURRENT` name a build again, in whatever state it is; raises an `IndexingError`."""
    if current_or_none(index) != name:
        with write_lock(index), _or_unwritable(index):
            _point(index, name)


def _builds(index: Path) -> Iterator[Path]:
    """Yield the folders of all builds."""
    if index.is_dir():
        yield from (path for path in index.iterdir() if re.fullmatch(r"[0-9a-f]{16}", path.name))


def _age(folder: Path) -> tuple[float, str]:
    """Return a key that sorts builds from the newest on, those without a manifest last."""
    try:
        return -(folder / _MANIFEST).stat().st_mtime, folder.name
    except OSError:
        return 0.0, folder.name


def _point(index: Path, name: str) -> None:
    if (index / _CURRENT).is_dir():
        _remove(index / _CURRENT)
    write_atomically(index / _CURRENT, f"{name}\n".encode())


def _remove(path: Path) -> None:
    """Remove a file or a folder. A folder loses its name first, so that no half of it is ever taken for a build."""
    if not path.is_dir() or path.is_symlink():
        path.unlink()
        return
    gone = path if path.name.startswith(_DRAFT) else path.with_name(f"{_DRAFT}{path.name}-{token_hex(4)}")
    path.rename(gone)
    shutil.rmtree(gone)


def _with_checksum(manifest: Manifest) -> bytes:
    """Return a manifest as JSON with its own SHA-256 beside it."""
    fields = asdict(manifest)
    return json.dumps({"sha256": _checksum(fields), "manifest": fields}, indent=2).encode()


def _checksum(fields: object) -> str:
    return hashlib.sha256(json.dumps(fields, indent=2).encode()).hexdigest()


def _manifest(folder: Path) -> Manifest:
    try:
        content = json.loads((folder / _MANIFEST).read_bytes())
        fields = content["manifest"]
        if _checksum(fields) != content["sha256"]:
            raise _damaged(folder / _MANIFEST)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(folder / _MANIFEST) from error
    try:
        manifest = Manifest(**fields | {name: tuple(fields[name]) for name in ("problems", "notices")})
    except (KeyError, TypeError):
        raise IndexIncompatible(f"{folder} was built by another version of Footnote: {REBUILD_HINT}.") from None
    if manifest.id != folder.name or not _are_below(manifest.files):
        raise _damaged(folder / _MANIFEST)
    return manifest


def _are_below(files: object) -> bool:
    """Return whether these are files of a folder, since a restored build may name others, such as endless devices."""
    return isinstance(files, dict) and all(map(is_below, files))


def _verify(path: Path, digest: str) -> None:
    try:
        intact = sha256_of(path) == digest
    except OSError as error:
        raise _damaged(path) from error
    if not intact:
        raise _damaged(path)


def _sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("ab") as file:
        os.fsync(file.fileno())


def _damaged(path: Path) -> IndexDamaged:
    return IndexDamaged(f"{path} is missing or is not what was written: {REBUILD_HINT}.")
