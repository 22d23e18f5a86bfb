"""The gate: the probability that the best passage answers the question, and the outcome that it allows.

It reads three signals of the best passage: MaxSim over the question's content words without the corpus's topic, the
margin over the next passages, and whether the passage holds the type of answer asked for. `training/fit_gate.py` fits
the weights; `gate.json` holds them with their figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from chatbot.answering.answer_type import match_answer_type
from chatbot.answering.search import SearchResult
from chatbot.fitted import fitted_values
from chatbot.indexing import Index, Query
from chatbot.records import Hit, Outcome

__all__ = ["GATE_SIGNALS", "Gate", "gate_signals"]

GATE_SIGNALS: Final = ("content_maxsim", "margin", "answer_type")
"""The signals of a passage, in the order of the weights."""

_RUNNERS_UP: Final = 5  # passages whose mean score the margin is taken from


def gate_signals(index: Index, topic_free: Query, question: str, hits: Sequence[Hit]) -> list[float]:
    """Return the `SIGNALS` of the first hit; `hits` are ranked and not empty."""
    (content,) = index.content_maxsim(topic_free, [hits[0].passage])
    return _signals(float(content), question, hits)


def _signals(content_maxsim: float, question: str, hits: Sequence[Hit]) -> list[float]:
    """Return the signals of the first hit, of which the first is known."""
    best, others = hits[0], hits[1 : 1 + _RUNNERS_UP]
    margin = best.score - sum(hit.score for hit in others) / len(others) if others else 0.0
    return [content_maxsim, margin, float(match_answer_type(question, best.passage.text))]


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic model over the signals, with the thresholds for each outcome.

    `risk` holds pairs of an error rate
    and the probability from which at most that share of the answers were wrong on the data of the fit, both falling.
    `related` is the probability from which passages are shown at all, `likely` the one from which they go before the
    ways to reach the clinic.
    """

    weights: tuple[float, ...]
    intercept: float
    risk: tuple[tuple[float, float], ...]
    related: float
    likely: float

    @classmethod
    def fitted(cls) -> Self:
        """Return the gate that `training/fit_gate.py` wrote to `gate.json`."""
        values = fitted_values("chatbot.answering", "gate")
        return cls(
            tuple(values["weights"][name] for name in GATE_SIGNALS),
            values["intercept"],
            tuple((share, probability) for share, probability in values["risk"]),
            values["related"],
            values["likely"],
        )

    def confidence(self, index: Index, result: SearchResult, hit: Hit) -> float:
        """Return the probability, 0 to 1, that a hit answers the question."""
        (confidence,) = self.confidences(index, result, [hit])
        return confidence

    def confidences(self, index: Index, result: SearchResult, hits: Sequence[Hit]) -> list[float]:
        """Return the probability, 0 to 1, that each of some hits answers the question.

        A passage whose heading is the question gets at least what the most careful clinic asks for. A question that
        names the topic alone gets what the least careful clinic calls an answer.
        """
        contents = index.content_maxsim(result.topic_free, [hit.passage for hit in hits]).tolist()
        return [self._confidence(result, hit, content) for hit, content in zip(hits, contents, strict=True)]

    def _confidence(self, result: SearchResult, hit: Hit, content_maxsim: float) -> float:
        is_heading = result.has_exact_heading(hit)
        if result.topic_alone and not is_heading:
            return min((chance for _, chance in self.risk), default=0.0)
        hits = (hit, *(other for other in result.hits[: 1 + _RUNNERS_UP] if other is not hit))
        least = max((chance for _, chance in self.risk), default=1.0) if is_heading else 0.0
        return max(least, self.probability(_signals(content_maxsim, result.gate_text, hits)))

    def probability(self, signals: Sequence[float]) -> float:
        """Return the probability for signals, in the order of `GATE_SIGNALS`."""
        score = self.intercept + sum(weight * signal for weight, signal in zip(self.weights, signals, strict=True))
        return 1 / (1 + math.exp(-score))

    def threshold_for(self, max_error_rate: float) -> float:
        """Return the probability from which at most `max_error_rate` of the answers are expected to be wrong."""
        return min((chance for share, chance in self.risk if share <= max_error_rate), default=1.0)

    def outcome(self, confidence: float, max_error_rate: float) -> Outcome:
        """Return the outcome that a probability allows."""
        if confidence >= self.threshold_for(max_error_rate):
            return Outcome.ANSWERED
        return Outcome.RELATED if confidence >= self.related else Outcome.NOT_FOUND
