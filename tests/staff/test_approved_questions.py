"""Approved questions in the staff's database: served at once, kept, taken back, and lapsed with their passage."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.bot import Chatbot
from chatbot.database import Database
from chatbot.errors import ChangeRefused
from chatbot.evaluation import Expect
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.records import Outcome, Passage
from chatbot.staff import (
    ApprovedQuestions,
    AuditLog,
    ChangeKind,
    ContentPaths,
    GoldenFile,
    staff_database,
    stored_approvals,
)
from tests.staff.conftest import NOW, Clock, opened

ASKED = "when will I look normal again?"
REDNESS = "Redness fades within three days of the visit."


@pytest.fixture
def bot(place: ContentPaths, encoder: Encoder) -> Chatbot:
    return opened(place, encoder)


@pytest.fixture
def approved(bot: Chatbot, database: Database, golden: GoldenFile, clock: Clock) -> ApprovedQuestions:
    return ApprovedQuestions(bot, database, golden, AuditLog(database, clock), clock)


def passage(bot: Chatbot, words: str = "Redness") -> Passage:
    return next(passage for passage in bot.passages() if words in passage.text)


def test_an_approved_passage_is_served_at_once(bot: Chatbot, approved: ApprovedQuestions) -> None:
    assert bot.ask(ASKED).outcome is not Outcome.ANSWERED
    version = bot.content_version
    answer = approved.approve(ASKED, passage(bot), "alice")
    assert answer == bot.ask(ASKED)
    assert (answer.outcome, answer.confirmed) == (Outcome.ANSWERED, True)
    assert [citation.passage.text for citation in answer.citations] == [REDNESS]
    assert bot.content_version > version


def test_a_decision_is_stored_with_who_and_when(
    bot: Chatbot, approved: ApprovedQuestions, database: Database, golden: GoldenFile
) -> None:
    approved.approve(ASKED, passage(bot), "alice")
    approved.approve("do you have a creche?", None, "bob")
    none, some = approved.all()
    assert (none.approved.question, none.approved.is_answered, none.account) == ("do you have a creche?", False, "bob")
    assert (some.approved.document, some.approved.text, some.lapsed) == ("red.txt", REDNESS, False)
    assert some.made == datetime.fromtimestamp(NOW, UTC)
    changes = [(change.kind, change.account, change.subject, change.summary) for change in AuditLog(database).latest()]
    assert changes == [
        (ChangeKind.QUESTION, "bob", "do you have a creche?", "Not answered by our pages"),
        (ChangeKind.QUESTION, "alice", ASKED, "Approved"),
    ]
    assert [(saved.question, saved.expect, saved.gold) for saved in golden.read()] == [
        (ASKED, Expect.ANSWER, (REDNESS,)),
        ("do you have a creche?", Expect.ABSTAIN, ()),
    ]


def test_the_last_decision_on_a_question_counts(bot: Chatbot, approved: ApprovedQuestions, golden: GoldenFile) -> None:
    approved.approve(ASKED, passage(bot), "alice")
    approved.approve("When will I look normal again", passage(bot, "Keep the skin"), "bob")
    (only,) = approved.all()
    assert (only.account, only.approved.document) == ("bob", "aftercare.md")
    assert bot.ask(ASKED).citations[0].passage.document == "aftercare.md"
    approved.approve(ASKED, None, "bob")
    assert bot.ask(ASKED).outcome is Outcome.NOT_FOUND
    assert [saved.expect for saved in golden.read() if saved.question == ASKED] == [Expect.ABSTAIN]


def test_taking_back_undoes_all_of_it(
    bot: Chatbot, approved: ApprovedQuestions, database: Database, golden: GoldenFile
) -> None:
    before = bot.ask(ASKED)
    approved.approve(ASKED, passage(bot), "alice")
    found = approved.find(ASKED)
    assert found
    approved.take_back(found.id, "bob")
    assert (bot.ask(ASKED), approved.all(), golden.read()) == (before, (), ())
    change, *_ = AuditLog(database).latest()
    assert (change.summary, change.account) == ("Taken back", "bob")
    assert REDNESS in (AuditLog(database).get(change.id).before or "")
    with pytest.raises(ChangeRefused, match="Somebody has taken this back already"):
        approved.take_back(found.id, "bob")


def test_decisions_are_served_after_a_restart(
    bot: Chatbot, approved: ApprovedQuestions, place: ContentPaths, encoder: Encoder
) -> None:
    assert stored_approvals(staff_database(place.staff / "nowhere")) == []
    approved.approve(ASKED, passage(bot), "alice")
    again = opened(place, encoder)
    assert not again.ask(ASKED).confirmed
    again.set_approved(stored_approvals(staff_database(place.staff)))
    assert again.ask(ASKED).confirmed


def test_a_decision_lapses_when_its_passage_changes(
    bot: Chatbot, approved: ApprovedQuestions, place: ContentPaths, encoder: Encoder
) -> None:
    approved.approve(ASKED, passage(bot), "alice")
    for text, lapsed in (("Redness fades within five days of the visit.", True), (REDNESS, False)):
        (place.corpus / "red.txt").write_text(f"Redness\n\n{text}\n")
        build_index(place.corpus, place.index, encoder)
        bot.reload()
        (only,) = approved.all()
        answer = bot.ask(ASKED)
        assert (only.lapsed, answer.confirmed) == (lapsed, not lapsed)
        assert all(citation.passage in bot.passages() for citation in answer.citations)


def test_questions_are_stored_without_personal_data(bot: Chatbot, approved: ApprovedQuestions) -> None:
    approved.approve("I am at anna@mail.example, when am I normal?", passage(bot), "alice")
    (only,) = approved.all()
    assert "anna@mail" not in only.approved.question
    assert only.approved.question.startswith("I am at [")


def test_an_urgent_question_is_refused(bot: Chatbot, approved: ApprovedQuestions) -> None:
    with pytest.raises(ChangeRefused, match="your urgent wording always comes first"):
        approved.approve("I can't breathe", passage(bot), "alice")
    assert approved.all() == ()


def test_a_follow_up_is_stored_with_what_it_depends_on(bot: Chatbot, approved: ApprovedQuestions) -> None:
    history = ["do you sell gift vouchers for treatments?", "does redness fade after the visit?"]
    assert approved.approve("and when?", passage(bot), "alice", history).confirmed
    (only,) = approved.all()
    assert only.approved.history == (history[1],)
    assert approved.find("and when?", history) == only
    assert approved.find("and when?") is None


def test_confirmed_questions_are_counted(
    bot: Chatbot, approved: ApprovedQuestions, tmp_path: Path, clock: Clock
) -> None:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30, clock)
    assert journal
    approved.approve(ASKED, passage(bot), "alice")
    for question in (ASKED, ASKED.upper(), "do you have a creche?", "Do you have a creche", "can I bring my dog?"):
        journal.record(uuid4().hex, bot.ask(question), 1)
    journal.flush()
    since = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
    assert approved.count_confirmed(journal, since) == 2
    approved.approve("do you have a creche?", None, "alice")  # asked before it was decided on
    assert approved.count_confirmed(journal, since) == 4
    assert approved.count_confirmed(journal, since + timedelta(days=2)) == 0
    journal.close()


def test_the_database_of_an_earlier_release_gets_the_table(place: ContentPaths) -> None:
    database = staff_database(place.staff)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE approved_questions")
        connection.exec_driver_sql("DROP TABLE first_day")
        for table in ("texts", "digests", "failed_sign_ins"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DELETE FROM versions WHERE version >= 3")
    database.close()
    assert stored_approvals(staff_database(place.staff)) == []
