import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from docx import Document
from docx.document import Document as Word
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from chatbot.reading.docx import read_docx
from chatbot.reading.isolated import Unparsable
from chatbot.records import BlockKind


@pytest.fixture
def word() -> Word:
    return Document()


def saved(word: Word) -> bytes:
    file = BytesIO()
    word.save(file)
    return file.getvalue()


def add_table(word: Word, *rows: tuple[str, str]) -> Table:
    table: Table = word.add_table(0, 2)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):  # type: ignore[no-untyped-call] # python-docx leaves it untyped
            cell.text = text
    return table


def insert(paragraph: Paragraph, xml: str) -> None:
    """Append WordprocessingML, whose elements are of the namespace `w`, to a paragraph."""
    element = parse_xml(f"<w:p {nsdecls('w')}>{xml}</w:p>")[0]
    paragraph._p.append(element)  # noqa: SLF001 - the library offers no other way to what it does not know


def test_headings_lists_and_tables_are_read(word: Word) -> None:
    word.add_heading("Laser hair removal", 0)
    word.add_heading("Before you come", 1)
    word.add_paragraph("Shave the area.")
    for text in ("No sun bed", "No cream"):
        word.add_paragraph(text, style="List Bullet")
    add_table(word, ("Area", "Price"), ("Legs", "120"), ("Arms", "90"))
    page = read_docx(saved(word))
    assert page.text == (
        "Laser hair removal\n\nBefore you come\n\nShave the area.\n\n- No sun bed\n- No cream\n\n"
        "Area | Price\nLegs | 120\nArms | 90"
    )
    assert [(each.level, each.text) for each in page.headings] == [(1, "Laser hair removal"), (2, "Before you come")]
    kinds = [block.kind for block in page.blocks]
    assert kinds[:3] == [BlockKind.LIST, BlockKind.ITEM, BlockKind.ITEM]
    assert kinds[3:] == [BlockKind.TABLE, BlockKind.HEADER, BlockKind.ROW, BlockKind.ROW]


def test_a_table_of_questions_has_no_names_of_columns(word: Word) -> None:
    add_table(word, ("Is it safe?", "Yes."), ("Does it hurt?", "No."), ("How long?", "1 h"))
    assert BlockKind.HEADER not in {block.kind for block in read_docx(saved(word)).blocks}


def test_what_is_deleted_hidden_or_unseen_is_left_out(word: Word) -> None:
    paragraph = word.add_paragraph("A facial costs ")
    insert(paragraph, "<w:del w:id='1'><w:r><w:delText>40</w:delText></w:r></w:del>")
    insert(paragraph, "<w:moveFrom w:id='2'><w:r><w:t>thirty</w:t></w:r></w:moveFrom>")
    insert(paragraph, "<w:ins w:id='3'><w:r><w:t>50 pounds.</w:t></w:r></w:ins>")
    paragraph.add_run(" Staff pay half.").font.hidden = True
    paragraph.add_run(" Free for friends.").font.color.rgb = RGBColor(255, 255, 255)
    paragraph.add_run(" Tiny print.").font.size = Pt(1)
    words = "<w:sdtContent><w:r><w:t>Tap here</w:t></w:r></w:sdtContent>"
    insert(paragraph, f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>{words}</w:sdt>")
    word.sections[0].header.paragraphs[0].text = "A letterhead"
    word.sections[0].footer.paragraphs[0].text = "Page 1"
    word.add_comment(paragraph.runs[0], "Check the price!")
    assert read_docx(saved(word)).text == "A facial costs 50 pounds."


def test_what_is_crossed_out_is_left_out(word: Word) -> None:
    word.styles.add_style("Old price", 1).font.strike = True
    word.add_paragraph("A peel is £90.", style="Old price")
    paragraph = word.add_paragraph("A facial is ")
    paragraph.add_run("£70 ").font.double_strike = True
    paragraph.add_run("£60 ").font.strike = True
    paragraph.add_run("£50.")
    table = add_table(word, ("Legs", "£120"), ("Arms", "£95"), ("Arms", "£90"))
    table.rows[1]._tr.get_or_add_trPr().append(  # noqa: SLF001 - the library knows no tracked changes
        parse_xml(f"<w:del {nsdecls('w')} w:id='1'/>")
    )
    assert read_docx(saved(word)).text == "A facial is £50.\n\nLegs | £120\nArms | £90"


def test_words_in_a_hidden_style_are_left_out(word: Word) -> None:
    word.styles.add_style("Note to staff", 1).font.hidden = True
    word.add_paragraph("For staff only.", style="Note to staff")
    word.add_paragraph("For all.")
    assert read_docx(saved(word)).text == "For all."


def test_white_words_on_a_colour_are_read(word: Word) -> None:
    table = add_table(word, ("", "Price"), ("Legs", "120"))
    table.cell(0, 0).paragraphs[0].add_run("Area").font.color.rgb = RGBColor(255, 255, 255)
    shaded = word.add_paragraph().add_run("Opening hours")
    shaded.font.color.rgb = RGBColor(255, 255, 255)
    shaded._r.get_or_add_rPr().append(  # noqa: SLF001 - as above
        parse_xml(f"<w:shd {nsdecls('w')} w:fill='003366'/>")
    )
    assert read_docx(saved(word)).text == "Area | Price\nLegs | 120\n\nOpening hours"


@pytest.mark.parametrize(
    ("title", "about"),
    [("Laser leaflet", {"title": "Laser leaflet"}), ("Word Document", {}), ("leaflet.docx", {}), ("", {})],
)
def test_the_file_names_its_title_where_no_heading_opens_it(word: Word, title: str, about: dict[str, str]) -> None:
    word.core_properties.title = title
    word.add_paragraph("Shave the area.")
    assert read_docx(saved(word)).about == about


def test_an_opening_heading_goes_before_the_title_of_the_file(word: Word) -> None:
    word.core_properties.title = "Botox leaflet"
    word.add_heading("Laser", 1)
    word.add_paragraph("Shave the area.")
    page = read_docx(saved(word))
    assert (page.title, page.about) == ("Laser", {})


def zipped(**parts: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: zipped(word__document=b" " * 70_000_000), "it unpacks to far more than a page of words"),
        (
            lambda: zipped(word__document=b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            "it defines entities, which no Wo",
        ),
        (lambda: zipped(word__document=b"<a>"), "it is damaged"),
        (lambda: zipped(word__styles=b"<a/>"), "it is no Word file"),
        (lambda: b"PK\x03\x04 cut off", "it is no Word file or is damaged"),
        (lambda: b"\xd0\xcf\x11\xe0 an old file", "it asks for a password, or is an old .doc file"),
    ],
)
def test_a_file_that_is_no_word_file_is_refused(content: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(Unparsable) as refused:
        read_docx(content())
    assert refused.value.reason.startswith(reason)
