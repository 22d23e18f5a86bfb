"""Late interaction: the token vectors of every passage, and the MaxSim of a question's tokens over them.

Source: O. Khattab and M. Zaharia, "ColBERT", SIGIR 2020, here with the encoder's own token vectors. Unit vectors are
stored as 8-bit integers, one byte per dimension.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Encoded, Numbers, Vectors

__all__ = ["Tokens", "l2_normalise"]

_SCALE: Final = 127  # the integer that stands for 1


def l2_normalise(vectors: Vectors) -> Vectors:
    """Scale vectors to length 1; a vector of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The n tokens of m passages; those of passage i are rows `offsets[i]` to `offsets[i + 1]` of the other arrays.

    `offsets` has the shape (m + 1,), `vectors` (n, dimensions), `ids` and `sentences` (n,). `ids` are the numbers in
    the model's vocabulary. `sentences` is the number of a token's sentence in its passage, -1 for a token of none.
    """

    offsets: NDArray[np.int64]
    vectors: NDArray[np.int8]
    ids: Numbers
    sentences: NDArray[np.int16]

    @classmethod
    def of(cls, encoded: Encoded, sentences: NDArray[np.int16]) -> Self:
        """Return the tokens of one encoded passage, each with the number of its sentence."""
        vectors = np.round(l2_normalise(encoded.tokens) * _SCALE).astype(np.int8)
        return cls(np.array([0, len(vectors)], dtype=np.int64), vectors, encoded.ids, sentences)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the passages of several parts in one, in order."""
        return cls(
            np.cumsum([0, *(count for part in parts for count in np.diff(part.offsets))], dtype=np.int64),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.sentences for part in parts]),
        )

    def passage(self, number: int) -> "Tokens":
        """Return the tokens of one passage."""
        start, end = self.offsets[number : number + 2]
        offsets = np.array([0, end - start], dtype=np.int64)
        return Tokens(offsets, self.vectors[start:end], self.ids[start:end], self.sentences[start:end])

    def to_bytes(self) -> bytes:
        """Return the tokens as bytes; equal tokens give equal bytes."""
        file = io.BytesIO()
        np.savez(file, first=self.offsets, vectors=self.vectors, ids=self.ids, sentences=self.sentences)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that `to_bytes` returned; raises `IndexDamaged` for any others."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                tokens = cls(arrays["first"], arrays["vectors"], arrays["ids"], arrays["sentences"])
            complete = tokens.offsets[-1] == len(tokens.vectors) == len(tokens.ids) == len(tokens.sentences)
        except (OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, BadZipFile) as error:
            raise IndexDamaged(f"The tokens cannot be read: {REBUILD_HINT}.") from error
        if not complete:
            raise IndexDamaged(f"The tokens are incomplete: {REBUILD_HINT}.")
        return tokens

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def maxsim(self, question: Vectors, passages: Sequence[int]) -> tuple[Vectors, NDArray[np.int64]]:
        """Return the highest cosine of each question token in every window of some passages.

        A window is a sentence, the next one, and the tokens of the passage that stand in no sentence, such as its
        headings. `question` holds unit vectors, shape (tokens, dimensions). Returns cosines, shape (windows, tokens),
        and the first row of each passage's windows; every passage has at least one.
        """
        ranges = [np.arange(self.offsets[passage], self.offsets[passage + 1]) for passage in passages]
        rows, owner = np.concatenate(ranges), np.repeat(np.arange(len(passages)), [len(rows) for rows in ranges])
        best, owners, sentences = _maxsim_by_sentence(self._cosines(question, rows), owner, self.sentences[rows])
        inside = sentences >= 0
        inside |= ~np.isin(owners, owners[inside])  # a passage without sentences is a window itself
        outside = np.full((len(passages), len(question)), -1, dtype=np.float32)
        outside[owners[~inside]] = best[~inside]
        best, owners = best[inside], owners[inside]
        follows = owners[1:] == owners[:-1]
        windows = best.copy()
        windows[:-1][follows] = np.maximum(best[:-1][follows], best[1:][follows])
        return np.maximum(windows, outside[owners]), np.searchsorted(owners, np.arange(len(passages)))

    def sentence_maxsim(self, question: Vectors, passage: int, sentences: int) -> Vectors:
        """Return the highest cosine of each question token in every sentence of a passage, shape (sentences, tokens).

        A sentence without tokens, because it lies beyond the encoder's limit, gets 0.
        """
        rows = np.arange(self.offsets[passage], self.offsets[passage + 1])
        owner = np.zeros(len(rows), dtype=np.int64)
        best, _, numbers = _maxsim_by_sentence(self._cosines(question, rows), owner, self.sentences[rows])
        cosines = np.zeros((sentences, len(question)), dtype=np.float32)
        cosines[numbers[numbers >= 0]] = best[numbers >= 0]
        return cosines

    def _cosines(self, question: Vectors, rows: NDArray[np.int64]) -> Vectors:
        return np.asarray((self.vectors[rows].astype(np.float32) @ question.T) / _SCALE, dtype=np.float32)


def _maxsim_by_sentence(
    cosines: Vectors, owner: NDArray[np.int64], sentence: NDArray[np.int16]
) -> tuple[Vectors, NDArray[np.int64], NDArray[np.int64]]:
    """Return the highest cosines of each sentence, shape (sentences, tokens), with its passage and its number there.

    The tokens of a passage that stand in no sentence count as one with the number -1.
    """
    key = owner * 2**16 + sentence.astype(np.int64)
    order = np.argsort(key, kind="stable")
    keys, first = np.unique(key[order], return_index=True)
    best = np.asarray(np.maximum.reduceat(cosines[order], first, axis=0), dtype=np.float32)
    owners = (keys + 1) // 2**16
    return best, owners, keys - owners * 2**16
