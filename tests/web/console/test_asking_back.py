"""The tabs where Footnote asks back which page is meant."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import Encoder, build_index
from chatbot.settings import load_settings
from chatbot.web.console import ConsoleServices, playground, unanswered
from tests.web.console.test_empty import laid_out

ASKED = "how many sessions do I need?"
SESSIONS = {
    "Laser hair removal": "You need six to eight sessions, a month apart.",
    "Microneedling": "Most scars need three to four sessions.",
    "Thread veins": "Two or three sessions are needed for each leg.",
}


@pytest.fixture
def services(encoder: Encoder, tmp_path: Path) -> ConsoleServices:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for title, sentence in SESSIONS.items():
        text = f"---\ntitle: {title}\n---\n## How many sessions\n\n{sentence}\n"
        (corpus / f"{title}.md").write_text(text, "utf-8")
    build_index(corpus, tmp_path / "index", encoder)
    bot = Chatbot(corpus, tmp_path / "index", encoder, Clinic())
    assert len(bot.ask(ASKED).choices) == 3
    return ConsoleServices.of(bot, None, replace(load_settings({}), staff=tmp_path / "staff", clinic=None))


def test_a_try_says_that_visitors_choose_a_page(services: ConsoleServices) -> None:
    tab = laid_out(playground._Tab, services)  # noqa: SLF001 -- a tab without a server
    decided = tab.ask(ASKED, [])[tab.parts.decided]
    assert decided.startswith("Asked back: visitors choose the page that they mean.")


def test_a_try_says_what_the_reader_gives_the_best_passage(services: ConsoleServices) -> None:
    tab = laid_out(playground._Tab, services)  # noqa: SLF001 -- as above
    decided = tab.ask("how many sessions of laser hair removal in winter", [])[tab.parts.decided]
    assert re.search(r"The reader, which reads the question with the passage, gives it \d+%\.", decided)


def test_an_unanswered_question_says_that_visitors_choose_a_page(services: ConsoleServices) -> None:
    tab = laid_out(unanswered._Tab, services)  # noqa: SLF001 -- a tab without a server
    today = tab.ask_again(ASKED)[tab.parts.today]
    assert today == "Asked today, visitors are asked which page they mean, with a button for each."
