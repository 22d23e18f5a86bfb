"""Find sentence boundaries, for the highlights.

A list item or a line of a table ends every sentence in it. A row is one sentence, so that no name is cut from its
figure; where it asks, each cell has its own. The lines of a wrapped paragraph are read as one.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sentencex import get_sentence_boundaries

from chatbot.reading.questions import GREEK, answer_label, asks, question_label
from chatbot.records import Highlight

__all__ = ["CELL", "LIST_MARK", "cells", "is_figure", "opening_question", "sentences", "unwrapped"]

LIST_MARK = re.compile(r"[ \t]*(?:[-*+\u2022\u2023\u25aa\u25cf\u2013\u2014]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]+")
CELL: Final = " | "
"""What stands between two cells of a row."""

_BAR: Final = re.compile(r"^\| | \| (?=\| )| \| | \|$")
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
# Characters. A line of fewer was ended on purpose, a longer one may be wrapped.
_WRAPPED = 50
_LOOKED_AT: Final = 1_000  # characters in which a question that a text begins with ends
_LONGEST_FIGURE: Final = 30  # characters
_FIGURE: Final = re.compile(
    r"(?:(?:from|only|approx|ca|ab|desde)[. ]*)?[(~+\u2248\W]{0,3}\d[^\n]*(?<![.!?:;,])", re.IGNORECASE
)
_LEADING: Final = 160  # characters of a line that leads up to a question

# The segmenter ends a sentence after these abbreviations, some of which do end one.
_DAY: Final = r"(?:mon|tues?|weds?|thurs?|thu|fri|sat|sun)"
_MONTH: Final = r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
_CLOCK: Final = r"(?:[ap]\.[ ]?m|noon)"
_UNIT: Final = r"(?:secs?|mins?|hrs?|wks?|mths?|yrs?|tbsps?|tsps?|tabs?|caps?|inj|appts?|avg|temp|vol|wt|pcs?|pers?)"
_NEVER_LAST: Final = re.compile(
    r"(?:\b|(?<=\d))(?:approx|ca|incl|excl|vit|vs|est|esp|resp|prof|bldg|inkl|zzgl|bzw|ggf|evtl)\.\s*$", re.IGNORECASE
)
_BEFORE_FIGURE: Final = re.compile(
    rf"(?:\b(?:c|ext|nos?|tel|apt|fig|rm|suite|nr|{_MONTH})|(?<!\d)(?<!\d[ \u00a0])\b(?:max|min))\.\s*$", re.IGNORECASE
)
_BEFORE_SMALL: Final = re.compile(
    rf"(?:\b|(?<=\d))(?:{_DAY}|{_MONTH}|{_CLOCK}|{_UNIT}|max|min|etc|ext|tel|apt|dept|ltd|inc|u\.k|u\.s)\.\s*$",
    re.IGNORECASE,
)
_TIMED: Final = re.compile(rf"\b(?:{_DAY}|{_MONTH}|{_CLOCK})\.\s*$", re.IGNORECASE)
_DAY_OR_MONTH: Final = re.compile(
    rf"(?:{_DAY}|{_MONTH}|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|june|july|august"
    r"|september|october|november|december|weekdays?|weekends?)\b",
    re.IGNORECASE,
)
_GOES_ON: Final = "-\u2010\u2011\u2012\u2013\u2014/,;:&+)%"
# And it ends none after these, which end one before a capital.
_ENDED: Final = re.compile(r"\b(?:\d+\w?,? (?:[A-Z][\w'\u2019]* ){1,3}(?:St|Rd|Ave|Ln|Sq|Pl|Ct|Dr)|etc)\. (?=[A-Z])")


def sentences(text: str) -> tuple[Highlight, ...]:
    """Return the sentences of a passage, in order, without the white space, list marks and labels around them."""
    pieces = (piece for start, end in _runs(text) for piece in _trimmed(text, start, end))
    return tuple(_unlabelled(text, pieces))


def opening_question(text: str) -> Highlight | None:
    """Return the question that a text begins with, without a label; one sentence may lead up to it on its line.

    "I am diabetic. May I come?" is a question, and so is "Q: Parking". "We numb it first. Any questions?" is none
    unless its line is short and ends there.
    """
    line = text.find("\n", len(text) - len(text.lstrip()))
    first, *others = sentences(text[: max(line, _LOOKED_AT)])[:2] or (None,)
    if first is None:
        return None
    mark = LIST_MARK.match(text)
    if asks(text[first.start : first.end]) or question_label(text[mark.end() if mark else 0 : first.end]):
        return first
    second = others[0] if others else first
    ends_line = second.end == len(text[: line if line >= 0 else len(text)].rstrip())
    leads = ends_line and second.end <= _LEADING and asks(text[second.start : second.end])
    return Highlight(first.start, second.end) if leads else None


def cells(row: str) -> list[tuple[int, int]]:
    """Return the places of the cells of a row, in order, without the white space around their words."""
    starts = [0, *(match.end() for match in _BAR.finditer(row))]
    ends = [*(match.start() for match in _BAR.finditer(row)), len(row)]
    return list(zip(starts, ends, strict=True))


def is_figure(text: str) -> bool:
    """Return whether a line is a price, a time or another figure, which says nothing without the name above it."""
    line = text.strip()
    return len(line) <= _LONGEST_FIGURE and bool(_FIGURE.fullmatch(line)) and not LIST_MARK.match(line)


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
    if LIST_MARK.match(line) or CELL in line or CELL in last:
        return False
    if question_label(line) or (asks(last) and answer_label(line, stopped=bool(question_label(last)))):
        return False
    return len(last) >= _WRAPPED or line.lstrip()[:1].islower()


def _trimmed(text: str, start: int, end: int) -> Iterator[Highlight]:
    """Yield the sentences of a run, without the white space around them."""
    for begin, stop in _segments(text[start:end]):
        left, right = start + begin, start + stop
        piece = text[left:right]
        left += len(piece) - len(piece.lstrip())
        right -= len(piece) - len(piece.rstrip())
        if any(character.isalnum() for character in text[left:right]):
            yield Highlight(left, right)


def _unlabelled(text: str, pieces: Iterable[Highlight]) -> Iterator[Highlight]:
    """Yield sentences without a label such as "Q:", or "A:" after a question."""
    asked = labelled = False
    for piece in pieces:
        words = text[piece.start : piece.end]
        label = question_label(words)
        cut = label or (answer_label(words, stopped=labelled) if asked else 0)
        labelled = bool(label) or (asks(words) and labelled)
        asked = asks(words)
        if cut < len(words):
            yield Highlight(piece.start + cut, piece.end)


def _segments(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of the sentences in a run: one for a row of a table, unless its cells ask and answer."""
    if CELL not in text:
        yield from _split_prose(text)
        return
    places = cells(text)
    asking = next((number for number, cell in enumerate(places[:-1]) if asks(text[slice(*cell)])), None)
    if asking is None:
        yield 0, len(text)
        return
    for start, end in places[asking:]:  # a number may stand before the question
        yield from ((start + left, start + right) for left, right in _split_prose(text[start:end]))


def _split_prose(text: str) -> Iterator[tuple[int, int]]:
    """Yield the segmenter's sentences, joined after an abbreviation, and parted where one ends them."""
    previous: tuple[int, int] | None = None
    for begin, stop in _boundaries(text):
        if previous and _is_abbreviated(text[slice(*previous)], text[begin:stop]):
            previous = previous[0], stop
            continue
        if previous:
            yield previous
        previous = begin, stop
    if previous:
        yield previous


def _boundaries(text: str) -> Iterator[tuple[int, int]]:
    # The segmenter gives wrong offsets where a non-breaking space stands before a mark. A space is as long.
    language = "el" if GREEK.search(text) else "en"
    for boundary in get_sentence_boundaries(language, text.replace("\u00a0", " ")):
        start, end = boundary["start_index"], boundary["end_index"]
        for ended in _ENDED.finditer(text, start, end):
            yield start, ended.end()
            start = ended.end()
        yield start, end


def _is_abbreviated(before: str, after: str) -> bool:
    """Return whether the full stop before a segment is that of an abbreviation."""
    if not before.rstrip().endswith("."):
        return False
    after = after.lstrip()
    if _NEVER_LAST.search(before):
        return True
    if _BEFORE_FIGURE.search(before) and after[:1].isdigit():
        return True
    if _BEFORE_SMALL.search(before) and (after[:1].islower() or after[:1] in _GOES_ON):
        return True
    return bool(_TIMED.search(before) and (after[:1].isdigit() or _DAY_OR_MONTH.match(after)))
