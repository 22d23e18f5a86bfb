"""Find sentence boundaries, for the highlights.

A list item or a line of a table ends every sentence in it. The lines of a wrapped paragraph are read as one.
"""

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from chatbot.records import Highlight

__all__ = ["LIST_MARK", "sentences", "unwrapped"]

LIST_MARK = re.compile(r"[ \t]*(?:[-*+\u2022\u2023\u25aa\u25cf\u2013\u2014]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]+")
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_ABBREVIATED = re.compile(r"\b(?:approx|c|ca|est|ext|incl|excl|max|min|no|nos|tel)\.\s*$", re.IGNORECASE)
# Characters. A line of fewer was ended on purpose, a longer one may be wrapped.
_WRAPPED = 50


def sentences(text: str) -> tuple[Highlight, ...]:
    """Return the sentences of a passage, in order, without the white space and list marks around them."""
    return tuple(mark for start, end in _runs(text) for mark in _trimmed(text, start, end))


def unwrapped(text: str) -> str:
    """Return the text, at the same length, with a space for each line end that only wraps a paragraph."""
    characters = list(text)
    for start, end in _runs(text):
        for place in range(start, end):
            if text[place] in "\r\n\u2028\u2029":
                characters[place] = " "
    return "".join(characters)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches that contain whole sentences: list items, table rows, and paragraphs of wrapped lines."""
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
    """Return whether a line may continue the sentence of the line before."""
    if LIST_MARK.match(line) or " | " in line or " | " in last:
        return False
    return len(last) >= _WRAPPED or line.lstrip()[:1].islower()


def _segments(text: str) -> Iterator[tuple[int, int]]:
    """Yield the segmenter's sentences, joined where an abbreviation stands before a number."""
    previous: tuple[int, int] | None = None
    # The segmenter gives wrong offsets where a non-breaking space stands before a mark. A space is as long.
    for boundary in get_sentence_boundaries("en", text.replace("\u00a0", " ")):
        begin, stop = boundary["start_index"], boundary["end_index"]
        if previous and _ABBREVIATED.search(text, *previous) and text[begin : begin + 1].isdigit():
            previous = previous[0], stop
            continue
        if previous:
            yield previous
        previous = begin, stop
    if previous:
        yield previous


def _trimmed(text: str, start: int, end: int) -> Iterator[Highlight]:
    for begin, stop in _segments(text[start:end]):
        left, right = start + begin, start + stop
        piece = text[left:right]
        left += len(piece) - len(piece.lstrip())
        right -= len(piece) - len(piece.rstrip())
        if any(character.isalnum() for character in text[left:right]):
            yield Highlight(left, right)
