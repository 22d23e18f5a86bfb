"""What the views say where there is nothing to show: each names the cure."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.answering import Calibration
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.settings import Settings, load_settings
from chatbot.web.console import ConsoleServices, checks, overview, unanswered, urgent
from tests.conftest import WordEncoder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load_settings({}), staff=tmp_path / "staff", clinic=None)


@pytest.fixture(params=[0, 30])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), request.param)
    assert journal
    yield journal
    journal.close()


def in_vain_told(services: ConsoleServices) -> str:
    return str(unanswered._Tab(services).show(30, "", handled=False)[2])  # noqa: SLF001 -- what the screen shows, without a screen


def test_without_a_journal_it_is_said_how_to_keep_one(bot: Chatbot, settings: Settings) -> None:
    services = ConsoleServices.of(bot, None, settings)
    assert "FOOTNOTE_JOURNAL is off" in in_vain_told(services)
    assert "FOOTNOTE_JOURNAL is off" in str(urgent._Tab(services).show(30)[1])  # noqa: SLF001 -- as above
    assert "FOOTNOTE_JOURNAL is off" in str(overview._Tab(services).show(30)[0])  # noqa: SLF001 -- as above


def test_an_empty_journal_and_one_without_words_say_what_to_do(
    bot: Chatbot, settings: Settings, journal: Journal
) -> None:
    services = ConsoleServices.of(bot, journal, settings)
    wanted = "Nothing was asked in vain in this time" if journal.retention else "FOOTNOTE_RETENTION_DAYS is 0"
    assert wanted in in_vain_told(services)
    assert "No message sounded urgent in this time" in str(urgent._Tab(services).show(30)[1])  # noqa: SLF001 -- as above
    assert "Nobody asked anything in this time" in str(overview._Tab(services).show(30)[0])  # noqa: SLF001 -- as above


def test_the_overview_says_what_does_not_work_and_what_must_be_signed(
    tmp_path: Path, settings: Settings, corpus: Path, words: WordEncoder
) -> None:
    build_index(corpus, tmp_path / "index", words, calibrator=Calibration())
    bot = Chatbot(corpus, tmp_path / "index", words, Clinic())
    told = overview._Tab(ConsoleServices.of(bot, None, settings)).warn()  # noqa: SLF001 -- as above
    *warnings, unsigned = str(told["value"]).splitlines()
    assert warnings == [f"⚠ {one}" for one in bot.warnings]
    assert warnings[0].startswith("⚠ Emergencies are recognised by word lists alone")
    assert unsigned.startswith("⚠ Not signed off yet")


def test_without_golden_questions_it_is_said_where_to_save_one(bot: Chatbot, settings: Settings) -> None:
    services = ConsoleServices.of(bot, None, settings)
    assert "Ask something in the tab Try it" in str(checks._Tab(services).show()[0])  # noqa: SLF001 -- as above
    services.golden_file.save("does it hurt?", (), (), "alice")
    assert "1 golden question saved, and never checked" in str(checks._Tab(services).show()[0])  # noqa: SLF001 -- as above
    services.golden_file.path.write_text("no JSON\n")
    assert "golden.jsonl, line 1" in str(checks._Tab(services).show()[0])  # noqa: SLF001 -- as above
