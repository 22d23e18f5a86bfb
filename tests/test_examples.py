"""The examples of the documentation, asked of the project's own page."""

import re

import pytest

from chatbot.bot import Chatbot
from chatbot.records import Outcome
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
SHOWN = re.findall(
    r'visitor of a clinic\'s website asks "([^"]+)"|bot\.ask\("([^"]+)"\)|footnote ask "([^"]+)"', README
)
TABLE = re.findall(
    r"^\| ([^|`]+) \| `(\w+)` \| ([\d.]+) \|", (ROOT / "docs/answers.md").read_text("utf-8"), re.MULTILINE
)


@pytest.mark.parametrize("question", ["".join(groups) for groups in SHOWN])
def test_the_readmes_questions_are_answered(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert answer.outcome is Outcome.ANSWERED, answer.confidence
    assert answer.citations[0].highlights


def test_the_readme_shows_questions() -> None:
    assert len(SHOWN) == 3


def test_the_documentation_shows_each_outcome() -> None:
    assert {outcome for _, outcome, _ in TABLE} == set(Outcome)


@pytest.mark.parametrize(("question", "outcome", "confidence"), TABLE)
def test_a_documented_question_gets_the_documented_answer(
    bot: Chatbot, question: str, outcome: str, confidence: str
) -> None:
    answer = bot.ask(question)
    assert answer.outcome.value == outcome
    assert answer.confidence == pytest.approx(float(confidence), abs=0.015)
