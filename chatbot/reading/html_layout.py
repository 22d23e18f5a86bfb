"""Write the elements of a page as text: a blank line between blocks, marks before items, bars between cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chatbot.reading.html_tree import HEADINGS, Element
from chatbot.reading.page import Heading, Page
from chatbot.reading.questions import asks
from chatbot.records import Block, BlockKind

__all__ = ["SOFT_BREAK", "write_page"]

SOFT_BREAK: Final = "soft-break"
"""The tag of a line end that a browser shows as a space and the text keeps."""

_BOLD_LINE: Final = 6  # the level of a paragraph that is one bold line; exported pages write small headings so
_LONGEST_BOLD: Final = 300  # characters of such a line
# Characters of a cell, on average and at most. What has longer ones, and no names of columns, only arranges a page.
_LONG_CELL: Final = 200
_LONGEST_CELL: Final = 600
_LONGEST_ANSWER: Final = 600  # characters of an answer that one passage holds
_LONGEST_VALUE: Final = 80  # characters of a term, or of its value, that stand in a row
_FEWEST_VALUES: Final = 4  # parts of a list of terms with values: two terms
_REPEATED: Final = 15  # characters; a longer paragraph is not written twice, one below the other
_MOST_COLUMNS: Final = 50
_HARD, _SOFT = "\n", "\x0b"
_UNPRINTED: Final = " \n\u00ad\u200b\u200c\u200d\u2060\ufeff"  # page builders write empty lines with these

_BREAKS = re.compile(rf"[ \t\f\r]*([{_HARD}{_SOFT}][{_HARD}{_SOFT} \t\f\r]*)")
_WHITE_SPACE = re.compile(r"[ \t\n\r\f\u00a0]+")
_LABELS = {"a", "button", "label", "span", "strong"}
_WORD = re.compile(r"[\w$\u00a3\u20ac]")
# Elements that pages show as badges, prices and times, unlike <sub> and <sup>.
_BADGES = _LABELS | {"b", "data", "em", "font", "i", "ins", "mark", "small", "time", "u"}
_PRICE = re.compile(r"[\u00a3\u20ac]\s?\d|\$\s?\d")
_ENDS_LABEL = re.compile(r"[^\W\d_]{3}$|[^\W\d_][):]$")  # three letters, so that US$30 stays
_AMOUNT = re.compile(r"\d[\d:.,]")
_ENDING: Final = 3  # characters by which the end of a label is known
_NOTE_LINK = re.compile(r"^#(?:fn|_?ftn|footnote|cite|note|ref|r?\d|endnote|_edn)", re.IGNORECASE)
_NOTE_MARK = re.compile(r"^[\[(]?(?:\d{1,3}|[a-z*\u2020\u2021]|[\u21a9\u2191^\ufe0e]{0,3}|back)[\])]?$", re.IGNORECASE)
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_NEXT_WORD = re.compile(r"\w")


@dataclass(slots=True)
class _Cell:
    words: str
    columns: int
    rows: int
    is_name: bool


def write_page(root: Element, pairs: Sequence[tuple[Element, Element]] = ()) -> Page:
    """Return the text of the elements with its headings and blocks.

    `pairs` are questions and the elements that hold their answers; where both follow each other, they make one block.
    """
    writer = _Writer(pairs)
    writer.container(root)
    text = "".join(writer.parts).rstrip("\n")
    writer.add_pairs(text)
    blocks = [block for block in writer.blocks if block.start < block.end]
    blocks.sort(key=lambda block: (block.start, -block.end))
    return Page(text, tuple(writer.headings), tuple(dict.fromkeys(blocks)))


class _Writer:
    """Writes blocks below each other and tracks the offset, so that each heading and block knows its place."""

    def __init__(self, pairs: Sequence[tuple[Element, Element]]) -> None:
        self.parts: list[str] = []
        self.headings: list[Heading] = []
        self.blocks: list[Block] = []
        self.offset = 0
        self.end = 0  # of the last printed character
        self.marks: list[int | None] = []  # for each open list the next number, or None for bullets
        self.mark = ""
        self.last = ""  # the last paragraph or heading
        self.pairs = pairs
        self.questions = {question for question, _ in pairs}
        self.watched = self.questions | {answer for _, answer in pairs}
        self.spans: dict[Element, tuple[int, int]] = {}
        self.untitled = set(_short_questions(pairs))
        self.quiet = 0  # open elements in which nothing is a heading

    def container(self, element: Element) -> None:
        """Write what is in an element: its blocks, and each run of text between them as a paragraph."""
        run: list[Element | str] = []
        for child in element.children:
            if isinstance(child, Element) and child.blocky:
                self.paragraph(run)
                run = []
                self.block(child)
            else:
                run.append(child)
        self.paragraph(run)

    def block(self, element: Element) -> None:
        start = self.offset
        self.quiet += element in self.untitled
        self.write(element)
        self.quiet -= element in self.untitled
        if element in self.watched:
            self.spans[element] = start, self.end

    def write(self, element: Element) -> None:
        tag = element.tag
        if tag in HEADINGS or (element.role() == "heading" and not _has_blocks(element)):
            self.heading(element)
        elif tag in {"ul", "ol", "menu", "dir"} and _is_list(element):
            self.listing(element)
        elif tag == "dl":
            self.definitions(element)
        elif tag == "table" and (rows := _rows(element)):
            self.table(element, rows)
        elif tag == "pre":
            self.put_block("".join(_raw(element)).rstrip("\n").lstrip("\n"))
        elif tag == "details":
            self.details(element)
        else:
            self.container(element)

    def heading(self, element: Element) -> None:
        words = _words(element.children, self.questions).strip()
        level = int(element.tag[1]) if element.tag in HEADINGS else _level(element)
        start = self.offset
        self.titled(words, None if self.marks or self.quiet else level)
        self.note_spans(element.children, start)

    def note_spans(self, run: Sequence[Element | str], start: int) -> None:
        """Note where the questions in a run of text stand: in the paragraph or heading that it makes."""
        for child in run if self.watched else ():
            if isinstance(child, Element):
                for element in (child, *child.elements()):
                    if element in self.watched:
                        self.spans[element] = start, self.end

    def titled(self, words: str, level: int | None) -> None:
        if words == self.last and len(words) > _REPEATED and not self.marks:
            return  # one for large screens, one for small ones
        self.last = words
        if level and words:
            start = self.offset + len(self.mark)
            self.headings.append(Heading(level, " ".join(words.split()), start, start + len(words)))
        self.put_block(words)

    def paragraph(self, run: Sequence[Element | str]) -> None:
        """Write a run of text; two line ends in it, one after another, are the end of a paragraph."""
        if not run:
            return
        start = self.offset
        level = _BOLD_LINE if not (self.marks or self.quiet) and _is_bold_line(run) else None
        for words in _words(run, self.questions).split("\n\n"):
            self.titled(words, level)
        self.note_spans(run, start)

    def put_block(self, words: str) -> None:
        if words.strip(_UNPRINTED):
            self.put(self.mark + words, "\n" if self.marks else "\n\n")
            self.mark = ""

    def put(self, words: str, end: str = "") -> None:
        self.parts.append(words + end)
        if words.strip():
            self.end = self.offset + len(words.rstrip())
        self.offset += len(words) + len(end)

    def mark_block(self, kind: BlockKind, start: int) -> None:
        """Add a block from `start` to the last printed character, without white space around it."""
        text = "".join(self.parts[self.first_part(start) :])
        before = len(text) - len(text.lstrip())
        if start + before < self.end:
            self.blocks.append(Block(kind, start + before, self.end))

    def first_part(self, start: int) -> int:
        place, number = self.offset, len(self.parts)
        while place > start and number:
            number -= 1
            place -= len(self.parts[number])
        return number

    def listing(self, element: Element) -> None:
        start = self.offset
        self.marks.append(_number(element.attributes.get("start"), 1) if element.tag == "ol" else None)
        for child in element.children:
            if isinstance(child, Element) and child.tag == "li":
                self.item(child)
            elif isinstance(child, Element):
                self.block(child) if child.blocky else self.paragraph([child])
        self.marks.pop()
        self.mark_block(BlockKind.LIST, start)
        if not self.marks and self.offset > start:
            self.put("\n")

    def item(self, element: Element) -> None:
        start = self.offset
        number = self.marks[-1]
        if number is not None:
            number = _number(element.attributes.get("value"), number)
            self.marks[-1] = number + 1
        indent = "  " * (len(self.marks) - 1)
        self.mark = f"{indent}- " if number is None else f"{indent}{number}. "
        self.block(element)
        self.mark = ""
        self.mark_block(BlockKind.ITEM, start)

    def definitions(self, element: Element) -> None:
        """Write a list of terms, each with what is said of it on the lines below, or short ones as a table's rows."""
        parts = list(_definition_parts(element))
        if _is_of_values(parts):
            self.values(parts)
            return
        start: int | None = None
        described = False
        for part in parts:
            if part.tag == "dt" and (start is None or described):
                if start is not None:
                    self.mark_block(BlockKind.ANSWER, start)
                start, described = self.offset, False
            described = described or (part.tag == "dd")
            self.block(part)
            if part.tag == "dt" and not _has_headings(part):
                self.draw_near()
        if start is not None and described:
            self.mark_block(BlockKind.ANSWER, start)

    def values(self, parts: Sequence[Element]) -> None:
        """Write terms with their values, such as opening hours, as a table of two columns."""
        start = self.offset
        for term, value in zip(parts[::2], parts[1::2], strict=True):
            line = self.offset
            self.put(f"{term.words()} | {value.words()}", "\n")
            self.mark_block(BlockKind.ROW, line)
        self.mark_block(BlockKind.TABLE, start)
        self.put("\n")

    def draw_near(self) -> None:
        """Make the blank line after the last block a line end."""
        if self.parts and self.parts[-1].endswith("\n\n"):
            self.parts[-1] = self.parts[-1][:-1]
            self.offset -= 1

    def details(self, element: Element) -> None:
        start = self.offset
        summaries = {child for child in element.children if isinstance(child, Element) and child.tag == "summary"}
        if summaries and len(element.words()) <= _LONGEST_ANSWER:
            self.untitled |= summaries
        self.container(element)
        if summaries:
            self.mark_block(BlockKind.ANSWER, start)

    def table(self, element: Element, rows: Sequence[tuple[list[_Cell], bool]]) -> None:
        for child in element.children:
            if isinstance(child, Element) and child.tag == "caption":
                self.container(child)
        start = self.offset
        names = _named_rows(rows)
        for number, (cells, _) in enumerate(rows):
            line = self.offset
            self.put(" | ".join(_across(cells)), "\n")
            if number + 1 == names:
                self.mark_block(BlockKind.HEADER, start)
            elif number >= names:
                self.mark_block(BlockKind.ROW, line)
        self.mark_block(BlockKind.TABLE, start)
        self.put("\n")

    def add_pairs(self, text: str) -> None:
        """Add a block for each question with its answer, where nothing but the answer follows the question."""
        for question, answer in self.pairs:
            start, end = self.spans.get(question, (0, 0))
            if question is not answer:
                begins, ends = self.spans.get(answer, (0, 0))
                if not start < end <= begins < ends:
                    continue
                end = ends
            before = len(text[start:end]) - len(text[start:end].lstrip())
            self.blocks.append(Block(BlockKind.ANSWER, start + before, end))


def _short_questions(pairs: Sequence[tuple[Element, Element]]) -> Iterator[Element]:
    """Yield the elements that hold a question with a short answer.

    Such a question stands in one passage with its answer. As a heading it would stand above all that follows, too.
    """
    short: dict[Element, bool] = {}
    for question, answer in pairs:
        if answer not in short:
            short[answer] = len(answer.words()) <= _LONGEST_ANSWER
        if short[answer]:
            yield question
            yield from (outer for outer in question.ancestors() if outer.tag in HEADINGS or outer.role() == "heading")


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value and re.fullmatch(r"-?\d{1,6}", value.strip()) else otherwise


def _level(element: Element) -> int:
    return min(max(_number(element.attributes.get("aria-level"), 2), 1), 6)


def _has_headings(element: Element) -> bool:
    return any(inner.tag in HEADINGS or inner.role() == "heading" for inner in element.elements())


def _has_blocks(element: Element) -> bool:
    return any(isinstance(child, Element) and child.blocky for child in element.children)


def _is_list(element: Element) -> bool:
    """Return whether a list is one to read; cards and accordions are lists of parts with headings."""
    return not _has_headings(element)


def _definition_parts(element: Element) -> Iterator[Element]:
    for child in element.children:
        if isinstance(child, Element) and child.tag == "div":
            yield from _definition_parts(child)
        elif isinstance(child, Element):
            yield child


def _is_of_values(parts: Sequence[Element]) -> bool:
    """Return whether terms have one short value each and none of them asks, as opening hours do."""
    if len(parts) < _FEWEST_VALUES or len(parts) % 2:
        return False
    paired = all((term.tag, value.tag) == ("dt", "dd") for term, value in zip(parts[::2], parts[1::2], strict=True))
    return paired and not any(
        asks(part.words()) or len(part.words()) > _LONGEST_VALUE or _has_blocks(part) or _has_headings(part)
        for part in parts
    )


def _raw(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        elif child.tag == "br":
            yield "\n"
        else:
            yield from _raw(child)


def _words(run: Sequence[Element | str], questions: set[Element]) -> str:
    """Return the words of a run of text as a browser breaks it into lines."""
    pieces: list[str] = []
    for child in run:
        _gather(child, pieces, questions)
    return _BREAKS.sub(_line_end, re.sub(" +", " ", "".join(pieces))).strip()


def _line_end(match: re.Match[str]) -> str:
    return "\n\n" if match[1].count(_HARD) > 1 else "\n"


def _gather(node: Element | str, pieces: list[str], questions: set[Element]) -> None:
    if isinstance(node, str):
        pieces.append(_WHITE_SPACE.sub(" ", node))
        return
    if node.tag == "br":
        pieces.append(_HARD)
    elif node.tag == SOFT_BREAK:
        pieces.append(_SOFT)
    elif not (_is_note(node) or (node.tag == "button" and not _asked(node, questions))):
        before = len(pieces)
        for child in node.children:
            _gather(child, pieces, questions)
        if node.blocky:
            pieces.append(" ")
        _part_words(node, pieces, before)


def _asked(node: Element, questions: set[Element]) -> bool:
    return node in questions or any(outer in questions or outer.tag in HEADINGS for outer in node.ancestors())


def _part_words(node: Element, pieces: list[str], before: int) -> None:
    """Put a space between two elements that each stand on their own, as a label and its value do."""
    if not before or len(pieces) == before or node.tag not in _BADGES:
        return
    left, right = "".join(pieces[max(before - _ENDING, 0) : before])[-_ENDING:], "".join(pieces[before:])
    last = _element_before(node)
    if _ENDS_LABEL.search(left) and (_PRICE.match(right) or (last and last.tag in _BADGES and _AMOUNT.match(right))):
        pieces.insert(before, " ")
        return
    left = left[-1:]
    if last is None or last.tag not in _LABELS or node.tag not in _LABELS:
        return
    if len(last.words()) < 2 or len(right.strip()) < 2 or not left.isalnum() or not _WORD.match(right):
        return
    # An editor cuts a word into spans where its style changes, and gives both the same class.
    cut = left.islower() and right[0].islower() and (last.classes == node.classes or not last.classes)
    if not cut and not (last.tag == node.tag == "span" and "style" in node.attributes and right[0].islower()):
        pieces.insert(before, " ")


def _element_before(node: Element) -> Element | None:
    """Return the element that ends where another one begins."""
    siblings = node.parent.children if node.parent else []
    place = next((number for number, child in enumerate(siblings[:_MOST_COLUMNS]) if child is node), 0)
    last = siblings[place - 1] if place else None
    return last if isinstance(last, Element) else None


def _is_note(element: Element) -> bool:
    """Return whether an element is the mark of a footnote, or the way back from one."""
    link = element if element.tag == "a" else None
    if element.tag == "sup":
        link = next((inner for inner in element.elements() if inner.tag == "a"), None)
    if link is None or not _NOTE_LINK.match(link.attributes.get("href", "")):
        return False
    return bool(_NOTE_MARK.match(link.words()))


def _is_bold_line(run: Sequence[Element | str]) -> bool:
    """Return whether a paragraph is one line in bold, and no sentence."""
    children = [child for child in run if not isinstance(child, str) or child.strip()]
    if len(children) != 1 or isinstance(children[0], str):
        return False
    bold = children[0]
    while bold.tag in {"span", "font"} and not _BOLD_STYLE.search(bold.attributes.get("style", "")):
        inner = [child for child in bold.children if not isinstance(child, str) or child.strip()]
        if len(inner) != 1 or isinstance(inner[0], str):
            return False
        bold = inner[0]
    if bold.tag not in {"strong", "b", "span", "font"} or any(
        inner.tag in {"br", SOFT_BREAK} for inner in bold.elements()
    ):
        return False
    words = bold.words()
    return bool(_NEXT_WORD.search(words)) and len(words) <= _LONGEST_BOLD and not words.endswith((".", "!", ","))


def _rows(table: Element) -> list[tuple[list[_Cell], bool]]:
    """Return the rows of a table, each with whether it stands in the table's head; none of one that holds no data."""
    parts = [element for element in table.elements() if _table_of(element) is table]
    lines = [element for element in parts if element.tag == "tr"]
    cells = {
        line: [cell for cell in line.children if isinstance(cell, Element) and cell.tag in {"td", "th"}]
        for line in lines
    }
    if not _is_data(table, [row for row in cells.values() if row]):
        return []
    rows: list[tuple[list[_Cell], bool]] = []
    below: dict[int, tuple[_Cell, int]] = {}
    for line, found in cells.items():
        if found:
            row = _spanned([_cell(cell) for cell in found], below)
            rows.append((row, line.parent is not None and line.parent.tag == "thead"))
    return rows


def _table_of(element: Element) -> Element | None:
    return next((outer for outer in element.ancestors() if outer.tag == "table"), None)


def _is_data(table: Element, rows: Sequence[Sequence[Element]]) -> bool:
    """Return whether a table holds data, rather than the parts of a page."""
    cells = [cell for row in rows for cell in row]
    if table.role() in {"presentation", "none"} or not cells or max(map(len, rows)) < 2:
        return False
    inner = {element.tag for cell in cells for element in cell.elements()}
    if inner & {"table", "article", "section", "nav", "form"} or inner & (HEADINGS - {"h5", "h6"}):
        return False
    if any(cell.tag == "th" for cell in cells):
        return True
    lengths = [len(cell.words()) for cell in cells]
    return len(rows) > 1 and sum(lengths) <= _LONG_CELL * len(cells) and max(lengths) <= _LONGEST_CELL


def _cell(element: Element) -> _Cell:
    words = " ".join(_words(element.children, set()).split())
    bold = _is_bold_line(element.children) or any(
        isinstance(child, Element) and child.tag == "p" and _is_bold_line(child.children) for child in element.children
    )
    span = {
        name: min(max(_number(element.attributes.get(name), 1), 1), _MOST_COLUMNS) for name in ("colspan", "rowspan")
    }
    return _Cell(words, span["colspan"], span["rowspan"], element.tag == "th" or bold)


def _spanned(cells: Sequence[_Cell], below: dict[int, tuple[_Cell, int]]) -> list[_Cell]:
    """Return the cells of a row with those that reach down into it from the rows above."""
    row: list[_Cell] = []
    column = 0
    waiting = list(cells)
    while waiting or column in below:
        if column in below:
            cell, left = below.pop(column)
            if left > 1:
                below[column] = cell, left - 1
        else:
            cell = waiting.pop(0)
            if cell.rows > 1:
                below[column] = replace(cell, is_name=cell.is_name), cell.rows - 1
        row.append(cell)
        column += cell.columns
        if column > 20 * _MOST_COLUMNS:
            break
    return row


def _across(cells: Sequence[_Cell]) -> Iterator[str]:
    """Yield the words of a row for each column that they stand in; those of a row with one cell once."""
    if len(cells) == 1:
        yield cells[0].words
        return
    for cell in cells:
        yield from [cell.words] * cell.columns


def _named_rows(rows: Sequence[tuple[list[_Cell], bool]]) -> int:
    """Return how many rows at the top of a table hold the names of its columns."""
    head = next((number for number, (_, in_head) in enumerate(rows) if not in_head), len(rows))
    if head and head < len(rows):
        return head
    first = rows[0][0]
    names = (
        len(first) > 1 and all(cell.is_name or not cell.words for cell in first) and any(cell.words for cell in first)
    )
    others = any(not cell.is_name for cell in rows[1][0]) if len(rows) > 1 else False
    return 1 if names and others else 0
