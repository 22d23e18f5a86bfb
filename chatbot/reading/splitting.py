"""Documents into passages: verbatim, cut at the text's own seams.

The seams are tried in this order: headings, blank lines, the lines of a list, sentences, words. Lines that only repeat
a heading or the title (what a scraper makes of a picture's caption) are left out. A paragraph of one short sentence
says little by itself, so it joins its neighbours under the same heading.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chatbot.reading.page import same_words
from chatbot.reading.sentences import sentences
from chatbot.records import Document, Passage, Section

__all__ = ["SPLITTER", "split"]

SPLITTER: Final = "1"
"""Which rules cut the passages; raise it when they change, so that older indexes are refused."""

_Span = tuple[int, int]
_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_THIN = 32  # tokens: below this a paragraph of one sentence joins its kin
_CHARACTERS = 12  # of a token, at the most
_JOINED = 128  # tokens: up to here paragraphs are joined


def split(document: Document, limit: int, length: Callable[[str], int]) -> tuple[Passage, ...]:
    """Cut a document into passages of at most `limit` tokens, as the encoder's `length` counts those of a text.

    The count of two texts with white space between them is taken to be the sum of theirs.
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
    """Cuts one text; every span it gives starts and ends with a printed character."""

    def __init__(self, text: str, limit: int, length: Callable[[str], int]) -> None:
        self.text = text
        self.limit = limit
        self.tokens = length

    def spans(self, section: Section, echoes: frozenset[str]) -> Iterator[_Span]:
        paragraphs = filter(self.says, self.paragraphs(section, echoes))
        for span in self.joined(paragraphs):
            yield from filter(self.says, self.fitted(span))

    def length(self, text: str) -> int:
        """Count tokens; a model may take a long run of characters that it does not know for a single one."""
        return max(self.tokens(text), len(text) // _CHARACTERS)

    def says(self, span: _Span) -> bool:
        """Tell whether a span holds words, and not just rules, ornaments or what cannot be seen."""
        return any(character.isalnum() for character in self.text[slice(*span)])

    def paragraphs(self, section: Section, echoes: frozenset[str]) -> Iterator[_Span]:
        """Give runs of lines between blank ones; a line that echoes a heading ends a run and belongs to none."""
        run: list[_Span] = []
        after = section.start
        for found in _LINE.finditer(self.text, section.start, section.end):
            line = _stripped(self.text, found.start(), found.end())
            gap = self.text[after : found.start()]
            echo = same_words(self.text[slice(*line)]) in echoes
            if run and (echo or line[0] == line[1] or len(gap.replace("\r\n", "\n")) > 1):
                yield run[0][0], run[-1][1]
                run = []
            if not echo and line[0] < line[1]:
                run.append(line)
            after = found.end()
        if run:
            yield run[0][0], run[-1][1]

    def joined(self, paragraphs: Iterable[_Span]) -> Iterator[_Span]:
        """Join a thin paragraph, or one that announces the next, to its neighbour while the two fit."""
        held: _Span | None = None
        for span in paragraphs:
            if held is None:
                held = span
            elif self.belong(held, span):
                held = held[0], span[1]
            else:
                yield held
                held = span
        if held is not None:
            yield held

    def belong(self, one: _Span, other: _Span) -> bool:
        whole = self.text[one[0] : other[1]]
        announced = self.text[one[1] - 1] in ":?"
        echo_between = bool(self.text[one[1] : other[0]].strip())
        room = self.limit if announced else min(_JOINED, self.limit)
        if echo_between or self.length(whole) > room:
            return False
        return announced or self.thin(one) or self.thin(other)

    def thin(self, span: _Span) -> bool:
        text = self.text[slice(*span)]
        return self.length(text) < _THIN and len(sentences(text)) < 2

    def fitted(self, span: _Span) -> Iterator[_Span]:
        """Cut what is over the limit into pieces of about the same length, at the best seam there is."""
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
        """Give the sentences of a span; a sentence over the limit gives its words, a word over it gives stretches."""
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
