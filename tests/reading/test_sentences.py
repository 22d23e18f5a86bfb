import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading import sentences


def sentence_texts(text: str) -> list[str]:
    return [text[mark.start : mark.end] for mark in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It hurts a little. It is soon over!", ["It hurts a little.", "It is soon over!"]),
        ("Dr. Lee numbs it. Take 2.5 ml, e.g. at night.", ["Dr. Lee numbs it.", "Take 2.5 ml, e.g. at night."]),
        ("Bring:\n- a hat\n- sun cream. Any kind.", ["Bring:", "a hat", "sun cream.", "Any kind."]),
        ("Parking for approx. 20 cars. Free.", ["Parking for approx. 20 cars.", "Free."]),
        ("1. Wash\n2. Rest", ["Wash", "Rest"]),
        ("Day | What\n1 | Redness", ["Day | What", "1 | Redness"]),
        ("a line that was wrapped by hand because it is long and\nthen goes on.", None),
        ("...\n***", []),
        ("", []),
    ],
)
def test_sentences_are_found_without_the_marks_around_them(text: str, expected: list[str] | None) -> None:
    assert sentence_texts(text) == ([text] if expected is None else expected)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_sentences_come_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for mark in sentences(text):
        assert end <= mark.start < mark.end <= len(text)
        assert text[mark.start : mark.end] == text[mark.start : mark.end].strip()
        end = mark.end
