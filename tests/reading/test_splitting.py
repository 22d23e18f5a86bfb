import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading import read_page, split
from chatbot.reading.blocks import all_blocks
from chatbot.reading.markdown import read_markdown
from chatbot.reading.page import Page, sections
from chatbot.reading.text import read_text
from chatbot.records import Document, Passage


def count(text: str) -> int:
    return len(text.split())


def document(page: Page, title: str = "The Page") -> Document:
    cut = sections(page, title)
    return Document("page.txt", title, page.text, None, None, cut, all_blocks(page, title, cut))


def passages(text: str, limit: int = 100) -> list[str]:
    return [passage.text for passage in split(document(read_text(text)), limit, count)]


def test_the_first_document_is_its_twenty_paragraphs_without_scars(corpus: Path) -> None:
    whole = read_page("a.txt", (corpus / "benefits-of-microneedling.txt").read_bytes())
    cut = split(whole, 190, count)
    assert len(cut) == 20
    assert {passage.text for passage in cut} <= set(re.split(r"\n+", whole.text))
    assert not any(
        passage.text.casefold().startswith(("what are the benefits", "does microneedling")) for passage in cut
    )
    assert cut[7].headings == ("Does Microneedling Tighten Skin?",)


def test_lines_that_repeat_a_heading_are_left_out() -> None:
    text = "A Page\n\nDoes It Hurt?\n\ndoes it hurt\nNot much, most people say.\nDOES IT HURT?\n\nthe page!"
    assert passages(text) == ["Not much, most people say."]


def test_a_thin_paragraph_joins_neighbours_under_the_same_heading() -> None:
    text = "Some words.\n\nMore words.\n\nDoes it hurt?\n\nNo.\n\nNot at all."
    assert passages(text) == ["Some words.\n\nMore words.", "No.\n\nNot at all."]


def test_a_line_that_announces_a_list_stays_with_it() -> None:
    text = "Please bring all of these things when you come:\n\n- a hat\n- a bag\n- " + "word " * 40
    assert passages(text) == [text.strip()]


def test_a_long_paragraph_is_cut_between_sentences_into_similar_parts() -> None:
    sentence = "This one sentence has exactly nine words in it. "
    cut = passages("Opening words.\n\n" + sentence * 30, limit=100)
    assert [count(text) for text in cut[-3:]] == [90, 90, 90]
    assert all(text.endswith("it.") for text in cut[-3:])


def test_a_long_list_is_cut_between_items() -> None:
    cut = passages("\n".join(f"- item {number} of the list is here" for number in range(40)), limit=60)
    assert len(cut) > 4
    assert all(text.startswith("- item") and text.endswith("here") for text in cut)


def test_rules_and_invisible_marks_are_not_a_passage() -> None:
    assert passages("Some words.\n\n\u200b\u200b\n\nDoes it hurt?\n\n* * *\n\nNo.") == ["Some words.", "No."]


TEXT = st.text(alphabet=st.sampled_from("aB?.:-#*| \n\r\t\u00a0\u2028\u00e9\U0001f600"), max_size=300)


@given(TEXT, st.integers(1, 20))
def test_passages_are_verbatim_in_order_and_within_the_limit(text: str, limit: int) -> None:
    for page in (read_text(text), read_markdown(text)):
        whole = document(page)
        end = 0
        for passage in split(whole, limit, count):
            assert end <= passage.start
            assert whole.text[passage.start : passage.end] == passage.text == passage.text.strip() != ""
            assert count(passage.text) <= limit
            end = passage.end


@given(TEXT)
def test_no_word_of_a_page_but_its_headings_is_lost(text: str) -> None:
    whole = document(read_text(text))
    cut: tuple[Passage, ...] = split(whole, 20, count)
    quoted = {word for passage in cut for word in passage.text.split()}
    headings = " ".join(heading for section in whole.sections for heading in section.headings).casefold()
    for section in whole.sections:
        for word in whole.text[section.start : section.end].split():
            assert word in quoted or re.sub(r"\W", "", word).casefold() in re.sub(r"[^\w ]", "", headings)
