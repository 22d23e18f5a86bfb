"""Which programs work on an installation: servers share a lock, and a restore needs it for itself."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chatbot.errors import BackupError
from chatbot.settings import Settings

__all__ = ["alone", "serving"]

_LOCK: Final = ".serving"


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Let others know that a server uses these folders; where no file can be made, nobody is told.

    Raises `BackupError` while a backup is being restored there.
    """
    try:
        descriptor = _open(settings.index)
    except OSError:
        yield
        return
    try:
        _share(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keep servers from starting on these folders; raises `BackupError` while one runs."""
    if not settings.index.is_dir():
        yield
        return
    descriptor = _open(settings.index)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BackupError(
            f"A server uses {settings.index}: stop it first, such as with systemctl stop footnote, then repeat."
        ) from None
    finally:
        os.close(descriptor)


def _share(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupError("A backup is being restored here just now: start the server once it is done.") from None


def _open(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
