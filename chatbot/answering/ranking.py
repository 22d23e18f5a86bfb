"""Which passages answer best: four kinds of evidence, weighed by a fit that the project's own script makes.

Source of the method: a conditional logit over each question's candidates (D. McFadden, 1974), the softmax loss of
listwise ranking. What the evidence does not say is left out on purpose: no weight belongs to one corpus.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.fitted import fitted_values
from chatbot.indexing import Evidence, Vectors
from chatbot.records import Hit

__all__ = ["SIGNALS", "Ranking", "signals"]

SIGNALS: Final = ("maxsim", "content_maxsim", "sentence", "bm25")
"""The columns of `signals`, as `Evidence` describes them."""


def signals(evidence: Evidence) -> Vectors:
    """Give the signals of each candidate, shape (passages, len(SIGNALS))."""
    return np.stack([evidence.maxsim, evidence.content_maxsim, evidence.sentence, evidence.bm25], axis=1)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weight of each signal."""

    weights: tuple[float, ...]

    @classmethod
    def fitted(cls) -> Self:
        """Give the weights that `training/fit_ranking.py` wrote; the file says on what data and how well."""
        weights = fitted_values("chatbot.answering", "ranking")["weights"]
        return cls(tuple(weights[name] for name in SIGNALS))

    def hits(self, evidence: Evidence) -> tuple[Hit, ...]:
        """Rank candidates, best first; a score is the weighted mean of the signals."""
        weights = np.array(self.weights)
        scores = signals(evidence) @ weights / weights.sum()
        return tuple(Hit(evidence.passages[row], float(scores[row])) for row in np.argsort(-scores, kind="stable"))
