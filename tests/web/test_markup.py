import html
import re

from hypothesis import given
from hypothesis import strategies as st

from chatbot.records import Highlight
from chatbot.web.http.assets import fill_page
from chatbot.web.http.markup import Html, escape, marked


def test_nothing_that_a_text_holds_is_markup() -> None:
    assert escape("<b onclick='x'>\"&amp;</b>") == "&lt;b onclick=&#x27;x&#x27;&gt;&quot;&amp;amp;&lt;/b&gt;"


def test_half_a_character_and_nul_become_replacement_characters() -> None:
    assert escape("a\ud800b\0c") == "a\ufffdb\ufffdc"


def test_white_space_survives_whoever_tidies_markup() -> None:
    assert escape("  a\n\tb\r") == "  a&#10;&#9;b&#13;"


def test_highlights_are_marked_in_place() -> None:
    assert marked("One. Two. <3", (Highlight(5, 9),)) == "One. <mark>Two.</mark> &lt;3"


def test_highlights_that_overlap_or_leave_the_text_are_cut() -> None:
    found = marked("abcdef", (Highlight(4, 99), Highlight(0, 3), Highlight(2, 5), Highlight(3, 3)))
    assert found == "<mark>abc</mark><mark>de</mark><mark>f</mark>"


def test_html_takes_texts_escaped_and_html_as_it_is() -> None:
    line = Html("<p>{}</p>").format("1 < 2")
    assert line == "<p>1 &lt; 2</p>"
    assert Html("<hr>").join([line, "a\n'b'"]) == "<p>1 &lt; 2</p><hr>a&#10;&#x27;b&#x27;"
    assert line + "&" == "<p>1 &lt; 2</p>&amp;"
    assert escape(line) == line


def test_a_page_is_filled_with_escaped_texts() -> None:
    page = fill_page(
        "page.html", title="A & $name", name="<Co>", body=Html("<p>b</p>"), icon="/i", style="/s", root="."
    )
    assert "<title>A &amp; $name – &lt;Co&gt;</title>" in page  # noqa: RUF001 -- a dash, as shown
    assert "<p>b</p>" in page


def test_a_part_of_a_text_numbers_the_marks_that_begin_in_it() -> None:
    highlights = (Highlight(8, 12), Highlight(1, 5))
    assert marked("abcdefghijklmn", highlights, 3, 10, "m") == '<mark>de</mark>fgh<mark id="m-2">ij</mark>'


@given(st.text(), st.lists(st.tuples(st.integers(-3, 30), st.integers(-3, 30))))
def test_without_the_marks_the_text_is_verbatim(text: str, places: list[tuple[int, int]]) -> None:
    found = marked(text, [Highlight(start, end) for start, end in places])
    shown = html.unescape(re.sub(r"</?mark>", "", found))
    # HTML has no way to write these control characters.
    assert re.sub(r"[\0-\x1f\x7f-\x9f\ufffd]", "", shown) == re.sub(r"[\0-\x1f\x7f-\x9f\ufffd]", "", text)
