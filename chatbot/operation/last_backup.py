"""A note of the newest backup, kept in the staff's folder for `status` and the doctor."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from chatbot.files import write_atomically

__all__ = ["LastBackup", "last_backup", "note_backup"]

_FILE: Final = "backup.json"


@dataclass(frozen=True, slots=True)
class LastBackup:
    """When the newest backup was made (UTC), and its file."""

    made: datetime
    file: str


def note_backup(staff: Path, file: Path, made: datetime) -> None:
    """Write down that a backup was made; where that cannot be written, the backup is no worse."""
    with suppress(OSError):
        staff.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {"made": made.isoformat(timespec="seconds"), "file": str(file.absolute())}
        write_atomically(staff / _FILE, json.dumps(content).encode(), 0o600)


def last_backup(staff: Path) -> LastBackup | None:
    """Return the newest backup that was noted, or None."""
    try:
        content = json.loads((staff / _FILE).read_bytes())
        return LastBackup(datetime.fromisoformat(content["made"]), str(content["file"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None
