from urllib.parse import parse_qs, unquote, urlsplit

from chatbot.answering.links import document_digest, link
from chatbot.records import Document, Highlight, Passage

TEXT = "Rest today. Skin-care, sun & swimming: wait 3 days.\nRest today. Then call us."


def cite(url: str | None, sentence: str, start: int = 0, text: str = TEXT) -> str:
    document = Document("after care/caf\u00e9.txt", "After care", text, url, None, ())
    passage = Passage(document.id, document.title, url, (), 0, len(text), text)
    at = text.index(sentence, start)
    return link(document, passage, [Highlight(at, at + len(sentence))])


def test_a_published_page_is_opened_at_the_sentence_by_a_text_fragment() -> None:
    assert cite("https://c.example/a", "Skin-care, sun & swimming: wait 3 days.") == (
        "https://c.example/a#:~:text=Skin%2Dcare%2C%20sun%20%26%20swimming%3A%20wait%203%20days."
    )


def test_an_anchor_of_the_address_is_kept() -> None:
    assert cite("https://c.example/a#top", "Then call us.") == "https://c.example/a#top:~:text=Then%20call%20us."


def test_words_that_stand_twice_are_told_apart_by_what_is_before_them() -> None:
    assert cite("https://c.example/a", "Rest today.") == "https://c.example/a#:~:text=Rest%20today."
    assert cite("https://c.example/a", "Rest today.", start=5) == (
        "https://c.example/a#:~:text=sun%20%26%20swimming%3A%20wait%203%20days.-,Rest%20today."
    )


def test_the_words_before_are_taken_from_one_block_without_its_list_mark() -> None:
    text = "Rest today.\n\n- Day two\n\nRest today."
    assert cite("https://c.example/a", "Rest today.", start=5, text=text) == (
        "https://c.example/a#:~:text=Day%20two-,Rest%20today."
    )


def test_the_row_of_a_table_is_named_by_its_first_and_last_cells() -> None:
    text = "Price\n\nPeel, neck | \u00a3120 | \u00a3300 for three"
    assert cite("https://c.example/a", "Peel, neck | \u00a3120 | \u00a3300 for three", text=text) == (
        "https://c.example/a#:~:text=Peel%2C%20neck,%C2%A3300%20for%20three"
    )


def test_a_sentence_over_lines_is_named_by_its_first_and_last_line() -> None:
    text = "Peels come in\nlight and\nmedium strength."
    assert cite("https://c.example/a", text, text=text) == (
        "https://c.example/a#:~:text=Peels%20come%20in,medium%20strength."
    )


def test_a_long_sentence_is_named_by_its_ends() -> None:
    text = " ".join(f"word{number}" for number in range(80)) + "."
    assert cite("https://c.example/a", text, text=text) == (
        "https://c.example/a#:~:text=word0%20word1%20word2%20word3%20word4%20word5,"
        "word74%20word75%20word76%20word77%20word78%20word79."
    )


def test_a_page_without_an_address_is_opened_here_with_the_sentence_marked() -> None:
    parts = urlsplit(cite(None, "Then call us."))
    assert unquote(parts.path) == "/pages/after care/caf\u00e9.txt"
    assert parts.fragment == "mark-1"
    query = parse_qs(parts.query)
    start, end = map(int, query["mark"][0].split("-"))
    assert TEXT[start:end] == "Then call us."
    assert query["of"] == [document_digest(Document("x", "x", TEXT, None, None, ()))]
