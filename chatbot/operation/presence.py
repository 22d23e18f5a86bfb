"""Which programs work on an installation: servers share a lock, and a restore needs it for itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from chatbot.errors import BackupError
from chatbot.files import open_lock, try_lock
from chatbot.settings import Settings

__all__ = ["alone", "serving"]

_LOCK: Final = ".serving"


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Let others know that a server uses these folders; where no file can be made, a restore does not know.

    Raises `BackupError` while a backup is being restored there.
    """
    try:
        settings.index.mkdir(parents=True, exist_ok=True)  # a first start builds it, for minutes
        descriptor = open_lock(settings.index / _LOCK)
    except OSError:
        yield
        return
    try:
        if not try_lock(descriptor, shared=True):
            raise BackupError("A backup is being restored here just now: start the server once it is done.")
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keep servers from starting on these folders; raises `BackupError` while one runs."""
    if not settings.index.is_dir():
        yield
        return
    descriptor = open_lock(settings.index / _LOCK)
    try:
        if not try_lock(descriptor):
            raise BackupError(
                f"A server uses {settings.index}: stop it first, as with 'systemctl stop footnote' on each machine "
                "that serves it. Then repeat."
            )
        yield
    finally:
        os.close(descriptor)
