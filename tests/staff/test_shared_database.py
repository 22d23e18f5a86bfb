"""What staff change, in a database that several servers share: the same as in SQLite, and of each site alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.database import Database, sql
from chatbot.errors import AccountRefused, GoldenFileInvalid, SettingsError, StaffError
from chatbot.evaluation import Expect, GoldenQuestion
from chatbot.journal import Journal
from chatbot.settings import load_settings, shared_database
from chatbot.staff import (
    Account,
    AccountStore,
    ApprovedQuestions,
    AuditLog,
    ChangeKind,
    CheckReports,
    ContentPaths,
    Drafts,
    FirstDayReview,
    GoldenFile,
    Role,
    SharedFailures,
    SignInThrottle,
    SignOffs,
    Verdict,
    staff_database,
    stored_approvals,
)
from tests.conftest import WordEncoder
from tests.staff.conftest import NOW, Clock, opened

PASSWORD = "correct horse battery"  # noqa: S105 -- of nobody
OTHER = "another long password"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    empty: str = request.getfixturevalue("empty_postgresql")
    return shared_database(empty, "staff")


Connect = Callable[[str], Database]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect(address: str) -> Database:
            return stack.enter_context(closing(staff_database(tmp_path / "staff", address)))

        yield connect


@pytest.fixture
def database(address: str, connect: Connect) -> Database:
    return connect(address)


def test_sessions_of_one_server_hold_at_the_other(address: str, connect: Connect, clock: Clock) -> None:
    one, other = (AccountStore(connect(address), clock) for _ in range(2))
    one.add("anna", Role.EDITOR, PASSWORD)
    with pytest.raises(AccountRefused, match="There is an account 'anna' already"):
        other.add("Anna", Role.READER, PASSWORD)
    assert other.sign_in("an\0na", PASSWORD) is None
    token = one.sign_in(" Anna", PASSWORD)
    assert token
    assert other.account_of(token) == Account("anna", Role.EDITOR)
    clock.now += 120
    other.set_role("anna", Role.READER)
    assert one.account_of(token) == Account("anna", Role.READER)
    other.set_password("anna", OTHER)
    assert one.account_of(token) is None
    assert one.sign_in("anna", PASSWORD) is None
    other.remove("anna")
    assert one.accounts() == ()


def test_drafts_are_replaced_and_leave_when_published(database: Database, clock: Clock) -> None:
    drafts = Drafts(database, clock)
    drafts.put("a.md", "First.", "anna")
    drafts.put("b.md", None, "anna")
    published = drafts.all()
    assert [(draft.page, draft.text, draft.account) for draft in published] == [
        ("a.md", "First.", "anna"),
        ("b.md", None, "anna"),
    ]
    drafts.put("a.md", "Second.", "bert")
    drafts.done(published)
    assert [(draft.page, draft.text, draft.account) for draft in drafts.all()] == [("a.md", "Second.", "bert")]
    drafts.discard(["a.md"])
    assert drafts.all() == ()


def test_changes_and_sign_offs_are_listed_newest_first(database: Database, clock: Clock) -> None:
    log, sign_offs = AuditLog(database, clock), SignOffs(database, clock)
    log.record("anna", ChangeKind.PAGE, "a.md", "Added", None, "Text.")
    log.record("bert", ChangeKind.WORDS, "Name", "Changed")
    newest, oldest = log.latest()
    assert (newest.account, newest.kind, newest.made) == ("bert", ChangeKind.WORDS, datetime.fromtimestamp(NOW, UTC))
    assert log.get(oldest.id).after == "Text."
    sign_offs.sign("anna", "Dr. A. Adams", "Doctor", Clinic())
    assert [(row.name, row.role) for row in sign_offs.all()] == [("Dr. A. Adams", "Doctor")]
    assert sign_offs.warning(Clinic()) == ""


def test_saved_questions_and_reports_are_in_the_shared_database(
    database: Database, tmp_path: Path, bot: Chatbot
) -> None:
    golden, reports = GoldenFile(tmp_path / "staff", database), CheckReports(tmp_path / "staff", database)
    with pytest.raises(GoldenFileInvalid, match="holds no question yet"):
        golden.require()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: golden.save(f"question {number}?", (), (), "anna"), range(12)))
    golden.remove("question 3?", ())
    assert {saved.question for saved in golden.read()} == {f"question {number}?" for number in range(12) if number != 3}
    question = GoldenQuestion("b", "staff", "who won the football world cup?", (), Expect.ABSTAIN, ())
    first, second = (reports.run(bot, [question]) for _ in range(2))
    assert reports.all() == (first, second)
    assert (tmp_path / "staff" / "golden.jsonl").exists() is not database.is_shared


def test_files_from_before_the_database_are_taken_over(
    empty_postgresql: str, connect: Connect, tmp_path: Path, bot: Chatbot
) -> None:
    folder, question = tmp_path / "staff", GoldenQuestion("b", "staff", "who won?", (), Expect.ABSTAIN, ())
    GoldenFile(folder).save("does it hurt?", (), (), "anna")
    earlier = CheckReports(folder).run(bot, [question])
    database = connect(shared_database(empty_postgresql, "staff"))
    golden, reports = GoldenFile(folder, database), CheckReports(folder, database)
    assert [saved.question for saved in golden.read()] == ["does it hurt?"]
    golden.save("does it bleed?", (), (), "anna")
    golden.remove("does it hurt?", ())
    assert [saved.question for saved in golden.read()] == ["does it bleed?"]
    later = reports.run(bot, [question])
    assert reports.all() == (earlier, later)


def test_decisions_are_shared_and_numbered_anew(
    address: str, connect: Connect, place: ContentPaths, words: WordEncoder, clock: Clock
) -> None:
    bot, database = opened(place, words), connect(address)
    golden, log = GoldenFile(place.staff, database), AuditLog(database, clock)
    approved = ApprovedQuestions(bot, database, golden, log, clock)
    review = FirstDayReview(database, approved, golden, log, clock)
    passage = bot.passages()[0]
    approved.approve("is it red?", passage, "anna")
    approved.approve("is it red?", None, "bert")
    (decision,) = approved.all()
    assert (decision.id, decision.account, decision.approved.is_answered) == (2, "bert", False)
    assert [question.text for question in stored_approvals(connect(address))] == [""]
    for question in ("who won?", "and when?", "is it red?"):
        review.judge(bot.ask(question), Verdict.NO_ANSWER, "anna", "general")
    review.judge(bot.ask("who won?"), Verdict.OTHER, "anna", "general", passage)
    assert list(review.judgements()) == ["and when?", "is it red?", "who won?"]
    approved.take_back(max(row.id for row in approved.all()), "anna")
    assert len(approved.all()) == 2


def test_a_server_follows_what_another_approves(
    empty_postgresql: str, connect: Connect, place: ContentPaths, words: WordEncoder
) -> None:
    address = shared_database(empty_postgresql, "staff")
    servers = []
    for bot in (opened(place, words), opened(place, words)):
        database = connect(address)
        golden, log = GoldenFile(place.staff, database), AuditLog(database)
        servers.append((bot, ApprovedQuestions(bot, database, golden, log)))
    (_, one), (bot, other) = servers
    other.serve()
    assert other.follow() is False
    passage = bot.passages()[0]
    one.approve("may I swim?", passage, "anna")
    assert other.follow() is True
    answer = bot.ask("may I swim?")
    assert (answer.confirmed, answer.citations[0].passage) == (True, passage)
    assert one.follow() is other.follow() is False
    one.approve("may I swim?", None, "anna")
    assert (other.follow(), bot.ask("may I swim?").citations) == (True, ())
    one.take_back(one.all()[0].id, "anna")
    assert (other.follow(), bot.ask("may I swim?").confirmed) == (True, False)


def test_failed_sign_ins_count_at_all_servers(empty_postgresql: str, connect: Connect, clock: Clock) -> None:
    database = connect(shared_database(empty_postgresql, "staff"))
    one, other = SignInThrottle(clock), SignInThrottle(clock)
    shared = [SharedFailures(throttle, database, clock) for throttle in (one, other)]
    for _ in range(5):
        assert one.attempt("anna", "10.0.0.1") == 0
    for failures in shared:
        failures.sync()
    assert one.wait("anna", "10.0.0.1") == other.wait("anna", "10.0.0.1") == 2
    clock.now += 3
    assert other.attempt("anna", "10.0.0.1") == 0
    assert other.wait("anna", "10.0.0.1") == 4
    clock.now += 5
    restarted = SignInThrottle(clock)
    for failures in (*shared, SharedFailures(restarted, database, clock)):
        failures.sync()
    assert restarted.has_failed("10.0.0.1")
    assert not restarted.has_failed("10.0.0.2")
    other.succeeded("anna", "10.0.0.1")
    for failures in (shared[1], SharedFailures(restarted, database, clock)):
        failures.sync()
    assert [throttle.has_failed("10.0.0.1") for throttle in (other, restarted)] == [False, False]
    with database.reading() as connection:
        assert connection.scalar(sql("SELECT COUNT(*) FROM failed_sign_ins")) == 0


def test_servers_that_start_together_migrate_once(empty_postgresql: str, connect: Connect) -> None:
    address = shared_database(empty_postgresql, "staff")

    def first_use(_: int) -> list[int]:
        with connect(address).reading() as connection:
            return list(connection.scalars(sql("SELECT version FROM versions ORDER BY version")))

    with ThreadPoolExecutor(6) as pool:
        versions = list(pool.map(first_use, range(6)))
    assert versions == [list(range(1, len(versions[0]) + 1))] * 6


def test_journal_staff_and_sites_lie_beside_each_other(empty_postgresql: str, connect: Connect) -> None:
    settings = load_settings({"FOOTNOTE_DATABASE": f"{empty_postgresql}&connect_timeout=5"})
    journal = Journal.open(settings.journal, settings.retention)
    assert journal
    assert journal.asked() == ()
    for staff in (settings.staff_database, shared_database(settings.database, "staff", "k7wm3n2pq4rs5tuv")):
        accounts = AccountStore(connect(staff))
        assert accounts.accounts() == ()
        accounts.add("anna", Role.EDITOR, PASSWORD)
    journal.close()
    with psycopg.connect(empty_postgresql) as connection:
        rows = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'versions' ORDER BY 1").fetchall()
    assert rows == [("footnote_journal",), ("footnote_k7wm3n2pq4rs5tuv_staff",), ("footnote_staff",)]


def test_an_unreachable_database_is_named_without_its_password(connect: Connect) -> None:
    settings = load_settings({"FOOTNOTE_DATABASE": "postgres://anna:hunter2@127.0.0.1:1/clinic"})
    with pytest.raises(StaffError, match="and FOOTNOTE_DATABASE") as refused:
        AccountStore(connect(settings.staff_database)).accounts()
    assert "hunter2" not in str(refused.value) + repr(settings)
    assert "search_path" not in str(refused.value)
    with pytest.raises(SettingsError, match="FOOTNOTE_DATABASE cannot be used: write postgresql://"):
        load_settings({"FOOTNOTE_DATABASE": "mysql://anna:hunter2@host/clinic"})


def test_a_journal_of_its_own_stays_where_it_is(empty_postgresql: str) -> None:
    settings = load_settings({"FOOTNOTE_DATABASE": empty_postgresql, "FOOTNOTE_JOURNAL": "journal.sqlite3"})
    assert settings.journal == "journal.sqlite3"
    assert load_settings({"FOOTNOTE_DATABASE": empty_postgresql, "FOOTNOTE_JOURNAL": "off"}).journal == "off"
