"""Late interaction: the token vectors of every passage, and the MaxSim of a question's tokens over them.

Source: O. Khattab and M. Zaharia, "ColBERT", SIGIR 2020, here with the encoder's own token vectors. These are stored as
numbers of a few bits, each token with the scale that gives it the cosine 1 with itself: so other cosines are not biased
(J. Gao and C. Long, "RaBitQ", SIGMOD 2024). training/README.md says what other ways were measured.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array_header_1_0
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Encoded, Vectors

__all__ = ["Tokens", "l2_normalise", "token_bits"]

_SMALL: Final = 300  # passages; of no more, exact vectors cost at most some 20 MB
_ROUNDING: Final = {8: (255, 0.1543), 2: (4, 1.0)}
"""For a number of bits, the numbers that a dimension is rounded to, and the step between two of them.

The step is in root mean squares of the vector: the error is least at about these. 8 bits reach every possible number.
"""
_CHUNK: Final = 2**20  # numbers that are converted at a time

Offsets = NDArray[np.int64]


def token_bits(passages: int) -> int:
    """Return the bits of a dimension that suit a number of passages: exact for few, a quarter of the bytes for many."""
    return 8 if passages <= _SMALL else 2


def l2_normalise(vectors: Vectors) -> Vectors:
    """Scale vectors to length 1; a vector of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The n tokens of m passages; those of passage i are rows `offsets[i]` to `offsets[i + 1]`.

    `offsets` has the shape (m + 1,), `ids` and `scales` (n,), `codes` (n, bytes). `ids` are the numbers in the
    model's vocabulary. `codes` are the vectors, rounded to `bits` a dimension: with 2 bits, the first quarter of the
    dimensions in the lowest bits of each byte, and so on. A rounded vector times its scale stands for the unit vector.

    The tokens of a passage lie in groups: first those of no sentence, which may be none, then those of each sentence in
    reading order. `group_sizes` holds the tokens of each group. The groups of passage i are `group_offsets[i]` to
    `group_offsets[i + 1]`; `group_offsets` has the shape (m + 1,).
    """

    offsets: Offsets
    codes: NDArray[np.uint8]
    scales: Vectors
    ids: NDArray[np.integer[Any]]
    group_offsets: Offsets
    group_sizes: NDArray[np.int32]
    bits: int

    FILES: ClassVar = (
        "token_offsets.npy",
        "token_codes.npy",
        "token_scales.npy",
        "token_ids.npy",
        "group_offsets.npy",
        "group_sizes.npy",
        "token_bits.npy",
    )
    """The names of the files that `write` makes, one for each field."""

    @classmethod
    def of(cls, encoded: Encoded, sentences: NDArray[np.int16], bits: int = 8) -> Self:
        """Return the tokens of one encoded passage; `sentences` is the sentence of each, -1 for none."""
        order = np.argsort(sentences, kind="stable")
        codes, scales = _quantised(l2_normalise(encoded.tokens[order]), bits)
        sizes = np.bincount(sentences + 1, minlength=1).astype(np.int32)
        ids = _narrow(encoded.ids[order])
        return cls(_offsets([len(codes)]), codes, scales, ids, _offsets([len(sizes)]), sizes, bits)

    @classmethod
    def write(cls, folder: Path, parts: Iterable[Self]) -> None:
        """Write the passages of at least one part into `FILES` of a folder, in order, holding one part at a time.

        Equal tokens give equal bytes.
        """
        *arrays, bits = cls.FILES
        parts = iter(parts)
        first = next(parts)
        np.save(folder / bits, np.uint8(first.bits))
        with ExitStack() as stack:
            offsets, codes, scales, ids, group_offsets, group_sizes = (
                stack.enter_context(_ArrayFile(folder / name, getattr(first, field.name)[:0]))
                for name, field in zip(arrays, fields(cls), strict=False)  # the last field is a number
            )
            for zero in (offsets, group_offsets):
                zero.append(np.zeros(1, dtype=np.int64))
            for part in chain([first], parts):
                if part.bits != first.bits:
                    raise ValueError(f"tokens of {part.bits} bits after those of {first.bits}")
                offsets.append(part.offsets[1:] + codes.length)
                group_offsets.append(part.group_offsets[1:] + group_sizes.length)
                codes.append(part.codes)
                scales.append(part.scales)
                ids.append(part.ids)
                group_sizes.append(part.group_sizes)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map the files that `write` made into memory; raises `IndexDamaged` where they do not fit together."""
        try:
            *names, bits = cls.FILES
            values: list[Any] = [
                np.load(folder / name, mmap_mode="r", allow_pickle=False).view(np.ndarray) for name in names
            ]
            values.append(int(np.load(folder / bits, allow_pickle=False)))
            tokens = cls(*values)
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
            self.codes[rows],
            self.scales[rows],
            _narrow(self.ids[rows]),
            groups - groups[0],
            self.group_sizes[group_rows],
            self.bits,
        )

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

    def group_maxsim(self, question: Vectors, passage: int, sentences: int) -> Vectors:
        """Return the highest cosine of each question token in the groups of a passage, shape (1 + sentences, tokens).

        First come the tokens of no sentence, such as those of its headings. A group without tokens gets 0; a sentence
        has none where it lies beyond the encoder's limit.
        """
        best, _, _ = self._maxsim_by_group(question, [passage])
        groups = self.group_sizes[slice(*self.group_offsets[passage : passage + 2])]
        cosines = np.zeros((1 + sentences, len(question)), dtype=np.float32)
        cosines[np.flatnonzero(groups)] = best
        return cosines

    def _maxsim_by_group(
        self, question: Vectors, passages: Sequence[int]
    ) -> tuple[Vectors, Offsets, NDArray[np.bool_]]:
        """Return the highest cosines in each group that has tokens, shape (groups, tokens).

        Beside each group stand the place of its passage in `passages`, and whether it is a sentence.
        """
        places = np.asarray(passages)
        rows, groups = (
            [slice(*ends) for ends in zip(starts[places].tolist(), starts[places + 1].tolist(), strict=True)]
            for starts in (self.offsets, self.group_offsets)
        )
        sizes = np.concatenate([self.group_sizes[part] for part in groups])
        counts = [part.stop - part.start for part in groups]
        owners, inside = np.repeat(np.arange(len(groups)), counts), np.ones(len(sizes), dtype=np.bool_)
        inside[np.cumsum(counts) - counts] = False
        filled = sizes > 0
        best = np.maximum.reduceat(self._cosines(question, rows), (np.cumsum(sizes) - sizes)[filled], axis=0)
        return best, owners[filled], inside[filled]

    def _cosines(self, question: Vectors, rows: Sequence[slice]) -> Vectors:
        """Return the cosine of each question token with the tokens of some passages, shape (tokens, question tokens).

        A passage is unpacked at a time, because its numbers then stay in the processor's cache.
        """
        width, planes, mask = self.codes.shape[1], 8 // self.bits, 2**self.bits - 1
        weights = np.zeros((planes * width, len(question)), dtype=np.float32)
        weights[: question.shape[1]] = question.T
        centre = weights.sum(axis=0) * np.float32((_ROUNDING[self.bits][0] - 1) / 2)
        for plane in range(planes):  # the numbers of a plane stay where they are in the byte
            weights[plane * width : (plane + 1) * width] /= 1 << plane * self.bits
        lengths = [part.stop - part.start for part in rows]
        cosines = np.empty((sum(lengths), len(question)), dtype=np.float32)
        unpacked, start = np.empty((max(lengths), len(weights)), dtype=np.float32), 0
        for part, length in zip(rows, lengths, strict=True):
            codes, numbers = self.codes[part], unpacked[:length]
            for plane in range(planes):
                numbers[:, plane * width : (plane + 1) * width] = codes & (mask << plane * self.bits)
            np.matmul(numbers, weights, out=cosines[start : start + length])
            start += length
        cosines -= centre
        cosines *= np.concatenate([self.scales[part] for part in rows])[:, None]
        return cosines

    def _is_complete(self) -> bool:
        """Return whether the arrays are as long as the offsets say; reads the last offsets alone."""
        return bool(
            self.offsets[-1] == len(self.codes) == len(self.scales) == len(self.ids)
            and self.group_offsets[-1] == len(self.group_sizes)
            and len(self.offsets) == len(self.group_offsets)
        )


class _ArrayFile:
    """A file in NumPy's format that grows along the first axis of its array, and whose numbers widen as they must."""

    def __init__(self, path: Path, like: NDArray[Any]) -> None:
        self._path, self._dtype, self._row = path, like.dtype, like.shape[1:]
        self._file, self.length = path.open("wb"), 0

    def __enter__(self) -> Self:
        self._write_header()
        return self

    def append(self, array: NDArray[Any]) -> None:
        if array.shape[1:] != self._row:
            raise ValueError(f"tokens of {array.shape[1:]} numbers after those of {self._row}")
        if not np.can_cast(array.dtype, self._dtype):
            self._widen(np.promote_types(array.dtype, self._dtype))
        self._file.write(array.astype(self._dtype).tobytes())
        self.length += len(array)

    def __exit__(self, *raised: object) -> None:
        self._write_header()
        self._file.close()

    def _widen(self, dtype: np.dtype[Any]) -> None:
        """Write what there is again as numbers of a wider type."""
        self.__exit__()
        old = self._path.rename(self._path.with_suffix(".old"))
        array = np.load(old, mmap_mode="r")
        self._file, self._dtype = self._path.open("wb"), dtype
        self._write_header()
        for start in range(0, len(array), _CHUNK):
            self._file.write(array[start : start + _CHUNK].astype(dtype).tobytes())
        old.unlink()

    def _write_header(self) -> None:
        """Write the header of the array so far; it is as long for any number of rows, with room left for digits."""
        self._file.seek(0)
        descr, shape = dtype_to_descr(self._dtype), (self.length, *self._row)
        write_array_header_1_0(self._file, {"descr": descr, "fortran_order": False, "shape": shape})


def _offsets(counts: Sequence[int]) -> Offsets:
    return np.cumsum([0, *counts], dtype=np.int64)


def _narrow(ids: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Return token numbers in 16 bits where all of them fit."""
    return ids.astype(np.uint16 if ids.max(initial=0) < 1 << 16 else np.int32)


def _quantised(vectors: Vectors, bits: int) -> tuple[NDArray[np.uint8], Vectors]:
    """Return the codes and the scales of unit vectors, shape (n, dimensions)."""
    levels, step = _ROUNDING[bits]
    steps = step * np.sqrt(np.mean(vectors**2, axis=1, keepdims=True))
    numbers = np.clip(np.floor(vectors / np.maximum(steps, 1e-9) + levels / 2), 0, levels - 1)
    products = np.sum((numbers - (levels - 1) / 2) * vectors, axis=1)
    scales = np.divide(1, products, out=np.zeros_like(products), where=products > 0)
    planes = 8 // bits
    padded = np.pad(numbers.astype(np.uint8), ((0, 0), (0, -vectors.shape[1] % planes)))
    packed = padded.reshape(len(vectors), planes, -1) << (bits * np.arange(planes, dtype=np.uint8)[:, None])
    return np.bitwise_or.reduce(packed, axis=1), scales
