"""A journal that cannot be written, read or opened: visitors are answered, and one line is logged."""

import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import sleep, time

import psycopg
import pytest
from sqlalchemy import create_engine, inspect

from chatbot.database import versions
from chatbot.errors import JournalError, SettingsError
from chatbot.journal import Journal
from chatbot.journal.schema import MIGRATIONS, citations, questions
from chatbot.records import Alarm, Level, Outcome
from tests.journal.conftest import Clock, answer, record

ROOT = Path(__file__).parents[2]
CONSEQUENCE = "Visitors are answered all the same; what they ask is not kept until this is mended."


OPENED: list[Journal] = []


def opened(path: object, clock: Callable[[], float] = time) -> Journal:
    journal = Journal.open(str(path), 30, clock)
    assert journal
    OPENED.append(journal)
    return journal


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the database, as another program that writes and does not finish."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


@pytest.mark.parametrize("setting", ["", "off", "OFF"])
def test_off_means_no_journal(setting: str) -> None:
    assert Journal.open(setting, 30) is None


@pytest.mark.parametrize(
    "setting", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "://", "http://host", "postgresql://h:port/db"]
)
def test_an_invalid_address_is_refused(setting: str) -> None:
    with pytest.raises(SettingsError, match="name a file, or write postgresql://user:password@host/database"):
        Journal.open(setting, 30)


def test_a_file_may_be_named_by_its_path_or_its_address(tmp_path: Path) -> None:
    record(journal := opened(f"sqlite:///{tmp_path}/a b.sqlite3"), "question")
    journal.flush()
    assert [logged.text for logged in opened(tmp_path / "a b.sqlite3").asked()] == ["question"]


def test_an_error_never_shows_the_password() -> None:
    journal = opened("postgresql://footnote:hunter2@127.0.0.1:1/nowhere")
    with pytest.raises(JournalError) as error:
        journal.counts()
    assert "postgresql://footnote:***@127.0.0.1:1/nowhere" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_locked_journal_delays_nobody_is_logged_once_and_recovers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.sqlite3"
    record(journal := opened(path), "before")
    journal.flush()
    with locked(path):
        for _ in range(1_200):  # more than the queue holds
            record(journal, "secret question")
        with pytest.raises(JournalError, match="not written quickly enough"):
            journal.flush()
        refused = journal.lost
        while journal.lost == refused:  # the writer has waited long enough
            sleep(0.05)
    record(journal, "after")
    journal.flush()
    journal.close()
    failure, recovery = (entry.getMessage() for entry in caplog.records)
    assert CONSEQUENCE in failure
    assert recovery == "The journal is written again."
    assert "secret" not in caplog.text
    assert {logged.text for logged in journal.asked()} >= {"before", "after"}


def test_an_unwritable_place_is_an_error_that_names_the_cure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    journal = opened(tmp_path / "file" / "journal.sqlite3")
    for _ in range(3):
        record(journal, "secret question")
    with pytest.raises(
        JournalError, match=r"File exists\. Check FOOTNOTE_JOURNAL, the free space on the disk, and who"
    ):
        journal.feedback("0" * 32, True)
    assert len(caplog.records) == 1
    assert CONSEQUENCE in caplog.text
    assert "secret" not in caplog.text


def test_a_repaired_place_is_written_without_a_restart(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    record(journal := opened(tmp_path / "file" / "journal.sqlite3"), "lost")
    with pytest.raises(JournalError):
        journal.flush()
    (tmp_path / "file").unlink()
    record(journal, "kept")
    journal.flush()
    assert [logged.text for logged in journal.asked()] == ["kept"]


def test_a_file_that_is_no_database_is_left_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes." * 500)
    with pytest.raises(JournalError, match="file is not a database"):
        opened(path).erase(everything=True)
    assert path.read_text() == "These are my notes." * 500


def test_a_full_disk_is_logged_without_the_question(tmp_path: Path) -> None:
    program = (
        "import sys; from chatbot.journal import Journal; from tests.journal.conftest import record;"
        "journal = Journal.open(sys.argv[1], 30); journal.start();"
        "[record(journal, f'secret question {number} ' + 'x' * 1500) for number in range(900)]; journal.close();"
        "print('answered')"
    )

    def limit_file_size() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "journal.sqlite3")],
        cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=limit_file_size,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "answered\n")
    assert done.stderr.count(CONSEQUENCE) == 1
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_waiting_changes_are_written_when_the_journal_closes(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.sqlite3")
    for number in range(300):
        record(journal, f"question {number}")
    journal.close()
    record(journal, "too late")
    assert len(opened(tmp_path / "journal.sqlite3").asked()) == 300


def test_the_retention_is_applied_at_the_start_and_daily(setting: str, clock: Clock) -> None:
    record(old := opened(setting, clock), "old question")
    old.close()
    record(old, "too late")
    clock.pass_days(40 * 365)
    journal = opened(setting, clock)
    journal.start()
    journal.flush()
    assert [logged.text for logged in journal.asked()] == [None]


def test_processes_can_open_a_new_journal_at_the_same_time(setting: str) -> None:
    program = (
        "import sys; from chatbot.journal import Journal; from tests.journal.conftest import record;"
        "journal = Journal.open(sys.argv[1], 30); sys.stdin.readline(); record(journal, 'a question'); journal.flush()"
    )
    command = [sys.executable, "-c", program, setting]
    started = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda process: process.communicate("go\n"), started))
    assert [process.returncode for process in started] == [0] * 3
    assert len(opened(setting).asked()) == 3


def test_the_migrations_create_the_tables_in_use(setting: str) -> None:
    opened(setting).counts()
    address = setting.replace("postgresql://", "postgresql+psycopg://") if "://" in setting else f"sqlite:///{setting}"
    engine = create_engine(address)
    for table in (questions, citations, versions):
        nullable = {column["name"]: column["nullable"] for column in inspect(engine).get_columns(table.name)}
        if engine.dialect.name == "sqlite":  # where a primary key may be null
            nullable |= {column.name: False for column in table.primary_key}
        assert nullable == {column.name: bool(column.nullable) for column in table.columns}
    with engine.connect() as connection:
        assert connection.execute(versions.select()).all()[-1].version == len(MIGRATIONS)
    engine.dispose()


def test_a_journal_of_an_older_release_gains_levels(setting: str, run_sql: Callable[[str, str], None]) -> None:
    record(journal := opened(setting), "an old one", Outcome.URGENT)
    journal.flush()
    for column in ("level", "rule", "shown", "judged", "confirmed"):
        run_sql(setting, f"ALTER TABLE questions DROP COLUMN {column}")
    run_sql(setting, "DELETE FROM versions WHERE version >= 2")
    journal = opened(setting)
    alarmed = answer("a new one", Outcome.URGENT, (), Alarm(Level.TODAY, "infection"))
    journal.record("1" * 32, alarmed, 10)
    journal.flush()
    alarms = {logged.text: (logged.level, logged.rule, logged.judged) for logged in journal.asked(urgent=True)}
    assert alarms == {"an old one": (None, None, None), "a new one": (Level.TODAY, "infection", None)}


def test_a_journal_of_a_newer_release_is_refused(setting: str, run_sql: Callable[[str, str], None]) -> None:
    opened(setting).counts()
    run_sql(setting, "INSERT INTO versions VALUES (1000, 0)")
    with pytest.raises(JournalError, match="written by a newer version of Footnote: install that one"):
        opened(setting).counts()


@pytest.fixture
def run_sql() -> Callable[[str, str], None]:
    def run(setting: str, statement: str) -> None:
        if "://" in setting:
            with psycopg.connect(setting, autocommit=True) as connection:
                connection.execute(statement.encode())
        else:
            other = sqlite3.connect(setting, isolation_level=None)
            other.execute(statement)
            other.close()

    return run


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE questions SET outcome = 'nonsense'",
        "UPDATE questions SET asked = 'soon'",
        "UPDATE questions SET asked = 1e30",
        "UPDATE questions SET text = x'ff00'",
        "UPDATE questions SET text = CAST(x'ff' || 'secret' AS TEXT)",
        "UPDATE questions SET level = 'odd'",
        "DROP TABLE questions",
    ],
)
def test_damaged_values_are_one_error_with_its_cure(tmp_path: Path, damage: str) -> None:
    record(journal := opened(tmp_path / "journal.sqlite3"), "question")
    journal.flush()
    other = sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)
    other.execute(damage)
    other.close()
    with pytest.raises(JournalError, match="Restore it from a backup, or move it away to begin a new one") as error:
        list(journal.export("jsonl"))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("beginning", [b"SQLite format 3\x00" + b"\xbd" * 8_000, b"no database\xff" * 400])
def test_a_damaged_file_is_one_error_with_its_cure(tmp_path: Path, beginning: bytes) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(beginning)
    journal = opened(tmp_path / "journal.sqlite3")
    record(journal, "question")
    for use in (journal.asked, journal.flush, journal.apply_retention):
        with pytest.raises(JournalError, match="Restore it from a backup, or move it away to begin a new one"):
            use()


def test_a_journal_deleted_in_use_is_begun_anew_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal.sqlite3"
    record(journal := opened(path), "before")
    journal.flush()
    path.unlink()
    for question in ("after", "later"):
        record(journal, question)
        journal.flush()
    assert [logged.text for logged in opened(path).asked()] == ["later", "after"]
    (line,) = (entry.getMessage() for entry in caplog.records)
    assert line.startswith(f"The journal {path} was deleted or replaced while in use.")
