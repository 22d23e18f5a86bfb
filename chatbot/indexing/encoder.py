"""Text encoding: what an encoder returns, and the `Encoder` protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoded", "Encoder", "Numbers", "Vectors"]

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors of a text and of its n tokens.

    `vector` is the unit vector of the text, shape (dimensions,). `tokens` are the token vectors of the last layer, not
    normalised, shape (n, dimensions). `ids` are the tokens' numbers in the model's vocabulary, shape (n,). `spans` are
    their places in the text in code points, shape (n, 2). `states` are the hidden states after half of the layers, for
    every token and the special tokens around them; only the packaged model has them.
    """

    vector: Vectors
    tokens: Vectors
    ids: Numbers
    spans: Numbers
    states: Vectors | None = None


class Encoder(Protocol):
    """Encodes questions and passages as vectors whose inner product is their similarity of meaning.

    Two encoders with the same fingerprint return the same vectors.
    """

    @property
    def name(self) -> str:
        """The name of the model, and of what runs it where that was checked, for people to read."""

    @property
    def fingerprint(self) -> str:
        """A hash of the model's weights and configuration."""

    @property
    def max_tokens(self) -> int:
        """The number of tokens of a text that are encoded; the rest is ignored."""

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, without the special tokens around it."""

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode passages, in order."""
