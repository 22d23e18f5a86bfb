import numpy as np
import pytest

from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.spans import heading_prefix, sentence_of, span_vectors
from chatbot.records import Highlight, Passage

PASSAGE = Passage("care.md", "After care", None, ("Redness", "How long?"), 0, 4, "Days")
WHOLE = np.array([0, 0, 1], dtype=np.float32)
TOKENS = np.array([[9, 9, 9], [3, 0, 0], [0, 4, 0], [0, 4, 0], [0, 0, 7]], dtype=np.float32)
SPANS = np.array([[0, 4], [4, 7], [8, 10], [11, 14], [15, 18]], dtype=np.int32)  # of a text that begins at 4


def encoded(tokens: Vectors = TOKENS) -> Encoded:
    return Encoded(WHOLE, tokens, np.arange(len(tokens), dtype=np.int32), SPANS[: len(tokens)])


@pytest.mark.parametrize("common", [None, "Prices"])
def test_a_title_that_tells_passages_apart_is_read_above_the_headings(common: str | None) -> None:
    assert heading_prefix(PASSAGE, common) == "After care\nRedness\nHow long?\n"


def test_a_title_above_most_passages_is_not_read() -> None:
    assert heading_prefix(PASSAGE, "After care") == "Redness\nHow long?\n"


def test_nothing_is_read_above_a_passage_of_the_common_title_without_headings() -> None:
    assert heading_prefix(Passage("care.md", "After care", None, (), 0, 4, "Days"), "After care") == ""


def test_each_token_knows_its_sentence_and_headings_have_none() -> None:
    numbers = sentence_of(encoded(), 4, (Highlight(0, 6), Highlight(7, 14)))  # the tokens at 4 to 10 and at 11 to 18
    assert numbers.tolist() == [-1, 0, 0, 1, 1]
    assert numbers.dtype == np.int16


def test_a_token_that_reaches_over_a_sentence_stands_in_none() -> None:
    assert sentence_of(encoded(), 4, (Highlight(1, 5),)).tolist() == [-1, -1, -1, -1, -1]
    assert sentence_of(encoded(), 4, (Highlight(1, 6), Highlight(7, 13))).tolist() == [-1, -1, 0, 1, -1]


def test_a_passage_without_sentences_gives_every_token_none() -> None:
    assert sentence_of(encoded(), 4, ()).tolist() == [-1] * 5


def test_spans_are_the_whole_the_text_and_each_sentence() -> None:
    vectors = span_vectors(encoded(), 4, np.array([-1, 0, 0, 1, 1], dtype=np.int16), 2)
    body = np.array([3, 4 + 4, 7]) / (3**2 + 8**2 + 7**2) ** 0.5  # a mean points where its sum points
    assert vectors == pytest.approx(np.array([WHOLE, body, [3 / 5, 4 / 5, 0], [0, 4 / 65**0.5, 7 / 65**0.5]]), abs=1e-6)
    assert vectors.dtype == np.float32


def test_a_token_between_sentences_counts_for_the_words_alone() -> None:
    vectors = span_vectors(encoded(), 4, np.array([-1, 0, -1, -1, -1], dtype=np.int16), 1)
    assert vectors[1] == pytest.approx(np.array([3, 8, 7]) / 122**0.5, abs=1e-6)
    assert vectors[2].tolist() == [1, 0, 0]


def test_a_sentence_beyond_the_window_gets_the_vector_of_the_whole() -> None:
    vectors = span_vectors(encoded(TOKENS[:2]), 4, np.array([-1, 0], dtype=np.int16), 2)
    assert vectors.tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0], [0, 0, 1]]


def test_words_beyond_the_window_get_the_vector_of_the_whole() -> None:
    vectors = span_vectors(encoded(TOKENS[:1]), 4, np.array([-1], dtype=np.int16), 0)
    assert vectors.tolist() == [[0, 0, 1], [0, 0, 1]]


def test_tokens_that_cancel_out_give_a_vector_of_no_direction() -> None:
    vectors = span_vectors(encoded(np.array([[1, 0, 0], [-1, 0, 0]], dtype=np.float32)), 0, np.zeros(2, np.int16), 1)
    assert vectors.tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
