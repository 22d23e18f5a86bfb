"""Cut documents into passages, verbatim, at boundaries of the text.

The boundaries are tried in this order: headings, blank lines, the lines of a list, sentences, words. Lines that only
repeat a heading or the title are left out, because scrapers make such lines of pictures' captions. A paragraph of one
short sentence says little by itself, so it joins its neighbours under the same heading.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chatbot.reading.page import same_words
from chatbot.reading.sentences import sentences
from chatbot.records import Document, Passage, Section

__all__ = ["SPLITTER", "split"]

SPLITTER: Final = "1"
"""The version of the rules. Raise it when they change, so that indexes built by older rules are refused."""

_Span = tuple[int, int]
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_THIN = 32  # tokens; a paragraph of one sentence with fewer joins its neighbours
_CHARACTERS = 12  # of a token, at most
_JOINED = 128  # tokens of joined paragraphs, at most


def split(document: Document, limit: int, length: Callable[[str], int]) -> tuple[Passage, ...]:
    """Cut a document into passages of at most `limit` tokens; `length` counts the tokens of a text.

    The count of two texts with white space between them is taken to be the sum of their counts.
    """
    echoes = _echoes(document)
    return tuple(
        Passage(document.id, document.title, document.url, section.headings, start, end, document.text[start:end])
        for section in document.sections
        for start, end in _Splitter(document.text, limit, length).spans(section, echoes)
    )


def _echoes(document: Document) -> frozenset[str]:
    headings = {heading for section in document.sections for heading in section.headings}
    return frozenset(same_words(line) for line in (document.title, *headings))


class _Splitter:
    """Cuts one text into spans, each of which starts and ends with a printed character."""

    def __init__(self, text: str, limit: int, length: Callable[[str], int]) -> None:
        self.text = text
        self.limit = limit
        self.tokens = length

    def spans(self, section: Section, echoes: frozenset[str]) -> Iterator[_Span]:
        paragraphs = filter(self.has_words, self.paragraphs(section, echoes))
        for span in self.joined(paragraphs):
            yield from filter(self.has_words, self.fitted(span))

    def length(self, text: str) -> int:
        """Count tokens; a model may count a long run of unknown characters as one, which this corrects."""
        return max(self.tokens(text), len(text) // _CHARACTERS)

    def has_words(self, span: _Span) -> bool:
        """Return whether a span has letters or digits, and not only rules, ornaments or invisible characters."""
        return any(character.isalnum() for character in self.text[slice(*span)])

    def paragraphs(self, section: Section, echoes: frozenset[str]) -> Iterator[_Span]:
        """Yield runs of lines between blank ones; a line that repeats a heading ends a run and is in none."""
        run: list[_Span] = []
        after = section.start
        for match in _LINE.finditer(self.text, section.start, section.end):
            line = _stripped(self.text, match.start(), match.end())
            gap = self.text[after : match.start()]
            echo = same_words(self.text[slice(*line)]) in echoes
            if run and (echo or line[0] == line[1] or len(gap.replace("\r\n", "\n")) > 1):
                yield run[0][0], run[-1][1]
                run = []
            if not echo and line[0] < line[1]:
                run.append(line)
            after = match.end()
        if run:
            yield run[0][0], run[-1][1]

    def joined(self, paragraphs: Iterable[_Span]) -> Iterator[_Span]:
        """Yield paragraphs, with a thin one, or one that announces the next, joined to its neighbour if both fit."""
        held: _Span | None = None
        for span in paragraphs:
            if held is None:
                held = span
            elif self.belong_together(held, span):
                held = held[0], span[1]
            else:
                yield held
                held = span
        if held is not None:
            yield held

    def belong_together(self, first: _Span, second: _Span) -> bool:
        both = self.text[first[0] : second[1]]
        announced = self.text[first[1] - 1] in ":?"
        echo_between = bool(self.text[first[1] : second[0]].strip())
        room = self.limit if announced else min(_JOINED, self.limit)
        if echo_between or self.length(both) > room:
            return False
        return announced or self.is_thin(first) or self.is_thin(second)

    def is_thin(self, span: _Span) -> bool:
        text = self.text[slice(*span)]
        return self.length(text) < _THIN and len(sentences(text)) < 2

    def fitted(self, span: _Span) -> Iterator[_Span]:
        """Yield the span, cut into parts of similar length, at the best boundaries, if it is over the limit."""
        total = self.length(self.text[slice(*span)])
        if total <= self.limit:
            yield span
            return
        target = total / -(-total // self.limit)
        start, end, size = span[0], span[0], 0
        for piece in self.pieces(span):
            more = self.length(self.text[slice(*piece)])
            overfull = size + more > self.limit or size + more - target > target - size
            if size and overfull:
                yield start, end
                start, size = piece[0], 0
            end, size = piece[1], size + more
        yield start, end

    def pieces(self, span: _Span) -> Iterator[_Span]:
        """Yield the sentences of a span; of a sentence over the limit the words, of a word over it stretches."""
        start = span[0]
        marks = sentences(self.text[slice(*span)])
        ends = [span[0] + mark.end for mark in marks[:-1]] + [span[1]]
        for end in ends:
            sentence = _stripped(self.text, start, end)
            start = end
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


def _stripped(text: str, start: int, end: int) -> _Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
