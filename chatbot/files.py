"""The one atomic write, flushing to the disk, locks by files, the digest of a file, and names below a folder."""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from secrets import token_hex

__all__ = [
    "is_below",
    "locked",
    "open_lock",
    "sha256_of",
    "sync_file",
    "sync_folder_entry",
    "try_lock",
    "write_atomically",
]


def is_below(name: str) -> bool:
    """Return whether a name is that of a file below a folder, and leads nowhere else, whatever letters it has."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits, read piece by piece; raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_lock(path: Path) -> int:
    """Open the file of a lock, and make it where there is none. To close it releases the lock. Raises `OSError`."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take a lock if it is free, without waiting, and return whether it was; others may take a `shared` one too."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other programs from changing a file meanwhile, on other machines too where it is on a shared disk.

    They must ask for the lock as well, and wait for it here. It is a file beside it. Raises `OSError`.
    """
    descriptor = open_lock(path.with_name(f".{path.name}.lock"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes, mode: int | None = None) -> None:
    """Replace a file in one step, so that a reader sees the old content or the new, even after a loss of power.

    The file keeps its permissions unless `mode` sets others. A link is replaced, never written through. Raises
    `OSError`.
    """
    if mode is None and path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    draft = path.with_name(f".draft-{token_hex(8)}")  # hidden, so that no reader of the folder takes it for a page
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW  # never a file, or a link, that is there
    descriptor = os.open(draft, new, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)  # before any content is in it
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder_entry(path)


def sync_file(path: Path) -> None:
    """Wait until a file and its name are on the disk; raises `OSError`."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sync_folder_entry(path)


def sync_folder_entry(path: Path) -> None:
    """Wait until it is on the disk that a file has its name, or has it no more; raises `OSError`."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
