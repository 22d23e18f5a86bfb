"""Vector search: the `VectorStore` protocol, FAISS, and an exact search that the tests compare FAISS with."""

from pathlib import Path
from typing import ClassVar, Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Vectors

__all__ = ["ExactStore", "FaissStore", "Rows", "VectorStore"]

Rows = NDArray[np.int64]

faiss.omp_set_num_threads(1)  # on shared cores, more threads make a question slower


class VectorStore(Protocol):
    """Stores unit vectors by row, to within 0.001, and finds those with the greatest inner product."""

    FILES: ClassVar[tuple[str, ...]]
    """The names of the files that `write` makes."""

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return a store of vectors, shape (n, dimensions), in order."""

    def add(self, vectors: Vectors) -> None:
        """Store more vectors behind those that are held; only before others search."""

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the files that `write` made into memory; raises `IndexDamaged` for any others."""

    def write(self, folder: Path) -> None:
        """Write the store into `FILES` of a folder; equal vectors give equal bytes."""

    def __len__(self) -> int: ...

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""


class FaissStore:
    """FAISS's flat index of inner products over half-precision numbers, which are searched faster than single ones."""

    FILES: ClassVar[tuple[str, ...]] = ("vectors.faiss",)

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return a store of vectors, shape (n, dimensions), in order."""
        half = faiss.ScalarQuantizer.QT_fp16
        store = cls(faiss.IndexScalarQuantizer(vectors.shape[1], half, faiss.METRIC_INNER_PRODUCT))
        store.add(vectors)
        return store

    def add(self, vectors: Vectors) -> None:
        """Store more vectors behind those that are held; only before others search."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the files that `write` made into memory; raises `IndexDamaged` for any others."""
        try:
            return cls(faiss.read_index(str(folder / cls.FILES[0]), faiss.IO_FLAG_MMAP_IFC))
        except (RuntimeError, ValueError, AssertionError) as error:
            raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.") from error

    def write(self, folder: Path) -> None:
        """Write the store into `FILES` of a folder; equal vectors give equal bytes."""
        faiss.write_index(self._index, str(folder / self.FILES[0]))

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

    FILES: ClassVar[tuple[str, ...]] = ("vectors.npy",)

    def __init__(self, matrix: Vectors) -> None:
        self._matrix = matrix

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """Return a store of vectors, shape (n, dimensions), in order."""
        return cls(np.array(vectors, dtype=np.float32))

    def add(self, vectors: Vectors) -> None:
        """Store more vectors behind those that are held; only before others search."""
        self._matrix = np.concatenate([self._matrix, vectors]).astype(np.float32)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the files that `write` made into memory; raises `IndexDamaged` for any others."""
        try:
            matrix = np.load(folder / cls.FILES[0], mmap_mode="r", allow_pickle=False).view(np.ndarray)
        except (OSError, ValueError, EOFError) as error:
            raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.") from error
        if matrix.ndim != 2 or matrix.dtype != np.float32:
            raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.")
        return cls(matrix)

    def write(self, folder: Path) -> None:
        """Write the store into `FILES` of a folder; equal vectors give equal bytes."""
        np.save(folder / self.FILES[0], self._matrix)

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
