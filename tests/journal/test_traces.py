"""Erased and expired texts leave no byte in the database's files."""

import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from chatbot.errors import JournalError
from chatbot.journal import Journal
from tests.journal.conftest import Clock, record

LETTERS = str.maketrans("0123456789", "ghijklmnop")  # words, which redaction leaves alone
MOST = 1_000
CANARIES = [f"zq{uuid4().hex}".translate(LETTERS) for _ in range(MOST)]


def canary(number: int) -> str:
    return CANARIES[number]


def fill(journal: Journal, numbers: Iterable[int]) -> None:
    for number in numbers:
        padding = "x" * (number % 700)  # of all lengths, so that some texts spill over into pages of their own
        answer_id = record(journal, f"{canary(number)} {padding}")
        if number % 5 == 0:
            journal.feedback(answer_id, False, f"{canary(number)} comment")
        if number % 500 == 0:
            journal.flush()
    journal.flush()


def left(folder: Path) -> set[int]:
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    canaries = {name.decode() for text in files for name in re.findall(rb"zq[a-p]{32}", text)}
    return {number for number in range(MOST) if canary(number) in canaries}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path: Path, clock: Clock) -> Iterator[Journal]:
    journal = Journal.open(str(path), 30, clock)
    assert journal
    yield journal
    journal.close()


def test_retention_leaves_no_byte_of_expired_texts(journal: Journal, clock: Clock, tmp_path: Path) -> None:
    fill(journal, range(750))
    clock.pass_days(20)
    fill(journal, range(750, MOST))
    assert left(tmp_path) == set(range(MOST))
    clock.pass_days(11)
    assert journal.apply_retention() == 750
    assert left(tmp_path) == set(range(750, MOST))


@pytest.mark.parametrize(
    ("filled", "erase", "remaining"),
    [
        (MOST, lambda journal: journal.erase(everything=True), set()),
        (
            20,
            lambda journal: [journal.erase(matching=canary(number)) for number in range(0, 20, 2)],
            set(range(1, 20, 2)),
        ),
    ],
)
def test_erasure_leaves_no_byte(
    journal: Journal, tmp_path: Path, filled: int, erase: Callable[[Journal], object], remaining: set[int]
) -> None:
    fill(journal, range(filled))
    erase(journal)
    assert left(tmp_path) == remaining


def test_the_log_of_a_killed_server_is_cleared_too(path: Path, tmp_path: Path, clock: Clock) -> None:
    program = (
        "import os, signal, sys; from chatbot.journal import Journal; from chatbot.records import Answer, Outcome;"
        "journal = Journal.open(sys.argv[1], 30, lambda: float(sys.argv[3])); answer = Answer(sys.argv[2], '',"
        "Outcome.REPLY, 0.0, '', (), ()); journal.record('0' * 32, answer, 1); journal.flush();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program, str(path), canary(0), str(clock.now)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert left(tmp_path) == {0}
    clock.pass_days(31)
    again = Journal.open(str(path), 30, clock)
    assert again
    assert again.apply_retention() == 1
    assert left(tmp_path) == set()
    again.close()


def test_an_open_reader_fails_the_erasure_and_the_next_try_succeeds(
    journal: Journal, path: Path, tmp_path: Path
) -> None:
    fill(journal, range(3))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM questions").fetchone()
    with pytest.raises(JournalError):
        journal.erase(everything=True)
    reader.close()
    assert journal.erase(everything=True) == 0
    assert left(tmp_path) == set()


def test_only_the_owner_may_read_the_journal(journal: Journal, path: Path) -> None:
    fill(journal, [0])
    assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == dict.fromkeys(
        ("journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-shm"), 0o600
    )
    assert path.stat().st_size


def test_postgresql_rewrites_the_table(postgresql_server: str, clock: Clock) -> None:
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE canaries")
        journal = Journal.open(postgresql_server.replace("/postgres?", "/canaries?"), 30, clock)
        assert journal
        fill(journal, range(300))
        with psycopg.connect(postgresql_server.replace("/postgres?", "/canaries?"), autocommit=True) as other:
            other.execute("ANALYZE")  # as the server does by itself: its statistics hold samples of the texts
        folder = Path(postgresql_server.partition("host=")[2]) / "data" / "base"
        connection.execute("CHECKPOINT")
        assert left(folder) == set(range(300))
        assert journal.erase(everything=True) == 300
        connection.execute("CHECKPOINT")
        assert left(folder) == set()
        journal.close()
