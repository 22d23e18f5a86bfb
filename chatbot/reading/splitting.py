"""Cut documents into passages, verbatim, at boundaries of what they mean and then of their text.

A question and its answer are one passage, and no passage holds two of them. The boundaries are tried in this order:
headings, answers, blank lines, the rows of a table and the items of a list, sentences, words. Lines that only repeat a
heading or the title are left out, because scrapers make such lines of pictures' captions. A paragraph of one short
sentence says little by itself, so it joins its neighbours under the same heading.

A passage of rows knows the header of its table. A later part of a long answer, or of a long list, has the question or
the line above the list as its last heading.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chatbot.reading.blocks import Spans, echoes
from chatbot.reading.page import same_words
from chatbot.reading.questions import question_words
from chatbot.reading.sentences import LIST_MARK, is_figure, opening_question, sentences
from chatbot.records import Block, BlockKind, Document, Passage, Section

__all__ = ["SPLITTER", "split"]

SPLITTER: Final = "3"
"""The version of the rules. Raise it when they change, so that indexes built by older rules are refused."""

_Span = tuple[int, int]
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_THIN = 32  # tokens; a paragraph of one sentence with fewer joins its neighbours
_CHARACTERS = 12  # of a token, at most
_JOINED = 128  # tokens of joined paragraphs, at most
_LONGEST_HEADING: Final = 200  # characters of a question or a line that later parts have above them


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch of text that is cut only if it is too long; `answer` is the block that it belongs to, if any.

    `apart` says that it joins no neighbour.
    """

    start: int
    end: int
    answer: Block | None = None
    apart: bool = False


def split(document: Document, limit: int, length: Callable[[str], int]) -> tuple[Passage, ...]:
    """Cut a document into passages of at most `limit` tokens; `length` counts the tokens of a text.

    The count of two texts with white space between them is taken to be the sum of their counts.
    """
    splitter = _Splitter(document, limit, length)
    return tuple(passage for section in document.sections for passage in splitter.passages(section))


class _Splitter:
    """Cuts one document into spans, each of which starts and ends with a printed character."""

    def __init__(self, document: Document, limit: int, length: Callable[[str], int]) -> None:
        self.document = document
        self.text = document.text
        self.limit = limit
        self.tokens = length
        self.echoes = echoes(document.title, document.sections)
        self.answers = Spans(document.blocks, BlockKind.ANSWER)
        self.tables = Spans(document.blocks, BlockKind.TABLE)
        self.atoms = Spans(document.blocks, BlockKind.ROW, BlockKind.HEADER, BlockKind.ITEM)
        self.headers = Spans(document.blocks, BlockKind.HEADER)

    def passages(self, section: Section) -> Iterator[Passage]:
        """Yield the passages of a section."""
        document = self.document
        title = section.title or document.title
        units = (unit for unit in self.units(section) if self.has_words(unit.start, unit.end))
        for unit in self.joined(self.bound(unit for unit in units if not self.is_header_of_answers(unit))):
            for start, end in self.fitted(unit.start, unit.end):
                if self.has_words(start, end):
                    headings, words = self.headings(unit, start, section), self.text[start:end]
                    yield Passage(document.id, title, document.url, headings, start, end, words, self.header(start))

    def headings(self, unit: _Unit, start: int, section: Section) -> tuple[str, ...]:
        """Return the headings of a part of a unit, for a later part with its question or what announces its list."""
        question = self.question(unit)
        if question and start >= question[1]:
            words = question_words(_without_mark(self.text[slice(*question)]))
        else:
            words = "" if unit.answer or start == unit.start else self.announcement(unit, start)
        if not words or same_words(words) in map(same_words, section.headings):
            return section.headings
        inner = 1 if question and question[0] < section.start else 0  # an accordion may hold headings
        place = len(section.headings) - inner
        return (*section.headings[:place], words, *section.headings[place:])

    def is_header_of_answers(self, unit: _Unit) -> bool:
        """Return whether a unit is the header of a table whose rows are passages of their own."""
        header, table = self.headers.at(unit.start), self.tables.at(unit.start)
        alone = header and (header.start, header.end) == (unit.start, unit.end)
        return bool(alone and table and next(self.answers.within(table.start, table.end), None))

    def question(self, unit: _Unit) -> _Span | None:
        """Return the place of a unit's question, if a heading can hold it: its first sentence or its first line."""
        if unit.answer is None:
            return None
        start, end = unit.answer.start, unit.answer.end
        question, line = opening_question(self.text[start:end]), _LINE.search(self.text, start, end)
        if question:
            place = start + question.start, start + question.end
        else:
            place = _stripped(self.text, *line.span()) if line else (start, end)
        return place if place[1] - place[0] <= _LONGEST_HEADING else None

    def announcement(self, unit: _Unit, start: int) -> str:
        """Return the line that announces the list in which a part of a unit begins, such as "Do not eat:"."""
        if not self.atoms.at(start):
            return ""
        line = ""
        for match in _LINE.finditer(self.text, unit.start, start):
            words = match.group().strip()
            if words.endswith((":", "\uff1a")) and not LIST_MARK.match(words):
                line = words
            elif words and not self.atoms.at(match.end() - 1):
                line = ""
        return line if len(line) <= _LONGEST_HEADING else ""

    def header(self, start: int) -> _Span | None:
        """Return the place of the column names of the table in which a passage begins, unless it holds them."""
        table = self.tables.at(start)
        header = next(self.headers.within(table.start, table.end), None) if table else None
        return (header.start, header.end) if header and header.end <= start else None

    def length(self, text: str) -> int:
        """Count tokens; a model may count a long run of unknown characters as one, which this corrects."""
        return max(self.tokens(text), len(text) // _CHARACTERS)

    def has_words(self, start: int, end: int) -> bool:
        """Return whether a span has letters or digits, and not only rules, ornaments or invisible characters."""
        return any(character.isalnum() for character in self.text[start:end])

    def units(self, section: Section) -> Iterator[_Unit]:
        """Yield the answers of a section, and its runs of lines between blank ones.

        A line that repeats a heading ends a unit and is in none.
        """
        held: _Unit | None = None
        after = section.start
        for match in _LINE.finditer(self.text, section.start, section.end):
            start, end = _stripped(self.text, match.start(), match.end())
            blank = len(self.text[after : match.start()].replace("\r\n", "\n")) > 1 or start == end
            after = match.end()
            echo = same_words(self.text[start:end]) in self.echoes
            answer = None if start == end else self.answers.at(start)
            if held and (echo or (answer != held.answer and start < end) or (blank and not held.answer)):
                yield held
                held = None
            if not echo and start < end:
                held = _Unit(held.start if held else start, end, answer, bool(answer and self.is_apart(answer)))
        if held:
            yield held

    def is_apart(self, answer: Block) -> bool:
        """Return whether an answer joins no neighbour: all but a name with a figure, as in a list of prices."""
        text = self.text[answer.start : answer.end]
        return opening_question(text) is not None or not self.is_short(text)

    def is_short(self, text: str) -> bool:
        return self.length(text) < _THIN and len(sentences(text)) <= 2

    def bound(self, units: Iterable[_Unit]) -> Iterator[_Unit]:
        """Yield units, with a price or another figure in one with the name above it."""
        held: _Unit | None = None
        for unit in units:
            if held and self.is_figure_of(held, unit):
                held = _Unit(held.start, unit.end)
                continue
            if held:
                yield held
            held = unit
        if held:
            yield held

    def is_figure_of(self, first: _Unit, second: _Unit) -> bool:
        if first.apart or second.apart or self.text[first.end : second.start].strip():
            return False
        whole = self.text[first.start : second.end]
        return is_figure(self.text[second.start : second.end]) and self.length(whole) <= self.limit

    def joined(self, units: Iterable[_Unit]) -> Iterator[_Unit]:
        """Yield units, with a thin one, or one that announces the next, joined to its neighbour if both fit."""
        held: _Unit | None = None
        for unit in units:
            if held is None:
                held = unit
            elif self.belong_together(held, unit):
                held = _Unit(held.start, unit.end)
            else:
                yield held
                held = unit
        if held is not None:
            yield held

    def belong_together(self, first: _Unit, second: _Unit) -> bool:
        if first.apart or second.apart or self.text[first.end : second.start].strip():
            return False
        size = self.length(self.text[first.start : second.end])
        announced = self.text[first.end - 1] in ":\uff1a"
        if announced and (size <= self.limit or self.atoms.at(second.start)):
            return True
        return size <= min(_JOINED, self.limit) and (self.is_thin(first) or self.is_thin(second))

    def is_thin(self, unit: _Unit) -> bool:
        text = self.text[unit.start : unit.end]
        return self.length(text) < _THIN and len(sentences(text)) < 2

    def fitted(self, start: int, end: int) -> Iterator[_Span]:
        """Yield a span, cut into parts of similar length, at the best boundaries, if it is over the limit."""
        total = self.length(self.text[start:end])
        if total <= self.limit:
            yield start, end
            return
        target = total / -(-total // self.limit)
        begin, done, size = start, start, 0
        for piece in self.pieces(start, end):
            more = self.length(self.text[slice(*piece)])
            overfull = size + more > self.limit or size + more - target > target - size
            if size and overfull:
                yield begin, done
                begin, size = piece[0], 0
            done, size = piece[1], size + more
        yield begin, done

    def pieces(self, start: int, end: int) -> Iterator[_Span]:
        """Yield the rows, items and sentences of a span; of one over the limit the next smaller pieces."""
        held: _Span | None = None
        for piece in self.whole_pieces(start, end):
            if self.length(self.text[slice(*piece)]) > self.limit:
                if held:
                    yield held
                    held = None
                yield from self.smaller(*piece)
            elif held and self.binds(held, piece):
                held = held[0], piece[1]
            else:
                if held:
                    yield held
                held = piece
        if held:
            yield held

    def binds(self, first: _Span, second: _Span) -> bool:
        """Return whether a piece is never cut from the next: a name from its figure, or a line that announces."""
        binds = self.text[first[1] - 1] in ":\uff1a" or is_figure(self.text[slice(*second)])
        return binds and self.length(self.text[first[0] : second[1]]) <= self.limit

    def whole_pieces(self, start: int, end: int) -> Iterator[_Span]:
        """Yield the outermost rows and items of a span, and the sentences outside of them."""
        place = start
        for atom in self.atoms.within(start, end):
            first = max(start, self.line_start(atom.start))
            if first < place:
                continue
            yield from self.sentences(place, first)
            yield _stripped(self.text, first, atom.end)
            place = atom.end
        yield from self.sentences(place, end)

    def line_start(self, place: int) -> int:
        """Return where the line begins, if only a list mark stands before a place."""
        start = self.text.rfind("\n", 0, place) + 1
        before = self.text[start:place]
        return start if not before.strip() or LIST_MARK.fullmatch(before) else place

    def sentences(self, start: int, end: int) -> Iterator[_Span]:
        """Yield the sentences of a span with all that stands between them."""
        start, end = _stripped(self.text, start, end)
        if start == end:
            return
        marks = sentences(self.text[start:end])
        begin = start
        for stop in [start + mark.end for mark in marks[:-1]] + [end]:
            yield _stripped(self.text, begin, stop)
            begin = stop

    def smaller(self, start: int, end: int) -> Iterator[_Span]:
        """Yield the sentences of a row, an item or a sentence over the limit, and the words of a sentence over it."""
        for sentence in self.sentences(start, end):
            if self.length(self.text[slice(*sentence)]) <= self.limit:
                yield sentence
                continue
            for word in re.finditer(r"\S+", self.text[slice(*sentence)]):
                yield from self.stretches(sentence[0] + word.start(), sentence[0] + word.end())

    def stretches(self, start: int, end: int) -> Iterator[_Span]:
        if self.length(self.text[start:end]) <= self.limit:
            yield start, end
            return
        middle = (start + end) // 2
        yield from self.stretches(start, middle)
        yield from self.stretches(middle, end)


def _without_mark(line: str) -> str:
    mark = LIST_MARK.match(line)
    return line[mark.end() :] if mark else line


def _stripped(text: str, start: int, end: int) -> _Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
