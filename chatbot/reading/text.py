"""Read plain text, in which a heading is a line on its own that looks like one."""

import re
from collections.abc import Iterator

from chatbot.reading.page import Heading, Page
from chatbot.reading.questions import asks
from chatbot.reading.sentences import LIST_MARK

__all__ = ["read_text"]

_BLOCK = re.compile(r"\S[^\n]*(?:\n(?!\s*(?:\n|$))[^\n]*)*")
_LONGEST_HEADING = 120  # characters
_SMALL = 3  # letters; words of at most so many may stay small in title case
_FEW, _MANY = 5, 7  # words; at most so few above more than so many are a heading in sentence case
_TITLE_CASE = 0.6  # share of the other words that start with a capital


def read_text(text: str) -> Page:
    """Read plain text, which stays as it is; a heading at its beginning is the outermost."""
    return Page(text, tuple(_headings(text)))


def _headings(text: str) -> Iterator[Heading]:
    blocks = list(_BLOCK.finditer(text))
    for number, block in enumerate(blocks):
        line = block.group().strip()
        below = blocks[number + 1].group() if number + 1 < len(blocks) else ""
        if _looks_like_heading(line, below):
            yield Heading(1 if number == 0 and not asks(line) else 2, line, block.start(), block.end())


def _looks_like_heading(line: str, below: str) -> bool:
    """Return whether a line is a heading.

    It must be short, alone and without a full stop. It must be a question, in capitals, in title case, or short above a
    longer block.
    """
    if "\n" in line or len(line) > _LONGEST_HEADING or LIST_MARK.match(line):
        return False
    if asks(line):
        return line[0].isupper() or not line[0].isalpha()
    words = [word for word in re.findall(r"[^\W\d_][\w\u2019'-]*", line) if len(word) > _SMALL]
    if not words or line[-1] in '.!,;:)\u201d"':
        return False
    if len(line.split()) <= _FEW and len(below.split()) > _MANY and line[0].isupper():
        return True
    capitals = sum(word[0].isupper() for word in words)
    return line.isupper() or (not line[0].islower() and capitals / len(words) >= _TITLE_CASE)
