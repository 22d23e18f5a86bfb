"""Read a PDF file into the words that a person reads, in their order; called in a child process."""

import ctypes
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Final

import pypdfium2
import pypdfium2.raw as pdfium

from chatbot.reading.isolated import Unparsable
from chatbot.reading.page import Heading, Page
from chatbot.reading.pdf_covers import Box, Covers
from chatbot.records import Block, BlockKind

if TYPE_CHECKING:
    from pdfplumber._typing import T_obj
    from pdfplumber.page import Page as PdfPage
    from pdfplumber.table import Table

__all__ = ["read_pdf"]

_MOST_PAGES: Final = 1_000
_MOST_LINES: Final = 5_000  # of a page with tables; a map or a drawing has more
_MOST_LETTERS: Final = 100_000  # of a page; the fullest newspaper page has a third of them
_FEWEST_LINES: Final = 4  # drawn lines of a page with a table
_TABLE_PAGES: Final = 60  # pages whose tables are looked for; that takes a hundred times as long as their words
_HYPHENS: Final = frozenset({0x02, 0xFFFE})  # what pdfium writes for a hyphen at the end of a line
_BULLET: Final = re.compile(
    r"(?:[\u2022\u2023\u25aa\u25ab\u25a0\u25cf\u25cb\u25e6\u2043\u2219\u00b7\uf0b7\uf0a7]|[-\u2013](?=\s))\s*(?=\S)"
)
_NUMBER: Final = re.compile(r"(\d{1,2})[.)]\s+(?=\S)")
_PAGE_NUMBER: Final = re.compile(
    r"(?:page|seite|p\.|-|\u2013)?\s*\d{1,4}\s*(?:(?:of|von|/|\||-|\u2013)\s*\d{0,4})?|[ivxlc]{1,6}", re.IGNORECASE
)
_LEADERS: Final = re.compile(r"(?:\.\s?){5,}\s*(?:\d+|[ivxlc]+)$")  # of a line in a table of contents
_SENTENCE_END: Final = re.compile(r"[.!?:;\u2026][\"'\u201d\u2019)\]]*$")
_LIGATURES: Final = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
    | {"\u00a0": " ", "\u00ad": None, "\u200b": None, "\ufeff": None}
)
_EDGE: Final = 0.12  # share of a page's height at its top and its bottom where running heads and feet stand
_REPEATS: Final = 3  # pages on which a line at the edge stands, from which it runs
_LARGER: Final = 1.12  # times the size of the text, from which a line is a heading
_GAP: Final = 1.3  # times the usual distance between lines, from which a paragraph ends
_COLUMN: Final = 40.0  # points; lines that begin so near each other stand in one column
_BOLD_LINE: Final = 6  # the level of a heading that is only bold
_LONGEST_HEADING: Final = 200  # characters
_HEADING_WORDS: Final = 14  # of a heading that is only bold
_UNREADABLE: Final = 0.2  # share of characters that stand for no letter, from which a file is no text
_SCANNED: Final = 20  # letters; a page with fewer and with a picture is a picture of text


@dataclass(slots=True)
class _Line:
    """A line of a page: its words, the points that it spans (from the left, from the bottom), and how it is set."""

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    soft: bool = False  # it ends with a hyphen that its last word may not have
    table: "_Table | None" = None


@dataclass(slots=True)
class _Table:
    rows: list[list[str]]
    box: tuple[float, float, float, float]  # left, bottom, right, top
    bold_head: bool = False


@dataclass(slots=True)
class _Sheet:
    """A page of the file."""

    lines: list[_Line]
    height: float
    scanned: bool
    ruled: bool
    covered: list[Box]


def read_pdf(content: bytes) -> Page:
    """Read a PDF file; raises `Unparsable`."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unparsable("it asks for a password", "save a copy without one") from error
        raise Unparsable("it is no PDF file or is damaged", "open it and save it anew") from error
    if len(document) > _MOST_PAGES:
        raise Unparsable(f"it has more than {_MOST_PAGES:,} pages", "cut it into smaller files")
    sheets = _sheets(document, content)
    _check_letters(sheets)
    scanned = [number for number, sheet in enumerate(sheets, start=1) if sheet.scanned]
    _drop_running_lines(sheets)
    if not any(sheet.lines for sheet in sheets):
        if scanned:
            raise Unparsable(
                "it is a scan, a picture of text", "run it through text recognition (OCR), or write the page"
            )
        raise Unparsable("it holds no text", "write the page or remove the file")
    warnings = []
    if scanned:
        warnings.append(f"{_numbered(scanned)} of it are pictures of text; run it through text recognition (OCR)")
    if covered := [number for number, sheet in enumerate(sheets, start=1) if sheet.covered]:
        warnings.append(
            f"words on {_numbered(covered)} of it lie under a drawn box and were left out; anybody can copy them from "
            "the file, so delete what nobody should read, and save it anew"
        )
    parts = _parts(sheets, _Setting(sheets))
    first = [
        part for part in parts if part.kind is _Kind.HEADING and part.level < _BOLD_LINE and _begins_on(part, sheets[0])
    ]
    title = min(first, key=lambda part: part.level).text if first else ""
    writer = _Writer(len(sheets))
    writer.write(parts)
    return writer.page({"title": title} if title else _about(document), tuple(warnings))


def _numbered(pages: Sequence[int]) -> str:
    numbers = ", ".join(map(str, pages[:10])) + ", ..." * (len(pages) > 10)
    return f"page {numbers}" if len(pages) == 1 else f"pages {numbers}"


def _begins_on(part: "_Part", sheet: _Sheet) -> bool:
    return any(part.lines[0] is line for line in sheet.lines)


def _about(document: pypdfium2.PdfDocument) -> dict[str, object]:
    """Return the title and the language that the file names, as far as a program has not filled them in."""
    title = document.get_metadata_dict(skip_empty=True).get("Title", "").strip()
    untitled = re.match(r"microsoft (?:word|powerpoint)|untitled|document\d*$|slide \d", title, re.IGNORECASE)
    if untitled or re.search(r"\.\w{2,4}$|^[\w-]+$", title) or len(title) > _LONGEST_HEADING:
        title = ""
    return {"title": title} if title else {}


def _sheets(document: pypdfium2.PdfDocument, content: bytes) -> list[_Sheet]:
    sheets = [_sheet(document[number]) for number in range(len(document))]
    ruled = {number: sheet.covered for number, sheet in enumerate(sheets) if sheet.ruled}
    for number, tables in _tables(content, ruled).items():
        sheets[number].lines = _with_tables(sheets[number].lines, tables)
    return sheets


def _sheet(page: pypdfium2.PdfPage) -> _Sheet:
    text = page.get_textpage()
    if text.count_chars() > _MOST_LETTERS:
        raise Unparsable(f"a page of it has more than {_MOST_LETTERS:,} characters", "cut it into smaller pages")
    covered: list[Box] = []
    lines = list(_lines(page, text, covered))
    letters = sum(character.isalpha() for line in lines for character in line.text)
    images = any(True for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2))
    paths = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=3)
    ruled = _FEWEST_LINES <= sum(1 for _ in itertools.islice(paths, _MOST_LINES + 1)) <= _MOST_LINES
    sheet = _Sheet(lines, page.get_height(), images and letters < _SCANNED, ruled, covered)
    text.close()
    page.close()
    return sheet


def _lines(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, covered: list[Box]) -> Iterator[_Line]:
    """Yield the lines of a page in the order of its text, without words that nobody sees.

    Add the places of the characters that lie under a drawn box to `covered`.
    """
    left, bottom, right, top = page.get_bbox()
    drawn = _drawn(page)
    covers = Covers(page)
    x, y = ctypes.c_double(), ctypes.c_double()
    run: list[tuple[int, int, float, float]] = []  # index, character, x, y
    for index in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code in {0x0A, 0x0D}:
            yield from _line(text, run, drawn)
            run = []
            continue
        pdfium.FPDFText_GetCharOrigin(text, index, x, y)
        generated = pdfium.FPDFText_IsGenerated(text, index) == 1
        if not generated and not (left - 1 <= x.value <= right + 1 and bottom - 1 <= y.value <= top + 1):
            continue  # beyond the edge of the page
        if not generated and (place := covers.over(text, index)) is not None:
            covered.append(place)
            code = ord(" ")
        if (
            run
            and not generated
            and abs(y.value - run[-1][3]) > 0.6 * max(4.0, pdfium.FPDFText_GetFontSize(text, index))
        ):
            yield from _line(text, run, drawn)
            run = []
        run.append((index, code, x.value, run[-1][3] if generated and run else y.value))
    yield from _line(text, run, drawn)


def _line(
    text: pypdfium2.PdfTextPage, run: Sequence[tuple[int, int, float, float]], drawn: Sequence[tuple[float, ...]]
) -> Iterator[_Line]:
    """Yield a run of characters as a line if a person sees it."""
    letters = [place for place in run if not chr(place[1]).isspace() and place[1] not in _HYPHENS]
    if not letters:
        return
    words = "".join("-" if code in _HYPHENS else chr(code) for _, code, _, _ in run).translate(_LIGATURES)
    # A broken font gives halves of characters: those that fit are joined, the others are not known.
    words = " ".join(words.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())
    soft = re.search(r"\w-$", words) is not None
    first, last = letters[0], letters[-1]
    middle = letters[len(letters) // 2]
    right, unused, size = ctypes.c_double(), ctypes.c_double(), _size(text, middle[0])
    pdfium.FPDFText_GetCharBox(text, last[0], unused, right, unused, unused)
    if size < 2 or _LEADERS.search(words) or _is_unseen(text, middle, drawn):
        return
    bold = all(_is_bold(text, place[0]) for place in (first, middle, last))
    if any(_is_bullet(box, first[2], middle[3], size) for box in drawn):
        words = f"\u2022 {words}"
    yield _Line(words, first[2], max(right.value, last[2]), middle[3], size, bold, soft)


def _size(text: pypdfium2.PdfTextPage, index: int) -> float:
    """Return the size in points at which a character is shown: that of its font, scaled as it is drawn."""
    matrix = pdfium.FS_MATRIX()
    scale: float = 1.0
    if pdfium.FPDFText_GetMatrix(text, index, matrix):
        scale = math.hypot(matrix.c, matrix.d) or math.hypot(matrix.a, matrix.b) or 1.0
    return round(float(pdfium.FPDFText_GetFontSize(text, index)) * scale * 2) / 2


def _is_bold(text: pypdfium2.PdfTextPage, index: int) -> bool:
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text, index, name, 128, flags)
    named = re.search(rb"bold|black|heavy|semib|demi", name.value, re.IGNORECASE) is not None
    return named or pdfium.FPDFText_GetFontWeight(text, index) >= 600


def _drawn(page: pypdfium2.PdfPage) -> list[tuple[float, ...]]:
    """Return the boxes of what is drawn on a page: white words are seen only on these."""
    kinds = [pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING]
    return [item.get_bounds() for item in page.get_objects(filter=kinds, max_depth=4)]


def _is_bullet(box: tuple[float, ...], x: float, base: float, size: float) -> bool:
    """Return whether a drawn box is the dot before a line that begins at a point: browsers draw it."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    small = 0.15 * size < width < 0.7 * size and 0.6 < height / width < 1.6
    return small and x - 2 * size < left and right < x and base < (bottom + top) / 2 < base + 0.8 * size


def _is_unseen(
    text: pypdfium2.PdfTextPage, place: tuple[int, int, float, float], drawn: Sequence[tuple[float, ...]]
) -> bool:
    """Return whether a character is white on white, or is drawn invisibly without being the text of a scan."""
    index, _, x, y = place
    on_something = any(left <= x <= right and bottom - 1 <= y <= top for left, bottom, right, top in drawn)
    if on_something:
        return False
    item = pdfium.FPDFText_GetTextObject(text, index)
    if item and pdfium.FPDFTextObj_GetTextRenderMode(item) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE:
        return True
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not pdfium.FPDFText_GetFillColor(text, index, red, green, blue, alpha):
        return False
    return alpha.value == 0 or min(red.value, green.value, blue.value) >= 250


def _tables(content: bytes, ruled: Mapping[int, Sequence[Box]]) -> dict[int, list[_Table]]:
    """Return the tables of the pages that draw enough lines to hold one, by the numbers of the pages.

    `ruled` has for each of these the places of the characters that lie under a drawn box.
    """
    found: dict[int, list[_Table]] = defaultdict(list)
    if not ruled:
        return found
    import pdfplumber  # noqa: PLC0415 - most files have no table

    pages = list(ruled)[:_TABLE_PAGES]
    with pdfplumber.open(BytesIO(content), pages=[number + 1 for number in pages]) as parsed:
        for number, page in zip(pages, parsed.pages, strict=True):
            if page.rotation:
                continue
            left, _, _, bottom = page.bbox
            seen = _without_covered(page, ruled[number])
            for table in seen.find_tables():
                rows = [
                    [" ".join((cell or "").split()) for cell in row] for row in table.extract(x_tolerance_ratio=0.15)
                ]
                if _is_table(rows):
                    x0, top, x1, low = table.bbox
                    box = (x0 - left, bottom - low, x1 - left, bottom - top)
                    found[number].append(_Table(_merged(rows), box, _has_bold_head(seen, table)))
            page.close()
    return found


def _without_covered(page: "PdfPage", covered: Sequence[Box]) -> "PdfPage":
    """Return a page without the characters at some places."""
    if not covered:
        return page
    start, _, _, end = page.bbox

    def is_seen(item: "T_obj") -> bool:
        if item["object_type"] != "char":
            return True
        x, y = (item["x0"] + item["x1"]) / 2 - start, end - (item["top"] + item["bottom"]) / 2
        return not any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in covered)

    return page.filter(is_seen)


def _is_table(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether lines that cross are a table rather than a frame around text."""
    filled = [sum(bool(cell) for cell in row) for row in rows]
    return len(rows) >= 2 and len(rows[0]) >= 2 and sum(count >= 2 for count in filled) >= 2


def _merged(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows without empty ones and without columns that are empty throughout."""
    kept = [column for column in range(len(rows[0])) if any(row[column] for row in rows)]
    return [[row[column] for column in kept] for row in rows if any(row)]


def _has_bold_head(page: "PdfPage", table: "Table") -> bool:
    cells = [cell for cell in table.rows[0].cells if cell]
    fonts = [
        character["fontname"]
        for cell in cells
        for character in page.within_bbox(cell, strict=False).chars
        if character["text"].strip()
    ]
    return bool(fonts) and all(re.search("bold|black|heavy", font, re.IGNORECASE) for font in fonts)


def _with_tables(lines: Sequence[_Line], tables: Sequence[_Table]) -> list[_Line]:
    """Return the lines with each table in the place of the lines that it holds."""
    kept: list[_Line] = []
    placed: set[int] = set()
    for line in lines:
        table = next((table for table in tables if _holds(table.box, line)), None)
        if table is None:
            kept.append(line)
        elif id(table) not in placed:
            placed.add(id(table))
            kept.append(_Line("", table.box[0], table.box[2], table.box[3], line.size, bold=False, table=table))
    return kept


def _holds(box: tuple[float, float, float, float], line: _Line) -> bool:
    left, bottom, right, top = box
    return left - 2 <= line.left and line.right <= right + 2 and bottom - 2 <= line.base <= top + 2


def _check_letters(sheets: Iterable[_Sheet]) -> None:
    """Raise `Unparsable` if the fonts of a file do not say which letters they draw."""
    text = "".join(line.text for sheet in sheets for line in sheet.lines).replace(" ", "")
    odd = sum(code < 32 or 0xE000 <= code <= 0xF8FF or code == 0xFFFD or code >= 0xF0000 for code in map(ord, text))
    if text and odd / len(text) > _UNREADABLE:
        raise Unparsable("its fonts do not say which letters they show", "make the PDF anew from its source")


def _drop_running_lines(sheets: Sequence[_Sheet]) -> None:
    """Drop page numbers, and the outermost lines of the pages that repeat from page to page."""
    seen: Counter[tuple[bool, str, float]] = Counter()
    for sheet in sheets:
        seen.update({key for line in sheet.lines if (key := _running_key(line, sheet))})
    enough = min(_REPEATS, max(2, len(sheets) // 2))
    for sheet in sheets:
        running: set[int] = set()
        for foot in (False, True):
            for line in sorted(sheet.lines, key=lambda line: line.base, reverse=not foot):
                key = _running_key(line, sheet)
                if key is None or key[0] is not foot or (key[1] and seen[key] < enough):
                    break
                running.add(id(line))
        sheet.lines = [line for line in sheet.lines if id(line) not in running]


def _running_key(line: _Line, sheet: _Sheet) -> tuple[bool, str, float] | None:
    """Return whether a line stands at the foot, its words without figures, and its size; None between the edges."""
    high = line.base > sheet.height * (1 - _EDGE)
    if line.table or not (high or line.base < sheet.height * _EDGE):
        return None
    return (not high, "" if _PAGE_NUMBER.fullmatch(line.text) else re.sub(r"\d+", "#", line.text), line.size)


class _Kind(StrEnum):
    TEXT = "text"
    ITEM = "item"
    HEADING = "heading"
    TABLE = "table"


@dataclass(slots=True)
class _Part:
    """A paragraph, an item, a heading or a table: its words, and where in them pages begin."""

    kind: _Kind
    lines: list[_Line]
    text: str
    mark: str = ""
    level: int = 0
    starts: list[tuple[int, int]] = field(default_factory=list)  # number of a page, offset


class _Setting:
    """How a file is set: the size of its text, the distance of its lines, and the levels of its headings."""

    def __init__(self, sheets: Sequence[_Sheet]) -> None:
        lines = [line for sheet in sheets for line in sheet.lines if not line.table]
        letters: Counter[float] = Counter()
        for line in lines:
            letters[line.size] += len(line.text)
        self.body = letters.most_common(1)[0][0] if letters else 1.0
        self.bold = 2 * sum(len(line.text) for line in lines if line.bold) > letters.total()
        larger = sorted((size for size in letters if size >= self.body * _LARGER), reverse=True)
        self.levels = {size: min(level, _BOLD_LINE - 1) for level, size in enumerate(larger, start=1)}
        pairs = (pair for sheet in sheets for pair in itertools.pairwise(sheet.lines))
        steps = Counter(
            round((above.base - below.base) / below.size, 1)
            for above, below in pairs
            if above.size == below.size and 0.8 <= (above.base - below.base) / below.size <= 2.5
        )
        self.step = steps.most_common(1)[0][0] if steps else 1.2
        self.words = Counter(re.findall(r"\w+(?:-\w+)*", " ".join(line.text for line in lines).casefold()))

    def level(self, line: _Line) -> int:
        """Return the level of a line that may be a heading, or 0."""
        if line.table or len(line.text) > _LONGEST_HEADING or not re.search(r"[^\W\d_]", line.text):
            return 0
        if line.size in self.levels:
            return self.levels[line.size]
        marked = _BULLET.match(line.text) or _NUMBER.match(line.text)
        return _BOLD_LINE if line.bold and not self.bold and not marked else 0

    def joined(self, text: str, line: _Line, *, soft: bool) -> str:
        """Return a text that goes on in a further line; the hyphen of a word cut at the line's end goes."""
        if not soft:
            return f"{text} {line.text}"
        cut, rest = re.search(r"(\w+)-$", text), re.match(r"\w+", line.text)
        if cut is None or rest is None:
            return text + line.text
        whole = (cut[1] + rest[0]).casefold()
        keeps = self.words[f"{cut[1]}-{rest[0]}".casefold()] or not (cut[1][-1].isalpha() and rest[0][0].islower())
        return (text if keeps and not self.words[whole] else text[:-1]) + line.text


def _parts(sheets: Sequence[_Sheet], setting: _Setting) -> list[_Part]:
    parts: list[_Part] = []
    for number, sheet in enumerate(sheets):
        edges = _edges(sheet.lines)
        for place, line in enumerate(sheet.lines):
            edge = edges[place - 1] if place else 0.0
            last = parts[-1] if parts else None
            glue = _glue(last, line, edge, setting, new_page=not place) if last else None
            if last is None or glue is None:
                last = _opened(line, setting)
                parts.append(last)
                start = 0
            else:
                text = last.text
                soft = last.lines[-1].soft
                last.text = f"{text}\n{line.text}" if glue == "\n" else setting.joined(text, line, soft=soft)
                last.lines.append(line)
                start = len(last.text) - len(line.text)
            if not place:
                last.starts.append((number, start))
    return [_settled(part) for part in parts]


def _opened(line: _Line, setting: _Setting) -> _Part:
    if line.table:
        return _Part(_Kind.TABLE, [line], "\n".join(" | ".join(row) for row in line.table.rows))
    if level := setting.level(line):
        return _Part(_Kind.HEADING, [line], line.text, level=level)
    if bullet := _BULLET.match(line.text):
        return _Part(_Kind.ITEM, [line], line.text[bullet.end() :], mark="- ")
    if number := _NUMBER.match(line.text):
        return _Part(_Kind.ITEM, [line], line.text[number.end() :], mark=f"{number[1]}. ")
    return _Part(_Kind.TEXT, [line], line.text)


def _settled(part: _Part) -> _Part:
    """Return a part as it turned out: bold lines that became long, or end like a sentence, are text."""
    if part.kind is _Kind.HEADING and part.level == _BOLD_LINE:
        long = len(part.text.split()) > _HEADING_WORDS or part.text.endswith((".", "!", ",", ";"))
        return replace(part, kind=_Kind.TEXT, level=0) if long else part
    return part


def _glue(  # noqa: PLR0911 - the cases, one after another, read best in one place
    part: _Part, line: _Line, edge: float, setting: _Setting, *, new_page: bool
) -> str | None:
    """Return what stands between a part and a line that goes on with it, or None where the line begins another."""
    last = part.lines[-1]
    if part.kind is _Kind.TABLE or line.table or abs(line.size - last.size) > 0.15 * last.size:
        return None
    step = (last.base - line.base) / line.size
    level = setting.level(line)
    if part.kind is _Kind.HEADING or level:
        near = not new_page and 0 < step <= setting.step * _GAP
        return " " if near and level == part.level and part.kind is _Kind.HEADING else None
    if last.soft:
        return " "
    if _BULLET.match(line.text) or _NUMBER.match(line.text):
        return None
    ended = _SENTENCE_END.search(last.text) is not None
    if new_page or step <= 0:  # the next page or column
        return " " if not ended and line.text[0].islower() else None
    if step > setting.step * _GAP or (ended and line.left > last.left + line.size):
        return None
    if part.kind is _Kind.ITEM and line.left < part.lines[0].left - 1:
        return None
    if _is_full(last, line, edge) or (not ended and line.text[0].islower()):
        return " "
    return None if ended or part.kind is _Kind.ITEM else "\n"


def _is_full(last: _Line, line: _Line, edge: float) -> bool:
    """Return whether the first word of a line had no room any more on the line above."""
    width = (last.right - last.left) / max(1, len(last.text))
    return edge - last.right < width * (len(line.text.split()[0]) + 1.5)


def _edges(lines: Sequence[_Line]) -> list[float]:
    """Return for each line where its column ends on the right.

    Lines beside other lines end where those of their column do, all others where the lines do that begin below theirs.
    """
    edges: list[float] = []
    for run in _runs_down(lines):
        beside = any(_is_beside(line, other) for line in run for other in lines)
        column = run if beside else [line for line in lines if abs(line.left - run[0].left) < _COLUMN]
        edges += [max((line.right for line in column if not line.table), default=0.0)] * len(run)
    return edges


def _runs_down(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Yield lines that follow each other downwards and begin in one column."""
    run: list[_Line] = []
    for line in lines:
        if run and (line.base >= run[-1].base or abs(line.left - run[-1].left) >= _COLUMN):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _is_beside(line: _Line, other: _Line) -> bool:
    return other.left > line.right and abs(other.base - line.base) < line.size


class _Writer:
    """Writes parts below each other, and tracks the places of headings, lists, tables and pages."""

    def __init__(self, pages: int) -> None:
        self.text: list[str] = []
        self.offset = 0
        self.headings: list[Heading] = []
        self.blocks: list[Block] = []
        self.starts: list[int | None] = [None] * pages

    def write(self, parts: Sequence[_Part]) -> None:
        for kind, group in itertools.groupby(parts, key=lambda part: part.kind):
            items = list(group)
            if kind is _Kind.ITEM:
                self.write_list(items)
            else:
                for part in items:
                    self.write_part(part)

    def write_part(self, part: _Part) -> None:
        start = self.put(part)
        if part.kind is _Kind.HEADING:
            self.headings.append(Heading(part.level, part.text, start, self.offset))
        if part.lines[0].table:
            self.blocks += _table_blocks(part.lines[0].table, start)
        self.end("\n\n")

    def write_list(self, items: Sequence[_Part]) -> None:
        start = self.offset
        marks: list[Block] = []
        for part in items:
            begin = self.offset
            self.put(part)
            marks.append(Block(BlockKind.ITEM, begin, self.offset))
            self.end("\n")
        self.blocks += [Block(BlockKind.LIST, start, marks[-1].end), *marks]
        self.end("\n")

    def put(self, part: _Part) -> int:
        """Write a part and return where it begins."""
        start = self.offset
        for number, offset in part.starts:
            self.starts[number] = start + (offset and offset + len(part.mark))
        self.end(part.mark + part.text)
        return start

    def end(self, text: str) -> None:
        self.text.append(text)
        self.offset += len(text)

    def page(self, about: dict[str, object], warnings: tuple[str, ...]) -> Page:
        text = "".join(self.text).rstrip("\n")
        starts: list[int] = []
        for start in reversed(self.starts):  # a page without text begins where the next one does
            starts.append(min(len(text), starts[-1] if starts else len(text)) if start is None else start)
        return Page(text, tuple(self.headings), tuple(self.blocks), about, tuple(reversed(starts)), warnings)


def _table_blocks(table: _Table, start: int) -> Iterator[Block]:
    """Yield the blocks of a table and of its rows; the first row names the columns if it alone is bold or has words."""
    lengths = [len(" | ".join(row)) for row in table.rows]
    yield Block(BlockKind.TABLE, start, start + sum(lengths) + len(lengths) - 1)
    first, *others = table.rows
    figures = [any(re.search(r"\d", cell) for cell in row) for row in others]
    named = all(first) and not any(re.search(r"\d", cell) for cell in first) and any(figures)
    for number, length in enumerate(lengths):
        header = number == 0 and (table.bold_head or named)
        yield Block(BlockKind.HEADER if header else BlockKind.ROW, start, start + length)
        start += length + 1
