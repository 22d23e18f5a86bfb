import logging
from pathlib import Path

import pytest

from chatbot.answering import reader
from chatbot.answering.reader import GRAPH, load_reader, reading_text
from chatbot.indexing import Encoder
from tests.answering.conftest import passage
from tests.conftest import WordEncoder

QUESTION = "can I drive home after the gastroscopy?"
RIGHT = passage("If you had sedation, do not drive until the next day.", "After a gastroscopy")
OTHER_ASPECT = passage("The camera test takes about ten minutes.", "What happens at a gastroscopy")
OTHER_SUBJECT = passage("We open at nine and close at five.", "When are you open?")


def test_a_passage_is_read_under_its_title_and_last_two_headings() -> None:
    assert reading_text(passage("Do not drive.", "Tests", "Gastroscopy", "After")) == (
        "Care > Gastroscopy > After: Do not drive."
    )
    assert reading_text(passage("Do not drive.", "Care", "After")) == "Care > After: Do not drive."
    assert reading_text(passage("Do not drive.")) == "Care: Do not drive."


def test_the_passage_that_answers_is_read_as_more_likely(encoder: Encoder) -> None:
    read = load_reader(encoder)
    assert read
    right, aspect, subject = read.read(QUESTION, [RIGHT, OTHER_ASPECT, OTHER_SUBJECT])
    assert right > max(aspect, subject) + 1
    assert read.read(QUESTION, [OTHER_SUBJECT, RIGHT]) == [subject, right]  # read alone, whatever stands beside it


@pytest.mark.parametrize("text", ["", "?", "x" * 2000, "word " * 1000, "\N{PILE OF POO}" * 300])
def test_any_text_can_be_read(encoder: Encoder, text: str) -> None:
    read = load_reader(encoder)
    assert read
    (logit,) = read.read(text, [passage("word " * 2000, "A heading " * 50)])
    assert -20 < logit < 20


def test_another_encoder_has_no_reader(words: WordEncoder) -> None:
    assert load_reader(words) is None


def test_a_graph_that_cannot_run_leaves_no_reader_and_says_so(
    encoder: Encoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "reader.onnx"
    broken.write_bytes(GRAPH.read_bytes()[:1000])
    with caplog.at_level(logging.WARNING, reader.__name__):
        assert load_reader(encoder, broken) is None
    assert "Answers are given without the reader" in caplog.text


def test_the_word_vectors_are_not_held_twice() -> None:
    assert GRAPH.stat().st_size < 12_000_000
