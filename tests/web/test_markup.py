import html
import re

from hypothesis import given
from hypothesis import strategies as st

from chatbot.records import Highlight
from chatbot.web.http.markup import escape, marked


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


@given(st.text(), st.lists(st.tuples(st.integers(-3, 30), st.integers(-3, 30))))
def test_without_the_marks_the_text_is_verbatim(text: str, places: list[tuple[int, int]]) -> None:
    found = marked(text, [Highlight(start, end) for start, end in places])
    shown = html.unescape(re.sub(r"</?mark>", "", found))
    # HTML has no way to write these control characters.
    assert re.sub(r"[\0-\x1f\x7f-\x9f\ufffd]", "", shown) == re.sub(r"[\0-\x1f\x7f-\x9f\ufffd]", "", text)
