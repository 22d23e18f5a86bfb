"""Vector search: the `VectorStore` protocol, FAISS, and an exact search that the tests compare FAISS with."""

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
    """Stores unit vectors by row, to within 0.001, and finds those with the greatest inner product."""

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return a store of vectors, shape (n, dimensions), in order."""

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that `to_bytes` returned; raises `IndexDamaged` for any others."""

    def to_bytes(self) -> bytes:
        """Return the store as bytes; equal vectors give equal bytes."""

    def __len__(self) -> int: ...

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""


class FaissStore:
    """FAISS's flat index of inner products over half-precision numbers, which are searched faster than single ones."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return a store of vectors, shape (n, dimensions), in order."""
        half = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexScalarQuantizer(vectors.shape[1], half, faiss.METRIC_INNER_PRODUCT)
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that `to_bytes` returned; raises `IndexDamaged` for any others."""
        try:
            index = faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
        except (RuntimeError, ValueError, AssertionError) as error:
            raise IndexDamaged(f"The vectors cannot be read: {REBUILD_HINT}.") from error
        return cls(index)

    def to_bytes(self) -> bytes:
        """Return the store as bytes; equal vectors give equal bytes."""
        return bytes(faiss.serialize_index(self._index))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""
        scores, rows = self._index.search(question.reshape(1, -1), min(limit, len(self)))
        return scores[0], rows[0]

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)


class ExactStore:
    """An exact search by matrix product: the reference for every other store."""

    def __init__(self, matrix: Vectors) -> None:
        self._matrix = matrix

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return a store of vectors, shape (n, dimensions), in order."""
        return cls(np.array(vectors, dtype=np.float32))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that `to_bytes` returned; raises `IndexDamaged` for any others."""
        shape = np.frombuffer(content[:16], dtype="<i8") if len(content) >= 16 else np.zeros(2, dtype="<i8")
        if shape.min() < 0 or len(content) != 16 + 4 * int(shape[0]) * int(shape[1]):
            raise IndexDamaged(f"The vectors cannot be read: {REBUILD_HINT}.")
        return cls(np.frombuffer(content[16:], dtype="<f4").reshape(shape))

    def to_bytes(self) -> bytes:
        """Return the store as bytes; equal vectors give equal bytes."""
        return np.array(self._matrix.shape, dtype="<i8").tobytes() + self._matrix.astype("<f4").tobytes()

    def __len__(self) -> int:
        return len(self._matrix)

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""
        scores = self._matrix @ question.reshape(-1)
        rows = np.argsort(-scores, kind="stable")[:limit]
        return scores[rows], rows.astype(np.int64)

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""
        return self._matrix[rows]
