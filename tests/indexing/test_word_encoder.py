import numpy as np
import pytest

from chatbot.indexing import Encoder, load_encoder
from chatbot.indexing.model_files import MULTILINGUAL_MODEL


@pytest.fixture(scope="module")
def multilingual() -> Encoder:
    return load_encoder(MULTILINGUAL_MODEL)


def test_questions_that_ask_the_same_in_two_languages_are_near(multilingual: Encoder) -> None:
    german, english, other = (
        text.vector
        for text in multilingual.encode_questions(
            ["Wie viel kostet die Behandlung?", "How much does the treatment cost?", "Where can I park my car?"]
        )
    )
    assert np.linalg.norm(german) == pytest.approx(1, abs=1e-5)
    assert german @ english > 0.7 > german @ other + 0.2


def test_each_word_is_a_token_with_its_own_vector_and_place(multilingual: Encoder) -> None:
    (text,) = multilingual.encode_passages(["Haut, HAUT!"])
    assert text.spans.tolist() == [[0, 4], [6, 10]]
    assert text.ids[0] == text.ids[1]
    assert text.tokens.shape == (2, len(text.vector))
    assert (text.tokens[0] == text.tokens[1]).all()


@pytest.mark.parametrize("text", ["", "?!", "\u00a0"])
def test_a_text_without_words_has_no_tokens(multilingual: Encoder, text: str) -> None:
    (encoded,) = multilingual.encode_questions([text])
    assert encoded.tokens.shape == (0, len(encoded.vector))
    assert encoded.spans.shape == (0, 2)


def test_a_vector_does_not_depend_on_its_neighbours(multilingual: Encoder) -> None:
    (alone,) = multilingual.encode_passages(["Die Haut ist rot."])
    _, beside = multilingual.encode_passages(["La piel est\u00e1 roja.", "Die Haut ist rot."])
    assert (alone.vector == beside.vector).all()
    assert (alone.tokens == beside.tokens).all()


def test_common_words_are_one_piece_and_made_up_ones_several(multilingual: Encoder) -> None:
    assert multilingual.count_tokens("Haut") == 1
    assert multilingual.count_tokens("Xqzwvk") > 1
    assert multilingual.count_tokens(" ") == 0
