"""What was asked in vain, over a real journal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from chatbot.records import Answer, Outcome
from chatbot.staff import QuestionEmbeddings, UnansweredQuestions, unanswered_questions
from chatbot.staff.insights.unanswered import unanswered_texts
from tests.staff.conftest import NOW, Clock

DAY = 86_400


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 90, clock)
    assert journal
    yield journal
    journal.close()


@pytest.fixture(scope="module")
def meanings(bot: Chatbot) -> QuestionEmbeddings:
    return QuestionEmbeddings(bot)


def ask(journal: Journal, clock: Clock, text: str, *, days: float = 1, outcome: Outcome = Outcome.NOT_FOUND) -> str:
    """Keep a question that was asked some days ago."""
    clock.now = NOW - days * DAY
    name = uuid4().hex
    journal.record(name, Answer(text, text, outcome, 0.1, "", (), ()), 10)
    journal.flush()
    clock.now = NOW
    return name


def found(
    journal: Journal, meanings: QuestionEmbeddings, days: int = 30, *, language: str = "", handled: bool = False
) -> UnansweredQuestions:
    now = datetime.fromtimestamp(NOW, UTC)
    return unanswered_questions(journal, meanings, days, language=language, handled=handled, now=now)


def test_the_most_asked_comes_first_in_all_its_wordings(
    journal: Journal, meanings: QuestionEmbeddings, clock: Clock
) -> None:
    for text in ("how much is it?", "How much is it", "what does it cost?", "price please"):
        ask(journal, clock, text)
    ask(journal, clock, "can I bring my dog?", days=3)
    price, dog = found(journal, meanings).rows
    assert price.count == 4
    assert [one.count for one in price.wordings] == [2, 1, 1]
    assert price.question in {"How much is it", "how much is it?"}
    assert (dog.question, dog.count) == ("can I bring my dog?", 1)
    assert f"{dog.last:%Y-%m-%d}" == "2026-09-18"
    assert dog.nearest.document == "benefits-of-microneedling.txt"


def test_what_was_answered_and_helped_is_not_in_vain(
    journal: Journal, meanings: QuestionEmbeddings, clock: Clock
) -> None:
    ask(journal, clock, "what is microneedling?", outcome=Outcome.ANSWERED)
    judged = ask(journal, clock, "does it help scars?", outcome=Outcome.ANSWERED)
    journal.feedback(judged, helpful=False)
    (row,) = found(journal, meanings).rows
    assert (row.question, row.unhelpful) == ("does it help scars?", 1)
    assert row.wordings[0].outcomes == (Outcome.ANSWERED,)


def test_a_row_is_held_against_the_period_before(journal: Journal, meanings: QuestionEmbeddings, clock: Clock) -> None:
    ask(journal, clock, "how much is it?", days=2)
    ask(journal, clock, "what is the price?", days=3)
    ask(journal, clock, "how much does it cost", days=10)
    ask(journal, clock, "can I bring my dog?", days=10)
    told = found(journal, meanings, days=7)
    assert told.compared
    (price,) = told.rows
    assert (price.count, price.before) == (2, 1)
    assert f"{price.first:%Y-%m-%d}" == "2026-09-11"


def test_no_trend_is_told_where_words_are_not_kept_for_two_periods(
    journal: Journal, meanings: QuestionEmbeddings, clock: Clock
) -> None:
    ask(journal, clock, "how much is it?")
    assert found(journal, meanings, days=30).compared
    assert not found(journal, meanings, days=90).compared


def test_a_handled_row_goes_and_comes_back_with_what_is_asked_later(
    journal: Journal, meanings: QuestionEmbeddings, clock: Clock
) -> None:
    ask(journal, clock, "how much is it?")
    ask(journal, clock, "what does it cost", days=40)
    (row,) = found(journal, meanings).rows
    assert len(row.ids) == 2
    journal.mark_handled(row.ids)
    assert found(journal, meanings).rows == ()
    (shown,) = found(journal, meanings, handled=True).rows
    assert shown.handled
    ask(journal, clock, "price?")
    (again,) = found(journal, meanings).rows
    assert (again.question, again.count, again.handled) == ("price?", 1, False)


def test_one_language_can_be_looked_at(journal: Journal, meanings: QuestionEmbeddings, clock: Clock) -> None:
    ask(journal, clock, "how much does the treatment cost for two people?")
    ask(journal, clock, "wie viel kostet die Behandlung bei Ihnen ungefähr?")
    assert set(found(journal, meanings).languages) == {"en", "de"}
    (row,) = found(journal, meanings, language="de").rows
    assert row.question.startswith("wie viel")


def test_erased_words_are_in_no_row(journal: Journal, meanings: QuestionEmbeddings, clock: Clock) -> None:
    ask(journal, clock, "how much is it?")
    assert unanswered_texts(journal) == ("how much is it?",)
    journal.erase(everything=True)
    assert found(journal, meanings).rows == ()
    assert unanswered_texts(journal) == ()


def test_marks_and_other_scripts_are_questions_too(
    journal: Journal, meanings: QuestionEmbeddings, clock: Clock
) -> None:
    for text in ("???", "сколько это стоит?", "<script>alert(1)</script>", "=HYPERLINK(1)"):
        ask(journal, clock, text)
    assert sum(row.count for row in found(journal, meanings).rows) == 4


def test_what_holds_no_word_is_no_wording_of_a_question(
    journal: Journal, meanings: QuestionEmbeddings, clock: Clock
) -> None:
    for text in ("is there a hearing loop", "=1+1", "12345"):
        ask(journal, clock, text)
    assert sorted(row.question for row in found(journal, meanings).rows) == ["12345", "=1+1", "is there a hearing loop"]
