"""Copies: which passages and pages of a corpus say the same, and which differ in a detail alone.

A print version, a backup or a second branch holds the words of another page once more. A passage that stands on several
pages is searched once, so that it neither competes with itself nor makes its words common.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.records import Highlight, Passage

__all__ = ["DistinctCounter", "DistinctPassages", "same_words_key", "words_of"]

Rows = NDArray[np.int64]

_WORD: Final = re.compile(
    r"(?<![\w.,])[-\u2212](?=\d)"  # a minus
    r"|\w+(?:[.,:/'\u2019@\u2013-]\w+)*"  # a word, a figure, a time, an address
    r"|[^\w\s.,;:!'\"()\[\]{}*_#|/\\\u00b7\u2018-\u201f\u2010-\u2015\u2022\u2026\u25aa\u25cf-]"  # such as a currency
)
_SAME_SIGNS: Final = str.maketrans("\u2019\u2013\u2212", "'--")
_COPY: Final = (
    r"(?:print(?:able|er[\s_-]?friendly)?(?:[\s_-]?(?:version|view|page|out))?|copy(?:[\s_-]?of)?|duplicate"
    r"|back[\s_-]?ups?|bak|amp|old(?:[\s_-]version)?|archived?|mobile(?:[\s_-]version)?)"
)
_IS_COPY: Final = re.compile(rf"(?:^|[\W_]){_COPY}(?:[\W_]*\d*)?(?=$|[\W_])", re.IGNORECASE)
_NAMED_COPY: Final = re.compile(
    rf"^{_COPY}\s*[:\u2013\u2014-]?\s+|[\s\u2013\u2014|:_-]*[(\[]?\b{_COPY}(?:\s*\(?\d+\)?)?[)\]]?$", re.IGNORECASE
)


@lru_cache(8_192)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words, figures and signs of a text in order, without regard to case, spacing and punctuation."""
    return tuple(word.casefold().translate(_SAME_SIGNS) for word in _WORD.findall(text))


def same_words_key(passage: Passage, sentences: Sequence[Highlight]) -> bytes:
    """Return a digest that two passages share if they say the same under the same title and headings.

    Words that only name a copy, as in "Peels (print version)", are left out of the title.
    """
    above = [words_of(line) for line in (_NAMED_COPY.sub("", passage.title), *passage.headings)]
    path = [line for number, line in enumerate(above) if number == 0 or line != above[number - 1]]
    lines = [" ".join(line) for line in (*path, words_of(passage.text))]
    text = "\0".join((str(len(sentences)), *lines))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _preference(passage: Passage) -> tuple[bool, bool, int, int, str]:
    """Return a key that sorts the pages that hold the same words: the one to cite first."""
    path = PurePosixPath(passage.document)
    is_copy = any(_IS_COPY.search(name) for name in (str(path.with_suffix("")), passage.url or "", passage.title))
    return is_copy, passage.url is None, len(path.parts), len(passage.document), passage.document


class DistinctPassages:
    """The passages of a build that say the same, each counted once.

    `of_row` is the number of the distinct passage that each passage is, shape (passages,). `rows` is the passage that
    stands for each distinct one, shape (distinct,).
    """

    FILE: ClassVar = "distinct.npy"
    """The name of the file that `write` makes."""

    def __init__(self, of_row: Rows, rows: Rows) -> None:
        self.of_row = of_row
        self.rows = rows
        self._order = np.argsort(of_row, kind="stable")
        self._first = np.searchsorted(of_row[self._order], np.arange(len(rows) + 1))

    def __len__(self) -> int:
        return len(self.rows)

    def others(self, row: int) -> list[int]:
        """Return the other passages that say the same as a passage, in order."""
        number = int(self.of_row[row])
        group = self._order[self._first[number] : self._first[number + 1]]
        return [other for other in group.tolist() if other != row]

    def write(self, folder: Path) -> None:
        """Write which passages say the same into a folder."""
        np.save(folder / self.FILE, np.concatenate([[len(self.rows)], self.rows, self.of_row]).astype(np.int64))

    @classmethod
    def open(cls, folder: Path, passages: int) -> Self:
        """Read what `write` wrote; raises `IndexDamaged` if it is of other passages."""
        try:
            values = np.load(folder / cls.FILE, allow_pickle=False).astype(np.int64)
            count = int(values[0])
            rows, of_row = values[1 : 1 + count], values[1 + count :]
            complete = len(of_row) == passages and len(rows) == count and bool((of_row[rows] == np.arange(count)).all())
        except (OSError, ValueError, EOFError, IndexError) as error:
            raise IndexDamaged(f"The copies in {folder} cannot be read: {REBUILD_HINT}.") from error
        if not complete:
            raise IndexDamaged(f"The copies in {folder} are of other pages: {REBUILD_HINT}.")
        return cls(of_row, rows)


class DistinctCounter:
    """Finds the passages that say the same, one passage after another."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._of_row: list[int] = []
        self._best: list[tuple[tuple[object, ...], int]] = []

    def add(self, passage: Passage, sentences: Sequence[Highlight]) -> None:
        """Add the next passage."""
        row = len(self._of_row)
        number = self._numbers.setdefault(same_words_key(passage, sentences), len(self._numbers))
        self._of_row.append(number)
        candidate = (_preference(passage), row)
        if number == len(self._best):
            self._best.append(candidate)
        else:
            self._best[number] = min(self._best[number], candidate)

    def passages(self) -> DistinctPassages:
        """Return which of the passages say the same."""
        rows = np.array([row for _, row in self._best], dtype=np.int64)
        return DistinctPassages(np.array(self._of_row, dtype=np.int64), rows)
