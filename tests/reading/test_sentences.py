import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading import opening_question, sentences


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
        ("Call ext. 12, Mon.-Thurs. 9 a.m. - 4 p.m. Closed.", ["Call ext. 12, Mon.-Thurs. 9 a.m. - 4 p.m.", "Closed."]),
        ("Open until 7 p.m. Tuesdays. Ring us.", ["Open until 7 p.m. Tuesdays.", "Ring us."]),
        ("Ring us at 7 p.m. We are here.", ["Ring us at 7 p.m.", "We are here."]),
        ("We close on Sun. Please ring on Mon. or Tues. morning.", ["We close on Sun.", None]),
        ("It is \u00a330 incl. VAT. Take vit. D.", ["It is \u00a330 incl. VAT.", "Take vit. D."]),
        ("Wait 2 hrs. before bed. Rest 3 wks. after that.", ["Wait 2 hrs. before bed.", "Rest 3 wks. after that."]),
        ("We are at 3 Mill St. Ask for Dr. St. John.", ["We are at 3 Mill St.", "Ask for Dr. St. John."]),
        ("Creams, gels, etc. Ring us. Use gels etc. as told.", ["Creams, gels, etc.", "Ring us.", None]),
        ("From 3 Jan. 2027 to Feb. 9. Ring us.", ["From 3 Jan. 2027 to Feb. 9.", "Ring us."]),
        (
            "Peel | Red. Then not. | \u00a35\nNeck | Yes. | \u00a36",
            ["Peel | Red. Then not. | \u00a35", "Neck | Yes. | \u00a36"],
        ),
        ("3 | Is it safe? | Yes. It is. |", ["Is it safe?", "Yes.", "It is."]),
        ("Q: Is it safe?\nA: Yes.", ["Is it safe?", "Yes."]),
        ("Q. Is it safe? A. Yes, it is. B. Lee says so.", ["Is it safe?", "Yes, it is.", None]),
        ("Who comes? A. Lee does.", ["Who comes?", "A. Lee does."]),
        (
            "\u0395\u03af\u03bd\u03b1\u03b9; \u039d\u03b1\u03b9.",
            ["\u0395\u03af\u03bd\u03b1\u03b9;", "\u039d\u03b1\u03b9."],
        ),
        ("...\n***", []),
        ("", []),
    ],
)
def test_sentences_are_found_without_the_marks_around_them(text: str, expected: list[str | None] | None) -> None:
    found = sentence_texts(text)
    if expected and expected[-1] is None:  # what follows does not matter here
        expected, found = expected[:-1], found[: len(expected) - 1]
    assert found == ([text] if expected is None else expected)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_sentences_come_in_order_and_never_overlap(text: str) -> None:
    end = 0
    for mark in sentences(text):
        assert end <= mark.start < mark.end <= len(text)
        assert text[mark.start : mark.end] == text[mark.start : mark.end].strip()
        end = mark.end


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Is it safe? Yes.", "Is it safe?"),
        ("2. Q: Is it safe?\n\nA: Yes.", "Is it safe?"),
        ("I am diabetic. May I come?\nYes.", "I am diabetic. May I come?"),
        ("Question: Parking\nBehind the mill.", "Parking"),
        ("- Is it safe? | Yes.", "Is it safe?"),
        ("We numb it. Any questions? Ring us.", None),
        ("It is safe.", None),
        ("", None),
    ],
)
def test_a_text_may_begin_with_a_question(text: str, question: str | None) -> None:
    found = opening_question(text)
    assert (found and text[found.start : found.end]) == question
