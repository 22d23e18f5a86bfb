"""Read a Word file (.docx) into the words that its printed page shows; called in a child process.

Source: ISO/IEC 29500-1, WordprocessingML.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Final
from xml.etree import ElementTree as ET

import mammoth

from chatbot.reading.html import read_fragment
from chatbot.reading.isolated import Unparsable
from chatbot.reading.page import Page

__all__ = ["read_docx"]

_UNPACKED: Final = 32 * 1024 * 1024  # bytes of the parts that are read; a book has some five
_PARTS: Final = 2_000
_TAGS: Final = 1_500_000  # of a part; a book of 500 pages has some half of them
_BODY: Final = "word/document.xml"
_STYLES: Final = "word/styles.xml"
_CORE: Final = "docProps/core.xml"
_READ: Final = re.compile(r"\[Content_Types\]\.xml|(?:_rels|word/_rels)/[^/]+\.rels|word/[^/]+\.xml|docProps/core\.xml")
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_OFF: Final = frozenset({"0", "false", "off", "none"})
_MOVED: Final = frozenset({f"{_W}moveFrom", f"{_W}del"})
_PAINTED: Final = frozenset({f"{_W}tc", f"{_W}txbxContent"})
_SMALLEST: Final = 4  # half points
_UNTITLED: Final = re.compile(r"(?:word )?document ?\d*|microsoft word.*|untitled|.*\.docx?", re.IGNORECASE)
_NO_NOTE: Final = re.compile(
    r'<sup><a href="#(?:foot|end)note-[^>]*>\[\d+\]</a></sup>|<a href="#(?:foot|end)note-ref[^>]*>[^<]*</a>'
)
_STYLE_MAP: Final = "p[style-name='Title'] => h1:fresh\np[style-name^='toc '] => !\np[style-name^='TOC '] => !\n"
_LOWERED: Final = "".join(
    f"p[style-name='{name} {level}'] => h{level + 1}:fresh\n"
    for name in ("Heading", "heading")
    for level in range(1, 6)
)


def read_docx(content: bytes) -> Page:
    """Read a Word file as it is printed, without what is crossed out, white on white or only a placeholder.

    Raises `Unparsable`.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as file:
            parts = dict(_read_parts(file))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        if content.startswith(b"\xd0\xcf\x11\xe0"):
            raise Unparsable(
                "it asks for a password, or is an old .doc file", "save it as .docx without one"
            ) from error
        raise Unparsable("it is no Word file or is damaged", "open it and save it anew") from error
    if _BODY not in parts:
        raise Unparsable("it is no Word file", "save it as .docx")
    try:
        body = ET.fromstring(parts[_BODY])  # noqa: S314 - without a DTD, in a process with limits
        hidden = _hidden_styles(parts.get(_STYLES))
    except ET.ParseError as error:
        raise Unparsable("it is damaged", "open it and save it anew") from error
    titled = any(style.get(f"{_W}val") == "Title" for style in body.iter(f"{_W}pStyle"))
    _drop_unseen(body, hidden)
    for table in body.iter(f"{_W}tbl"):
        _name_columns(table)
    parts[_BODY] = ET.tostring(body)
    styles = _STYLE_MAP + (_LOWERED if titled else "")
    html = mammoth.convert_to_html(_packed(parts), style_map=styles, convert_image=_no_image).value
    page = read_fragment(_NO_NOTE.sub("", html))
    title = "" if page.title else _title(parts.get(_CORE))
    return replace(page, about={"title": title} if title else {})


def _read_parts(file: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Yield the parts that hold words, no pictures; raises `Unparsable` for a zip bomb."""
    entries = [entry for entry in file.infolist() if _READ.fullmatch(entry.filename)]
    if sum(entry.file_size for entry in entries) > _UNPACKED or len(file.filelist) > _PARTS:
        raise Unparsable("it unpacks to far more than a page of words", "save its words in a new file")
    for entry in entries:
        part = file.read(entry)  # never more than its entry says
        if part.count(b"<") > _TAGS:
            raise Unparsable("it unpacks to far more than a page of words", "save its words in a new file")
        if b"<!DOCTYPE" in part or b"<\0!\0D\0" in part or b"\0<\0!\0D" in part:
            raise Unparsable("it defines entities, which no Word file does", "save its words in a new file")
        yield entry.filename, part


def _packed(parts: dict[str, bytes]) -> BytesIO:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    packed.seek(0)
    return packed


def _no_image(_image: object) -> list[object]:
    return []


def _hidden_styles(part: bytes | None) -> frozenset[str]:
    """Return the ids of the styles whose text is hidden or crossed out."""
    styles = ET.fromstring(part).iter(f"{_W}style") if part else ()  # noqa: S314 - as above
    return frozenset(style.get(f"{_W}styleId", "") for style in styles if _is_dropped(style.find(f"{_W}rPr")))


def _is_dropped(properties: ET.Element | None) -> bool:
    """Return whether text is hidden or crossed out, as an old price is."""
    return any(_is_on(properties, name) for name in ("vanish", "strike", "dstrike"))


def _is_on(properties: ET.Element | None, name: str) -> bool:
    found = None if properties is None else properties.find(_W + name)
    return found is not None and found.get(f"{_W}val", "1").lower() not in _OFF


def _drop_unseen(parent: ET.Element, hidden: frozenset[str], *, painted: bool = False) -> None:
    """Remove from a part of the text what its printed page does not show; `painted`: it may stand on a colour."""
    properties = parent.find(f"{_W}pPr")
    painted = painted or parent.tag in _PAINTED or _is_shaded(properties)
    style = None if properties is None else properties.find(f"{_W}pStyle")
    if style is not None and style.get(f"{_W}val") in hidden:
        for run in list(parent):
            parent.remove(run)
        return
    for child in list(parent):
        placeholder = child.tag == f"{_W}sdt" and child.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None
        unseen = child.tag == f"{_W}r" and _is_unseen(child.find(f"{_W}rPr"), hidden, painted=painted)
        row = child.tag == f"{_W}tr" and child.find(f"{_W}trPr/{_W}del") is not None
        if child.tag in _MOVED or placeholder or unseen or row:
            parent.remove(child)
        else:
            _drop_unseen(child, hidden, painted=painted)


def _is_unseen(properties: ET.Element | None, hidden: frozenset[str], *, painted: bool) -> bool:
    if properties is None:
        return False
    style, size, colour = (properties.find(_W + name) for name in ("rStyle", "sz", "color"))
    if _is_dropped(properties) or (style is not None and style.get(f"{_W}val") in hidden):
        return True
    if size is not None and size.get(f"{_W}val", "").isdigit() and int(size.get(f"{_W}val", "")) <= _SMALLEST:
        return True
    white = colour is not None and colour.get(f"{_W}val", "").upper() == "FFFFFF"
    return white and not painted and not _is_shaded(properties) and properties.find(f"{_W}highlight") is None


def _is_shaded(properties: ET.Element | None) -> bool:
    shade = None if properties is None else properties.find(f"{_W}shd")
    return shade is not None and shade.get(f"{_W}fill", "auto").lower() not in {"auto", "ffffff"}


def _name_columns(table: ET.Element) -> None:
    """Mark the first row of a table as its header if it alone is set apart and holds no figures."""
    look = table.find(f"{_W}tblPr/{_W}tblLook")
    rows = table.findall(f"{_W}tr")
    if look is None or not _sets_first_row_apart(look) or len(rows) < 3 or table.find(f".//{_W}tblHeader") is not None:
        return
    first, *others = ([_words(cell) for cell in row.iter(f"{_W}tc")] for row in rows)
    if len(first) < 2 or not all(first) or any(re.search(r"[\d?]", cell) for cell in first):
        return
    if sum(any(re.search(r"\d", cell) for cell in row) for row in others) * 2 >= len(others):
        properties = rows[0].find(f"{_W}trPr")
        if properties is None:
            properties = ET.Element(f"{_W}trPr")
            rows[0].insert(0, properties)
        ET.SubElement(properties, f"{_W}tblHeader")


def _sets_first_row_apart(look: ET.Element) -> bool:
    value = look.get(f"{_W}val", "")
    return look.get(f"{_W}firstRow") in {"1", "true"} or (
        re.fullmatch(r"[0-9A-Fa-f]{4}", value) is not None and bool(int(value, 16) & 0x20)
    )


def _words(cell: ET.Element) -> str:
    return "".join(cell.itertext()).strip()


def _title(part: bytes | None) -> str:
    """Return the title among a file's properties, unless a program has filled it in."""
    try:
        found = ET.fromstring(part).findtext(f"{_DC}title") if part else ""  # noqa: S314 - as above
    except ET.ParseError:
        return ""
    title = " ".join((found or "").split())
    return "" if _UNTITLED.fullmatch(title) else title
