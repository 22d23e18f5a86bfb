"""Files of the staff's folder, for their owner alone, replaced in one step: a reader sees the old one or the new."""

import os
from pathlib import Path

from chatbot.errors import StaffError

__all__ = ["write_file"]


def write_file(path: Path, text: str) -> None:
    """Write a file whole, in folders that are made if need be; raises `StaffError`."""
    draft = path.with_suffix(".draft")
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        with open(draft, "w", encoding="utf-8", opener=_private) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise StaffError(f"{path} cannot be written: {error.strerror}. Look at who may write there.") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
