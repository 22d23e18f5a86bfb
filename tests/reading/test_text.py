from pathlib import Path

import pytest

from chatbot.reading import read_page
from chatbot.records import Document


def read(folder: Path, text: str, name: str = "page.txt") -> Document:
    path = folder / name
    path.write_bytes(text.encode())
    return read_page(path.name, path.read_bytes())


def test_the_first_document_has_its_title_and_four_headings(corpus: Path) -> None:
    document = read_page("a.txt", (corpus / "benefits-of-microneedling.txt").read_bytes())
    assert document.title == "Benefits of Microneedling"
    assert [section.headings for section in document.sections] == [
        (),
        ("What Are The Benefits Of Microneedling?",),
        ("Does Microneedling Tighten Skin?",),
        ("What To Expect After Microneedling",),
        ("How Long Does It Take To See Results From Microneedling?",),
    ]
    assert document.text == (corpus / "benefits-of-microneedling.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "is_heading"),
    [
        ("Does it hurt?", True),
        ("OPENING HOURS", True),
        ("What to Expect on the Day", True),
        ("2024 Price List", True),
        ("Opening hours", True),
        ("Call us before you come.", False),
        ("- Redness", False),
        ("you should rest", False),
        ("Most people feel fine after a day or two", False),
        ("Remember:", False),
        ("A " * 100 + "?", False),
    ],
)
def test_a_line_on_its_own_is_a_heading_if_it_looks_like_one(tmp_path: Path, line: str, is_heading: bool) -> None:
    document = read(
        tmp_path, f"The Page\n\nFirst words here.\n\n{line}\n\nThe last words of this page stand here, below it.\n"
    )
    assert ((line,) in [section.headings for section in document.sections]) is is_heading


def test_a_page_without_headings_is_named_after_its_file(tmp_path: Path) -> None:
    assert read(tmp_path, "some words, in a row.", "after-your_visit.txt").title == "After your visit"


def test_windows_line_ends_are_kept_and_read(tmp_path: Path) -> None:
    document = read(tmp_path, "The Page\r\n\r\nFirst.\r\n\r\nDoes it hurt?\r\n\r\nNo.\r\n")
    assert [section.headings for section in document.sections] == [(), ("Does it hurt?",)]
    assert document.text.count("\r\n") == 7


def test_a_page_that_opens_with_questions_keeps_them_as_headings(tmp_path: Path) -> None:
    document = read(tmp_path, "Does it hurt?\n\nNo, not much.\n\nCan I swim?\n\nWait for three days.\n", "faq.txt")
    assert document.title == "Faq"
    assert [section.headings for section in document.sections] == [("Does it hurt?",), ("Can I swim?",)]
