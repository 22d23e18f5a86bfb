"""The result of reading a file: the words of a page and the places of its headings."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chatbot.reading.questions import asks
from chatbot.records import Block, Section

__all__ = ["Heading", "Page", "finished", "printed", "same_words", "sections"]


_LONGEST_HEADING = 300  # characters
_UNPRINTED = re.compile(r"[\u00ad\u200b\u2060\ufeff]")  # soft hyphens and marks of no width, but not the joiners
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # half a character, which broken fonts and escapes leave
_SENTENCE_ENDS = (".", "!", "\u3002", "\uff01")
_FIGURE = re.compile(r"[$\u00a3\u20ac\u20b9\u00a5]|\d[.:]\d\d|\d{5}|\d[ ]?(?:am|pm|min|%|\u00b0)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading at `text[start:end]`; level 1 is the outermost."""

    level: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """The words of one file as a visitor of the page sees them, with its headings and blocks in order.

    `blocks` are sorted by their start, an outer one before those inside it. `about` is what the file says of itself,
    under the names that front matter has: `title`, `url`, `reviewed`, `language`. Front matter goes before it. `pages`
    are the offsets at which the pages of a PDF begin, `warnings` what of the file cannot be read, a clause and a cure
    each. `footer` is what the footer of the site says of hours, place and telephone.
    """

    text: str
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    footer: "Page | None" = None

    @property
    def title(self) -> str:
        """Return the outermost heading at the beginning of the page, unless it is a question; else ""."""
        first = self.headings[0] if self.headings else None
        if first is None or first.level > 1 or self.text[: first.start].strip() or asks(first.text):
            return ""
        return first.text


def printed(text: str) -> str:
    """Return a text without the characters inside words that no reader sees, such as soft hyphens.

    Half a character, which no file can hold, becomes the mark for one that is not known.
    """
    return _SURROGATE.sub("\ufffd", _UNPRINTED.sub("", text))


def finished(page: Page) -> Page:
    """Return a page as it is printed: without unseen characters, and with no words that stand in a heading alone.

    Page builders write prices and whole sentences as headings with nothing below them. Those are text of the page.
    """
    return _without_lone_headings(_as_printed(page))


def _as_printed(page: Page) -> Page:
    unseen = [match.start() for match in _UNPRINTED.finditer(page.text)]
    if not unseen and not _SURROGATE.search(page.text):
        return page

    def moved(place: int) -> int:
        return place - bisect_left(unseen, place)

    return replace(
        page,
        text=printed(page.text),
        headings=tuple(
            Heading(each.level, printed(each.text), moved(each.start), moved(each.end)) for each in page.headings
        ),
        blocks=tuple(Block(each.kind, moved(each.start), moved(each.end)) for each in page.blocks),
        pages=tuple(map(moved, page.pages)),
    )


def _without_lone_headings(page: Page) -> Page:
    """Return a page without the headings that are text, with nothing below: all but the title where nothing else is."""
    if not page.headings:
        return page
    ends = [heading.start for heading in page.headings[1:]] + [len(page.text)]
    below = [page.text[heading.end : end].strip() for heading, end in zip(page.headings, ends, strict=True)]
    levels = [heading.level for heading in page.headings[1:]] + [0]
    lone = [not text and next_ <= each.level for each, text, next_ in zip(page.headings, below, levels, strict=True)]
    empty = not any(below) and not page.text[: page.headings[0].start].strip()
    kept = (
        heading
        for number, (heading, alone) in enumerate(zip(page.headings, lone, strict=True))
        if not alone or (not empty and not _says_something(heading.text)) or (not number and page.title)
    )
    return replace(page, headings=tuple(kept))


def _says_something(heading: str) -> bool:
    return heading.endswith(_SENTENCE_ENDS) or bool(_FIGURE.search(heading))


def same_words(text: str) -> str:
    """Return a form of a line that ignores case, spacing and punctuation.

    A line too long to be a heading is returned as it is, because Unicode normalisation can take quadratic time.
    """
    if len(text) > _LONGEST_HEADING:
        return text
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def sections(page: Page, title: str) -> tuple[Section, ...]:
    """Cut a page at its headings; the line of a heading is in no section.

    A heading that only repeats the page's title, as on many scraped pages, ends a section but adds no heading. A page
    that is titled by its first heading may have others of the outermost level, each above a part of its own.
    """
    titles = _titles(page, title)
    cut: list[Section] = []
    path: list[Heading] = []
    start = 0
    for heading in page.headings:
        cut.append(_section(path, start, heading.start, titles))
        path = _under(path, heading, title)
        start = heading.end
    cut.append(_section(path, start, len(page.text), titles))
    return tuple(section for section in cut if page.text[section.start : section.end].strip())


def _titles(page: Page, title: str) -> set[Heading]:
    """Return the headings that title a part of the page: outermost ones, with others below them, after the first."""
    if not page.title or same_words(page.title) != same_words(title):
        return set()
    pairs = zip(page.headings, page.headings[1:], strict=False)
    return {heading for heading, below in pairs if heading.level == 1 < below.level} - {page.headings[0]}


def _section(path: Sequence[Heading], start: int, end: int, titles: Collection[Heading]) -> Section:
    title = path[0].text if path and path[0] in titles else ""
    return Section(tuple(heading.text for heading in path[bool(title) :]), start, end, title)


def _under(path: Sequence[Heading], heading: Heading, title: str) -> list[Heading]:
    above = [outer for outer in path if outer.level < heading.level]
    return above if same_words(heading.text) == same_words(title) else [*above, heading]
