import io
from collections.abc import Callable

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from fpdf import FPDF
from fpdf.drawing import PaintedPath
from fpdf.enums import AccessPermission
from PIL import Image

from chatbot.reading.isolated import Unparsable
from chatbot.reading.pdf import read_pdf
from chatbot.records import BlockKind

WAX = (
    "Waxing takes the hair out with its root, so that the skin stays smooth for three to four weeks. Come with hair of "
    "at least five millimetres, because shorter hair cannot be gripped. Do not shave between two visits."
)


class Leaflet(FPDF):
    """A leaflet with a running head and a foot on each page, where it has been told them."""

    head = foot = ""

    def header(self) -> None:
        if self.head:
            self.put(self.head, 8)

    def footer(self) -> None:
        if self.foot:
            self.set_y(-15)
            self.put(self.foot.format(self.page_no()), 8)

    def put(self, text: str, size: int = 11, style: str = "", font: str = "times") -> None:
        self.set_font(font, style, size)
        self.multi_cell(0, size / 2, text, new_x="LMARGIN", new_y="NEXT")

    def skip(self) -> None:
        self.ln(4)


@pytest.fixture
def leaflet() -> Leaflet:
    pdf = Leaflet()
    pdf.set_auto_page_break(True, 25)
    return pdf


def read(pdf: FPDF) -> str:
    return read_pdf(bytes(pdf.output())).text


def test_lines_are_joined_to_paragraphs(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    leaflet.skip()
    leaflet.put(WAX)
    assert read(leaflet) == f"{WAX}\n\n{WAX}"


def test_lines_that_end_early_stay_lines(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    leaflet.skip()
    leaflet.put("Monday 9 to 5\nTuesday 9 to 7\nSaturday closed")
    assert read(leaflet) == f"{WAX}\n\nMonday 9 to 5\nTuesday 9 to 7\nSaturday closed"


def test_larger_and_bold_lines_are_headings(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put("Waxing", 22)
    leaflet.put("Before your visit", 14)
    leaflet.put(WAX)
    leaflet.skip()
    leaflet.put("Does it hurt?", style="B")
    leaflet.put(WAX)
    page = read_pdf(bytes(leaflet.output()))
    assert [(each.level, each.text) for each in page.headings] == [
        (1, "Waxing"),
        (2, "Before your visit"),
        (6, "Does it hurt?"),
    ]
    assert all(page.text[each.start : each.end] == each.text for each in page.headings)
    assert page.about == {"title": "Waxing"}
    assert page.text == f"Waxing\n\nBefore your visit\n\n{WAX}\n\nDoes it hurt?\n\n{WAX}"


def test_items_are_a_list_with_their_further_lines(leaflet: Leaflet) -> None:
    leaflet.add_page()
    for text in (WAX, "No sauna."):
        leaflet.put(f"\x95 {text}")
    leaflet.skip()
    for number, text in enumerate(("Wash the skin.", WAX), start=1):
        leaflet.put(f"{number}. {text}")
    page = read_pdf(bytes(leaflet.output()))
    items = [page.text[block.start : block.end] for block in page.blocks if block.kind is BlockKind.ITEM]
    assert items == [f"- {WAX}", "- No sauna.", "1. Wash the skin.", f"2. {WAX}"]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("the skin may micro-\nscopically bleed", "the skin may microscopically bleed"),
        ("a self-help group, and the self-\nhelp book", "a self-help group, and the self-help book"),
        ("wait for 10-\n14 days", "wait for 10-14 days"),
        ("ask the Anglo-\nSwiss clinic", "ask the Anglo-Swiss clinic"),
    ],
)
def test_words_cut_at_the_end_of_a_line_are_whole(leaflet: Leaflet, lines: str, text: str) -> None:
    leaflet.add_page()
    leaflet.put(lines)
    assert read(leaflet) == text


def test_running_heads_feet_and_page_numbers_are_dropped(leaflet: Leaflet) -> None:
    leaflet.head, leaflet.foot = "Hill Street Clinic: patient information", "Revised in May  -  Page {} of 3"
    for number in ("First", "Second", "Third"):
        leaflet.add_page()
        leaflet.put(f"{number} page. {WAX}")
    page = read_pdf(bytes(leaflet.output()))
    assert page.text == "\n\n".join(f"{number} page. {WAX}" for number in ("First", "Second", "Third"))
    assert [page.text[start:].split()[0] for start in page.pages] == ["First", "Second", "Third"]


def test_a_title_stays_although_it_runs_on_the_further_pages(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put("Waxing at our clinic", 22)
    leaflet.put(WAX)
    leaflet.head = "Waxing at our clinic"
    for number in range(3):
        leaflet.add_page()
        leaflet.put(f"Part {number}. {WAX}")
    assert read(leaflet).count("Waxing at our clinic") == 1


def test_a_table_of_contents_is_left_out(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(f"Prices {'. ' * 30}12\nBefore your visit{'.' * 40} iv")
    leaflet.skip()
    leaflet.put(WAX)
    assert read(leaflet) == WAX


def test_bullets_may_be_drawn(leaflet: Leaflet) -> None:
    leaflet.add_page()
    for text in ("No sauna.", "No gym."):
        leaflet.set_x(20)
        leaflet.ellipse(16, leaflet.get_y() + 2.2, 1.4, 1.4, style="F")
        leaflet.put(text)
    assert read(leaflet) == "- No sauna.\n- No gym."


def test_a_sentence_goes_on_over_the_end_of_a_page(leaflet: Leaflet) -> None:
    leaflet.foot = "{}"
    leaflet.add_page()
    leaflet.set_y(250)
    leaflet.put(" ".join([WAX] * 5))
    page = read_pdf(bytes(leaflet.output()))
    assert page.text == " ".join([WAX] * 5)
    assert page.pages[0] == 0
    assert page.text[: page.pages[1]].endswith(" ")


def table(pdf: Leaflet, rows: list[tuple[str, ...]]) -> None:
    with pdf.table() as made:
        for row in rows:
            cells = made.row()
            for cell in row:
                cells.cell(cell)


def test_tables_keep_their_rows_and_the_names_of_their_columns(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    table(leaflet, [("Area", "Member", "Guest"), ("Lower legs", "30", "40"), ("Under the arms and the chin", "12", "")])
    leaflet.put(WAX)
    page = read_pdf(bytes(leaflet.output()))
    assert page.text == (
        f"{WAX}\n\nArea | Member | Guest\nLower legs | 30 | 40\nUnder the arms and the chin | 12 | \n\n{WAX}"
    )
    assert [(block.kind, page.text[block.start : block.end]) for block in page.blocks] == [
        (BlockKind.TABLE, "Area | Member | Guest\nLower legs | 30 | 40\nUnder the arms and the chin | 12 | "),
        (BlockKind.HEADER, "Area | Member | Guest"),
        (BlockKind.ROW, "Lower legs | 30 | 40"),
        (BlockKind.ROW, "Under the arms and the chin | 12 | "),
    ]


def test_columns_are_read_one_after_another(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.set_font("times", "", 11)
    with leaflet.text_columns(ncols=2, gutter=10, text_align="L") as columns:
        columns.write(f"{WAX}\n\n")
        columns.new_column()
        columns.write(WAX)
    assert " ".join(read(leaflet).split()) == f"{WAX} {WAX}"


def test_words_that_nobody_sees_are_left_out(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    leaflet.set_text_color(255, 255, 255)
    leaflet.put("White on white.")
    leaflet.set_fill_color(0, 0, 120)
    leaflet.cell(0, 8, "White on blue.", fill=True, new_x="LMARGIN", new_y="NEXT")
    leaflet.set_text_color(0, 0, 0)
    with leaflet.local_context(text_mode="INVISIBLE"):
        leaflet.put("Drawn invisibly.")
    leaflet.text(-90, 100, "Beyond the edge.")
    leaflet.put("Too small.", 1)
    text = read(leaflet)
    assert text.startswith(WAX)
    assert "White on blue." in text
    for unseen in ("White on white", "invisibly", "Beyond", "Too small"):
        assert unseen not in text


def black_out(pdf: Leaflet, words: str, **box: object) -> None:
    """Write a line of words, and draw a box over the second of them."""
    first, second, *_ = words.split()
    pdf.set_font("times", "", 11)
    top, left = pdf.get_y(), pdf.get_x() + pdf.get_string_width(f"{first} ")
    pdf.put(words)
    pdf.set_fill_color(0, 0, 0)
    with pdf.local_context(**box):
        pdf.rect(left + 0.5, top, pdf.get_string_width(second) + 1.5, 6, style="F")


COVERED = (
    "words on page 1 of it lie under a drawn box and were left out; anybody can copy them from the file, so delete "
    "what nobody should read, and save it anew"
)


def test_a_box_drawn_after_thousands_of_others_covers_words(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    for number in range(2_100):
        leaflet.rect(20 + number % 100, 200 + number // 100, 0.5, 0.5, style="F")
    black_out(leaflet, "Ask Secretname about it.")
    assert "Secretname" not in read(leaflet)


@pytest.mark.parametrize(("strokes", "tables"), [(0, 1), (5_100, 0)])
def test_no_table_is_looked_for_in_a_large_drawing(leaflet: Leaflet, strokes: int, tables: int) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    with leaflet.table() as table:
        for cells in (("Treatment", "Price"), ("Waxing of a leg", "40 euro"), ("Waxing of an arm", "30 euro")):
            table.row(cells)
    for number in range(strokes):
        leaflet.rect(20 + number % 100, 200 + number // 100, 0.5, 0.5, style="F")
    page = read_pdf(bytes(leaflet.output()))
    assert sum(block.kind is BlockKind.TABLE for block in page.blocks) == tables
    assert "Waxing of an arm" in page.text


def test_words_under_a_drawn_box_are_left_out(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    black_out(leaflet, "Ask Secretname about it.")
    page = read_pdf(bytes(leaflet.output()))
    assert page.text.split() == [*WAX.split(), "Ask", "about", "it."]
    assert page.warnings == (COVERED,)


def test_words_under_a_filled_remark_are_left_out(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    top = leaflet.get_y()
    leaflet.put("Secretname")
    document = pypdfium2.PdfDocument(bytes(leaflet.output()))
    sheet = document[0]
    square = pdfium.FPDFPage_CreateAnnot(sheet, pdfium.FPDF_ANNOT_SQUARE)
    height = sheet.get_height()
    rect = pdfium.FS_RECTF(20, height - (top - 1) * 72 / 25.4, 300, height - (top + 8) * 72 / 25.4)
    pdfium.FPDFAnnot_SetRect(square, rect)
    pdfium.FPDFAnnot_SetColor(square, pdfium.FPDFANNOT_COLORTYPE_InteriorColor, 0, 0, 0, 255)
    pdfium.FPDFPage_CloseAnnot(square)
    file = io.BytesIO()
    document.save(file)
    assert read_pdf(file.getvalue()).warnings == (COVERED,)
    assert "Secretname" not in read_pdf(file.getvalue()).text


def test_a_cell_under_a_drawn_box_is_empty(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.set_font("times", "", 11)
    with leaflet.table() as table:
        for row in (("Name", "Peel"), ("Secretname", "30 minutes"), ("Ann", "40 minutes")):
            table.row(row)
    leaflet.set_fill_color(0, 0, 0)
    leaflet.rect(10.5, leaflet.get_y() - 13.5, 80, 6.5, style="F")
    page = read_pdf(bytes(leaflet.output()))
    assert "Secretname" not in page.text
    assert ("30 minutes" in page.text, "Ann | 40 minutes" in page.text) == (True, True)


@pytest.mark.parametrize(
    "box",
    [{"fill_opacity": 0.4}, {"blend_mode": "MULTIPLY"}],
    ids=["see-through", "a text marker"],
)
def test_words_under_a_text_marker_are_read(leaflet: Leaflet, box: dict[str, object]) -> None:
    leaflet.add_page()
    black_out(leaflet, "Ask Publicname about it.", **box)
    page = read_pdf(bytes(leaflet.output()))
    assert (page.text, page.warnings) == ("Ask Publicname about it.", ())


def test_words_on_a_box_beside_one_or_in_a_frame_are_read(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.set_fill_color(220, 220, 220)
    leaflet.rect(5, 5, 190, 100, style="F")
    leaflet.put(WAX)
    leaflet.rect(5, leaflet.get_y() + 1, 190, 3, style="F")
    with leaflet.drawing_context() as drawn:
        path = PaintedPath(4, 4)
        path.rectangle(4, 4, 200, 200)
        path.rectangle(5, 5, 198, 198)
        path.style.fill_color = "#000000"
        path.style.intersection_rule = "evenodd"
        drawn.add_item(path)
    with leaflet.rect_clip(100, 150, 10, 10):
        leaflet.rect(0, 0, 210, 297, style="F")
    page = read_pdf(bytes(leaflet.output()))
    assert (page.text, page.warnings) == (WAX, ())


def scan(pdf: Leaflet) -> None:
    pdf.add_page()
    pdf.image(Image.new("L", (60, 80), 200), 0, 0, 210, 297)


def locked(pdf: Leaflet) -> None:
    pdf.add_page()
    pdf.put(WAX)
    pdf.set_encryption("owner", "user", permissions=AccessPermission.none())


def empty(pdf: Leaflet) -> None:
    pdf.add_page()


@pytest.mark.parametrize(
    ("fill", "reason"),
    [(scan, "it is a scan, a picture of text"), (locked, "it asks for a password"), (empty, "it holds no text")],
)
def test_a_file_without_words_is_refused(leaflet: Leaflet, fill: Callable[[Leaflet], None], reason: str) -> None:
    fill(leaflet)
    with pytest.raises(Unparsable) as refused:
        read(leaflet)
    assert refused.value.reason == reason


def test_a_file_with_a_page_that_is_a_picture_is_read_with_a_warning(leaflet: Leaflet) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    scan(leaflet)
    page = read_pdf(bytes(leaflet.output()))
    assert (page.text, page.pages) == (WAX, (0, len(WAX)))
    assert page.warnings == ("page 2 of it are pictures of text; run it through text recognition (OCR)",)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"\0" * 500, b"<html>"])
def test_a_damaged_file_is_refused(content: bytes) -> None:
    with pytest.raises(Unparsable):
        read_pdf(content)


@pytest.mark.parametrize(
    ("title", "about"),
    [("Waxing at home", {"title": "Waxing at home"}), ("Microsoft Word - leaflet.doc", {}), ("leaflet_final_2", {})],
)
def test_the_file_names_its_title_where_no_line_is_larger(leaflet: Leaflet, title: str, about: dict[str, str]) -> None:
    leaflet.add_page()
    leaflet.put(WAX)
    leaflet.set_title(title)
    assert read_pdf(bytes(leaflet.output())).about == about


def drawn(words: bytes, meaning: bytes) -> bytes:
    """Return a PDF of one line whose font says what a character of it means."""
    line = b"BT /F1 12 Tf 50 700 Td (" + words + b") Tj ET"
    table = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def 1 begincodespacerange <00> <FF>"
        b" endcodespacerange 1 beginbfchar " + meaning + b" endbfchar endcmap end end"
    )
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(line), line),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(table), table),
    ]
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % part for part in enumerate(parts, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 7/Root 1 0 R>>\n%%EOF"


def test_half_a_character_of_a_font_is_read_as_an_unknown_one() -> None:
    page = read_pdf(drawn(b"Hello there Z this is our leaflet about the laser.", b"<5A> <D800>"))
    assert page.text == "Hello there \ufffd this is our leaflet about the laser."
