"""Texts of the staff by name: files below their folder, or rows of the database that several servers share."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from chatbot.database import Database, sql
from chatbot.errors import StaffError
from chatbot.files import write_atomically

__all__ = ["PrivateTexts"]

_READ: Final = sql("SELECT content FROM texts WHERE name = :name")
_LATEST: Final = sql(
    "SELECT name, content FROM texts WHERE substr(name, 1, :length) = :folder ORDER BY name DESC LIMIT :number"
)
_CREATE: Final = sql("INSERT INTO texts (name, content) VALUES (:name, :content) ON CONFLICT (name) DO NOTHING")
_LOCK: Final = sql("UPDATE texts SET content = content WHERE name = :name")  # others wait for this row
_WRITE: Final = sql("UPDATE texts SET content = :content WHERE name = :name")


class PrivateTexts:
    """Texts by name, such as "golden.jsonl"; safe for any number of threads, and of servers that share a database.

    A file can be read by its owner alone. With a database, a file that an earlier server without one has left counts
    until its text is changed.
    """

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        """Keep files below a folder, or rows of the staff's database where servers share it."""
        self._folder = folder
        self._database = database if database and database.is_shared else None
        self._lock = Lock()

    def where(self, name: str) -> str:
        """Return where a text is, to show in messages."""
        return f"{name} in the staff's database" if self._database else str(self._folder / name)

    def read(self, name: str) -> str:
        """Return a text, an empty one where there is none; raises `StaffError`."""
        if self._database:
            with self._database.reading() as connection:
                row = connection.execute(_READ, {"name": name}).one_or_none()
            if row:
                return str(row.content)
        return self._read_file(name)

    def latest(self, folder: str, number: int) -> list[str]:
        """Return the last texts of a folder in the order of their names, without those that cannot be read.

        Raises `StaffError` where the database cannot be read.
        """
        texts = {}
        for path in sorted((self._folder / folder).glob("*.json"))[-number:]:
            with suppress(OSError, UnicodeDecodeError):
                texts[f"{folder}/{path.name}"] = path.read_text("utf-8")
        if self._database:
            values = {"folder": f"{folder}/", "length": len(folder) + 1, "number": number}
            with self._database.reading() as connection:
                texts |= {row.name: row.content for row in connection.execute(_LATEST, values)}
        return [texts[name] for name in sorted(texts)[-number:]]

    def write(self, name: str, text: str) -> None:
        """Replace a text in one step; raises `StaffError`."""
        self.edit(name, lambda _: text)

    def edit(self, name: str, change: Callable[[str], str]) -> None:
        """Replace a text by what `change` makes of it, while nobody else can; raises `StaffError`."""
        if self._database:
            file = self._read_file(name)
            with self._database.writing(only_sql=True) as connection:
                connection.execute(_CREATE, {"name": name, "content": file})
                connection.execute(_LOCK, {"name": name})
                before = connection.execute(_READ, {"name": name}).scalar_one()
                connection.execute(_WRITE, {"name": name, "content": change(before)})
            return
        with self._lock:
            before = self._read_file(name)
            after = change(before)
            if after != before:
                self._write_file(self._folder / name, after)

    def _read_file(self, name: str) -> str:
        path = self._folder / name
        try:
            return path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise StaffError(f"{path} cannot be read: {error}. Check who may read it.") from error

    def _write_file(self, path: Path, text: str) -> None:
        try:
            for folder in reversed([folder for folder in path.parents if not folder.exists()]):
                folder.mkdir(mode=0o700, exist_ok=True)
            write_atomically(path, text.encode(), mode=0o600)
        except OSError as error:
            raise StaffError(f"{path} cannot be written: {error.strerror}. Check who may write there.") from error
