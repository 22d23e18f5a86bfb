"""What every reader of a file gives: the words of a page and where its headings stand."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.records import Section

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
    """The words of one file as a reader of the page sees them, and its headings in order."""

    text: str
    headings: tuple[Heading, ...]

    @property
    def title(self) -> str:
        """Give the heading that names the page: an outermost one with no words before it, and no question."""
        first = self.headings[0] if self.headings else None
        if first is None or first.level > 1 or self.text[: first.start].strip() or first.text.endswith("?"):
            return ""
        return first.text


def same_words(text: str) -> str:
    """Give what two lines share that differ only in case, spacing and punctuation.

    A line too long to be a heading is like no other: Unicode normalisation can take time that grows with its square.
    """
    if len(text) > _LONGEST_HEADING:
        return text
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def sections(page: Page, title: str) -> tuple[Section, ...]:
    """Cut a page at its headings; a heading's own line lies between two sections, in neither.

    A heading that only repeats the page's title, as a scraped page often does, ends a section but adds no heading.
    """
    found: list[Section] = []
    path: list[Heading] = []
    start = 0
    for heading in page.headings:
        found.append(Section(_names(path), start, heading.start))
        path = _under(path, heading, title)
        start = heading.end
    found.append(Section(_names(path), start, len(page.text)))
    return tuple(section for section in found if page.text[section.start : section.end].strip())


def _under(path: Sequence[Heading], heading: Heading, title: str) -> list[Heading]:
    above = [outer for outer in path if outer.level < heading.level]
    return above if same_words(heading.text) == same_words(title) else [*above, heading]


def _names(path: Sequence[Heading]) -> tuple[str, ...]:
    return tuple(heading.text for heading in path)
