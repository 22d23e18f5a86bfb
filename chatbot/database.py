"""The one owner of SQL connections: SQLite or PostgreSQL, migrated to the newest schema, and vacuumed after erasing."""

import logging
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from chatbot.errors import FootnoteError, SettingsError

__all__ = ["DIALECTS", "Database", "Row", "Schema", "sql", "versions"]

_LOG = logging.getLogger(__name__)
_TIMEOUT: Final = 5  # seconds to wait for a database that another program keeps busy
_BATCH: Final = 500  # rows that are read or written at once
_CREATED: Final = re.compile(r"CREATE TABLE (\w+)")
_LOCK: Final = 7_060_011  # any number that no other program on the same PostgreSQL locks
_IDLE: Final = 2  # connections to PostgreSQL that stay open; a server of many sites has so many for each
_MOST: Final = 13  # more of them while they are needed
_SEARCH_PATH: Final = re.compile(r"-c *search_path=(\w+)")  # in the option `options` of an address

# What reading a damaged SQLite database raises beside the library's errors, also where its values are converted.
_DAMAGE: Final = (ArithmeticError, AttributeError, LookupError, MemoryError, SystemError, TypeError, ValueError)
_SHARED: Final = "FOOTNOTE_DATABASE"
_LEAST_ROOM: Final = 1 << 16  # bytes, of which SQLite needs 32 KiB even to read
_UNDECODABLE: Final = "Could not decode to UTF-8"
_MALFORMED: Final = ("malformed", "not a database", "disk i/o", "no such table", "no such column", "unsupported file")

sql: Final = text
"""Makes a statement of text, with parameters by their names, such as `:name`."""

Row = tuple[str, dict[str, object]]
"""The name of a table, and the values of a row by the names of its columns."""

versions: Final = Table(
    "versions",
    MetaData(),
    Column("version", Integer, primary_key=True),
    Column("applied", BigInteger, nullable=False),
)


DIALECTS: Final = {
    "sqlite": {
        "id": "INTEGER PRIMARY KEY",
        "id_never_used_again": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "no_samples": "",
    },
    "postgresql": {
        "id": "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "id_never_used_again": "INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        # PostgreSQL's statistics would hold samples of the questions, even after those are erased.
        "no_samples": "ALTER TABLE questions ALTER text SET STATISTICS 0, ALTER comment SET STATISTICS 0",
    },
}


@dataclass(frozen=True, slots=True)
class Schema:
    """A database's name in messages, the setting that names it, its migrations in order, and the error it raises.

    With `survives_power_loss`, a file of SQLite is flushed to the disk at each transaction, so that none is lost when
    the power fails. Without it, the last ones may be; the file stays whole all the same.
    """

    noun: str
    setting: str
    migrations: tuple[tuple[str, ...], ...]
    error: type[FootnoteError]
    survives_power_loss: bool = False


class Database:
    """A database that is opened when it is first used, so that one out of reach at the start may be reached later."""

    def __init__(self, setting: str, schema: Schema) -> None:
        """Take a path or an address; raises `SettingsError` if it names neither SQLite nor PostgreSQL."""
        self._schema = schema
        self._url = _url(setting)
        self._lock = Lock()
        self._ready = False
        self._file: tuple[int, int] | None = None  # device and number of the file that is open
        self._engine = _engine(self._url, "FULL" if schema.survives_power_loss else "NORMAL")

    @property
    def is_shared(self) -> bool:
        """Whether several servers may use the database, so that what they share is kept in it."""
        return self._url.get_backend_name() == "postgresql"

    @property
    def exists(self) -> bool:
        """Whether there is anything to read; a file is only made at its first use."""
        return self.is_shared or Path(self._url.database or "").is_file()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database; raises the schema's error."""
        with self._translated_errors():
            self._prepare()
            with self._reader().connect() as connection:
                yield connection

    @contextmanager
    def writing(self, *, only_sql: bool = False) -> Iterator[Connection]:
        """Yield a connection whose changes are all made or none; raises the schema's error.

        With `only_sql`, errors of other kinds in the caller's block stay as they are.
        """
        with self._translated_errors():
            self._prepare()
        with self._translated_errors(only_sql=only_sql), self._writer().begin() as connection:
            yield connection

    @property
    def schema(self) -> Schema:
        """The schema that it is migrated to."""
        return self._schema

    @property
    def version(self) -> int:
        """The number of migrations that a database of this program has."""
        return len(self._schema.migrations)

    def dump(self, leave_out: Collection[str] = ()) -> Iterator[Row]:
        """Yield all rows as they are at one moment, but those of some tables; raises the schema's error.

        They are the same of SQLite and of PostgreSQL, and their values are those of JSON.
        """
        with self.reading() as connection:
            for name in self._tables:
                if name not in leave_out:
                    table = Table(name, MetaData(), autoload_with=connection)
                    for row in connection.execution_options(yield_per=_BATCH).execute(select(table)).mappings():
                        yield name, dict(row)

    def replace_all(self, version: int, rows: Iterable[Row]) -> None:
        """Replace all that the database holds by rows of a schema of some version, in one transaction.

        They are migrated from there. Raises the schema's error, and then the database is as it was.
        """
        with self.writing() as connection:
            for name in reversed(self._tables):
                connection.execute(text(f"DROP TABLE {name}"))
            connection.execute(versions.delete())
            self._run_migrations(connection, 0, version)
            for name, batch in _batches(rows):
                if name not in self._tables:
                    raise self._schema.error(
                        f"{self._schema.noun} has no table {name!r}: use a backup of Footnote's own."
                    )
                _insert(connection, Table(name, MetaData(), autoload_with=connection), batch)
            self._run_migrations(connection, version, self.version)

    def vacuum(self) -> None:
        """Remove the bytes of deleted rows from the database, and from SQLite's log beside it.

        PostgreSQL keeps and recycles its own log and its backups by its own rules. Raises the schema's error.
        """
        with self._translated_errors():
            self._prepare()
            with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                if self.is_shared:
                    connection.execute(text("VACUUM FULL questions"))
                    return
                connection.execute(text("VACUUM"))
                (busy, *_) = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        if busy:
            raise self._schema.error(
                f"{self._schema.noun} is being read by another program, which may still see what was erased. "
                "Repeat the command."
            )

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _reader(self) -> Engine:
        if self.is_shared:  # SQLite's transactions see one state by themselves
            return self._engine.execution_options(isolation_level="REPEATABLE READ")
        return self._engine

    def _writer(self) -> Engine:
        return self._engine.execution_options(footnote_writes=True)

    def _prepare(self) -> None:
        path = Path(self._url.database or "") if self._url.get_backend_name() == "sqlite" else None
        with self._lock:
            if self._ready and path and _identity(path) != self._file:
                # SQLite would go on writing into the deleted file, where nobody finds it.
                _LOG.warning(
                    "%s %s was deleted or replaced while in use. From now on, the file at its place is used. "
                    "Restore a backup if what it held is missed.",
                    self._schema.noun,
                    path,
                )
                self._engine.dispose()
                self._ready = False
            if not self._ready:
                if path:
                    _create(path)
                with self._writer().begin() as connection:
                    self._migrate(connection)
                self._file = _identity(path) if path else None
                self._ready = True

    def _migrate(self, connection: Connection) -> None:
        """Run the migrations that are missing; another process that opens the database meanwhile waits."""
        if self.is_shared:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            namespace = _namespace(self._url)
            if namespace and not inspect(connection).has_schema(namespace):  # its owner may have made it
                connection.execute(CreateSchema(namespace))
        versions.create(connection, checkfirst=True)
        done = connection.scalar(select(func.max(versions.c.version))) or 0
        if done > len(self._schema.migrations):
            raise self._schema.error(
                f"{self._schema.noun} was written by a newer version of Footnote: install that one again, or name "
                "another file."
            )
        self._run_migrations(connection, done, self.version)

    def _run_migrations(self, connection: Connection, first: int, last: int) -> None:
        for number, migration in enumerate(self._schema.migrations[first:last], start=first + 1):
            for statement in migration:
                if filled := statement.format(**DIALECTS[connection.dialect.name]):
                    connection.execute(text(filled))
            connection.execute(versions.insert().values(version=number, applied=int(time.time())))

    @property
    def _tables(self) -> tuple[str, ...]:
        """The names of the tables in the order in which they are made, so that references point backwards."""
        return tuple(name for migration in self._schema.migrations for name in _CREATED.findall(" ".join(migration)))

    @contextmanager
    def _translated_errors(self, *, only_sql: bool = False) -> Iterator[None]:
        """Turn the library's errors, and those of damaged values, into the schema's, without the values themselves."""
        try:
            yield
        except DBAPIError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            if reason.startswith(_UNDECODABLE):  # what follows is what a visitor wrote
                raise self._unusable(_UNDECODABLE, damaged=True) from None
            raise self._unusable(reason) from None
        except (OSError, SQLAlchemyError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            raise self._unusable(reason) from None
        except _DAMAGE as error:
            if only_sql:
                raise
            raise self._unusable(
                f"it holds values that cannot be read ({type(error).__name__})", damaged=True
            ) from None

    def _unusable(self, reason: str, *, damaged: bool = False) -> FootnoteError:
        sqlite = not self.is_shared
        shown = self._url.difference_update_query(["options"]).set(
            drivername=self._url.get_backend_name()
        )  # as it was set
        name = self._url.database or "" if sqlite else shown.render_as_string()
        setting = _SHARED if _namespace(self._url) else self._schema.setting
        if sqlite and _is_full(Path(name)):
            return self._schema.error(f"{self._schema.noun} {name} cannot be used: its disk is full. Make room on it.")
        cure = (
            f"Check {setting}, the free space on the disk, and who may write there."
            if sqlite
            else f"Check whether the PostgreSQL server runs and can be reached, and {setting}."
        )
        if damaged or (sqlite and any(word in reason.casefold() for word in _MALFORMED)):
            cure = f"Restore it from a backup, or move it away to begin a new one. {cure}"
        return self._schema.error(f"{self._schema.noun} {name} cannot be used: {reason}. {cure}")


def _is_full(file: Path) -> bool:
    """Return whether the disk of a database has no room left, for which SQLite has several words."""
    try:
        return shutil.disk_usage(file.absolute().parent).free < _LEAST_ROOM
    except OSError:
        return False


def _batches(rows: Iterable[Row]) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Yield the rows of each table, some hundred at a time."""
    for name, group in groupby(rows, key=itemgetter(0)):
        values = (row for _, row in group)
        while batch := list(islice(values, _BATCH)):
            yield name, batch


def _insert(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    """Insert rows with the ids that they have, and give later rows higher ones."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    known = [column for column in table.columns if column.name in rows[0]]
    names = ", ".join(f'"{column.name}"' for column in known)
    values = ", ".join(f":{column.name}" for column in known)
    statement = f'INSERT INTO "{table.name}" ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})'  # noqa: S608 - our own names
    connection.execute(text(statement), rows)
    for column in known:
        if column.identity:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(select(func.setval(sequence, select(func.max(column)).scalar_subquery())))


def _url(setting: str) -> URL:
    if "://" not in setting:
        return URL.create("sqlite", database=str(Path(setting).expanduser()))
    try:
        url = make_url(re.sub("^postgres://", "postgresql://", setting))
        name = url.get_backend_name()
    except (ArgumentError, ValueError):
        name = ""
    if name == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if name == "sqlite" and url.database not in {None, "", ":memory:"}:
        return URL.create("sqlite", database=url.database)
    if "search_path" in setting:
        raise SettingsError(f"{_SHARED} cannot be used: write postgresql://user:password@host/database.")
    raise SettingsError(
        "FOOTNOTE_JOURNAL cannot be used: name a file, or write postgresql://user:password@host/database."
    )


def _namespace(url: URL) -> str:
    """Return the schema of PostgreSQL that an address names; empty for the database's usual one."""
    match = _SEARCH_PATH.search(" ".join(url.normalized_query.get("options", ())))
    return match[1] if match else ""


def _engine(url: URL, synchronous: str) -> Engine:
    if url.get_backend_name() == "postgresql":
        waiting = {"connect_timeout": _TIMEOUT}
        try:
            return create_engine(
                url, hide_parameters=True, pool_pre_ping=True, pool_size=_IDLE, max_overflow=_MOST, connect_args=waiting
            )
        except ModuleNotFoundError:
            raise SettingsError("PostgreSQL needs psycopg: run pip install 'psycopg[binary]'.") from None
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _TIMEOUT})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # `begin` below begins transactions, not the driver
        for pragma in (
            "secure_delete = ON",  # deleted rows are overwritten
            "temp_store = MEMORY",  # no question in a temporary file
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "foreign_keys = ON",
        ):
            connection.cursor().execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            # A writer waits for its turn at the start, because SQLite refuses to wait in the middle of a transaction.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("footnote_writes") else "BEGIN")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _create(path: Path) -> None:
    """Make a file that only its owner may read; SQLite gives the files beside it the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
