"""Red flags by meaning: how near a message comes to emergencies that people described, and how near to none.

A support vector machine with a Gaussian kernel over the encoder's vectors, fitted by `benchmarks/fit_triage.py`.
Source: C. Cortes and V. Vapnik, "Support-Vector Networks", Machine Learning 20, 1995.
"""

import json
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Final, Self

import numpy as np

from chatbot.indexing import Vectors

__all__ = ["Meaning"]

_STEPS: Final = 127  # of the signed bytes in which the file keeps the examples' vectors


@dataclass(frozen=True, slots=True)
class Meaning:
    """Examples (unit vectors, shape (n, dimensions)) with their weights, shape (n,), and what a score must exceed.

    `fingerprint` is that of the encoder whose vectors they are; no other's can be read. `told` is the threshold of a
    message that tells of something, `asked` that of a question in general.
    """

    examples: Vectors
    weights: Vectors
    bias: float
    gamma: float
    told: float
    asked: float
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Give the machine that the script wrote; `meaning.json` says on what and how well."""
        folder = files("chatbot.answering")
        told = json.loads(folder.joinpath("meaning.json").read_text("utf-8"))
        with as_file(folder.joinpath("meaning.npz")) as path, np.load(path, allow_pickle=False) as kept:
            examples = kept["examples"].astype(np.float32) / _STEPS * kept["largest"]
            weights = kept["weights"].astype(np.float32)
        return cls(
            examples, weights, told["bias"], told["gamma"], told["told"], told["asked"], told["encoder"]["fingerprint"]
        )

    def alarms(self, vector: Vectors, asked: bool) -> bool:
        """Tell whether a message of this vector reads like an emergency."""
        return self.score(vector) > (self.asked if asked else self.told)

    def score(self, vector: Vectors) -> float:
        """Give the machine's decision value: above 0 on the side of the emergencies."""
        distances = np.sum((self.examples - vector) ** 2, axis=1)
        return float(self.weights @ np.exp(-self.gamma * distances)) + self.bias
