"""Unanswered questions, over a real journal."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from chatbot.records import Answer, Outcome
from chatbot.staff import QuestionEmbeddings, UnansweredQuestions, unanswered_questions
from chatbot.staff.insights.digest import daily_digest
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
def embeddings(bot: Chatbot) -> QuestionEmbeddings:
    return QuestionEmbeddings(bot)


def ask(journal: Journal, clock: Clock, text: str, *, days: float = 1, outcome: Outcome = Outcome.NOT_FOUND) -> str:
    """Record a question that was asked some days ago."""
    clock.now = NOW - days * DAY
    answer_id = uuid4().hex
    journal.record(answer_id, Answer(text, text, outcome, 0.1, "", (), ()), 10)
    journal.flush()
    clock.now = NOW
    return answer_id


def unanswered(
    journal: Journal, embeddings: QuestionEmbeddings, days: int = 30, *, language: str = "", handled: bool = False
) -> UnansweredQuestions:
    now = datetime.fromtimestamp(NOW, UTC)
    return unanswered_questions(journal, embeddings, days, language=language, handled=handled, now=now)


def test_a_pressed_button_is_not_listed_whichever_release_logged_it(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock, tmp_path: Path
) -> None:
    ask(journal, clock, "This is not an emergency")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)) as database:
        database.execute("UPDATE questions SET outcome = 'not_found'")  # as earlier releases wrote it
    ask(journal, clock, "can I bring my dog?")
    assert [row.question for row in unanswered(journal, embeddings).rows] == ["can I bring my dog?"]
    assert unanswered_texts(journal) == ("can I bring my dog?",)
    digest = daily_digest(journal, "Rose", datetime.fromtimestamp(NOW - DAY / 2, UTC), words=True)
    assert (digest.not_answered, digest.unanswered) == (1, (("can I bring my dog?", 1),))


def test_the_most_asked_question_comes_first_in_all_its_wordings(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock
) -> None:
    for text in ("how much is it?", "How much is it", "what does it cost?", "price please"):
        ask(journal, clock, text)
    ask(journal, clock, "can I bring my dog?", days=3)
    price, dog = unanswered(journal, embeddings).rows
    assert price.count == 4
    assert [wording.count for wording in price.wordings] == [2, 1, 1]
    assert price.question in {"How much is it", "how much is it?"}
    assert (dog.question, dog.count) == ("can I bring my dog?", 1)
    assert f"{dog.last:%Y-%m-%d}" == "2026-09-18"
    assert dog.nearest.document == "benefits-of-microneedling.txt"


def test_answered_questions_are_left_out_unless_unhelpful(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock
) -> None:
    ask(journal, clock, "what is microneedling?", outcome=Outcome.ANSWERED)
    judged = ask(journal, clock, "does it help scars?", outcome=Outcome.ANSWERED)
    journal.feedback(judged, helpful=False)
    (row,) = unanswered(journal, embeddings).rows
    assert (row.question, row.unhelpful) == ("does it help scars?", 1)
    assert row.wordings[0].outcomes == (Outcome.ANSWERED,)


def test_a_row_counts_the_period_before_too(journal: Journal, embeddings: QuestionEmbeddings, clock: Clock) -> None:
    ask(journal, clock, "how much is it?", days=2)
    ask(journal, clock, "what is the price?", days=3)
    ask(journal, clock, "how much does it cost", days=10)
    ask(journal, clock, "can I bring my dog?", days=10)
    questions = unanswered(journal, embeddings, days=7)
    assert questions.compared
    (price,) = questions.rows
    assert (price.count, price.before) == (2, 1)
    assert f"{price.first:%Y-%m-%d}" == "2026-09-11"


def test_there_is_no_trend_without_text_of_two_periods(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock
) -> None:
    ask(journal, clock, "how much is it?")
    assert unanswered(journal, embeddings, days=30).compared
    assert not unanswered(journal, embeddings, days=90).compared


def test_a_handled_row_returns_when_it_is_asked_again(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock
) -> None:
    ask(journal, clock, "how much is it?")
    ask(journal, clock, "what does it cost", days=40)
    (row,) = unanswered(journal, embeddings).rows
    assert len(row.ids) == 2
    journal.mark_handled(row.ids)
    assert unanswered(journal, embeddings).rows == ()
    (shown,) = unanswered(journal, embeddings, handled=True).rows
    assert shown.handled
    ask(journal, clock, "price?")
    (again,) = unanswered(journal, embeddings).rows
    assert (again.question, again.count, again.handled) == ("price?", 1, False)


def test_rows_can_be_of_one_language(journal: Journal, embeddings: QuestionEmbeddings, clock: Clock) -> None:
    ask(journal, clock, "how much does the treatment cost for two people?")
    ask(journal, clock, "wie viel kostet die Behandlung bei Ihnen ungefähr?")
    assert set(unanswered(journal, embeddings).languages) == {"en", "de"}
    (row,) = unanswered(journal, embeddings, language="de").rows
    assert row.question.startswith("wie viel")


def test_erased_questions_are_in_no_row(journal: Journal, embeddings: QuestionEmbeddings, clock: Clock) -> None:
    ask(journal, clock, "how much is it?")
    assert unanswered_texts(journal) == ("how much is it?",)
    journal.erase(everything=True)
    assert unanswered(journal, embeddings).rows == ()
    assert unanswered_texts(journal) == ()


def test_punctuation_and_other_scripts_are_questions_too(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock
) -> None:
    for text in ("???", "сколько это стоит?", "<script>alert(1)</script>", "=HYPERLINK(1)"):
        ask(journal, clock, text)
    assert sum(row.count for row in unanswered(journal, embeddings).rows) == 4


def test_texts_without_a_word_stay_in_rows_of_their_own(
    journal: Journal, embeddings: QuestionEmbeddings, clock: Clock
) -> None:
    for text in ("is there a hearing loop", "=1+1", "12345"):
        ask(journal, clock, text)
    assert sorted(row.question for row in unanswered(journal, embeddings).rows) == [
        "12345",
        "=1+1",
        "is there a hearing loop",
    ]
