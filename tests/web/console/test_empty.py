"""The tabs with nothing to show: each says what to do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.settings import Settings, load_settings
from chatbot.web.console import ConsoleServices, checks, overview, unanswered, urgent
from tests.conftest import WordEncoder
from tests.web.console.conftest import in_a_loop


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(load_settings({}), staff=tmp_path / "staff", clinic=None)


@pytest.fixture(params=[0, 30])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), request.param)
    assert journal
    yield journal
    journal.close()


def laid_out(tab: Callable[[ConsoleServices], Any], services: ConsoleServices) -> Any:  # noqa: ANN401 -- any tab
    """Lay out a tab without a server."""

    async def build() -> object:
        with gr.Blocks():
            return tab(services)

    return in_a_loop(build)


def summary(tab: Callable[[ConsoleServices], Any], services: ConsoleServices, *filters: object) -> str:
    """Return the summary that a tab shows."""
    handlers = laid_out(tab, services)
    return str(handlers.show(*filters)[handlers.parts.summary])


def test_without_a_journal_the_tabs_say_how_to_keep_one(bot: Chatbot, settings: Settings) -> None:
    services = ConsoleServices.of(bot, None, settings)
    assert "FOOTNOTE_JOURNAL is off" in summary(unanswered._Tab, services, 30, "", False)  # noqa: SLF001 -- a tab without a server
    assert "FOOTNOTE_JOURNAL is off" in summary(urgent._Tab, services, 30)  # noqa: SLF001 -- as above
    assert "FOOTNOTE_JOURNAL is off" in summary(overview._Tab, services, 30)  # noqa: SLF001 -- as above


def test_an_empty_journal_and_one_without_words_say_what_to_do(
    bot: Chatbot, settings: Settings, journal: Journal
) -> None:
    services = ConsoleServices.of(bot, journal, settings)
    text = "No question went unanswered in this time" if journal.retention else "FOOTNOTE_RETENTION_DAYS is 0"
    assert text in summary(unanswered._Tab, services, 30, "", False)  # noqa: SLF001 -- as above
    assert "No message sounded urgent in this time" in summary(urgent._Tab, services, 30)  # noqa: SLF001 -- as above
    assert "Nobody asked anything in this time" in summary(overview._Tab, services, 30)  # noqa: SLF001 -- as above


def test_the_overview_warns_of_what_does_not_work_and_is_not_signed(
    tmp_path: Path, settings: Settings, corpus: Path, words: WordEncoder
) -> None:
    build_index(corpus, tmp_path / "index", words)
    bot = Chatbot(corpus, tmp_path / "index", words, Clinic())
    tab = laid_out(overview._Tab, ConsoleServices.of(bot, None, settings))  # noqa: SLF001 -- as above
    *warnings, unsigned = tab.warn()[tab.parts.warnings]["value"].splitlines()
    assert warnings == [f"⚠ {warning}" for warning in bot.warnings]
    assert warnings[0].startswith("⚠ Emergencies are recognised by word lists alone")
    assert unsigned.startswith("⚠ Not signed off yet")


def test_without_golden_questions_the_tab_says_where_to_save_one(bot: Chatbot, settings: Settings) -> None:
    services = ConsoleServices.of(bot, None, settings)
    assert "Ask something in the tab Try it" in summary(checks._Tab, services)  # noqa: SLF001 -- as above
    services.golden_file.save("does it hurt?", (), (), "alice")
    assert "1 golden question saved, and never checked" in summary(checks._Tab, services)  # noqa: SLF001 -- as above
    (services.settings.staff / "golden.jsonl").write_text("no JSON\n")
    assert "golden.jsonl, line 1" in summary(checks._Tab, services)  # noqa: SLF001 -- as above
