"""The documents and passages of a build: written a line each, and parsed only when they are asked for."""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.records import Block, BlockKind, Document, Highlight, Passage, Section

__all__ = ["Entry", "Page", "Texts", "page_lines"]

_DOCUMENTS_HELD: Final = 1_024  # that were parsed last
_PASSAGES_HELD: Final = 8_192

Entry = tuple[Passage, tuple[Highlight, ...]]
"""A passage and its sentences."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """A document with its passages, and the digest of the file that it was read from.

    `lines` are the lines that `Texts.write` wrote of an earlier build's page; it writes them again as they are.
    """

    digest: str
    document: Document
    entries: tuple[Entry, ...]
    lines: tuple[bytes, ...] = field(default=(), compare=False, repr=False)


class Texts:
    """The documents and passages of a build, in order; immutable and safe to share between threads.

    `digests` are those of the pages' files and `languages` the pages' languages, both by the pages' ids.
    """

    FILES: ClassVar = (
        "pages.json",
        "headings.json",
        "documents.jsonl",
        "documents.npy",
        "passages.jsonl",
        "passages.npy",
    )
    """The names of the files that `write` makes."""

    def __init__(self, folder: Path) -> None:
        """Map the files that `write` made into memory; raises `IndexDamaged` if they do not fit together."""
        try:
            pages: dict[str, list[str | None]] = json.loads((folder / "pages.json").read_bytes())
            self.digests: Mapping[str, str] = {name: str(digest) for name, (digest, _) in pages.items()}
            self.languages: Mapping[str, str | None] = {name: language for name, (_, language) in pages.items()}
            self.headings: Sequence[str] = json.loads((folder / "headings.json").read_bytes())
            documents = _Lines(folder / "documents.jsonl", _document, _DOCUMENTS_HELD)
            passages = _Lines(folder / "passages.jsonl", _entry, _PASSAGES_HELD)
        except (OSError, ValueError, EOFError, LookupError, TypeError, AttributeError) as error:
            raise IndexDamaged(f"The pages in {folder} cannot be read: {REBUILD_HINT}.") from error
        if len(documents) != len(self.digests) or len(passages) != documents.counted[-1]:
            raise IndexDamaged(f"The pages in {folder} are incomplete: {REBUILD_HINT}.")
        self.common_language = _most(self.languages.values())
        """The language of most pages whose language is known, or None."""
        self._rows = {name: row for row, name in enumerate(self.digests)}
        self._documents, self._passages = documents, passages
        self._first_passages = documents.counted
        self.first_spans = passages.counted
        """The number of spans before each passage, and last that of all, shape (passages + 1,)."""
        self.documents: Mapping[str, Document] = _Documents(self._rows, documents)
        self.passages: Sequence[Passage] = _Passages(passages)
        self.entries: Sequence[Entry] = passages

    @classmethod
    def write(cls, folder: Path, pages: Iterable[Page]) -> int:
        """Write pages into `FILES` of a folder, in order, holding one at a time, and return how many there are.

        Equal pages give equal bytes.
        """
        about: dict[str, tuple[str, str | None]] = {}
        headings: dict[str, None] = {}
        with _LineFile(folder / "documents.jsonl") as documents, _LineFile(folder / "passages.jsonl") as passages:
            for page in pages:
                about[page.document.id] = page.digest, page.document.language
                first, *others = page.lines or page_lines(page)
                documents.append(first, len(page.entries))
                for line, (passage, marks) in zip(others, page.entries, strict=True):
                    headings.update(dict.fromkeys(passage.headings[-1:]))
                    passages.append(line, 2 + len(marks))
        for name, values in (("pages.json", about), ("headings.json", list(headings))):
            (folder / name).write_text(json.dumps(values, ensure_ascii=False), "utf-8")
        return len(about)

    def passage_languages(self) -> NDArray[np.str_]:
        """Return the language of each passage, shape (passages,), "" where it is unknown."""
        pages = np.array([language or "" for language in self.languages.values()], dtype=np.str_)
        return np.repeat(pages, np.diff(self._first_passages))

    def row(self, passage: Passage) -> int:
        """Return the number of a passage of these; raises `LookupError` for any other."""
        rows = self.rows_of(passage.document)
        return rows[[self.passages[row] for row in rows].index(passage)]

    def passages_of(self, name: str) -> tuple[Passage, ...]:
        """Return the passages of a page, in order; none for a page that is not there."""
        return tuple(self.passages[row] for row in self.rows_of(name)) if name in self._rows else ()

    def page(self, name: str, digest: str) -> Page | None:
        """Return a page with its passages if its file had this digest."""
        if self.digests.get(name) != digest:
            return None
        rows = self.rows_of(name)
        lines = self._documents.line(self._rows[name]), *map(self._passages.line, rows)
        return Page(digest, self.documents[name], tuple(map(self.entries.__getitem__, rows)), lines)

    def rows_of(self, name: str) -> range:
        """Return the numbers of the passages of a page that is there."""
        page = self._rows[name]
        return range(self._first_passages[page], self._first_passages[page + 1])


def _most(values: Iterable[str | None]) -> str | None:
    counted = Counter(filter(None, values))
    return min(counted, key=lambda value: (-counted[value], value), default=None)


def page_lines(page: Page) -> Iterator[bytes]:
    """Yield the line of a document and those of its passages, as `Texts.write` writes them."""
    blocks = [[block.kind, block.start, block.end] for block in page.document.blocks]
    yield _line({**asdict(page.document), "blocks": blocks})
    for passage, marks in page.entries:
        held = [[mark.start, mark.end] for mark in marks]
        yield _line({**passage.as_dict(), "header": passage.header, "sentences": held})


def _line(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, default=date.isoformat) + "\n").encode()


class _LineFile:
    """Writes lines, and beside them where each line and what it counts begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns = array("q", [0]), array("q", [0])

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    def append(self, line: bytes, count: int) -> None:
        self._file.write(line)
        for column, size in zip(self._columns, (len(line), count), strict=True):
            column.append(column[-1] + size)

    def __exit__(self, *_error: object) -> None:
        self._file.close()
        np.save(self._path.with_suffix(".npy"), np.array(self._columns, dtype=np.int64))


class _Lines(Sequence[Item], Generic[Item]):
    """The values of a file of lines, parsed when they are asked for; those that were asked for last are held.

    `counted` is what the lines before each count together, and last what all do.
    """

    def __init__(self, path: Path, parse: Callable[[Mapping[str, Any]], Item], held: int) -> None:
        with path.open("rb") as file:
            self._content = mmap(file.fileno(), 0, access=ACCESS_READ)
        columns = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        self._starts, self.counted = columns.view(np.ndarray)
        self._parse = parse
        self._item = lru_cache(held)(self._read)
        if self._starts[-1] != len(self._content):
            raise ValueError(path)

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, row: int) -> Item: ...

    @overload
    def __getitem__(self, row: slice) -> Sequence[Item]: ...

    def __getitem__(self, row: int | slice) -> Item | Sequence[Item]:
        if isinstance(row, slice):
            return tuple(map(self._item, range(*row.indices(len(self)))))
        return self._item(range(len(self))[row])

    def __iter__(self) -> Iterator[Item]:
        return map(self._read, range(len(self)))  # a walk through all of them should not drive out what is held

    def line(self, row: int) -> bytes:
        """Return a line as it was written."""
        start, end = self._starts[row : row + 2]
        return self._content[start:end]

    def _read(self, row: int) -> Item:
        return self._parse(json.loads(self.line(row).decode()))


class _Passages(Sequence[Passage]):
    """The passages of entries, without their sentences."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, row: int) -> Passage: ...

    @overload
    def __getitem__(self, row: slice) -> tuple[Passage, ...]: ...

    def __getitem__(self, row: int | slice) -> Passage | tuple[Passage, ...]:
        if isinstance(row, slice):
            return tuple(passage for passage, _ in self._entries[row])
        return self._entries[row][0]

    def __iter__(self) -> Iterator[Passage]:
        return (passage for passage, _ in self._entries)


class _Documents(Mapping[str, Document]):
    """Documents by their ids."""

    def __init__(self, rows: Mapping[str, int], lines: Sequence[Document]) -> None:
        self._rows = rows
        self._lines = lines

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __getitem__(self, name: str) -> Document:
        return self._lines[self._rows[name]]


def _document(fields: Mapping[str, Any]) -> Document:
    reviewed = fields["reviewed"] and date.fromisoformat(fields["reviewed"])
    sections = (Section(**item | {"headings": tuple(item["headings"])}) for item in fields["sections"])
    blocks = (Block(BlockKind(kind), start, end) for kind, start, end in fields["blocks"])
    held = {name: fields[name] for name in ("id", "title", "text", "url", "language")}
    held |= {name: tuple(fields[name]) for name in ("warnings", "pages", "footer")}
    return Document(**held, reviewed=reviewed, sections=tuple(sections), blocks=tuple(blocks))


def _entry(fields: Mapping[str, Any]) -> Entry:
    names = ("document", "title", "url", "headings", "start", "end", "text")
    header = fields["header"] and tuple(fields["header"])
    held = {name: fields[name] for name in names} | {"headings": tuple(fields["headings"]), "header": header}
    passage = Passage(**held)
    return passage, tuple(Highlight(*mark) for mark in fields["sentences"])
