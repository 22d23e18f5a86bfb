import numpy as np
import pytest

from chatbot.indexing import Encoded, SentenceEncoder
from chatbot.records import Level
from chatbot.triage import EmergencyClassifier
from tests.conftest import WordEncoder

CLASSIFIER = EmergencyClassifier.fitted()


def read(encoder: SentenceEncoder, *texts: str) -> list[Encoded]:
    return encoder.encode_questions(texts)


def test_it_serves_the_packaged_encoder_and_no_other(encoder: SentenceEncoder, words: WordEncoder) -> None:
    assert CLASSIFIER.serves(encoder)
    assert not CLASSIFIER.serves(words)


def test_probabilities_add_up_to_one(encoder: SentenceEncoder) -> None:
    found = CLASSIFIER.probabilities(read(encoder, "my chest hurts", "where can I park?"))
    assert found.shape == (2, 5)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


def test_a_text_is_judged_alike_alone_and_beside_others(encoder: SentenceEncoder) -> None:
    texts = ("my chest hurts", "where can I park when I come for the whole afternoon with my mother?", "help")
    together = CLASSIFIER.probabilities(read(encoder, *texts))
    alone = np.concatenate([CLASSIFIER.probabilities(read(encoder, text)) for text in texts])
    assert np.allclose(together, alone, atol=1e-3)


def test_nothing_to_judge_gives_nothing() -> None:
    assert CLASSIFIER.probabilities([]).shape == (0, 5)
    assert CLASSIFIER.judge([]) == []


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("my father has collapsed and will not wake up", Level.EMERGENCY),
        ("there is yellow pus coming out of my wound", Level.TODAY),
        ("I do not want to be alive any longer", Level.CRISIS),
    ],
)
def test_an_urgent_message_is_told_with_its_level(encoder: SentenceEncoder, text: str, level: Level) -> None:
    (verdict,) = CLASSIFIER.judge(read(encoder, text))
    assert verdict.urgent >= CLASSIFIER.thresholds.message
    assert verdict.level is level


@pytest.mark.parametrize(
    "text", ["how much is a filling?", "can filler make you blind?", "I had a stroke ten years ago, can I have botox?"]
)
def test_an_ordinary_message_is_not_urgent(encoder: SentenceEncoder, text: str) -> None:
    (verdict,) = CLASSIFIER.judge(read(encoder, text))
    assert verdict.urgent < CLASSIFIER.thresholds.message
