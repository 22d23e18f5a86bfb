"""A journal in SQLite, and in PostgreSQL where its server is installed."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.journal import Journal
from chatbot.records import Alarm, Answer, Citation, Outcome, Passage

NOW = 1_790_000_000.0  # 2026-09-21, 14:13:20


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


@pytest.fixture(params=["sqlite", "postgresql"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "folder" / "journal.sqlite3")
    address: str = request.getfixturevalue("empty_postgresql")
    return address


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
