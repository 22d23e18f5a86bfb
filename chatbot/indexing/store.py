"""Search in a build: the `VectorStore` protocol, FAISS, and an exact search that the tests compare FAISS with."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, Protocol, Self, cast

import faiss
import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.bm25 import TermQuery
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Vectors

__all__ = ["ExactStore", "FaissStore", "Rows", "StoreDraft", "StoreKind", "VectorStore"]

Rows = NDArray[np.int64]

_FLAT: Final = 2**17  # vectors; so many are searched one after another in some milliseconds
_EIGHT_BITS: Final = faiss.ScalarQuantizer.QT_8bit_direct_signed
_GREATEST: Final = 127  # of the whole numbers in 8 bits
_DEVIATIONS: Final = 6  # standard deviations of a component, which is the greatest that 8 bits hold
_FITS: Final = 0.98  # product of a vector and what 8 bits hold of it, at least
_PART: Final = 2**14  # vectors that are converted at a time
_POINTS: Final = 64  # vectors for each list that the lists' centres are learnt from
_ROUNDS: Final = 8
_PROBES: Final = (8, 16, 32, 64, 128, 256)  # lists that may be searched; the first that has the recall is taken
_RECALL: Final = 0.97
_SAMPLE: Final = 32  # vectors that recall is measured with
_NEAREST: Final = 192  # rows that it is measured on, as many as a question looks up

faiss.omp_set_num_threads(1)  # on shared cores, more threads make a question slower


class StoreDraft(Protocol):
    """Gathers unit vectors, row by row, and writes them as a store."""

    def add(self, vectors: Vectors) -> None:
        """Store more vectors behind those that are held; only before others search."""

    def write(self, folder: Path) -> Mapping[str, float]:
        """Write the store into the files of its kind, and return figures of its search; equal vectors, equal bytes.

        `recall` is the share of the nearest rows that the search finds, for some of the vectors themselves. The folder
        holds the texts and words of the passages already.
        """


class VectorStore(Protocol):
    """Holds unit vectors by row, to within 0.01, and finds those with the greatest inner product."""

    @property
    def bits(self) -> int:
        """The bits of a component that the rows are held with: vectors of fewer than `bits_for` are not good enough."""

    def __len__(self) -> int: ...

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""

    def hybrid(self, question: Vectors, limit: int, terms: TermQuery) -> tuple[Rows, Rows]:
        """Return the `limit` nearest rows to one vector, best first, and the numbers of the passages that match terms.

        Raises `StoreUnavailable` where the store is on a server that does not answer.
        """

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""


class StoreKind(Protocol):
    """Makes and opens stores; a class of stores in files is its own kind."""

    @property
    def FILES(self) -> tuple[str, ...]:  # noqa: N802 - a constant of a class
        """The names of the files that `write` makes."""

    def of(self, vectors: Vectors) -> StoreDraft:
        """Return a draft that holds vectors, shape (n, dimensions), in order."""

    def open(self, folder: Path) -> VectorStore:
        """Map the files that `write` made into memory; raises `IndexDamaged` for any others."""

    def bits_for(self, rows: int) -> int:
        """Return the bits of a component, at least, that a number of rows is written with."""

    def holds(self, folder: Path) -> bool:
        """Return whether the store of a build is there, whole; raises `StoreUnavailable`."""

    def settle(self, index: Path, builds: Sequence[Path], others: Sequence[Path]) -> None:
        """Remove the stores that an index needs no more: it has `builds`, the live one first.

        `others` are the builds of the index that is served, where this is another one.
        """


class _InFiles(ABC):
    """What stores in files have in common: the files of a build find the passages that match terms."""

    FILES: ClassVar[tuple[str, ...]]

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Return whether the files of a store of this kind are in a folder."""
        return all((folder / name).is_file() for name in cls.FILES)

    @classmethod
    def settle(cls, index: Path, builds: Sequence[Path], others: Sequence[Path]) -> None:
        """Do nothing more: the files of a store are removed with their build."""
        del cls, index, builds, others

    @abstractmethod
    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""

    def hybrid(self, question: Vectors, limit: int, terms: TermQuery) -> tuple[Rows, Rows]:
        """Return the nearest rows to one vector, best first, and the numbers of the passages that match terms."""
        return self.search(question, limit)[1], terms.best()


class FaissStore(_InFiles):
    """FAISS's inner products over all vectors, at half precision; over many, over those in the nearest lists (IVF).

    Vectors in lists are stored in 8 bits, unless a component is too great for that.
    """

    FILES: ClassVar[tuple[str, ...]] = ("vectors.faiss",)

    def __init__(self, index: faiss.IndexScalarQuantizer | faiss.IndexIVFScalarQuantizer) -> None:
        self._index = index
        self._scale = _scale(index.d) if index.sq.qtype == _EIGHT_BITS else None

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
            index = faiss.read_index(str(folder / cls.FILES[0]), faiss.IO_FLAG_MMAP_IFC)
            return cls(cast("faiss.IndexScalarQuantizer", index))
        except (RuntimeError, ValueError, AssertionError, AttributeError) as error:
            raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.") from error

    def write(self, folder: Path) -> Mapping[str, float]:
        """Write the store into `FILES` of a folder, and return figures of its search; equal vectors give equal bytes.

        `recall` is the share of the nearest rows that the search finds, for some of the vectors themselves. `lists` are
        the lists that the vectors are in, and `probes` those of them that are searched.
        """
        written, figures = self, {"recall": 1.0}
        if len(self) > _FLAT and isinstance(self._index, faiss.IndexScalarQuantizer):
            held = _whole_numbers(self._index) or self._index
            lists = _lists(held)
            written, exact = FaissStore(lists), FaissStore(held)  # as the next build will find them, too
            wanted = exact._nearest_of_some()
            for lists.nprobe in _PROBES:
                if (recall := written._recall(wanted)) >= _RECALL:
                    break
            figures = {"lists": lists.nlist, "probes": lists.nprobe, "recall": round(recall, 4)}
        faiss.write_index(written._index, str(folder / self.FILES[0]))
        return figures

    @classmethod
    def bits_for(cls, rows: int) -> int:
        """Return the bits of a component, at least, that a number of rows is written with."""
        return 8 if rows > _FLAT else 16

    @property
    def bits(self) -> int:
        """The bits of a component that the rows are held with."""
        return 16 if self._scale is None else 8

    def _nearest_of_some(self) -> list[tuple[Vectors, Rows]]:
        """Return some of the vectors, each with the rows that are nearest to it."""
        rows = np.unique(np.linspace(0, len(self) - 1, _SAMPLE).astype(np.int64))
        return [(vector, self.search(vector, _NEAREST)[1]) for vector in self.vectors(rows)]

    def _recall(self, wanted: Sequence[tuple[Vectors, Rows]]) -> float:
        """Return the share of the rows nearest to some vectors that a search finds."""
        return float(np.mean([np.isin(rows, self.search(vector, _NEAREST)[1]).mean() for vector, rows in wanted]))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""
        question, scale = question.reshape(1, -1), np.float32(1)
        if self._scale is not None:  # FAISS multiplies whole numbers with whole numbers
            own = _GREATEST / max(float(np.abs(question).max()), 1e-9)
            question, scale = np.round(question * np.float32(own)), np.float32(own * self._scale)
        scores, rows = self._index.search(question, min(limit, len(self)))
        found = rows[0] >= 0  # the lists that are searched may hold fewer
        return scores[0][found] / scale, rows[0][found]

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""
        vectors: Vectors = self._index.reconstruct_batch(rows)
        return vectors if self._scale is None else vectors / np.float32(self._scale)


def _scale(dimensions: int) -> float:
    """Return what 1 is in 8 bits, where the greatest component is of `_DEVIATIONS` deviations of a unit vector's."""
    return _GREATEST / min(1.0, _DEVIATIONS / math.sqrt(dimensions))


def _parts(index: faiss.Index) -> Iterator[Vectors]:
    """Yield the vectors of an index, some at a time."""
    for start in range(0, index.ntotal, _PART):
        yield index.reconstruct_n(start, min(_PART, index.ntotal - start))


def _whole_numbers(index: faiss.Index) -> faiss.IndexScalarQuantizer | None:
    """Return the vectors of an index in 8 bits; None where one of them does not fit into them."""
    made = faiss.IndexScalarQuantizer(index.d, _EIGHT_BITS, faiss.METRIC_INNER_PRODUCT)
    scale = np.float32(_scale(index.d))
    for part in _parts(index):
        whole = np.round(part * scale).clip(-_GREATEST, _GREATEST)
        if np.einsum("ij,ij->i", part, whole).min() < _FITS * scale:
            return None
        made.add(whole)
    return made


def _lists(index: faiss.IndexScalarQuantizer) -> faiss.IndexIVFScalarQuantizer:
    """Return the vectors of an index in lists of near ones, two times the square root of their number."""
    lists, bits = int(2 * index.ntotal**0.5), index.sq.qtype
    centres = faiss.IndexFlatIP(index.d)
    made = faiss.IndexIVFScalarQuantizer(centres, index.d, lists, bits, faiss.METRIC_INNER_PRODUCT, False)
    made.cp.niter, made.cp.spherical, made.cp.max_points_per_centroid = _ROUNDS, True, _POINTS
    sample = np.linspace(0, index.ntotal - 1, min(index.ntotal, _POINTS * lists)).astype(np.int64)
    made.train(index.reconstruct_batch(sample))
    for part in _parts(index):
        made.add(part)
    made.make_direct_map()
    return made


class ExactStore(_InFiles):
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

    def write(self, folder: Path) -> Mapping[str, float]:
        """Write the store into `FILES` of a folder; equal vectors give equal bytes."""
        np.save(folder / self.FILES[0], self._matrix)
        return {"recall": 1.0}

    @classmethod
    def bits_for(cls, _rows: int) -> int:
        """Return the bits of a component, for any number of rows."""
        return 32

    @property
    def bits(self) -> int:
        """The bits of a component."""
        return 32

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
