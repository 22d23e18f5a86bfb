"""The result of reading a file: the words of a page and the places of its headings."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chatbot.records import Block, Section

__all__ = ["Heading", "Page", "same_words", "sections"]


_LONGEST_HEADING = 300  # characters


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
    are the offsets at which the pages of a PDF begin.
    """

    text: str
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    pages: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """Return the outermost heading at the beginning of the page, unless it is a question; else ""."""
        first = self.headings[0] if self.headings else None
        if first is None or first.level > 1 or self.text[: first.start].strip() or first.text.endswith("?"):
            return ""
        return first.text


def same_words(text: str) -> str:
    """Return a form of a line that ignores case, spacing and punctuation.

    A line too long to be a heading is returned as it is, because Unicode normalisation can take quadratic time.
    """
    if len(text) > _LONGEST_HEADING:
        return text
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def sections(page: Page, title: str) -> tuple[Section, ...]:
    """Cut a page at its headings; the line of a heading is in no section.

    A heading that only repeats the page's title, as on many scraped pages, ends a section but adds no heading.
    """
    cut: list[Section] = []
    path: list[Heading] = []
    start = 0
    for heading in page.headings:
        cut.append(Section(_names(path), start, heading.start))
        path = _under(path, heading, title)
        start = heading.end
    cut.append(Section(_names(path), start, len(page.text)))
    return tuple(section for section in cut if page.text[section.start : section.end].strip())


def _under(path: Sequence[Heading], heading: Heading, title: str) -> list[Heading]:
    above = [outer for outer in path if outer.level < heading.level]
    return above if same_words(heading.text) == same_words(title) else [*above, heading]


def _names(path: Sequence[Heading]) -> tuple[str, ...]:
    return tuple(heading.text for heading in path)
