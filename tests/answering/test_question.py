import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answering import LONGEST, clean_question, read_question
from chatbot.errors import QuestionEmpty, QuestionError, QuestionTooLong, RequestError
from tests.request_bodies import NOT_A_QUESTION


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  how \n long?\t", "how long?"),
        ("re\u200bdne\ufeffss", "redness"),
        ("\u202eredness\u202c \u2066ok\u2069", "redness ok"),
        ("red\x00ness\x07", "redness"),
        ("one\x1ftwo\x85three", "one two three"),
        ("\ud800redness\udfff", "redness"),
        ("red\ue000ness", "redness"),  # a private character
        ("red\u0378ness", "redness"),  # an unassigned one
        ("\uff52\uff45\uff44", "red"),
        ("cafe\u0301", "caf\u00e9"),
        ("\U0001f600\U0001f600", "\U0001f600\U0001f600"),
        ("<b>{{x}}</b>", "<b>{{x}}</b>"),
    ],
)
def test_a_question_is_read_as_it_looks(typed: str, cleaned: str) -> None:
    assert clean_question(typed) == cleaned


@pytest.mark.parametrize("typed", ["", "   \n\t ", "\u200b\u202e", "\x00", "\ud800"])
def test_a_question_that_shows_nothing_is_empty(typed: str) -> None:
    with pytest.raises(QuestionEmpty, match="type a few words"):
        clean_question(typed)


@pytest.mark.parametrize("typed", ["a" * (LONGEST + 1), "a" * 10**7, "\ufdfa" * 1000, "\u0301" * 200_000])
def test_a_question_that_is_too_long_is_refused_at_once(typed: str) -> None:
    start = time.thread_time()
    with pytest.raises(QuestionTooLong, match="2,000 characters"):
        clean_question(typed)
    assert time.thread_time() - start < 5


def test_the_longest_question_is_read() -> None:
    assert clean_question("\u00e9" * LONGEST) == "\u00e9" * LONGEST


@pytest.mark.parametrize("typed", ["a" + " " * 7999, "\U0001f600" * 2000])
def test_eight_thousand_bytes_are_read(typed: str) -> None:
    assert clean_question(typed) == typed.strip()
    for longer in (f"{typed} ", f" {typed}"):
        with pytest.raises(QuestionTooLong):
            clean_question(longer)


def test_a_question_has_two_thousand_characters_at_most() -> None:
    assert (LONGEST, len(clean_question("\u00e9" * 2000))) == (2000, 2000)
    with pytest.raises(
        QuestionTooLong, match=r"^The question is longer than 2,000 characters: ask it in a sentence or two"
    ):
        clean_question("\ufb01" * 1001)  # one character that is written out as two


@given(st.text(alphabet=st.characters()))
def test_any_text_is_read_or_refused_and_reading_twice_changes_nothing(typed: str) -> None:
    try:
        question = clean_question(typed)
    except QuestionError:
        return
    assert clean_question(question) == question
    assert question.encode()


@pytest.mark.parametrize("body", NOT_A_QUESTION, ids=lambda body: repr(body[:40]))
def test_a_body_that_holds_no_question_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError, match="write"):
        read_question(body)


def test_a_body_gives_its_question_and_history_and_other_keys_are_ignored() -> None:
    assert read_question(b'{"id": 7, "question": "a", "history": ["b"]}') == ("a", ["b"], None)
    assert read_question(b' {"question": "\\ud800"}\n') == ("\ud800", [], None)
    assert read_question(b'{"question": "a", "document": "b.md"}') == ("a", [], "b.md")
    assert read_question(b'{"question": "a", "document": null}').document is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "This is not JSON: write one object in UTF-8."),
        (b'{"question": "a", "question": "a"}', "A key of the JSON stands twice: write each once."),
        (b"[]", 'This holds no question: write {"question": "..."}.'),
        (b'{"question": null}', 'This holds no question: write {"question": "..."}.'),
        (
            b'{"question": "a", "history": null}',
            'The history is no list of questions: write {"question": "...", "history": ["..."]}.',
        ),
        (
            b'{"question": "a", "document": 7}',
            'The document is no id of a page: write {"question": "...", "document": "..."}.',
        ),
    ],
)
def test_a_bad_body_is_told_what_to_write(body: bytes, message: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_question(body)
    assert str(raised.value) == message


def test_an_empty_question_is_told_what_to_do() -> None:
    with pytest.raises(QuestionEmpty) as raised:
        clean_question("")
    assert str(raised.value) == "The question is empty: type a few words."
