"""The tokens of every passage, for late interaction: how well each word of a question is met somewhere in a passage.

Source: O. Khattab and M. Zaharia, "ColBERT", SIGIR 2020 (MaxSim), here with the encoder's own token vectors. A vector
of unit length is kept as 8-bit integers, a byte a dimension.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Encoded, Numbers, Vectors

__all__ = ["Tokens", "l2_normalise"]

_SCALE = 127  # what a cosine of 1 is written as


def l2_normalise(vectors: Vectors) -> Vectors:
    """Scale vectors to length 1; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of passages 0 to m - 1, those of passage i in rows `first[i]` to `first[i + 1]` of the other arrays.

    `vectors` are bytes of shape (n, dimensions), `ids` the numbers in the model's vocabulary, and `sentences` says
    which sentence of its passage a token stands in, or -1 for a heading's.
    """

    offsets: NDArray[np.int64]
    vectors: NDArray[np.int8]
    ids: Numbers
    sentences: NDArray[np.int16]

    @classmethod
    def of(cls, encoded: Encoded, sentences: NDArray[np.int16]) -> Self:
        """Hold the tokens of one encoded passage, each with the sentence that it stands in."""
        vectors = np.round(l2_normalise(encoded.tokens) * _SCALE).astype(np.int8)
        return cls(np.array([0, len(vectors)], dtype=np.int64), vectors, encoded.ids, sentences)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Hold the passages of several, in order."""
        return cls(
            np.cumsum([0, *(count for part in parts for count in np.diff(part.offsets))], dtype=np.int64),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.sentences for part in parts]),
        )

    def passage(self, number: int) -> "Tokens":
        """Give the tokens of one passage."""
        rows = slice(self.offsets[number], self.offsets[number + 1])
        first = np.array([0, self.offsets[number + 1] - self.offsets[number]], dtype=np.int64)
        return Tokens(first, self.vectors[rows], self.ids[rows], self.sentences[rows])

    def to_bytes(self) -> bytes:
        """Give the tokens as bytes, the same for the same tokens."""
        file = io.BytesIO()
        np.savez(file, first=self.offsets, vectors=self.vectors, ids=self.ids, sentences=self.sentences)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` gave; raises `IndexDamaged` for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                tokens = cls(arrays["first"], arrays["vectors"], arrays["ids"], arrays["sentences"])
            complete = tokens.offsets[-1] == len(tokens.vectors) == len(tokens.ids) == len(tokens.sentences)
        except (OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, BadZipFile) as error:
            raise IndexDamaged(f"The tokens cannot be read: {REBUILD_HINT}.") from error
        if not complete:
            raise IndexDamaged(f"The tokens are not whole: {REBUILD_HINT}.")
        return tokens

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def maxsim(self, question: Vectors, passages: Sequence[int]) -> tuple[Vectors, NDArray[np.int64]]:
        """Say how well the windows of passages meet each of a question's unit token vectors.

        A window is a sentence, the one after it, and what stands above the passage. Gives cosines, shape (windows,
        tokens), and for each passage the first row of its windows, of which every passage has at least one.
        """
        rows = np.concatenate([np.arange(self.offsets[one], self.offsets[one + 1]) for one in passages])
        owner = np.repeat(np.arange(len(passages)), [self.offsets[one + 1] - self.offsets[one] for one in passages])
        met, owners, sentences = _maxsim_by_sentence(self._cosines(question, rows), owner, self.sentences[rows])
        inside = sentences >= 0
        inside |= ~np.isin(owners, owners[inside])  # a passage that is all heading is a window itself
        above = np.full((len(passages), len(question)), -1, dtype=np.float32)
        above[owners[~inside]] = met[~inside]
        met, owners = met[inside], owners[inside]
        follows = owners[1:] == owners[:-1]
        windows = met.copy()
        windows[:-1][follows] = np.maximum(met[:-1][follows], met[1:][follows])
        return np.maximum(windows, above[owners]), np.searchsorted(owners, np.arange(len(passages)))

    def sentence_maxsim(self, question: Vectors, passage: int, sentences: int) -> Vectors:
        """Say the same for each sentence of one passage alone: cosines, shape (sentences, tokens)."""
        rows = np.arange(self.offsets[passage], self.offsets[passage + 1])
        alone = np.zeros(len(rows), dtype=np.int64)
        found, _, numbers = _maxsim_by_sentence(self._cosines(question, rows), alone, self.sentences[rows])
        met = np.zeros((sentences, len(question)), dtype=np.float32)
        met[numbers[numbers >= 0]] = found[numbers >= 0]
        return met

    def _cosines(self, question: Vectors, rows: NDArray[np.int64]) -> Vectors:
        return np.asarray((self.vectors[rows].astype(np.float32) @ question.T) / _SCALE, dtype=np.float32)


def _maxsim_by_sentence(
    cosines: Vectors, owner: NDArray[np.int64], sentence: NDArray[np.int16]
) -> tuple[Vectors, NDArray[np.int64], NDArray[np.int64]]:
    """Give the highest cosines of each sentence, shape (sentences, tokens), with its passage and its number there.

    What stands above a passage or between its sentences has the number -1.
    """
    key = owner * 2**16 + sentence.astype(np.int64)
    order = np.argsort(key, kind="stable")
    keys, first = np.unique(key[order], return_index=True)
    met = np.asarray(np.maximum.reduceat(cosines[order], first, axis=0), dtype=np.float32)
    owners = (keys + 1) // 2**16
    return met, owners, keys - owners * 2**16
