"""Whether what was found answers the question: a probability, from a fit that the project's own script makes.

The gate reads one signal: how well the best passage meets what the question says, word by word, each by its rarity in
the corpus. It tells other subjects from the corpus's own nearly always; an aspect of that subject that the pages never
mention, it tells from one that they do less surely (`gate.json` has the figures).
"""

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from chatbot.indexing import Evidence
from chatbot.records import Outcome, Passage

__all__ = ["Gate", "content_met"]

_LEAST = 1e-4  # the weight of a token that says nothing; a question of such tokens alone is still read


def content_met(evidence: Evidence, passage: Passage) -> float:
    """Say how well a candidate passage meets the tokens that carry the question: a weighted mean of cosines."""
    weights = evidence.weights * evidence.content + _LEAST
    return float(evidence.met[evidence.passages.index(passage)] @ weights / weights.sum())


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic curve over `content_met`, and the probabilities from which passages are shown."""

    slope: float
    intercept: float
    answered: float
    related: float

    @classmethod
    def fitted(cls) -> Self:
        """Give the gate that `benchmarks/fit_gate.py` wrote; the file says on what data and how well."""
        told = json.loads(files("chatbot.answering").joinpath("gate.json").read_text("utf-8"))
        return cls(told["slope"], told["intercept"], told["answered"], told["related"])

    def confidence(self, evidence: Evidence, best: Passage) -> float:
        """Give the probability, 0 to 1, that the best of the candidates answers the question."""
        return 1 / (1 + math.exp(-(self.slope * content_met(evidence, best) + self.intercept)))

    def outcome(self, confidence: float) -> Outcome:
        """Tell what a probability is enough for."""
        if confidence >= self.answered:
            return Outcome.ANSWERED
        return Outcome.RELATED if confidence >= self.related else Outcome.NOT_FOUND
