"""Files that are made, or broken, so that reading them fails or never ends."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from chatbot.errors import PageUnpublished, UnreadablePage
from chatbot.reading import named_errors, read_corpus, read_page
from chatbot.reading.html import read_html
from chatbot.reading.page import Heading, Page, finished, printed

LAUGHS = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghij")
)


def linked(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


@pytest.mark.parametrize("kind", [{"@id": "x"}, [{"a": 1}, "WebPage"], [["WebPage"]], 7, None])
def test_data_of_any_kind_is_read(kind: object) -> None:
    page = read_html(f"<body>{linked({'@type': kind, 'lastReviewed': '2026-01-31'})}<p>Open at nine.</p>")
    assert page.text == "Open at nine."
    assert page.about.get("reviewed") == ("2026-01-31" if kind == [{"a": 1}, "WebPage"] else None)


@pytest.mark.parametrize("encoding", ["unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "cp037"])
def test_encodings_that_no_browser_knows_are_not_used(encoding: str) -> None:
    sidecar = f"encoding: {encoding}\n".encode()
    assert read_page("a.html", b"<p>Open \\ud800 at nine.</p>", sidecar).text == "Open \\ud800 at nine."
    with pytest.raises(UnreadablePage, match="not UTF-8"):
        read_page("a.txt", b"Open \\ud800 at \xff nine.", sidecar)


def test_half_a_character_becomes_an_unknown_one() -> None:
    page = finished(Page("Ope\u00adn \ud800 at nine.", (Heading(1, "\udfff", 0, 5),)))
    assert (page.text, printed("\udfff")) == ("Open \ufffd at nine.", "\ufffd")
    question = {"@type": "Question", "name": "\ud800", "acceptedAnswer": {"text": "x"}}
    assert read_html(f"<body>{linked(question)}<p>Open at nine.</p>").text == "Open at nine."


@pytest.mark.parametrize("field", ["draft", "title", "url", "reviewed", "expires", "robots", "status"])
def test_a_number_too_long_to_write_is_no_value(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.md").write_text(f"+++\n{field} = 0x{'f' * 5000}\nlayout = 'page'\n+++\nOpen at nine.\n", "utf-8")
    (document,) = read_corpus(tmp_path).documents
    assert (document.title, document.text) == ("A", "Open at nine.")


@pytest.mark.parametrize("field", ["draft", "title", "url", "reviewed", "expires", "robots", "encoding"])
def test_aliases_of_lists_are_no_values(tmp_path: Path, field: str) -> None:
    (tmp_path / "a.md").write_text(f"---\nlayout: page\n{LAUGHS}{field}: *j\n---\nOpen at nine.\n", "utf-8")
    (tmp_path / "b.md").write_text("Open at ten.\n", "utf-8")
    (tmp_path / "b.md.yaml").write_text(f"{LAUGHS}{field}: *j\n", "utf-8")
    assert [document.text for document in read_corpus(tmp_path).documents] == ["Open at nine.", "Open at ten."]


def test_an_alias_of_one_value_is_that_value(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\nmenu: &name Prices\ntitle: *name\n---\nOpen at nine.\n", "utf-8")
    assert read_corpus(tmp_path).documents[0].title == "Prices"


def test_an_error_that_nobody_foresaw_names_the_page() -> None:
    with (
        pytest.raises(UnreadablePage, match=r"^a\.md was left out: it could not be read \(RecursionError\); save it"),
        named_errors("a.md"),
    ):
        raise RecursionError
    with pytest.raises(PageUnpublished, match="as it is"), named_errors("a.md"):
        raise PageUnpublished("as it is")


MAZES = {
    "a.md": [
        "Open.\n\n{" + " " * 20_000 + "x\n",
        "Open.\n\n[a" + " " * 40_000 + "x\n",
        "Open.\n\n" + "{{%a" * 25_000 + "\n",
        "---\n" + "\n" * 60_000 + "layout: page\n---\nOpen.\n",
    ],
    "a.html": [
        linked({"@type": "Question", "name": "a " * 500 + "b", "acceptedAnswer": {"text": "a a"}}) * 4
        + "<p>Open. "
        + "a " * 50_000,
        "".join(f"<a role=tab aria-controls=z>q{number}</a>" for number in range(2000))
        + "<p>Open.</p><div id=z role=tabpanel>"
        + "<i>x</i>" * 4000,
        "".join(f"<button aria-controls=z>q{number}</button>" for number in range(2000))
        + "<p>Open.</p><div id=z>"
        + "<i>x</i>" * 4000,
    ],
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in MAZES.items() for text in texts])
def test_no_maze_stops_the_reader(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    (document,) = read_corpus(tmp_path).documents
    assert "Open." in document.text
