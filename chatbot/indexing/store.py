"""Where vectors lie and the nearest are found: the `VectorStore` protocol, FAISS, and an exact search to hold it to."""

from typing import Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Vectors

__all__ = ["ExactStore", "FaissStore", "Rows", "VectorStore"]

Rows = NDArray[np.int64]


class VectorStore(Protocol):
    """Holds unit vectors by row, to within a thousandth, and finds those with the greatest inner product."""

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Hold vectors of shape (n, dimensions), in order."""

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` gave; raises `IndexDamaged` for anything else."""

    def to_bytes(self) -> bytes:
        """Give the store as bytes, the same for the same vectors."""

    def __len__(self) -> int: ...

    def search(self, question: Vectors, most: int) -> tuple[Vectors, Rows]:
        """Find the nearest rows to one vector: scores and row numbers, best first, at most `most` of them."""

    def vectors(self, rows: Rows) -> Vectors:
        """Give back the vectors of some rows, shape (len(rows), dimensions)."""


class FaissStore:
    """FAISS's flat index of inner products over half-precision numbers, which are read in less time than whole ones."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Hold vectors of shape (n, dimensions), in order."""
        half = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexScalarQuantizer(vectors.shape[1], half, faiss.METRIC_INNER_PRODUCT)
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` gave; raises `IndexDamaged` for anything else."""
        try:
            index = faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
        except (RuntimeError, ValueError, AssertionError) as error:
            raise IndexDamaged(f"The vectors cannot be read: {REBUILD_HINT}.") from error
        return cls(index)

    def to_bytes(self) -> bytes:
        """Give the store as bytes, the same for the same vectors."""
        return bytes(faiss.serialize_index(self._index))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, question: Vectors, most: int) -> tuple[Vectors, Rows]:
        """Find the nearest rows to one vector: scores and row numbers, best first, at most `most` of them."""
        scores, rows = self._index.search(question.reshape(1, -1), min(most, len(self)))
        return scores[0], rows[0]

    def vectors(self, rows: Rows) -> Vectors:
        """Give back the vectors of some rows, shape (len(rows), dimensions)."""
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)


class ExactStore:
    """A plain matrix product: what every other store is measured by."""

    def __init__(self, matrix: Vectors) -> None:
        self._matrix = matrix

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Hold vectors of shape (n, dimensions), in order."""
        return cls(np.array(vectors, dtype=np.float32))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` gave; raises `IndexDamaged` for anything else."""
        shape = np.frombuffer(content[:16], dtype="<i8") if len(content) >= 16 else np.zeros(2, dtype="<i8")
        if shape.min() < 0 or len(content) != 16 + 4 * int(shape[0]) * int(shape[1]):
            raise IndexDamaged(f"The vectors cannot be read: {REBUILD_HINT}.")
        return cls(np.frombuffer(content[16:], dtype="<f4").reshape(shape))

    def to_bytes(self) -> bytes:
        """Give the store as bytes, the same for the same vectors."""
        return np.array(self._matrix.shape, dtype="<i8").tobytes() + self._matrix.astype("<f4").tobytes()

    def __len__(self) -> int:
        return len(self._matrix)

    def search(self, question: Vectors, most: int) -> tuple[Vectors, Rows]:
        """Find the nearest rows to one vector: scores and row numbers, best first, at most `most` of them."""
        scores = self._matrix @ question.reshape(-1)
        rows = np.argsort(-scores, kind="stable")[:most]
        return scores[rows], rows.astype(np.int64)

    def vectors(self, rows: Rows) -> Vectors:
        """Give back the vectors of some rows, shape (len(rows), dimensions)."""
        return self._matrix[rows]
