"""Triage by words alone, a classifier whose judgement a test writes down, and an encoder that carries it."""

from collections.abc import Mapping, Sequence

import numpy as np

from chatbot.indexing import Encoded, Vectors
from chatbot.triage import EmergencyClassifier, Triage
from chatbot.triage.classifier import LABELS, Thresholds

Ratings = Mapping[str, Mapping[str, float]]
"""Of each text the probabilities of the labels; the rest of the probability is that it is ordinary."""

NEVER = -1000.0  # a logarithm whose power is zero
WORDS_ALONE = Triage.standard()
FINGERPRINT = "rated-1"


def states_of(probabilities: Mapping[str, float]) -> Vectors:
    """Return states of one token from which `rating_classifier` reads these probabilities."""
    rest = 1 - sum(probabilities.values())
    wanted = [probabilities.get(label, rest if label == "ordinary" else 0.0) for label in LABELS]
    return np.array([[np.log(share) if share else NEVER for share in wanted]], np.float32)


def rating_classifier(**thresholds: float) -> EmergencyClassifier:
    """Return a classifier of no layers that takes the mean of the states for the scores."""
    head = np.concatenate([np.eye(5, dtype=np.float32), np.zeros((5, 5), np.float32)])
    return EmergencyClassifier((), 1, head, np.zeros(5, np.float32), Thresholds(**thresholds), FINGERPRINT)


class RatedEncoder:
    """An encoder of nothing but ratings; `one_token` are the words that it knows."""

    name = "rated"
    fingerprint = FINGERPRINT
    max_tokens = 60

    def __init__(self, ratings: Ratings | None = None, one_token: Sequence[str] = ()) -> None:
        self.ratings = ratings or {}
        self.one_token = one_token
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return 1 if text in self.one_token else 2

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        self.encoded += texts
        none = np.zeros((0, 2), np.int32)
        rated = [states_of(self.ratings.get(text, {})) for text in texts]
        return [Encoded(states[0], states, none[:, 0], none, states) for states in rated]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        return self.encode_questions(texts)
