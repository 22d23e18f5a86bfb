"""Sentence boundaries, for the highlights.

A sentence never reaches over a line that ends a thought of its own: a list item or a line of a table stands alone, the
lines of a wrapped paragraph run on.
"""

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from chatbot.records import Highlight

__all__ = ["LIST_MARK", "sentences", "unwrapped"]

LIST_MARK = re.compile(r"[ \t]*(?:[-*+\u2022\u2023\u25aa\u25cf\u2013\u2014]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]+")
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_ABBREVIATED = re.compile(r"\b(?:approx|c|ca|est|ext|incl|excl|max|min|no|nos|tel)\.\s*$", re.IGNORECASE)
# A wrapped line is about as long as its fellows and stops without a full stop; a shorter one stops on purpose.
_WRAPPED = 50


def sentences(text: str) -> tuple[Highlight, ...]:
    """Find the sentences of a passage, in order, without the white space and list marks around them."""
    return tuple(mark for start, end in _runs(text) for mark in _within(text, start, end))


def unwrapped(text: str) -> str:
    """Give a text of the same length with a space for each line end that only wraps a paragraph."""
    characters = list(text)
    for start, end in _runs(text):
        for at in range(start, end):
            if text[at] in "\r\n\u2028\u2029":
                characters[at] = " "
    return "".join(characters)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Give the stretches that sentences stay inside: list items, table rows, and wrapped lines joined up."""
    start = end = None
    for line in _LINE.finditer(text):
        if start is not None and end is not None:
            if _runs_on(text[start:end], line.group()):
                end = line.end()
                continue
            yield start, end
        mark = LIST_MARK.match(line.group())
        start, end = line.start() + (mark.end() if mark else 0), line.end()
    if start is not None and end is not None:
        yield start, end


def _runs_on(before: str, line: str) -> bool:
    last = before.splitlines()[-1]
    if LIST_MARK.match(line) or " | " in line or " | " in last:
        return False
    return len(last) >= _WRAPPED or line.lstrip()[:1].islower()


def _joined(text: str) -> Iterator[tuple[int, int]]:
    """Give the segmenter's boundaries, without those between an abbreviation and the number after it."""
    held: tuple[int, int] | None = None
    for found in get_sentence_boundaries("en", text):
        begin, stop = found["start_index"], found["end_index"]
        if held and _ABBREVIATED.search(text, *held) and text[begin : begin + 1].isdigit():
            held = held[0], stop
            continue
        if held:
            yield held
        held = begin, stop
    if held:
        yield held


def _within(text: str, start: int, end: int) -> Iterator[Highlight]:
    for begin, stop in _joined(text[start:end]):
        left, right = start + begin, start + stop
        piece = text[left:right]
        left += len(piece) - len(piece.lstrip())
        right -= len(piece) - len(piece.rstrip())
        if any(character.isalnum() for character in text[left:right]):
            yield Highlight(left, right)
