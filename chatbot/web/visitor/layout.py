"""Quoted text as a page shows it: paragraphs, tables and lists, with the marks inside."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatbot.reading import LIST_MARK, cells, unwrapped
from chatbot.records import Block, BlockKind, Highlight
from chatbot.web.http.markup import Html, marked

__all__ = ["Layout", "quoted"]

_BLANK_LINES: Final = re.compile(r"[ \t\r]*\n[ \t\r]*\n\s*")
_NUMBER: Final = re.compile(r"\s*\(?(\d{1,3})[.)]")
_CELL: Final = {"col": Html('<th scope="col">{}</th>'), "row": Html('<th scope="row">{}</th>'), "": Html("<td>{}</td>")}
# A table that is wider than a phone scrolls by itself, by keyboard too.
_TABLE: Final = Html('<div class="table" tabindex="0"><table>{}<tbody>{}</tbody></table></div>')


def quoted(text: str, marks: Sequence[Highlight], blocks: Sequence[Block] = (), header: str = "") -> Html:
    """Return a passage; `header` are the column names of its rows, where they stand outside of it.

    A passage without tables and lists is its text alone.
    """
    if not blocks:
        return marked(unwrapped(text), marks)
    return Html().join(Layout(text, marks, blocks, header=header).elements(0, len(text)))


@dataclass(slots=True)
class _Node:
    """A block with those inside it."""

    block: Block
    inside: list["_Node"] = field(default_factory=list)


class Layout:
    """A text with its marks and blocks, a part of which becomes HTML at a time."""

    def __init__(
        self, text: str, marks: Sequence[Highlight], blocks: Sequence[Block], name: str = "", header: str = ""
    ) -> None:
        """`name` is that of `marked`, and `header` as in `quoted`."""
        self._text = unwrapped(text)
        self._marks = marks
        self._name = name
        self._header = header
        self._outermost = _tree(blocks)

    def elements(self, start: int, end: int) -> Iterator[Html]:
        """Yield the outermost tables and lists of a part, and the paragraphs between them."""
        place = start
        for node in self.within(start, end):
            yield from self.paragraphs(place, node.block.start)
            yield self.element(node)
            place = node.block.end
        yield from self.paragraphs(place, end)

    def within(self, start: int, end: int) -> list[_Node]:
        """Return the outermost tables and lists that lie in a part."""
        return [node for node in self._outermost if start <= node.block.start and node.block.end <= end]

    def element(self, node: _Node) -> Html:
        """Return a table or a list."""
        return self._table(node) if node.block.kind is BlockKind.TABLE else self._list(node)

    def paragraphs(self, start: int, end: int) -> Iterator[Html]:
        """Yield the paragraphs of a part."""
        for piece in self._pieces(start, end):
            yield Html("<p>{}</p>").format(self.words(*piece))

    def words(self, start: int, end: int) -> Html:
        """Return a part with its marks."""
        return marked(self._text, self._marks, start, end, self._name)

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield what stands between blank lines, without the white space and the bare list marks around it."""
        gaps = [match.span() for match in _BLANK_LINES.finditer(self._text, start, end)]
        for begin, stop in zip([start, *(gap[1] for gap in gaps)], [*(gap[0] for gap in gaps), end], strict=True):
            piece = self._text[begin:stop]
            left, right = begin + len(piece) - len(piece.lstrip()), stop - len(piece) + len(piece.rstrip())
            if left < right and not LIST_MARK.fullmatch(self._text[left:right] + " "):
                yield left, right

    def _table(self, table: _Node) -> Html:
        """Return a table; its column names may stand elsewhere, where it is a part of a longer one."""
        rows = [node.block for node in table.inside]
        names = [self.row(row, "col") for row in rows if row.kind is BlockKind.HEADER]
        if not names and self._header:
            names = [Layout(self._header, (), ()).row(Block(BlockKind.HEADER, 0, len(self._header)), "col")]
        head = Html("<thead>{}</thead>").format(Html().join(names)) if names else ""
        return _TABLE.format(head, Html().join(self.row(row, "row") for row in rows if row.kind is BlockKind.ROW))

    def row(self, row: Block, scope: str) -> Html:
        """Return a row of names, or one whose first cell is its name."""
        parts: list[Html] = []
        for number, (left, right) in enumerate(cells(self._text[row.start : row.end])):
            words = self.words(row.start + left, row.start + right)
            is_name = words.strip() and (scope == "col" or not number)
            parts.append(_CELL[scope if is_name else ""].format(words))
        return Html("<tr>{}</tr>").format(Html().join(parts))

    def _list(self, listed: _Node) -> Html:
        items = [node for node in listed.inside if node.block.kind is BlockKind.ITEM]
        numbers = [self._number(item.block) for item in items]
        element = "ol" if any(number is not None for number in numbers) else "ul"
        return Html("<{0}>{1}</{0}>").format(element, Html().join(map(self._item, items, numbers)))

    def _number(self, item: Block) -> int | None:
        match = _NUMBER.match(self._text, self._text.rfind("\n", 0, item.start) + 1)
        return int(match[1]) if match else None

    def _item(self, item: _Node, number: int | None) -> Html:
        mark = LIST_MARK.match(self._text, item.block.start, item.block.end)
        place = mark.end() if mark else item.block.start
        parts: list[Html] = []
        for node in item.inside:
            if node.block.kind in {BlockKind.TABLE, BlockKind.LIST}:
                parts += [self.words(*piece) for piece in self._pieces(place, node.block.start)]
                parts.append(self.element(node))
                place = node.block.end
        parts += [self.words(*piece) for piece in self._pieces(place, item.block.end)]
        value = "" if number is None else Html(' value="{}"').format(number)
        return Html("<li{}>{}</li>").format(value, Html("\n").join(parts))


def _tree(blocks: Sequence[Block]) -> list[_Node]:
    """Return the outermost tables and lists of blocks in order, with the rows and items in them."""
    outermost: list[_Node] = []
    around: list[_Node] = []
    for block in blocks:
        while around and around[-1].block.end <= block.start:
            around.pop()
        node = _Node(block)
        if around:
            around[-1].inside.append(node)
        elif block.kind in {BlockKind.TABLE, BlockKind.LIST}:
            outermost.append(node)
        if around or block.kind in {BlockKind.TABLE, BlockKind.LIST}:
            around.append(node)
    return outermost
