"""Ranking: a weighted mean of four signals of each candidate passage.

Source of the fit: a conditional logit over each question's candidates (D. McFadden, 1974), the softmax loss of listwise
ranking. `training/fit_ranking.py` fits the weights on many corpora, so that none belongs to one of them.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.fitted import fitted_values
from chatbot.indexing import Evidence, Vectors
from chatbot.records import Hit

__all__ = ["RANKING_SIGNALS", "Ranking", "signals"]

RANKING_SIGNALS: Final = ("maxsim", "content_maxsim", "sentence", "bm25")
"""The columns of `signals`; `Evidence` describes them."""


def signals(evidence: Evidence) -> Vectors:
    """Return the signals of each candidate, shape (passages, len(SIGNALS))."""
    return np.stack([evidence.maxsim, evidence.content_maxsim, evidence.sentence, evidence.bm25], axis=1)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weight of each signal."""

    weights: tuple[float, ...]

    @classmethod
    def fitted(cls) -> Self:
        """Return the weights that `training/fit_ranking.py` wrote to `ranking.json`."""
        weights = fitted_values("chatbot.answering", "ranking")["weights"]
        return cls(tuple(weights[name] for name in RANKING_SIGNALS))

    def hits(self, evidence: Evidence) -> tuple[Hit, ...]:
        """Return the candidates as hits, best first; a score is the weighted mean of the signals."""
        weights = np.array(self.weights)
        scores = signals(evidence) @ weights / weights.sum()
        return tuple(Hit(evidence.passages[row], float(scores[row])) for row in np.argsort(-scores, kind="stable"))
