"""An answer as plain text."""

from dataclasses import replace

import pytest

from chatbot.cli.plain_text import plain_text
from chatbot.clinic import Clinic, Contact, Crisis, Urgent
from chatbot.records import Alarm, Answer, Citation, Highlight, Level, Outcome, Passage

CLINIC = Clinic(
    contact=Contact(phone="020 7946 0123", hours="9 to 5"), urgent=Urgent(phone="999", crisis=Crisis(phone="116 123"))
)


def urgent(level: Level, language: str = "en") -> Answer:
    return Answer("q", "q", Outcome.URGENT, 0.0, "Do not wait.", (), (), Alarm(level, "rule", language))


@pytest.mark.parametrize(
    ("level", "language", "text"),
    [
        (Level.EMERGENCY, "en", "Call 999\n\nThis sounds urgent\n\nDo not wait."),
        (Level.CRISIS, "en", "Call 116 123\n\nYou are not alone\n\nDo not wait."),
        (Level.TODAY, "en", "Call 020 7946 0123\n\nPlease ring us today\n\nDo not wait."),
        (Level.EMERGENCY, "de", "999 anrufen\n\nDas klingt dringend\n\nDo not wait."),
    ],
)
def test_an_urgent_answer_begins_with_the_number(level: Level, language: str, text: str) -> None:
    assert plain_text(urgent(level, language), CLINIC) == text


@pytest.mark.parametrize("level", Level)
def test_without_a_number_an_urgent_answer_begins_with_its_heading(level: Level) -> None:
    assert not plain_text(urgent(level), Clinic()).startswith("Call")
    assert plain_text(urgent(level), Clinic()).endswith("\n\nDo not wait.")


PASSAGE = Passage("a.txt", "Care", None, ("Day 1",), 0, 18, "It hurts. A bit.")
CITATION = Citation(1, PASSAGE, (Highlight(10, 16),), "/pages/a.txt")
LIKELY = Answer(
    "pain", "before? does it hurt?", Outcome.RELATED, 0.3, "It may be this:", (CITATION,), (), contact="020 7946 0123"
)
QUOTE = "[1] From our page Care > Day 1\nIt hurts. \u00abA bit.\u00bb\n/pages/a.txt"


def test_the_line_of_contact_ends_an_answer() -> None:
    assert plain_text(LIKELY, CLINIC) == f"It may be this:\n\n{QUOTE}\n\n020 7946 0123"


def test_the_contact_goes_before_passages_that_may_not_answer() -> None:
    weak = replace(LIKELY, contact_first=True)
    closest = "This is the closest our pages come:"
    assert plain_text(weak, CLINIC) == f"It may be this:\n\n020 7946 0123\n\n{closest}\n\n{QUOTE}"


def test_an_answer_begins_with_its_sentence() -> None:
    answer = replace(LIKELY, outcome=Outcome.ANSWERED, contact="", message="Call 999.\nOur pages say:")
    assert plain_text(answer, CLINIC) == f"Call 999.\n\nA bit.\n\n{QUOTE}"


def test_only_a_corrected_question_is_named() -> None:
    assert "earlier" not in plain_text(replace(LIKELY, understood_as="An earlier one? Pain"), CLINIC)
    assert plain_text(replace(LIKELY, corrected="pain?"), CLINIC).startswith("Searched for: pain?\n\nIt may")


def test_nothing_stands_where_there_is_no_contact() -> None:
    assert plain_text(Answer("q", "q", Outcome.NOT_FOUND, 0.0, "No.", (), ()), CLINIC) == "No."
