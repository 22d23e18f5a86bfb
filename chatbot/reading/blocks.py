"""The blocks of a page: those that its reader found, and those that only its words show.

In plain text a list, a table, and a question with its answer are known by their lines alone. In HTML and Markdown many
pages write questions as paragraphs, and a reader knows no more of these.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatbot.reading.page import Page, same_words
from chatbot.reading.questions import asks, question_label
from chatbot.reading.sentences import CELL, LIST_MARK, opening_question, sentences
from chatbot.records import Block, BlockKind, Section

__all__ = ["Spans", "all_blocks", "echoes", "shown_blocks"]

_LINE: Final = re.compile(r"[^\r\n\u2028\u2029]+")
_NUMBERED: Final = re.compile(r"[ \t]*\(?(\d{1,3})[.)][ \t]+")
_DAY: Final = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?\b", re.IGNORECASE)
_LONGEST_TITLE: Final = 120  # characters
_THIN: Final = 100  # characters; a paragraph of one sentence with fewer goes with the answer before it
_WRAPPED: Final = 50  # characters; a line of fewer was ended on purpose
_CONTENTS: Final = 3  # questions in a row without an answer are a table of contents
_REGULAR: Final = 3  # questions of a section make it one of questions and answers, or two if it begins with one


@dataclass(frozen=True, slots=True)
class _Line:
    """A printed line, without the white space around it; `after_blank` says that a paragraph begins with it."""

    start: int
    end: int
    indent: int
    after_blank: bool
    text: str

    @property
    def is_item(self) -> bool:
        return bool(LIST_MARK.match(self.text + " "))


def echoes(title: str, sections: Sequence[Section]) -> frozenset[str]:
    """Return the forms of the lines that only repeat the title or a heading, as pictures' captions do."""
    names = {name for section in sections for name in (section.title, *section.headings) if name}
    return frozenset(same_words(line) for line in (title, *names))


def all_blocks(page: Page, title: str, sections: Sequence[Section]) -> tuple[Block, ...]:
    """Return the blocks of a page, in order: its own, and those that its words show where it has none."""
    found = list(page.blocks)
    repeated = echoes(title, sections)
    for section in sections:
        lines = _lines(page.text, section.start, section.end, repeated)
        found += _tables(_apart(lines, found, BlockKind.TABLE))
        found += _lists(_apart(lines, found, BlockKind.LIST, BlockKind.TABLE))
    found = list(_named_columns(page.text, found))
    known = {block.start for block in found if block.kind is BlockKind.ANSWER}
    rows = (block for block in found if block.kind is BlockKind.ROW and block.start not in known)
    found += [Block(BlockKind.ANSWER, row.start, row.end) for row in rows if _asks_in_cell(page.text, row)]
    found = _in_order(found)
    answers = [block for block in found if block.kind is BlockKind.ANSWER]
    items = list(_items_of_several(found))
    for section in sections:
        lines = _lines(page.text, section.start, section.end, repeated)
        for region in _regions(page.text, lines, answers):
            found += _Questions(page.text, region, items).answers()
    return tuple(_without_inner_rows(page.text, _in_order(found)))


def _without_inner_rows(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, without the rows that ask inside of the answer to a question, which holds none."""
    rows = {(block.start, block.end) for block in blocks if block.kind is BlockKind.ROW}
    end = 0
    for block in blocks:
        if block.kind is BlockKind.ANSWER:
            if (block.start, block.end) in rows and block.end <= end:
                continue
            if opening_question(text[block.start : block.end]):
                end = max(end, block.end)
        yield block


def shown_blocks(blocks: Iterable[Block], start: int, end: int) -> tuple[Block, ...]:
    """Return the tables and lists in a part of a text, and the rows and items of these, with offsets in the part."""
    return tuple(
        Block(block.kind, max(block.start, start) - start, min(block.end, end) - start)
        for block in blocks
        if block.kind not in _NOT_SHOWN and block.start < end and block.end > start
    )


def _in_order(blocks: Iterable[Block]) -> list[Block]:
    return sorted(set(blocks), key=lambda block: (block.start, -block.end, _ORDER.index(block.kind)))


_NOT_SHOWN: Final = frozenset({BlockKind.ANSWER, BlockKind.FOOTER})
_ORDER: Final = tuple(BlockKind)  # of blocks at one place, the outer one first


def _lines(text: str, start: int, end: int, repeated: Collection[str]) -> list[_Line]:
    """Return the printed lines of a section, without those that repeat a heading."""
    lines: list[_Line] = []
    after, blank = start, True
    for match in _LINE.finditer(text, start, end):
        blank = blank or len(text[after : match.start()].replace("\r\n", "\n")) > 1
        after = match.end()
        words = match.group().strip()
        if not words or same_words(words) in repeated:
            blank = True
            continue
        indent = len(match.group()) - len(match.group().lstrip())
        begin = match.start() + indent
        lines.append(_Line(begin, begin + len(words), indent, blank, words))
        blank = False
    return lines


def _apart(lines: Sequence[_Line], blocks: Sequence[Block], *kinds: BlockKind) -> list[list[_Line]]:
    """Return the paragraphs of lines that lie in no block of some kinds."""
    taken = [block for block in blocks if block.kind in kinds]
    return _paragraphs(_outside(lines, taken))


def _outside(lines: Sequence[_Line], taken: Iterable[Block]) -> list[_Line]:
    """Return the lines outside of some blocks; a paragraph begins after one."""
    kept: list[_Line] = []
    places = sorted((block.start, block.end) for block in taken)
    place, end, broken = 0, -1, False
    for line in lines:
        while place < len(places) and places[place][0] <= line.start:
            end = max(end, places[place][1])
            place += 1
        if line.start < end:
            broken = True
            continue
        kept.append(replace(line, after_blank=line.after_blank or broken))
        broken = False
    return kept


def _paragraphs(lines: Sequence[_Line]) -> list[list[_Line]]:
    paragraphs: list[list[_Line]] = []
    for line in lines:
        if line.after_blank or not paragraphs:
            paragraphs.append([])
        paragraphs[-1].append(line)
    return paragraphs


def _tables(paragraphs: Sequence[Sequence[_Line]]) -> Iterator[Block]:
    for paragraph in paragraphs:
        run: list[_Line] = []
        for line in [*paragraph, None]:
            if line and CELL in line.text and (not run or line.text.count(CELL) == run[0].text.count(CELL)):
                run.append(line)
                continue
            if len(run) > 1:
                yield Block(BlockKind.TABLE, run[0].start, run[-1].end)
                for place, row in enumerate(run):
                    is_header = place == 0 and _names_columns(run)
                    yield Block(BlockKind.HEADER if is_header else BlockKind.ROW, row.start, row.end)
            run = [line] if line and CELL in line.text else []


def _names_columns(rows: Sequence[_Line]) -> bool:
    """Return whether the first row names the columns: it holds no figure and no question where all others do."""
    first, *others = ([cell.strip() for cell in row.text.split(CELL)] for row in rows)
    if _DAY.match(first[0]) or any(_tells(cell) for cell in first):
        return False
    return any(all(_tells(row[column]) for row in others) for column in range(len(first)))


def _tells(cell: str) -> bool:
    return asks(cell) or any(character.isdigit() for character in cell)


def _lists(paragraphs: Sequence[Sequence[_Line]]) -> Iterator[Block]:
    """Yield lists of at least two items, with the lines that continue an item and the lists inside it."""
    for paragraph in paragraphs:
        first = next((place for place, line in enumerate(paragraph) if line.is_item), len(paragraph))
        lines = paragraph[first:]
        if sum(line.is_item and line.indent <= lines[0].indent for line in lines) > 1:
            yield from _list(lines)


def _list(lines: Sequence[_Line]) -> Iterator[Block]:
    yield Block(BlockKind.LIST, lines[0].start, lines[-1].end)
    starts = [place for place, line in enumerate(lines) if line.is_item and line.indent <= lines[0].indent]
    for first, last in zip(starts, [*starts[1:], len(lines)], strict=True):
        item = lines[first:last]
        yield Block(BlockKind.ITEM, item[0].start, item[-1].end)
        nested = next((place for place, line in enumerate(item) if place and line.is_item), None)
        if nested is not None:
            yield from _list(item[nested:])


def _named_columns(text: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks, with a header that holds no words left out, and one that asks as a row."""
    for block in blocks:
        if block.kind is not BlockKind.HEADER:
            yield block
        elif _asks_in_cell(text, block):
            yield replace(block, kind=BlockKind.ROW)
        elif any(character.isalnum() for character in text[block.start : block.end]):
            yield block


def _asks_in_cell(text: str, row: Block) -> bool:
    """Return whether a cell of a row asks, beside one that answers."""
    return any(map(asks, text[row.start : row.end].split(CELL)[:-1]))


def _regions(text: str, lines: Sequence[_Line], answers: Sequence[Block]) -> list[list[_Line]]:
    """Return the lines in which questions are looked for, those apart that lie in an answer apart.

    An answer to a question holds none. Another, as of a group of questions under one name, may.
    """
    asking = [block for block in answers if opening_question(text[block.start : block.end])]
    groups = sorted((block for block in answers if block not in asking), key=lambda block: block.start - block.end)
    regions: list[list[_Line]] = []
    left = list(lines)
    for group in reversed(groups):  # inner ones first
        inside = [line for line in left if group.start <= line.start < group.end]
        regions.append(_outside(inside, asking))
        left = _outside(left, [group])
    return [*regions, _outside(left, asking)]


@dataclass(frozen=True, slots=True)
class _Opener:
    """A question that may have an answer: the number of its line, and the place where its words end.

    `item` is the item of a list of several that it is in.
    """

    line: int
    end: int
    labelled: bool
    item: Block | None


class _Questions:
    """The questions among some lines of a section, each with its answer."""

    def __init__(self, text: str, lines: Sequence[_Line], items: Sequence[Block]) -> None:
        self._text = text
        self._lines = lines
        self._items = Spans(items, BlockKind.ITEM)

    def answers(self) -> Iterator[Block]:
        """Yield each question together with its answer."""
        openers = list(self._openers())
        stops = [opener.line for opener in openers[1:]] + [len(self._lines)] if openers else []
        answered = self._answered(openers, stops)
        regular = len(answered) >= _REGULAR or (len(answered) > 1 and openers[0].line == 0)
        for opener, stop in answered:
            last = self._last_line(opener, stop, regular=regular)
            yield Block(BlockKind.ANSWER, self._lines[opener.line].start, self._lines[last].end)

    def _openers(self) -> Iterator[_Opener]:
        """Yield the lines that open a question: alone, with a label, or at the start of a paragraph or an item."""
        number = 0
        titles = self._numbered_titles()
        for paragraph in _paragraphs(self._lines):
            end, before = paragraph[-1].end, ""
            begins = [paragraph[0].start + each.start for each in sentences(self._text[paragraph[0].start : end])]
            for line in paragraph:
                first = bisect_left(begins, line.start)
                begun = first < len(begins) and begins[first] < line.end
                opener = self._opener(number, before, end) if begun else None
                if opener:
                    yield opener
                elif number in titles:
                    yield _Opener(number, line.end, labelled=True, item=None)
                before = line.text
                number += 1

    def _opener(self, number: int, before: str, stop: int) -> _Opener | None:
        """Return a line as an opener if it begins with a question; `before` is the line above in its paragraph."""
        line = self._lines[number]
        question = opening_question(self._text[line.start : stop])
        if question is None:
            return None
        end = line.start + question.end
        mark = LIST_MARK.match(line.text)
        labelled = bool(question_label(line.text[mark.end() if mark else 0 :]))
        if not labelled and not mark and len(before) >= _WRAPPED and end < line.end:
            return None  # a sentence that begins a line by chance
        return _Opener(number, end, labelled, self._items.at(line.start + question.start))

    def _numbered_titles(self) -> set[int]:
        """Return the numbers of the lines that are titles such as "2. Parking", if there are several."""
        titles: dict[int, int] = {}
        for number, line in enumerate(self._lines):
            match = _NUMBERED.match(line.text)
            below = self._lines[number + 1] if number + 1 < len(self._lines) else None
            alone = line.after_blank and below and below.after_blank and not LIST_MARK.match(below.text)
            if match and alone and len(line.text) <= _LONGEST_TITLE and line.text[-1] not in ".!,;":
                titles[number] = int(match[1])
        counts = list(titles.values())
        return set(titles) if len(titles) > 1 and counts == sorted(set(counts)) else set()

    def _answered(self, openers: Sequence[_Opener], stops: Sequence[int]) -> list[tuple[_Opener, int]]:
        """Return the questions that have an answer, each with the line before which that ends.

        A question without an answer goes with the next one. Several of them are a table of contents, which has none.
        """
        answered: list[tuple[_Opener, int]] = []
        bare: list[_Opener] = []
        for opener, stop in zip(openers, stops, strict=True):
            if not self._is_answered(opener, stop):
                bare.append(opener)
                continue
            goes_on = bare and not opener.item and not any(each.item for each in bare) and len(bare) < _CONTENTS
            answered.append((replace(opener, line=bare[0].line) if goes_on else opener, stop))
            bare = []
        return answered

    def _is_answered(self, opener: _Opener, stop: int) -> bool:
        end = opener.item.end if opener.item else self._lines[stop - 1].end
        return any(character.isalnum() for character in self._text[opener.end : end])

    def _last_line(self, opener: _Opener, stop: int, *, regular: bool) -> int:
        """Return the number of the last line of an answer, which may go on up to the line `stop`."""
        if opener.item:
            return max(n for n in range(opener.line, stop) if self._lines[n].start < opener.item.end)
        end = self._end_of_paragraph(opener.line, stop)
        in_paragraph = self._text[opener.end : self._lines[end].end]
        if regular or opener.labelled or not any(character.isalnum() for character in in_paragraph):
            return stop - 1
        while end + 1 < stop and self._is_thin(end + 1, after := self._end_of_paragraph(end + 1, stop)):
            end = after
        return end

    def _end_of_paragraph(self, number: int, stop: int) -> int:
        while number + 1 < stop and not self._lines[number + 1].after_blank:
            number += 1
        return number

    def _is_thin(self, first: int, last: int) -> bool:
        text = self._text[self._lines[first].start : self._lines[last].end]
        return len(text) < _THIN and not LIST_MARK.match(text) and CELL not in text and len(sentences(text)) < 2


def _items_of_several(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the items that are not the only one of their list, as numbered questions between paragraphs are."""
    lists: list[tuple[Block, list[Block]]] = []
    open_lists: list[tuple[Block, list[Block]]] = []
    for block in blocks:
        while open_lists and open_lists[-1][0].end < block.end:
            open_lists.pop()
        if block.kind is BlockKind.LIST:
            open_lists.append((block, []))
            lists.append(open_lists[-1])
        elif block.kind is BlockKind.ITEM and open_lists:
            open_lists[-1][1].append(block)
    several = (items for _, items in lists if len(items) > 1)
    yield from sorted((item for items in several for item in items), key=lambda item: item.start)


class Spans:
    """The blocks of some kinds, to be found by a place in the text."""

    def __init__(self, blocks: Iterable[Block], *kinds: BlockKind) -> None:
        """Hold the blocks of these kinds, which are sorted, outer ones first."""
        self._blocks = [block for block in blocks if block.kind in kinds]
        self._starts = [block.start for block in self._blocks]
        self._parents = list(_parents(self._blocks))

    def at(self, place: int) -> Block | None:
        """Return the innermost block that holds a place."""
        number: int | None = bisect_right(self._starts, place) - 1
        while number is not None and number >= 0:
            if place < self._blocks[number].end:
                return self._blocks[number]
            number = self._parents[number]
        return None

    def within(self, start: int, end: int) -> Iterator[Block]:
        """Yield the outermost blocks that begin and end inside a span."""
        done = start
        for number in range(bisect_right(self._starts, start - 1), len(self._blocks)):
            block = self._blocks[number]
            if block.start >= end:
                return
            if block.start >= done and block.end <= end:
                yield block
                done = block.end


def _parents(blocks: Sequence[Block]) -> Iterator[int | None]:
    """Yield for each block the number of the block around it."""
    around: list[int] = []
    for number, block in enumerate(blocks):
        while around and blocks[around[-1]].end <= block.start:
            around.pop()
        yield around[-1] if around else None
        around.append(number)
