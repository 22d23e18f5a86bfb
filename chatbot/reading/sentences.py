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
    run: tuple[int, int] | None = None
    last = ""
    for line in _LINE.finditer(text):
        if run and _runs_on(last, line.group()):
            run = run[0], line.end()
        else:
            if run:
                yield run
            mark = LIST_MARK.match(line.group())
            run = line.start() + (mark.end() if mark else 0), line.end()
        last = line.group()
    if run:
        yield run


def _runs_on(last: str, line: str) -> bool:
    """Tell whether a line goes on with the sentence of the one before."""
    if LIST_MARK.match(line) or " | " in line or " | " in last:
        return False
    return len(last) >= _WRAPPED or line.lstrip()[:1].islower()


def _joined(text: str) -> Iterator[tuple[int, int]]:
    """Give the segmenter's boundaries, without those between an abbreviation and the number after it."""
    held: tuple[int, int] | None = None
    # The segmenter counts bytes wrongly where a non-breaking space stands before a mark; a space is as long.
    for found in get_sentence_boundaries("en", text.replace("\u00a0", " ")):
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
