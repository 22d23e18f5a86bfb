"""Whether what was found answers the question: a probability, from a fit that the project's own script makes.

The gate reads how well the best passage meets what the question asks of the corpus's topic, word by word; how far that
passage stands out from the next ones; whether it holds the kind of answer asked for; and the corpus itself: how much of
the same its own sentences reach when the passage that they stand in is left out. Those are questions on the corpus's
subject that it does not answer, so what they reach is no evidence. `gate.json` has the figures.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.answering.answer_type import match_answer_type
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import SearchResult
from chatbot.fitted import fitted_values
from chatbot.indexing import Encoder, Index, Query
from chatbot.records import Hit, Outcome, Passage

__all__ = ["CALIBRATED", "SIGNALS", "Calibration", "Gate", "gate_signals"]

SIGNALS: Final = ("content_maxsim", "margin", "answer_type")
"""The columns of `gate_signals`."""

CALIBRATED: Final = ("content_maxsim", "margin")
"""The signals that are measured on the corpus itself, leaving passages out."""

_NEXT: Final = 5  # passages that the best one is held against
_LEFT_OUT: Final = 60  # sentences that are asked of a corpus
_WORDS: Final = range(5, 41)  # of such a sentence


def gate_signals(index: Index, asked: Query, question: str, hits: Sequence[Hit]) -> list[float]:
    """Give the signals of the first of some hits, which must not be empty."""
    best, others = hits[0], hits[1 : 1 + _NEXT]
    (content,) = index.content_maxsim(asked, [best.passage])
    margin = best.score - float(np.mean([hit.score for hit in others])) if others else 0.0
    return [float(content), margin, float(match_answer_type(question, best.passage.text))]


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic curve over the signals, what they are held against, and what a probability is enough for.

    `risk` holds pairs, falling: a share of wrong answers, and the probability from which no more than that share of the
    answers given were wrong on the data of the fit.
    """

    weights: tuple[float, ...]
    intercept: float
    calibration_weights: Mapping[str, float]
    baseline: Mapping[str, float]
    risk: tuple[tuple[float, float], ...]
    related: float

    @classmethod
    def fitted(cls) -> Self:
        """Give the gate that `training/fit_gate.py` wrote; the file says on what data and how well."""
        values = fitted_values("chatbot.answering", "gate")
        return cls(
            tuple(values["weights"][name] for name in SIGNALS),
            values["intercept"],
            values["calibration_weights"],
            values["baseline"],
            tuple((share, probability) for share, probability in values["risk"]),
            values["related"],
        )

    def confidence(self, index: Index, result: SearchResult, hit: Hit) -> float:
        """Give the probability, 0 to 1, that one of the hits answers the question.

        It is high under the question itself. Where the topic alone is named, which asks nothing in particular, it is
        what the least careful clinic calls an answer; for others the passages are the closest.
        """
        if result.topic_alone and not result.has_exact_heading(hit):
            return min((chance for _, chance in self.risk), default=0.0)
        hits = (hit, *(other for other in result.hits[: 1 + _NEXT] if other is not hit))
        least = max((chance for _, chance in self.risk), default=1.0) if result.has_exact_heading(hit) else 0.0
        return max(
            least, self.probability(gate_signals(index, result.topic_free, result.gate_text, hits), index.calibration)
        )

    def probability(self, signals: Sequence[float], calibration: Mapping[str, float]) -> float:
        """Give the probability for signals in a corpus with what was measured of it, if it was."""
        score = self.intercept + sum(weight * signal for weight, signal in zip(self.weights, signals, strict=True))
        for name in CALIBRATED:
            score += self.calibration_weights[name] * (calibration.get(name, self.baseline[name]) - self.baseline[name])
        return 1 / (1 + math.exp(-score))

    def threshold_for(self, wrong_at_most: float) -> float:
        """Give the probability from which no more than a share of the answers are expected to be wrong."""
        return min((chance for share, chance in self.risk if share <= wrong_at_most), default=1.0)

    def outcome(self, confidence: float, wrong_at_most: float) -> Outcome:
        """Tell what a probability is enough for."""
        if confidence >= self.threshold_for(wrong_at_most):
            return Outcome.ANSWERED
        return Outcome.RELATED if confidence >= self.related else Outcome.NOT_FOUND


class Calibration:
    """Measures what sentences of a corpus reach when their own passage is left out: the median of each signal."""

    def __init__(self) -> None:
        """Measure with the ranking's fitted weights."""
        self._ranking = Ranking.fitted()
        self.fingerprint = json.dumps([SIGNALS, _LEFT_OUT, self._ranking.weights])

    def __call__(self, index: Index, encoder: Encoder) -> dict[str, float]:
        """Measure a corpus; gives nothing for one whose sentences cannot be asked."""
        sentences = [
            (passage, passage.text[mark.start : mark.end])
            for passage, marks in index.entries
            for mark in marks
            if len(passage.text[mark.start : mark.end].split()) in _WORDS
        ]
        asked = sentences[:: max(1, math.ceil(len(sentences) / _LEFT_OUT))]
        reached = [one for one in (_reached(index, encoder, self._ranking, *pair) for pair in asked) if one]
        if not reached:
            return {}
        return dict(zip(SIGNALS, np.round(np.median(reached, axis=0), 4).tolist(), strict=True))


def _reached(index: Index, encoder: Encoder, ranking: Ranking, passage: Passage, sentence: str) -> list[float] | None:
    aspect = index.without_topic(sentence)
    whole, bare = encoder.encode_questions([sentence, aspect])
    others = [hit for hit in ranking.hits(index.evidence(Query.of(sentence, whole))) if hit.passage != passage]
    if not others or not len(bare.ids):
        return None
    return gate_signals(index, Query.of(aspect, bare), sentence, others)
