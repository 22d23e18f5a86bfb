"""Files below the staff's folder, which only their owner may read."""

from pathlib import Path

from chatbot.errors import StaffError
from chatbot.files import write_atomically

__all__ = ["write_private"]


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, and make the folders that it needs; raises `StaffError`."""
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        write_atomically(path, text.encode(), mode=0o600)
    except OSError as error:
        raise StaffError(f"{path} cannot be written: {error.strerror}. Check who may write there.") from error
