import re
import time
from itertools import count
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.answering.text_fragments import directive
from chatbot.reading import read_page
from chatbot.records import Document


def page(text: str, name: str = "page.md") -> Document:
    return read_page(name, text.encode())


def shown(document: Document, sentence: str, nth: int = 0) -> str:
    """Return the directive of the nth place of a sentence, without its percent-encoding."""
    start = [found.start() for found in re.finditer(re.escape(sentence), document.text)][nth]
    return unquote(directive(document, start, start + len(sentence)))


def test_a_sentence_is_named_whole() -> None:
    assert shown(page("Rest today. Then call us."), "Then call us.") == "text=Then call us."


def test_what_the_syntax_gives_a_meaning_is_encoded() -> None:
    document = page("Skin-care, sun & swimming: caf\u00e9.")
    assert directive(document, 0, len(document.text)) == "text=Skin%2Dcare%2C%20sun%20%26%20swimming%3A%20caf%C3%A9."


def test_a_long_sentence_is_named_by_its_ends() -> None:
    words = [f"word{number}" for number in range(12)]
    assert shown(page(" ".join(words[:8])), " ".join(words[:8])) == f"text={' '.join(words[:8])}"
    assert shown(page(" ".join(words)), " ".join(words)) == f"text={' '.join(words[:5])},{' '.join(words[9:])}"


@pytest.mark.parametrize(
    ("before", "named"),
    [
        ("You can go home when well.", "You can go home on,agrees to it."),
        ("You can go home on the bus.", "You can go home on the same day,the desk agrees to it."),
        (
            "You can go home on the same day if the nurse who sits at home agrees.",
            "You can go home on the same day if the nurse who sits at the desk agrees to it.",
        ),
    ],
)
def test_the_ends_of_a_sentence_grow_until_they_are_the_only_ones(before: str, named: str) -> None:
    sentence = "You can go home on the same day if the nurse who sits at the desk agrees to it."
    assert shown(page(f"{before} {sentence}"), sentence) == f"text={named}"


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("Most skin types do well -- if rested well.", "Most skin types do well,if rested well."),
        ("Most skin types do well - if rested well.", "Most skin types do well,if rested well."),
        ("Most skin types do well... if rested well...", "Most skin types do well,if rested well"),
        ("Treat from 12-14 weeks.", "Treat from 12,14 weeks."),
        ('Most skin is "safe" now.', "Most skin is,now."),
        ("Most skin is (c) by us.", "Most skin is,by us."),
        ("It will take 1/2 an hour here.", "It will take,an hour here."),
        ("A patch of 10x10 cm is needed.", "A patch of,cm is needed."),
        ("Write to us at a@b.example today please.", "Write to us at,today please."),
        ("See it at https://c.example/a-b for the prices.", "See it at,for the prices."),
        ("We are here \u2728 always open \U0001f600.", "We are here,always open"),
        ("All our patients' own rooms.", "All our patients,own rooms."),
        ("Don't wait, it's fine.", "Don't wait, it's fine."),
        (
            "Open 8\u201312 \u2014 \u201csafe\u201d\u2026 always.",
            "Open 8\u201312 \u2014 \u201csafe\u201d\u2026 always.",
        ),
        ("-- Most skin types do well.", "Most skin types do well."),
    ],
)
def test_characters_that_a_site_may_rewrite_are_not_quoted(sentence: str, named: str) -> None:
    assert shown(page(sentence), sentence) == f"text={named}"


def test_a_term_never_crosses_the_end_of_a_line() -> None:
    document = page("Peels that come in light and\nmedium strength are here.")
    assert shown(document, document.text) == "text=Peels that come in light,strength are here."


def test_invisible_characters_are_not_quoted() -> None:
    text = "Micro\u00adneedling is\u00a0safe\u200b now."
    assert (
        unquote(directive(Document("a", "A", text, None, None, ()), 0, len(text))) == "text=Microneedling is safe now."
    )


PRICES = "# Prices\n\n| Area | Price | Now |\n|-|-|-|\n| Face | \u00a39 | x |\n| Sun | Closed | Closed |\n"


@pytest.mark.parametrize(
    ("text", "sentence", "nth", "named"),
    [
        # What stands in the same block goes before what stands in the next one.
        ("Rest today. So rest today? Rest today.", "Rest today.", 1, "So rest today?-,Rest today."),
        (
            "Rest today. Swim.\n\nRest today. Run.",
            "Rest today.",
            1,
            "Rest today. Swim.-,Rest today.&text=Rest today.,-Run.",
        ),
        (
            "- Rest today.\n- Swim.\n\nDay two\n\n- Rest today.\n- Run.",
            "Rest today.",
            1,
            "Day two-,Rest today.&text=Rest today.,-Run.",
        ),
        (
            "1. Rest today.\n2. Swim.\n3. Rest today.\n4. Run.",
            "Rest today.",
            1,
            "Swim.-,Rest today.&text=Rest today.,-Run.",
        ),
        # The words before are cut where a site may rewrite them.
        ("Rest today. Swim... Rest today. Run.", "Rest today.", 1, "Rest today.,-Run."),
        # A link may stand behind the words of a heading, so the heading below is the better context.
        (
            "Rest today.\n\n# Peel\n\nRest today.\n\n# Laser\n\nSwim.",
            "Rest today.",
            1,
            "Rest today.,-Laser&text=Peel-,Rest today.",
        ),
        # The first place of all needs no context.
        ("Rest today now.\n\n# Peel\n\nRest today now.", "Rest today now.", 0, "Rest today now."),
        # A number that is text is no list mark, so nothing stands directly before the words.
        ("Peel.\n\nRest.\n\n**7. Rest.** Swim.", "Rest.", 1, "7.-,Rest."),
        # Few words of a sentence that is cut are no label.
        ("# Sun\n\nIt is... all right for you now.", "It is... all right for you now.", 0, "It is,for you now."),
        # With nothing else, the nearest heading that stands alone.
        ("Rest.\n\n# A day in bed\n\nD\n\nRest.\n\nD\n\nRest.\n\nD", "Rest.", 2, "A day in bed"),
        # Few words that a menu may hold too are told by the cell before them.
        (PRICES, "Face | \u00a39 | x", 0, "Now-,Face,x"),
        (PRICES, "Sun | Closed | Closed", 0, "x-,Sun,Closed"),
    ],
)
def test_words_around_a_sentence_tell_it_from_others(text: str, sentence: str, nth: int, named: str) -> None:
    assert shown(page(text), sentence, nth) == f"text={named}"


WORDS = st.lists(st.sampled_from(["rest", "Rest", "swim", "now"]), min_size=1, max_size=4).map(" ".join)
BLOCKS = st.one_of(
    st.tuples(st.sampled_from(["{}", "- {}", "1. {}", "## {}"]), st.tuples(WORDS)),
    st.tuples(st.just("x | y\n-|-\n{} | {}"), st.tuples(WORDS, WORDS)),
)
Words = list[tuple[int, str]]  # each with the number of its block


def is_at(words: Words, place: int, term: str) -> bool:
    found = words[place : place + len(term.split())]
    return [word for _, word in found] == term.lower().split() and len({block for block, _ in found}) == 1


def opened(words: Words, directive: str) -> range | None:
    """Return the places of the words that a browser marks, by the steps of the specification."""
    terms = re.fullmatch(r"text=(?:([^,]*)-,)?([^,]*)(?:,([^,-]+))?(?:,-(.*))?", directive)
    assert terms
    prefix, start, end, suffix = terms.groups("")
    everywhere = range(len(words))
    for place in everywhere:
        first = place + len(prefix.split())
        if not (prefix and not is_at(words, place, prefix)) and is_at(words, first, start):
            last = first + len(start.split())
            ends = [at + len(end.split()) for at in everywhere[last:] if is_at(words, at, end)] if end else [last]
            ends = [at for at in ends if not suffix or is_at(words, at, suffix)]
            if ends or end:
                return range(first, ends[0]) if ends else None
    return None


@given(st.lists(BLOCKS, min_size=1, max_size=7))
def test_a_browser_marks_the_sentence_or_a_heading_and_nothing_else(blocks: list[tuple[str, tuple[str, ...]]]) -> None:
    document = page("\n\n".join(layout.format(*cells) for layout, cells in blocks))
    cells = [
        (document.title,),
        *(part for layout, own in blocks for part in ((("x", "y"),) * ("|" in layout) + (own,))),
    ]
    numbers = count()
    words = [
        (number, word)
        for row in cells
        for cell, number in zip(row, numbers, strict=False)
        for word in cell.lower().split()
    ]
    headings = [" ".join(own).lower() for layout, own in blocks if "#" in layout]
    place, offset = len(document.title.split()), 0
    for row in cells[1:]:
        sentence = " | ".join(row)
        offset = document.text.index(sentence, offset)
        target = range(place, place + sum(len(cell.split()) for cell in row))
        found = unquote(directive(document, offset, offset + len(sentence)))
        for one in found.split("&") if found else ():
            marked = opened(words, one)
            assert marked is not None
            is_part = set(marked) <= set(target)
            assert is_part or " ".join(words[at][1] for at in marked) in headings
        place, offset = target.stop, offset + len(sentence)


def test_a_long_page_that_repeats_one_word_is_searched_quickly() -> None:
    text = "word " * 100_000 + "end here."
    began = time.process_time()
    assert unquote(directive(Document("a", "A", text, None, None, ()), 0, len(text))) == (
        "text=A-,word word word word word,word end here."
    )
    assert time.process_time() - began < 2
