"""The gate: the probability that the shown passages answer the question, and the outcome that it allows.

It weighs four signals of the best passage: MaxSim over the question's content words without the corpus's topic, the
margin over the next passages that say something else, whether the passage holds the type of answer asked for, and how
it meets the word that it meets least, such as "pregnant" on a page that does not speak of pregnancy. Where these leave
the answer open, the reader reads the best passages, and a second model weighs what it says too. `training/fit_gate.py`
fits both; `gate.json` holds them with their figures.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from statistics import fmean
from typing import Final, Self

from chatbot.answering.answer_type import match_answer_type
from chatbot.answering.search import SearchResult
from chatbot.answering.variants import are_variants
from chatbot.fitted import fitted_values
from chatbot.indexing import Index, Query
from chatbot.records import Hit, Outcome, Passage

__all__ = ["GATE_SIGNALS", "READ_SIGNALS", "Gate", "Logistic", "gate_signals"]

GATE_SIGNALS: Final = ("content_maxsim", "margin", "answer_type", "weakest_word")
"""The signals of a passage that was not read, in the order of the weights."""

READ_SIGNALS: Final = (*GATE_SIGNALS, "reading", "mean_reading")
"""Those of a passage that was read: also the reader's logit for it, and the mean logit of all that the answer shows."""

_RUNNERS_UP: Final = 5  # passages whose mean score the margin is taken from


def gate_signals(index: Index, topic_free: Query, question: str, hits: Sequence[Hit]) -> list[float]:
    """Return the `SIGNALS` of the first hit; `hits` are ranked and not empty."""
    (content,), (weakest,) = index.content_match(topic_free, [hits[0].passage])
    return _signals(float(content), float(weakest), question, hits)


def _signals(content_maxsim: float, weakest_word: float, question: str, hits: Sequence[Hit]) -> list[float]:
    """Return the signals of the first hit, of which two are known."""
    best = hits[0]
    competitors = (hit for hit in hits[1:] if not are_variants(best.passage, hit.passage))
    others = list(islice(competitors, _RUNNERS_UP))
    margin = best.score - sum(hit.score for hit in others) / len(others) if others else 0.0
    return [content_maxsim, margin, float(match_answer_type(question, best.passage.text)), weakest_word]


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model: a weight for each signal, and the intercept."""

    weights: tuple[float, ...]
    intercept: float

    def probability(self, signals: Sequence[float]) -> float:
        """Return the probability, 0 to 1, for signals in the order of the weights."""
        score = self.intercept + sum(weight * signal for weight, signal in zip(self.weights, signals, strict=True))
        return 1 / (1 + math.exp(-score))


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic model for passages that were read and one for others, with the thresholds for each outcome.

    `worth_reading` are the least and the greatest probability before reading at which the reader can change the
    outcome. A logit of the reader counts `reading_weight` beside a hit's score when the hits are put in order.

    `risk` holds pairs of an error rate and the probability from which at most that share of the answers were wrong on
    the data of the fit, both falling. `related` is the probability from which passages are shown at all, `likely` the
    one from which they go before the ways to reach the clinic.
    """

    unread: Logistic
    read: Logistic
    worth_reading: tuple[float, float]
    reading_weight: float
    risk: tuple[tuple[float, float], ...]
    related: float
    likely: float

    @classmethod
    def fitted(cls) -> Self:
        """Return the gate that `training/fit_gate.py` wrote to `gate.json`."""
        values = fitted_values("chatbot.answering", "gate")
        least, greatest = values["worth_reading"]
        return cls(
            Logistic(tuple(values["unread"][name] for name in GATE_SIGNALS), values["unread"]["intercept"]),
            Logistic(tuple(values["read"][name] for name in READ_SIGNALS), values["read"]["intercept"]),
            (least, greatest),
            values["reading_weight"],
            tuple((share, probability) for share, probability in values["risk"]),
            values["related"],
            values["likely"],
        )

    def is_worth_reading(self, index: Index, result: SearchResult) -> bool:
        """Return whether the reader can change what is said: not under an exact heading, nor where nothing is near."""
        if result.topic_alone or result.has_exact_heading(result.hits[0]):
            return False
        least, greatest = self.worth_reading
        return least <= self.confidence(index, result, result.hits[0]) <= greatest

    def with_readings(self, result: SearchResult, readings: Mapping[Passage, float]) -> SearchResult:
        """Return a search result with the reader's logits, and the passages that it read in the order of both."""
        read = [hit for hit in result.hits if hit.passage in readings]
        read.sort(key=lambda hit: hit.score + self.reading_weight * readings[hit.passage], reverse=True)
        others = [hit for hit in result.hits if hit.passage not in readings]
        return replace(result, hits=(*read, *others), readings=readings)

    def confidence(self, index: Index, result: SearchResult, hit: Hit) -> float:
        """Return the probability, 0 to 1, that a hit answers the question."""
        (confidence,) = self.confidences(index, result, [hit])
        return confidence

    def confidences(self, index: Index, result: SearchResult, hits: Sequence[Hit]) -> list[float]:
        """Return the probability, 0 to 1, that each of some hits answers the question.

        A passage whose heading is the question gets at least what the most careful clinic asks for. A question that
        names the topic alone gets what the least careful clinic calls an answer.
        """
        contents, weakest = index.content_match(result.topic_free, [hit.passage for hit in hits])
        rows = zip(hits, contents.tolist(), weakest.tolist(), strict=True)
        return [self._confidence(result, *row) for row in rows]

    def _confidence(self, result: SearchResult, hit: Hit, content_maxsim: float, weakest_word: float) -> float:
        is_heading = result.has_exact_heading(hit)
        if result.topic_alone and not is_heading:
            return min((chance for _, chance in self.risk), default=0.0)
        hits = (hit, *(other for other in result.hits if other is not hit))
        least = max((chance for _, chance in self.risk), default=1.0) if is_heading else 0.0
        return max(
            least, self._probability(result, hit, _signals(content_maxsim, weakest_word, result.gate_text, hits))
        )

    def _probability(self, result: SearchResult, hit: Hit, signals: Sequence[float]) -> float:
        """Return the probability that a hit answers; that of the first hit is for the answer with all that it shows."""
        reading = result.readings.get(hit.passage)
        if reading is None:
            return self.unread.probability(signals)
        mean = fmean(result.readings.values()) if hit is result.hits[0] else reading
        return self.read.probability([*signals, reading, mean])

    def threshold_for(self, max_error_rate: float) -> float:
        """Return the probability from which at most `max_error_rate` of the answers are expected to be wrong."""
        return min((chance for share, chance in self.risk if share <= max_error_rate), default=1.0)

    def outcome(self, confidence: float, max_error_rate: float) -> Outcome:
        """Return the outcome that a probability allows."""
        if confidence >= self.threshold_for(max_error_rate):
            return Outcome.ANSWERED
        return Outcome.RELATED if confidence >= self.related else Outcome.NOT_FOUND
