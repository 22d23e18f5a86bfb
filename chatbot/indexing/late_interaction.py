"""Late interaction: the token vectors of every passage, and the MaxSim of a question's tokens over them.

Source: O. Khattab and M. Zaharia, "ColBERT", SIGIR 2020, here with the encoder's own token vectors. Unit vectors are
stored as 8-bit integers, one byte per dimension.
"""

import io
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array_header_1_0
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Encoded, Vectors

__all__ = ["Tokens", "l2_normalise"]

_SCALE: Final = 127  # the integer that stands for 1

Offsets = NDArray[np.int64]


def l2_normalise(vectors: Vectors) -> Vectors:
    """Scale vectors to length 1; a vector of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The n tokens of m passages; those of passage i are rows `offsets[i]` to `offsets[i + 1]`.

    `offsets` has the shape (m + 1,), `vectors` (n, dimensions), `ids` (n,). `ids` are the numbers in the model's
    vocabulary. The tokens of a passage lie in groups: first those of no sentence, which may be none, then those of each
    sentence in reading order. `group_sizes` holds the tokens of each group. The groups of passage i are
    `group_offsets[i]` to `group_offsets[i + 1]`; `group_offsets` has the shape (m + 1,).
    """

    offsets: Offsets
    vectors: NDArray[np.int8]
    ids: NDArray[np.integer[Any]]
    group_offsets: Offsets
    group_sizes: NDArray[np.int32]

    FILES: ClassVar = (
        "token_offsets.npy",
        "token_vectors.npy",
        "token_ids.npy",
        "group_offsets.npy",
        "group_sizes.npy",
    )
    """The names of the files that `write` makes, an array each in the order of the fields."""

    @classmethod
    def of(cls, encoded: Encoded, sentences: NDArray[np.int16]) -> Self:
        """Return the tokens of one encoded passage; `sentences` is the sentence of each, -1 for none."""
        order = np.argsort(sentences, kind="stable")
        vectors = np.round(l2_normalise(encoded.tokens[order]) * _SCALE).astype(np.int8)
        sizes = np.bincount(sentences + 1, minlength=1).astype(np.int32)
        return cls(_offsets([len(vectors)]), vectors, encoded.ids[order], _offsets([len(sizes)]), sizes)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the passages of several parts in one, in order."""
        return cls(
            _offsets([count for part in parts for count in np.diff(part.offsets)]),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.ids for part in parts]),
            _offsets([count for part in parts for count in np.diff(part.group_offsets)]),
            np.concatenate([part.group_sizes for part in parts]),
        )

    @classmethod
    def write(cls, folder: Path, parts: Iterable[Self]) -> None:
        """Write the passages of at least one part into `FILES` of a folder, in order, holding one part at a time.

        Equal tokens give equal bytes.
        """
        parts = iter(parts)
        first = next(parts)
        with ExitStack() as stack:
            offsets, vectors, ids, group_offsets, group_sizes = (
                stack.enter_context(_ArrayFile(folder / name, array[:0]))
                for name, array in zip(cls.FILES, first._arrays(), strict=True)  # noqa: SLF001 -- its own class
            )
            for zero in (offsets, group_offsets):
                zero.append(np.zeros(1, dtype=np.int64))
            for part in chain([first], parts):
                offsets.append(part.offsets[1:] + vectors.length)
                group_offsets.append(part.group_offsets[1:] + group_sizes.length)
                for file, array in ((vectors, part.vectors), (ids, part.ids), (group_sizes, part.group_sizes)):
                    file.append(array)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the files that `write` made into memory; raises `IndexDamaged` where they do not fit together."""
        try:
            arrays: list[Any] = [
                np.load(folder / name, mmap_mode="r", allow_pickle=False).view(np.ndarray) for name in cls.FILES
            ]
            tokens = cls(*arrays)
            complete = tokens._is_complete()
        except (OSError, ValueError, TypeError, LookupError, EOFError) as error:
            raise IndexDamaged(f"The tokens in {folder} cannot be read: {REBUILD_HINT}.") from error
        if not complete:
            raise IndexDamaged(f"The tokens in {folder} are incomplete: {REBUILD_HINT}.")
        return tokens

    def passages(self, start: int, stop: int) -> "Tokens":
        """Return the tokens of the passages from `start` up to `stop`."""
        offsets, groups = self.offsets[start : stop + 1], self.group_offsets[start : stop + 1]
        rows, group_rows = slice(offsets[0], offsets[-1]), slice(groups[0], groups[-1])
        return Tokens(
            offsets - offsets[0],
            self.vectors[rows],
            self.ids[rows],
            groups - groups[0],
            self.group_sizes[group_rows],
        )

    def to_bytes(self) -> bytes:
        """Return the tokens as bytes; equal tokens give equal bytes."""
        file = io.BytesIO()
        owners = np.repeat(np.arange(len(self)), np.diff(self.group_offsets))
        numbers = np.arange(len(owners)) - self.group_offsets[owners] - 1
        sentences = np.repeat(numbers, self.group_sizes).astype(np.int16)
        np.savez(file, first=self.offsets, vectors=self.vectors, ids=self.ids, sentences=sentences)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that `to_bytes` returned; raises `IndexDamaged` for any others."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                offsets, vectors, ids, sentences = (arrays[name] for name in ("first", "vectors", "ids", "sentences"))
            complete = offsets[-1] == len(vectors) == len(ids) == len(sentences)
            parts = []
            for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True) if complete else ():
                order = start + np.argsort(sentences[start:end], kind="stable")
                sizes = np.bincount(sentences[order] + 1, minlength=1).astype(np.int32)
                parts.append(cls(_offsets([end - start]), vectors[order], ids[order], _offsets([len(sizes)]), sizes))
            tokens = cls.joined(parts) if complete else None
        except (OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, BadZipFile) as error:
            raise IndexDamaged(f"The tokens cannot be read: {REBUILD_HINT}.") from error
        if tokens is None:
            raise IndexDamaged(f"The tokens are incomplete: {REBUILD_HINT}.")
        return tokens

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def maxsim(self, question: Vectors, passages: Sequence[int]) -> tuple[Vectors, Offsets]:
        """Return the highest cosine of each question token in every window of some passages.

        A window is a sentence, the next one, and the tokens of the passage that stand in no sentence, such as its
        headings. `question` holds unit vectors, shape (tokens, dimensions). Returns cosines, shape (windows, tokens),
        and the first row of each passage's windows; every passage has at least one.
        """
        best, owners, inside = self._maxsim_by_group(question, passages)
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
        best, _, inside = self._maxsim_by_group(question, [passage])
        first, last = self.group_offsets[passage : passage + 2]
        cosines = np.zeros((sentences, len(question)), dtype=np.float32)
        cosines[np.flatnonzero(self.group_sizes[first + 1 : last])] = best[inside]
        return cosines

    def _maxsim_by_group(
        self, question: Vectors, passages: Sequence[int]
    ) -> tuple[Vectors, Offsets, NDArray[np.bool_]]:
        """Return the highest cosines in each group that has tokens, shape (groups, tokens).

        Beside each group stand the place of its passage in `passages`, and whether it is a sentence.
        """
        rows, groups = (
            [
                slice(*ends)
                for ends in zip(offsets[passages].tolist(), offsets[np.add(passages, 1)].tolist(), strict=True)
            ]
            for offsets in (self.offsets, self.group_offsets)
        )
        sizes = np.concatenate([self.group_sizes[part] for part in groups])
        counts = [part.stop - part.start for part in groups]
        owners, inside = np.repeat(np.arange(len(groups)), counts), np.ones(len(sizes), dtype=np.bool_)
        inside[np.cumsum(counts) - counts] = False
        filled = sizes > 0
        vectors = np.concatenate([self.vectors[part] for part in rows], dtype=np.float32)
        best = np.maximum.reduceat(vectors @ question.T, (np.cumsum(sizes) - sizes)[filled], axis=0)
        return np.asarray(best / _SCALE, dtype=np.float32), owners[filled], inside[filled]

    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return self.offsets, self.vectors, self.ids, self.group_offsets, self.group_sizes

    def _is_complete(self) -> bool:
        """Return whether the arrays are as long as the offsets say; reads the last offsets alone."""
        return bool(
            self.offsets[-1] == len(self.vectors) == len(self.ids)
            and self.group_offsets[-1] == len(self.group_sizes)
            and len(self.offsets) == len(self.group_offsets)
        )


class _ArrayFile:
    """A file in NumPy's format that grows along the first axis of its array."""

    def __init__(self, path: Path, like: NDArray[Any]) -> None:
        self._file, self._like, self.length = path.open("wb"), like, 0

    def __enter__(self) -> Self:
        self._write_header()
        return self

    def append(self, array: NDArray[Any]) -> None:
        if array.shape[1:] != self._like.shape[1:]:
            raise ValueError(f"tokens of {array.shape[1:]} dimensions after those of {self._like.shape[1:]}")
        self._file.write(array.astype(self._like.dtype).tobytes())
        self.length += len(array)

    def __exit__(self, *raised: object) -> None:
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        """Write the header of the array so far; it is as long for any number of rows, with room left for digits."""
        self._file.seek(0)
        descr, shape = dtype_to_descr(self._like.dtype), (self.length, *self._like.shape[1:])
        write_array_header_1_0(self._file, {"descr": descr, "fortran_order": False, "shape": shape})


def _offsets(counts: Sequence[int]) -> Offsets:
    return np.cumsum([0, *counts], dtype=np.int64)
