from pathlib import Path

import pytest

from chatbot.answering import language_notes
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.evaluation import read_golden
from chatbot.indexing import Encoder, build_index
from chatbot.records import Outcome
from tests.conftest import WordEncoder

LANGUAGES = Path(__file__).parents[1] / "benchmarks" / "languages"
pytestmark = pytest.mark.model


@pytest.fixture(scope="module", params=["de", "es"])
def clinic(
    request: pytest.FixtureRequest, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Chatbot, Path]:
    folder, index = LANGUAGES / str(request.param), tmp_path_factory.mktemp("index")
    build_index(folder / "corpus", index, encoder)
    return Chatbot(folder / "corpus", index, encoder, Clinic()), folder


def test_most_questions_of_another_language_show_the_passage(clinic: tuple[Chatbot, Path]) -> None:
    bot, folder = clinic
    asked = [question for question in read_golden(folder / "golden.jsonl") if question.gold][::4]
    shown = [
        any(text in cited.passage.text for cited in bot.ask(question.question).citations for text in question.gold)
        for question in asked
    ]
    assert sum(shown) >= 0.6 * len(asked)


def test_a_question_in_the_pages_language_is_understood(clinic: tuple[Chatbot, Path]) -> None:
    bot, folder = clinic
    question = {"de": "Operieren Sie auch Krampfadern?", "es": "\u00bfHacen cirug\u00eda de nariz?"}[folder.name]
    answer = bot.ask(question)
    assert answer.outcome is Outcome.RELATED
    assert answer.citations


def test_it_is_said_what_works_in_a_language_and_what_does_not(encoder: Encoder, words: WordEncoder) -> None:
    assert not list(language_notes(["en"], encoder))
    german, model = language_notes(["en", "de"], encoder)
    assert (
        german == "Pages in 'de': words are found in all their forms, and emergencies in this language are recognised."
    )
    assert model.startswith("The model all-MiniLM-L6-v2 reads English, so it finds less in pages in 'de', and spelling")
    (thai,) = language_notes(["th"], words)
    said = (
        "Pages in 'th': words are found only as they are written, and emergencies in this language are NOT recognised."
    )
    assert thai == said
