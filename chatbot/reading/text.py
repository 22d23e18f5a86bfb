"""Plain text: a heading is a line on its own that looks like one."""

import re
from collections.abc import Iterator

from chatbot.reading.page import Heading, Page, same_words
from chatbot.reading.sentences import LIST_MARK

__all__ = ["read_text"]

_BLOCK = re.compile(r"\S[^\n]*(?:\n(?!\s*(?:\n|$))[^\n]*)*")
_LONGEST_HEADING = 120  # characters
_SMALL = 3  # letters: words of title case that may stay small
_TITLE_CASE = 0.6  # share of the other words that start with a capital


def read_text(text: str) -> Page:
    """Read plain text as it stands; the first line that looks like a heading is the page's title."""
    return Page(text, tuple(_headings(text)))


def _headings(text: str) -> Iterator[Heading]:
    title = None
    for block in _BLOCK.finditer(text):
        line = block.group().strip()
        if not _looks_like_heading(line):
            continue
        level = 1 if title is None or same_words(line) == title else 2
        title = title or same_words(line)
        yield Heading(level, line, block.start(), block.end())


def _looks_like_heading(line: str) -> bool:
    """Tell a heading: alone, short, with no full stop, and a question, in capitals or in title case."""
    if "\n" in line or len(line) > _LONGEST_HEADING or LIST_MARK.match(line):
        return False
    if line.endswith("?"):
        return line[0].isupper() or not line[0].isalpha()
    words = [word for word in re.findall(r"[^\W\d_][\w\u2019'-]*", line) if len(word) > _SMALL]
    if not words or line[-1] in '.!,;:)\u201d"':
        return False
    capitals = sum(word[0].isupper() for word in words)
    return line.isupper() or (not line[0].islower() and capitals / len(words) >= _TITLE_CASE)
