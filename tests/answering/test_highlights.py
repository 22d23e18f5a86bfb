from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatbot.answering.citations import highlights
from chatbot.indexing import Encoded, ExactStore, Index, Query, build_index, open_index
from chatbot.indexing.late_interaction import Tokens
from chatbot.records import Highlight
from tests.answering.conftest import IndexOf, passage
from tests.conftest import WordEncoder

PAGE = """After care

Swelling is normal. This goes away within three days. Drink water.

Yes. Swim after a week. Is running fine? Run after a month and a week."""


@pytest.fixture
def index(tmp_path: Path, words: WordEncoder) -> Index:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "page.txt").write_text(PAGE)
    build_index(tmp_path / "corpus", tmp_path / "index", words)
    return open_index(tmp_path / "corpus", tmp_path / "index", words)[1]


def marked(index: Index, words: WordEncoder, question: str, start: str) -> list[str]:
    passage = next(one for one in index.passages if one.text.startswith(start))
    (encoded,) = words.encode_questions([question])
    marks = highlights(index, Query.of(question, encoded), passage)
    return [passage.text[mark.start : mark.end] for mark in marks]


def test_the_sentence_that_meets_the_question_best_is_marked(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "may I swim", "Yes") == ["Swim after a week."]


def test_a_sentence_that_leans_on_the_one_before_is_marked_with_it(index: Index, words: WordEncoder) -> None:
    both = ["Swelling is normal.", "This goes away within three days."]
    assert marked(index, words, "goes away within days", "Swelling") == both


def test_a_second_sentence_that_comes_as_near_is_marked_too(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "a week", "Yes") == ["Swim after a week.", "Run after a month and a week."]


def test_no_bare_yes_and_no_question_is_marked(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "yes is running fine", "Yes") == ["Swim after a week.", "Run after a month and a week."]


def marks_of(index: Index, words: WordEncoder, question: str, *shares: float) -> list[str]:
    """Return what is marked in the first passage; each word of the question counts for its share, or all alike."""
    (encoded,) = words.encode_questions([question])
    query = Query.of(question, encoded)
    if shares:
        query = replace(query, token_weights=np.array(shares, dtype=np.float32))
    text = index.passages[0].text
    return [text[mark.start : mark.end] for mark in highlights(index, query, index.passages[0])]


RED, SWOLLEN = "Redness fades soon.", "Swelling stays long."


@pytest.mark.parametrize(("share", "marked"), [(0.5295, [RED, SWOLLEN]), (0.5305, [RED])])
def test_a_second_sentence_is_marked_if_it_comes_within_six_hundredths(
    index_of: IndexOf, words: WordEncoder, share: float, marked: list[str]
) -> None:
    index = index_of(("Care", f"{RED} {SWOLLEN}"))
    assert marks_of(index, words, "redness swelling", share, 1 - share) == marked
    assert marks_of(index, words, "swelling redness", share, 1 - share) == (marked if len(marked) > 1 else [SWOLLEN])


def test_two_sentences_are_marked_at_most(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(("Care", "Redness fades soon. Redness stays long. Redness comes back."))
    assert marks_of(index, words, "redness") == ["Redness fades soon.", "Redness stays long."]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Redness fades. Creams cool redness fast.", ["Creams cool redness fast."]),
        ("Redness always fades. Creams cool fast.", ["Redness always fades."]),
        ("Redness always fades? Creams cool fast.", ["Creams cool fast."]),
        ("Yes. Redness.", ["Redness."]),
        ("Redness always fades.", ["Redness always fades."]),
    ],
)
def test_a_sentence_of_three_words_that_asks_nothing_can_answer(
    index_of: IndexOf, words: WordEncoder, text: str, marked: list[str]
) -> None:
    assert marks_of(index_of(("Care", text)), words, "redness always zebra") == marked


@pytest.mark.parametrize(
    "word", ["This", "These", "That", "Those", "It", "They", "He", "She", "Both", "Such", "this", "THIS"]
)
def test_a_sentence_that_begins_by_pointing_leans(index_of: IndexOf, words: WordEncoder, word: str) -> None:
    first, second = "Swelling is normal.", f"{word} fades within days."
    assert marks_of(index_of(("Care", f"{first} {second}")), words, "fades days") == [first, second]


@pytest.mark.parametrize(
    "second", ["Redness fades within days.", "Thistle fades within days.", "Say it fades within days."]
)
def test_another_sentence_does_not_lean(index_of: IndexOf, words: WordEncoder, second: str) -> None:
    assert marks_of(index_of(("Care", f"Swelling is normal. {second}")), words, "fades days") == [second]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("This fades within days. Swelling is normal.", ["This fades within days."]),  # nothing stands before it
        ("Yes. It fades within days.", ["It fades within days."]),  # a bare word does
        ("Is it? It fades within days.", ["It fades within days."]),  # a question does
        (
            "Swelling is normal. It fades within days. Redness fades within days.",  # another comes as near
            ["It fades within days.", "Redness fades within days."],
        ),
        ("Swelling is normal. It fades within days. Do not worry.", ["Swelling is normal.", "It fades within days."]),
    ],
)
def test_a_sentence_leans_on_one_that_can_answer(
    index_of: IndexOf, words: WordEncoder, text: str, marked: list[str]
) -> None:
    assert marks_of(index_of(("Care", text)), words, "fades days") == marked


def test_a_passage_without_sentences_is_marked_as_a_whole(words: WordEncoder) -> None:
    cited = passage("Redness", start=7)
    (read,) = words.encode_passages([cited.text])
    store = ExactStore.of(np.stack([read.vector, read.vector]))
    index = Index([], [(cited, ())], store, Tokens.of(read, np.array([-1], dtype=np.int16)), {})
    assert highlights(index, Query.of("redness", encoded(words)), cited) == (Highlight(0, 7),)


def encoded(words: WordEncoder) -> Encoded:
    return words.encode_questions(["redness"])[0]
