from hashlib import sha256
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from chatbot.answering.links import document_digest, link
from chatbot.records import Document, Highlight, Passage

TEXT = "Rest today. Wait a week before you swim.\nRest well. Then call us."


def cited(url: str | None, *quoted: str, start: int = 0, pages: tuple[int, ...] = ()) -> str:
    """Return the link to some words of a passage that begins at `start`."""
    document = Document("after care/caf\u00e9.txt", "After care", TEXT, url, None, (), pages=pages)
    passage = Passage(document.id, document.title, url, (), start, len(TEXT), TEXT[start:])
    places = [passage.text.index(words) for words in quoted]
    return link(document, passage, [Highlight(at, at + len(words)) for at, words in zip(places, quoted, strict=True)])


def test_a_published_page_is_opened_at_the_sentence() -> None:
    assert cited("https://c.example/a", "Then call us.", start=41) == "https://c.example/a#:~:text=Then%20call%20us."


def test_an_anchor_of_the_address_is_kept() -> None:
    assert cited("https://c.example/a#top", "Then call us.") == "https://c.example/a#top:~:text=Then%20call%20us."


def test_each_sentence_has_a_directive_of_its_own() -> None:
    assert cited("https://c.example/a", "Rest today.", "Rest well.") == (
        "https://c.example/a#:~:text=Rest%20today.&text=Rest%20well."
    )


def test_a_directive_is_not_repeated() -> None:
    assert cited("https://c.example/a", "Rest today.", "Rest today.") == "https://c.example/a#:~:text=Rest%20today."


def test_words_that_no_directive_can_name_leave_the_address_alone() -> None:
    assert cited("https://c.example/a", ".") == "https://c.example/a"


@pytest.mark.parametrize(
    ("sentence", "number"), [("Rest today.", 1), ("Wait", 1), ("Rest well.", 2), ("Then call us.", 3)]
)
def test_a_pdf_is_opened_at_the_page_of_the_sentence(sentence: str, number: int) -> None:
    pages = (0, TEXT.index("Rest well."), TEXT.index("Then"))
    assert cited("https://c.example/a.pdf", sentence, pages=pages) == f"https://c.example/a.pdf#page={number}"
    assert cited("https://c.example/a.pdf#view=FitH", sentence, pages=pages).endswith(f"a.pdf#page={number}")


def test_the_page_of_a_pdf_is_counted_in_the_document() -> None:
    assert (
        cited("https://c.example/a.pdf", "Then call us.", start=41, pages=(0, 52)) == "https://c.example/a.pdf#page=2"
    )


def test_a_page_without_an_address_is_opened_here_with_the_sentence_marked() -> None:
    parts = urlsplit(cited(None, "Rest well.", "Then call us.", start=41))
    assert unquote(parts.path) == "/pages/after care/caf\u00e9.txt"
    assert parts.fragment == "mark-1"
    query = parse_qs(parts.query)
    spans = [tuple(map(int, span.split("-"))) for span in query["mark"]]
    assert [TEXT[start:end] for start, end in spans] == ["Rest well.", "Then call us."]
    assert query["of"] == [sha256(TEXT.encode()).hexdigest()[:12]]


def test_a_digest_is_twelve_digits_of_the_text_alone() -> None:
    document = Document("a", "A", "Rest today.", None, None, ())
    assert document_digest(document) == sha256(b"Rest today.").hexdigest()[:12]
    assert len(document_digest(document)) == 12
