"""Copies: which passages and pages of a corpus say the same, and which differ in a detail alone.

A print version, a backup or a second branch holds the words of another page once more. A passage that stands on several
pages is searched once, so that it neither competes with itself nor makes its words common.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.reading import sentences
from chatbot.records import Document, Highlight, Passage

__all__ = [
    "DistinctCounter",
    "DistinctPassages",
    "PageCopy",
    "copies_text",
    "find_copies",
    "read_copies",
    "same_words_key",
    "words_of",
    "write_copies",
]

Rows = NDArray[np.int64]

_WORD: Final = re.compile(
    r"(?<![\w.,])[-\u2212](?=\d)"  # a minus
    r"|\w+(?:[.,:/'\u2019@\u2013-]\w+)*"  # a word, a figure, a time, an address
    r"|[^\w\s.,;:!'\"()\[\]{}*_#|/\\\u00b7\u2018-\u201f\u2010-\u2015\u2022\u2026\u25aa\u25cf-]"  # such as a currency
)
_COPIES: Final = "copies.json"
_SHINGLE: Final = 5  # words
_SKETCH: Final = 128  # of the shingles of a page, those with the least hashes
_SIMILAR: Final = 0.7  # share of the shingles of two pages that are in both, from which one is a copy
_MOST_PAGES: Final = 64  # of one shingle; a shingle of more is a phrase of the site
_NAMED: Final = 5  # copies of one list
_QUOTED: Final = 2  # differences between two pages
_LONGEST: Final = 80  # characters of a quotation
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
    return _words_of(text)


def _words_of(text: str) -> tuple[str, ...]:
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


def _preference(name: str, title: str, url: str | None) -> tuple[bool, bool, int, int, str]:
    """Return a key that sorts the pages that hold the same words: the one to cite first."""
    path = PurePosixPath(name)
    is_copy = any(_IS_COPY.search(each) for each in (str(path.with_suffix("")), url or "", title))
    return is_copy, url is None, len(path.parts), len(name), name


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
        candidate = (_preference(passage.document, passage.title, passage.url), row)
        if number == len(self._best):
            self._best.append(candidate)
        else:
            self._best[number] = min(self._best[number], candidate)

    def passages(self) -> DistinctPassages:
        """Return which of the passages say the same."""
        rows = np.array([row for _, row in self._best], dtype=np.int64)
        return DistinctPassages(np.array(self._of_row, dtype=np.int64), rows)


@dataclass(frozen=True, slots=True)
class PageCopy:
    """A page that says the same as another, `original`, or nearly so; both are ids.

    `share` is the share of words that stand in sentences of both: 1 if no sentence differs. `own` are sentences of the
    copy that the original has not, `missing` the reverse: some of each.
    """

    document: str
    original: str
    share: float
    own: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say what is alike and what differs, for the person who looks after the pages."""
        if self.share == 1:
            return f"{self.document} says the same as {self.original}."
        says = "; ".join(f"\u201c{_shortened(text)}\u201d" for text in self.own) or "nothing"
        instead = "; ".join(f"\u201c{_shortened(text)}\u201d" for text in self.missing) or "nothing"
        percent = min(99, int(100 * self.share))
        return f"{self.document} is {percent} % the same as {self.original}. It says {says}, where that says {instead}."


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()} ..."


def copies_text(copies: Sequence[PageCopy]) -> list[str]:
    """Return a line on the pages that say the same as others, and one for each that nearly does."""
    same = [f"{copy.document} ({copy.original})" for copy in copies if copy.share == 1]
    lines = [str(copy) for copy in copies if copy.share < 1]
    if same:
        more = f" and {len(same) - _NAMED} more" if len(same) > _NAMED else ""
        pages = "1 page says" if len(same) == 1 else f"{len(same)} pages say"
        lines.insert(
            0, f"{pages} the same as another one: {', '.join(same[:_NAMED])}{more}. Their words are searched once."
        )
    return lines


def find_copies(pages: Mapping[str, Document]) -> tuple[PageCopy, ...]:
    """Return those of the pages, by their ids, that say the same as another one or nearly so, in order.

    Pages are compared by their shingles with the least hashes, an estimate of the share of shingles in common. Source:
    A. Broder, "On the resemblance and containment of documents", 1997.
    """
    order, hashes = [], _WordHashes()
    sketches: dict[str, NDArray[np.uint64]] = {}
    for name, page in pages.items():  # one after another: not all of them need to be held
        order.append((_preference(name, page.title, page.url), name))
        sketches[name] = _sketch(_words_of(page.text), hashes)
    originals: defaultdict[int, list[str]] = defaultdict(list)
    found: list[PageCopy] = []
    for _, name in sorted(order):
        original = _most_similar(sketches[name], sketches, originals)
        if original is not None:
            found.append(_compared(pages[name], pages[original]))
            continue
        for number in sketches[name].tolist():
            if len(originals[number]) < _MOST_PAGES:
                originals[number].append(name)
    return tuple(sorted(found, key=lambda copy: copy.document))


class _WordHashes(dict[str, int]):
    """The hash of each word; each is hashed once."""

    def __missing__(self, word: str) -> int:
        number = self[word] = crc32(word.encode("utf-8", "surrogatepass"))
        return number


def _sketch(words: Sequence[str], hashes: Mapping[str, int]) -> NDArray[np.uint64]:
    """Return the least hashes of the shingles of a page, in order."""
    numbers = np.array([hashes[word] for word in words], dtype=np.uint64)
    length = max(1, len(numbers) - _SHINGLE + 1)
    shingles = np.zeros(length, dtype=np.uint64)
    for place in range(min(_SHINGLE, len(numbers))):  # arithmetic is modulo 2**64
        shingles = (shingles ^ numbers[place : place + length]) * np.uint64(0x9E3779B97F4A7C15)
        shingles ^= shingles >> np.uint64(29)
    return np.unique(shingles)[:_SKETCH]


def _most_similar(
    sketch: NDArray[np.uint64], sketches: Mapping[str, NDArray[np.uint64]], originals: Mapping[int, Sequence[str]]
) -> str | None:
    """Return the page that is most similar to a sketch, if it is similar enough."""
    shared = Counter(name for number in sketch.tolist() for name in originals.get(number, ()))
    best, most = None, _SIMILAR
    for name, count in shared.most_common(_NAMED):
        union = np.union1d(sketch, sketches[name])[:_SKETCH]
        common = np.intersect1d(sketch, sketches[name], assume_unique=True)
        share = float(np.count_nonzero(common <= union[-1])) / len(union)
        if count and share >= most and (best is None or share > most):
            best, most = name, share
    return best


def _compared(copy: Document, original: Document) -> PageCopy:
    own, other = _by_words(copy.text), _by_words(original.text)
    common = sum(len(words) for words in own if words in other)
    total = max(sum(map(len, own)), sum(map(len, other)), 1)
    only = tuple(text for words, text in own.items() if words not in other)
    missing = tuple(text for words, text in other.items() if words not in own)
    share = common / total if only or missing else 1.0
    return PageCopy(copy.id, original.id, share, only[:_QUOTED], missing[:_QUOTED])


def _by_words(text: str) -> dict[tuple[str, ...], str]:
    """Return the sentences of a page by their words."""
    texts = (text[mark.start : mark.end] for mark in sentences(text))
    return {words: sentence for sentence in texts if (words := _words_of(sentence))}


def write_copies(folder: Path, copies: Sequence[PageCopy]) -> None:
    """Write the copies among the pages of a build into its folder."""
    (folder / _COPIES).write_text(json.dumps([asdict(copy) for copy in copies], ensure_ascii=False), "utf-8")


def read_copies(folder: Path) -> tuple[PageCopy, ...]:
    """Read what `write_copies` wrote; raises `IndexDamaged`."""
    try:
        return tuple(
            PageCopy(**{**fields, "own": tuple(fields["own"]), "missing": tuple(fields["missing"])})
            for fields in json.loads((folder / _COPIES).read_bytes())
        )
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise IndexDamaged(f"The copies in {folder} cannot be read: {REBUILD_HINT}.") from error
