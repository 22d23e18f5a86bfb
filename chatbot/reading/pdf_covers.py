"""Find the words of a PDF page that lie under a box drawn over them, as when somebody blacks out a name by hand.

The words are still in the file, and a program reads them like all others.
"""

import ctypes
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

__all__ = ["Box", "Covers"]

Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in points."""

_MOST: Final = 2_000  # boxes of a page that are drawn over something, and last: what blacks out comes after all else
_MOST_PARTS: Final = 20  # boxes of one path
_SLACK: Final = 0.75  # points by which a glyph may stand out
_STRAIGHT: Final = 0.05  # points by which the sides of a box may lean
_OPAQUE: Final = 255
_IDENTITY: Final = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_EVERYTHING: Final[Box] = (float("-inf"), float("-inf"), float("inf"), float("inf"))


class Covers:
    """The opaque boxes of a page, and after which of its words each is drawn."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._texts: dict[int, int] = {}  # the address of each text object, and its place in the drawing
        self._boxes: list[tuple[int, Box]] = []
        self._near: dict[int, list[Box]] = {}
        self._drawn = 0
        self._add(page, _IDENTITY, depth=0, opaque=True)
        first = min(self._texts.values(), default=self._drawn)
        self._boxes = [(place, box) for place, box in self._boxes if place > first][-_MOST:]
        self._boxes += [(self._drawn + 1, box) for box in _annotations(page)]

    def over(self, text: pypdfium2.PdfTextPage, index: int) -> Box | None:
        """Return the place of a character that lies wholly under a box, or None for any other."""
        near = self._near_to(pdfium.FPDFText_GetTextObject(text, index)) if self._boxes else ()
        if not near:
            return None
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        if not pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top) or left.value >= right.value:
            return None
        glyph = (left.value, bottom.value, right.value, top.value)
        inner = (glyph[0] + _SLACK, glyph[1] + _SLACK, glyph[2] - _SLACK, glyph[3] - _SLACK)
        return glyph if any(_holds(box, inner) for box in near) else None

    def _near_to(self, item: Any) -> Sequence[Box]:  # noqa: ANN401 - a handle of pdfium
        """Return the boxes that are drawn after a text object; few lie over any of it."""
        address = _address(item)
        if address not in self._near:
            place = self._texts.get(address)
            bounds = _bounds(item) if place is not None else None
            self._near[address] = (
                [] if place is None else [box for after, box in self._boxes if after > place and _meet(box, bounds)]
            )
        return self._near[address]

    def _add(self, parent: Any, matrix: Sequence[float], *, depth: int, opaque: bool) -> None:  # noqa: ANN401 - as above
        """Add the objects of a page, or of a form that it shows, in the order in which they are drawn."""
        count, get = (
            (pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject)
            if depth
            else (pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject)
        )
        for number in range(count(parent)):
            item = get(parent, number)
            kind = pdfium.FPDFPageObj_GetType(item)
            self._drawn += 1
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                self._texts[_address(item)] = self._drawn
            elif kind == pdfium.FPDF_PAGEOBJ_PATH and opaque and _is_opaque(item):
                self._boxes += [(self._drawn, box) for box in _boxes(item, matrix)]
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < 4:
                own = _matrix(item)
                clear = opaque and not depth and not pdfium.FPDFPageObj_HasTransparency(item) and own is not None
                self._add(item, own or matrix, depth=depth + 1, opaque=clear)


def _address(item: Any) -> int:  # noqa: ANN401 - as above
    return ctypes.cast(item, ctypes.c_void_p).value or 0


def _bounds(item: Any) -> Box | None:  # noqa: ANN401 - as above
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    found = pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return (left.value, bottom.value, right.value, top.value) if found else None


def _matrix(item: Any) -> tuple[float, ...] | None:  # noqa: ANN401 - as above
    """Return the matrix of an object, or None where it turns or skews."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, matrix) or abs(matrix.b) > 1e-6 or abs(matrix.c) > 1e-6:
        return None
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _is_opaque(path: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether a path is filled, and what is under it cannot be seen."""
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium.FPDFPath_GetDrawMode(path, mode, stroke) or mode.value == pdfium.FPDF_FILLMODE_NONE:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    filled = pdfium.FPDFPageObj_GetFillColor(path, red, green, blue, alpha) and alpha.value == _OPAQUE
    return bool(filled) and not pdfium.FPDFPageObj_HasTransparency(path)


def _boxes(path: Any, around: Sequence[float]) -> Iterator[Box]:  # noqa: ANN401 - as above
    """Yield the boxes that a path fills, as far as its clip shows them; none where one cuts into another."""
    own = _matrix(path)
    count = pdfium.FPDFPath_CountSegments(path)
    clip = _clip(path)
    if own is None or clip is None or not 4 <= count <= 6 * _MOST_PARTS:
        return
    segments = [pdfium.FPDFPath_GetPathSegment(path, number) for number in range(count)]
    boxes = [_box(part, own) for part in _parts(segments)]
    known = [box for box in boxes if box is not None]
    if len(known) == len(boxes) and not any(_meet(one, other) for one, other in combinations(known, 2)):
        yield from (_moved(_common(box, clip), around) for box in known)


def _clip(item: Any) -> Box | None:  # noqa: ANN401 - as above
    """Return the box to which an object is clipped, or None where that is none."""
    clip = pdfium.FPDFPageObj_GetClipPath(item)
    box = _EVERYTHING
    for number in range(max(pdfium.FPDFClipPath_CountPaths(clip), 0) if clip else 0):
        count = pdfium.FPDFClipPath_CountPathSegments(clip, number)
        part = _box(
            [pdfium.FPDFClipPath_GetPathSegment(clip, number, place) for place in range(min(count, 7))], _IDENTITY
        )
        if part is None:
            return None
        box = _common(box, part)
    return box


def _parts(segments: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield the segments of each closed line of a path."""
    part: list[Any] = []
    for segment in segments:
        if part and pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_MOVETO:
            yield part
            part = []
        part.append(segment)
    yield part


def _box(segments: Sequence[Any], matrix: Sequence[float]) -> Box | None:
    """Return the box that segments draw, or None where they draw something else."""
    if not 4 <= len(segments) <= 6:
        return None
    points: list[tuple[float, float]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for segment in segments:
        if pdfium.FPDFPathSegment_GetType(segment) == pdfium.FPDF_SEGMENT_BEZIERTO:
            return None
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        points.append((x.value, y.value))
    left, right = min(point[0] for point in points), max(point[0] for point in points)
    bottom, top = min(point[1] for point in points), max(point[1] for point in points)
    corners = {
        (abs(point[0] - left) <= _STRAIGHT, abs(point[1] - bottom) <= _STRAIGHT)
        for point in points
        if min(point[0] - left, right - point[0]) <= _STRAIGHT and min(point[1] - bottom, top - point[1]) <= _STRAIGHT
    }
    return _moved((left, bottom, right, top), matrix) if len(corners) == 4 else None


def _moved(box: Box, matrix: Sequence[float]) -> Box:
    a, _, _, d, e, f = matrix
    across, up = sorted((a * box[0] + e, a * box[2] + e)), sorted((d * box[1] + f, d * box[3] + f))
    return across[0], up[0], across[1], up[1]


def _annotations(page: pypdfium2.PdfPage) -> Iterator[Box]:
    """Yield the opaque boxes that are laid on a page as remarks, as viewers of PDF files draw them."""
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        note = pdfium.FPDFPage_GetAnnot(page, number)
        rect = pdfium.FS_RECTF()
        square = pdfium.FPDFAnnot_GetSubtype(note) == pdfium.FPDF_ANNOT_SQUARE
        hidden = pdfium.FPDFAnnot_GetFlags(note) & (pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW)
        if square and not hidden and pdfium.FPDFAnnot_GetRect(note, rect) and _is_filled(note):
            yield rect.left, min(rect.bottom, rect.top), rect.right, max(rect.bottom, rect.top)
        pdfium.FPDFPage_CloseAnnot(note)


def _is_filled(note: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether a square remark is filled: by what is drawn for it or, without that, by its own colour."""
    items = [pdfium.FPDFAnnot_GetObject(note, number) for number in range(pdfium.FPDFAnnot_GetObjectCount(note))]
    if items:
        return any(pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_PATH and _is_opaque(item) for item in items)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    inside = pdfium.FPDFANNOT_COLORTYPE_InteriorColor
    return bool(pdfium.FPDFAnnot_GetColor(note, inside, red, green, blue, alpha)) and alpha.value == _OPAQUE


def _holds(box: Box, inner: Box) -> bool:
    return box[0] <= inner[0] and box[1] <= inner[1] and inner[2] <= box[2] and inner[3] <= box[3]


def _meet(one: Box, other: Box | None) -> bool:
    if other is None:
        return True
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _common(one: Box, other: Box) -> Box:
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])
