import json
from datetime import date
from pathlib import Path

import pytest

from chatbot.errors import IndexDamaged
from chatbot.indexing.texts import Entry, Page, Texts
from chatbot.records import Block, BlockKind, Document, Highlight, Passage, Section

CARE = Document("care.md", "Care", "Red skin.\u2028Ice helps.", None, date(2026, 1, 31), (Section(("Pain",), 0, 20),))
SUN = Document("sun.md", "Sun", "No sun.", "https://clinic.example/sun", None, ())


def entry(document: Document, start: int, end: int, *headings: str) -> Entry:
    text = document.text[start:end]
    return Passage(document.id, document.title, document.url, headings, start, end, text), (Highlight(0, end - start),)


RED, ICE, NO_SUN = entry(CARE, 0, 9, "Pain", "Red?"), entry(CARE, 10, 20, "Ice?"), entry(SUN, 0, 7, "Red?")
PAGES = [Page("d1", CARE, (RED, ICE)), Page("d2", SUN, (NO_SUN,))]


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    assert Texts.write(tmp_path, PAGES) == 2
    return Texts(tmp_path)


def test_texts_are_opened_as_they_were_written(texts: Texts) -> None:
    assert dict(texts.documents) == {"care.md": CARE, "sun.md": SUN}
    assert tuple(texts.entries) == (RED, ICE, NO_SUN)
    assert tuple(texts.passages) == (RED[0], ICE[0], NO_SUN[0])
    assert (len(texts.documents), len(texts.entries), len(texts.passages)) == (2, 3, 3)


def test_blocks_language_and_header_are_opened_as_written(tmp_path: Path) -> None:
    blocks = (Block(BlockKind.TABLE, 0, 23), Block(BlockKind.HEADER, 0, 12), Block(BlockKind.ROW, 13, 23))
    page = Document("p.md", "Preise", "Zone | Preis\nKinn | \u20ac 30", None, None, (), blocks, "de")
    row = Passage("p.md", "Preise", None, (), 13, 23, "Kinn | \u20ac 30", (0, 12))
    Texts.write(tmp_path, [Page("d", page, ((row, ()),))])
    assert Texts(tmp_path).documents["p.md"] == page
    assert (Texts(tmp_path).languages, Texts(tmp_path).digests) == ({"p.md": "de"}, {"p.md": "d"})
    assert Texts(tmp_path).passages[0] == row


def test_passages_are_found_by_their_numbers(texts: Texts) -> None:
    assert (texts.entries[1], texts.passages[-1], texts.entries[-3]) == (ICE, NO_SUN[0], RED)
    assert (texts.entries[1:], texts.passages[:2]) == ((ICE, NO_SUN), (RED[0], ICE[0]))
    with pytest.raises(IndexError):
        texts.passages[3]


def test_the_number_of_a_passage_is_found(texts: Texts) -> None:
    assert [texts.row(passage) for passage in (NO_SUN[0], RED[0], ICE[0])] == [2, 0, 1]
    with pytest.raises(ValueError, match="not in list"):
        texts.row(entry(CARE, 0, 8)[0])


def test_each_passage_has_two_spans_and_one_for_each_sentence(texts: Texts) -> None:
    assert texts.first_spans.tolist() == [0, 3, 6, 9]


def test_the_last_headings_stand_once_in_order(texts: Texts) -> None:
    assert texts.headings == ["Red?", "Ice?"]


def test_a_page_is_found_by_the_digest_of_its_file(texts: Texts) -> None:
    assert texts.page("care.md", "d1") == PAGES[0]
    assert texts.page("sun.md", "d2") == PAGES[1]
    assert texts.page("care.md", "d2") is None
    assert texts.page("ice.md", "d1") is None


def test_open_texts_outlive_their_files(texts: Texts, tmp_path: Path) -> None:
    for name in Texts.FILES:
        (tmp_path / name).unlink()
    assert (texts.documents["sun.md"], texts.passages[1]) == (SUN, ICE[0])


@pytest.mark.parametrize("name", Texts.FILES)
@pytest.mark.usefixtures("texts")
def test_a_missing_file_is_damage(tmp_path: Path, name: str) -> None:
    (tmp_path / name).unlink()
    cure = rf"^The pages in {tmp_path} cannot be read: run 'footnote build'\.$"
    with pytest.raises(IndexDamaged, match=cure):
        Texts(tmp_path)


@pytest.mark.usefixtures("texts")
def test_texts_of_other_pages_are_incomplete(tmp_path: Path) -> None:
    (tmp_path / "pages.json").write_text(json.dumps({"care.md": ["d1", None]}))
    cure = rf"^The pages in {tmp_path} are incomplete: run 'footnote build'\.$"
    with pytest.raises(IndexDamaged, match=cure):
        Texts(tmp_path)
