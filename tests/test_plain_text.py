"""An answer as plain text."""

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


def test_the_line_of_contact_ends_an_answer() -> None:
    passage = Passage("a.txt", "Care", None, ("Day 1",), 0, 18, "It hurts. A bit.")
    citation = Citation(1, passage, (Highlight(10, 16),), "/pages/a.txt")
    answer = Answer(
        "pain",
        "does it hurt?",
        Outcome.RELATED,
        0.3,
        "It may be this:",
        (citation,),
        (),
        contact="020 7946 0123 (9 to 5)",
    )
    assert plain_text(answer, CLINIC) == (
        "It may be this:\n\nSearched for: does it hurt?\n\n[1] Care > Day 1\nIt hurts. \u00abA bit.\u00bb\n/pages/a.txt"
        "\n\n020 7946 0123 (9 to 5)"
    )


def test_nothing_stands_where_there_is_no_contact() -> None:
    assert plain_text(Answer("q", "q", Outcome.NOT_FOUND, 0.0, "No.", (), ()), CLINIC) == "No."
