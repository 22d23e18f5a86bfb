"""A publishing that was cut off: its record could not be written, so that its intent is still there."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.bot import Chatbot, load_pipeline
from chatbot.cli.building import pages_at_rest
from chatbot.crawling import PageChanges
from chatbot.database import Database, sql
from chatbot.errors import ChangeRefused, StaffError
from chatbot.indexing import build_index, current
from chatbot.journal.schema import JOURNAL
from chatbot.settings import STAFF_INTENT, Settings, load_settings
from chatbot.staff import ContentPaths, CutOffs, IndexHealer, IntentLog, PageForm, Publisher
from tests.conftest import WordEncoder
from tests.staff.conftest import EDITOR, Keep

OLD = b"Redness\n\nRedness fades within three days of the visit.\n"


def silent(_done: int, _total: int, _step: str) -> None:
    pass


@pytest.fixture
def settings(place: ContentPaths) -> Settings:
    folders = {"CORPUS": place.corpus, "INDEX": place.index, "STAFF_DIR": place.staff}
    return load_settings({f"FOOTNOTE_{name}": str(folder) for name, folder in folders.items()})


def run_sql(staff: Path, statement: str) -> None:
    with closing(sqlite3.connect(staff / "staff.sqlite3", isolation_level=None)) as database:
        database.execute(statement)


@pytest.fixture
def cut_off(keep: Keep, place: ContentPaths, words: WordEncoder) -> tuple[Chatbot, Publisher]:
    """Publish a page that is added and one that is changed, while the audit log takes no entries."""
    bot, pages, _ = keep(words)
    pages.stage(EDITOR, PageForm("Parking", "", "", "Free parking is behind the house."))
    pages.stage(EDITOR, PageForm("Red skin", "", "", "Redness fades within five days."), "red.txt")
    run_sql(place.staff, "CREATE TRIGGER full BEFORE INSERT ON changes BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StaffError, match=r"disk full.* The pages are live\. Their entry in the log of changes follows"):
        pages.publish(EDITOR, silent)
    run_sql(place.staff, "DROP TRIGGER full")
    assert (place.staff / STAFF_INTENT).exists()
    return bot, pages


def recorded(staff: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(staff / "staff.sqlite3")) as database:
        return database.execute("SELECT subject, told FROM changes ORDER BY subject").fetchall()


def test_the_next_publishing_first_records_the_one_that_was_cut_off(
    cut_off: tuple[Chatbot, Publisher], place: ContentPaths
) -> None:
    bot, pages = cut_off
    assert [page.id for page in bot.documents()] == ["aftercare.md", "parking.md", "red.txt"]
    assert (len(pages.drafts()), recorded(place.staff)) == (2, [])
    pages.withdraw(EDITOR, "aftercare.md")
    assert [draft.page for draft in pages.publish(EDITOR, silent)] == ["aftercare.md"]
    cut = CutOffs(place.staff).unseen_by("alice")
    assert cut
    assert (cut.finished, cut.pages) == (True, ("parking.md", "red.txt"))
    expected = [("aftercare.md", "Withdrawn"), ("parking.md", "Added"), ("red.txt", "Replaced")]
    assert (recorded(place.staff), pages.drafts()) == (expected, ())
    assert not (place.staff / STAFF_INTENT).exists()


def test_each_editor_reads_once_of_a_cut_off_publishing(
    cut_off: tuple[Chatbot, Publisher], place: ContentPaths, settings: Settings, words: WordEncoder
) -> None:
    _, pages = cut_off
    now = datetime.now(UTC)
    cut_offs = CutOffs(place.staff, lambda: now)
    assert cut_offs.unseen_by("alice") is None
    IndexHealer.open(settings, load_pipeline(words))  # the next start
    cut = cut_offs.unseen_by("alice")
    assert cut
    assert cut.text.startswith(f"The publishing of {now.day} {now:%B %Y at} ")
    assert cut.text.endswith(
        " UTC was cut off. It was finished afterwards: visitors are answered from the new pages. "
        "Pages: parking.md, red.txt."
    )
    cut_offs.mark_seen("alice", "another time")
    assert cut_offs.unseen_by("alice") == cut
    cut_offs.mark_seen("alice", cut.time)
    assert (cut_offs.unseen_by("alice"), cut_offs.unseen_by("rose")) == (None, replace(cut, seen=("alice",)))
    pages.publish(EDITOR, silent)  # nothing was cut off
    assert cut_offs.unseen_by("alice") is None
    now += timedelta(days=31)
    assert cut_offs.unseen_by("rose") is None


@given(st.text())
def test_a_damaged_note_of_a_cut_off_publishing_is_none(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    staff = tmp_path_factory.getbasetemp() / "damaged"
    (staff / "draft").mkdir(parents=True, exist_ok=True)
    (staff / "draft" / "cut-off.json").write_text(text, "utf-8", errors="replace")
    assert CutOffs(staff).unseen_by("alice") is None


@pytest.mark.parametrize("damage", [{"time": 5}, {"pages": [1]}, {"pages": ["\ud800"]}, {"seen": 1}, {"time": "today"}])
def test_a_note_whose_fields_are_damaged_is_none(tmp_path: Path, damage: dict[str, object]) -> None:
    (tmp_path / "draft").mkdir()
    note = {"time": "2099-01-01T00-00-00", "finished": True, "drafts": True, "pages": ["a.md"], "seen": []}
    for fields, is_read in ((note, True), (note | damage, False)):
        (tmp_path / "draft" / "cut-off.json").write_text(json.dumps(fields))
        assert (CutOffs(tmp_path).unseen_by("alice") is not None) == is_read


def test_what_staff_record_survives_a_loss_of_power(database: Database, tmp_path: Path) -> None:
    with database.reading() as connection:
        flushed = connection.scalar(sql("PRAGMA synchronous"))
    with Database(str(tmp_path / "journal.sqlite3"), JOURNAL).reading() as connection:
        assert (flushed, connection.scalar(sql("PRAGMA synchronous"))) == (2, 1)  # FULL, and NORMAL for questions


@pytest.mark.usefixtures("cut_off")
def test_a_page_edited_after_the_kill_is_kept_beside_the_withdrawn_ones(
    place: ContentPaths, settings: Settings
) -> None:
    (place.corpus / "red.txt").write_bytes(b"Redness\n\nEdited by hand.\n")
    (place.corpus / "parking.md").unlink()
    with pages_at_rest(settings):
        assert b"within five days" in (place.corpus / "red.txt").read_bytes()
        assert (place.corpus / "parking.md").exists()
    (kept,) = (place.staff / "withdrawn").rglob("red.txt")
    assert kept.read_bytes() == b"Redness\n\nEdited by hand.\n"


def test_a_change_whose_build_is_gone_is_taken_back_with_its_drafts(
    cut_off: tuple[Chatbot, Publisher], place: ContentPaths, settings: Settings, words: WordEncoder
) -> None:
    bot, pages = cut_off
    shutil.rmtree(place.staff / "draft" / "index")
    shutil.rmtree(place.index / bot.build)
    healer = IndexHealer.open(settings, load_pipeline(words))
    assert (healer.bot.build, healer.bot.build_state.state) == (current(place.index), "current")
    assert ((place.corpus / "red.txt").read_bytes(), (place.corpus / "parking.md").exists()) == (OLD, False)
    assert (place.corpus / "red.txt.yaml").exists()
    assert [draft.page for draft in pages.drafts()] == ["parking.md", "red.txt"]
    assert recorded(place.staff) == []
    cut = CutOffs(place.staff).unseen_by("alice")
    assert cut
    assert "was cut off. It was taken back: visitors are answered from the pages as they were before." in cut.text


def test_an_unreadable_intent_is_named_and_nothing_is_rebuilt(
    cut_off: tuple[Chatbot, Publisher],
    place: ContentPaths,
    settings: Settings,
    words: WordEncoder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bot, _ = cut_off
    (place.corpus / "parking.md").unlink()
    (place.staff / STAFF_INTENT).write_text("{")
    healer = IndexHealer.open(settings, load_pipeline(words))
    healer.look()
    assert (healer.bot.build, current(place.index)) == (bot.build, bot.build)
    assert "intent.json says which publishing was cut off, and cannot be read" in caplog.text
    with pytest.raises(StaffError, match="delete the file, and run"), pages_at_rest(settings):
        build_index(place.corpus, place.index, words)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pages", ["../outside.md"]),
        ("pages", ["/tmp/outside.md"]),  # noqa: S108 - nothing is written
        ("remembered", {"../outside.md": "evil"}),
        ("remembered", {"a/../../outside.md": "evil"}),
        ("wanted", "../.."),
        ("before", "../../precious"),
        ("after", "a/b"),
        ("time", "../../precious"),
    ],
)
def test_an_intent_that_names_files_elsewhere_is_not_carried_out(
    cut_off: tuple[Chatbot, Publisher], place: ContentPaths, settings: Settings, field: str, value: object
) -> None:
    del cut_off
    intent = place.staff / STAFF_INTENT
    intent.write_text(json.dumps(json.loads(intent.read_text()) | {field: value}))
    around = place.corpus.parent
    (around / "precious").mkdir()
    (around / "precious" / "kept").write_text("mine")
    before = sorted(path for path in around.rglob("*") if path.is_file() and ".lock" not in path.name)
    with pytest.raises(StaffError, match="cannot be read: it names files elsewhere"), pages_at_rest(settings):
        pass
    assert sorted(path for path in around.rglob("*") if path.is_file() and ".lock" not in path.name) == before


def test_a_draft_that_leads_out_of_the_pages_is_not_published(
    keep: Keep, place: ContentPaths, words: WordEncoder
) -> None:
    _, pages, _ = keep(words)
    pages.stage(EDITOR, PageForm("Parking", "", "", "Free parking is behind the house."))
    run_sql(place.staff, "UPDATE drafts SET page = '../../../outside.md'")
    with pytest.raises(ChangeRefused, match="is no name of a page"):
        pages.publish(EDITOR, silent)
    assert not list(place.corpus.parent.parent.rglob("outside.md"))


def test_changes_within_one_second_withdraw_into_folders_of_their_own(
    place: ContentPaths, settings: Settings, tmp_path: Path
) -> None:
    site = place.corpus / "clinic.example"
    site.mkdir()
    prices = [f"<main><h1>Fees</h1><p>A visit costs {number} pounds.</p></main>" for number in range(6)]
    for price in prices:  # at least two of them within the same second
        (site / "fees.html").write_text(price)
        with pages_at_rest(settings):
            IntentLog.of(settings).take_in({site.name: PageChanges(tmp_path / "read", removed={"fees.html"})}, {})
    withdrawn = sorted((place.staff / "withdrawn").rglob("fees.html"), key=lambda path: path.stat().st_mtime_ns)
    assert [path.read_text() for path in withdrawn] == prices
