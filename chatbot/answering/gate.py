"""Whether what was found answers the question: a probability, from a fit that the project's own script makes.

This gate reads one signal, the score of the best passage. It tells another subject from the clinic's own; it does not
tell an aspect that the pages never mention from one that they do.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from chatbot.records import Hit, Outcome

__all__ = ["Gate"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic curve over the best passage's score, and the probabilities from which passages are shown."""

    slope: float
    intercept: float
    answered: float
    related: float

    @classmethod
    def fitted(cls) -> Self:
        """Give the gate that `benchmarks/fit_gate.py` wrote; the file says on what data and how well."""
        told = json.loads(files("chatbot.answering").joinpath("gate.json").read_text("utf-8"))
        return cls(told["slope"], told["intercept"], told["answered"], told["related"])

    def confidence(self, hits: Sequence[Hit]) -> float:
        """Give the probability, 0 to 1, that hits (best first) answer their question."""
        if not hits:
            return 0.0
        return 1 / (1 + math.exp(-(self.slope * hits[0].score + self.intercept)))

    def outcome(self, confidence: float) -> Outcome:
        """Tell what a probability is enough for."""
        if confidence >= self.answered:
            return Outcome.ANSWERED
        return Outcome.RELATED if confidence >= self.related else Outcome.NOT_FOUND
