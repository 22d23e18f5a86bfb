"""A journal in SQLite, and in PostgreSQL where its server is installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from chatbot.journal import Journal
from chatbot.records import Alarm, Answer, Citation, Outcome, Passage

NOW = 1_790_000_000.0  # 2026-09-21, 14:13:20
NUMBERS = count()


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += days * 86_400


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Start a PostgreSQL server and yield the address of its first database."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    pg_ctl = homes[-1] if homes else Path(shutil.which("pg_ctl") or "/nowhere")
    if not pg_ctl.exists():
        pytest.skip("there is no PostgreSQL server here")
    folder = Path(tempfile.mkdtemp(prefix="footnote-"))  # not in pytest's own, which the user postgres may not enter
    as_postgres: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to be run by root
        shutil.chown(folder, "postgres")
        as_postgres = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        subprocess.run(
            [*as_postgres, *command], check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    data = str(folder / "data")
    run(str(pg_ctl.parent / "initdb"), "-D", data, "-A", "trust", "-U", "footnote", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run(str(pg_ctl), "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
    yield f"postgresql://footnote@/postgres?host={folder}"
    run(str(pg_ctl), "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "folder" / "journal.sqlite3")
    server: str = request.getfixturevalue("server")
    name = f"journal_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def opened(setting: str, clock: Clock) -> Iterator[Callable[..., Journal]]:
    journals: list[Journal] = []

    def opened(retention: int = 30) -> Journal:
        journal = Journal.open(setting, retention, clock)
        assert journal
        journals.append(journal)
        return journal

    yield opened
    for journal in journals:
        journal.close()


@pytest.fixture
def journal(opened: Callable[..., Journal]) -> Journal:
    return opened()


def answer(
    question: str,
    outcome: Outcome = Outcome.ANSWERED,
    places: Sequence[tuple[str, int, int]] = (("a.txt", 10, 20),),
    alarm: Alarm | None = None,
) -> Answer:
    passages = [Passage(name, "A", None, (), start, end, "x" * (end - start)) for name, start, end in places]
    cited = tuple(Citation(number, passage, (), "/") for number, passage in enumerate(passages, start=1))
    return Answer(question, question, outcome, 0.5, "This is what our pages say:", cited, (), alarm)


def record(journal: Journal, question: str, outcome: Outcome = Outcome.ANSWERED) -> str:
    answer_id = uuid4().hex
    journal.record(answer_id, answer(question, outcome), 12.4)
    return answer_id
