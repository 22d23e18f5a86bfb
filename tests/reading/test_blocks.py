from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.reading import read_page, split
from chatbot.records import Block, BlockKind, Document, Passage

Pair = tuple[str, str]

FAQ: Sequence[Pair] = (
    ("Do I need a letter from my GP?", "No."),
    ("Is the MRI loud?", "Yes, but you get ear plugs. Music helps as well."),
    ("Can I drive afterwards?", "Not after a sedative."),
    ("How much is a second opinion?", "\u00a385, payable on the day."),
    ("Where do I park?", "Behind the building, next to the bicycle racks. The first hour is free."),
)


def pages(make: Callable[[int, Pair], str], between: str = "\n\n") -> str:
    return "# Common questions\n\n" + between.join(make(number, pair) for number, pair in enumerate(FAQ, 1))


FORMATS = {
    "paragraphs": ("md", pages(lambda _, pair: f"{pair[0]}\n\n{pair[1]}")),
    "labels": ("md", pages(lambda _, pair: f"Q: {pair[0]}\n\nA: {pair[1]}", "\n\n---\n\n")),
    "labels in lines": ("txt", pages(lambda _, pair: f"Q. {pair[0]}\nA. {pair[1]}", "\n")),
    "German labels": ("md", pages(lambda number, pair: f"**Frage {number}:** {pair[0]}  \n**Antwort:** {pair[1]}")),
    "numbers": ("md", pages(lambda number, pair: f"{number}. **{pair[0]}**\n   {pair[1]}", "\n")),
    "numbers between paragraphs": ("md", pages(lambda number, pair: f"{number}. {pair[0]}\n\n{pair[1]}")),
    "numbers in plain text": ("txt", pages(lambda number, pair: f"{number}) {pair[0]}\n{pair[1]}", "\n")),
    "bullets": ("md", pages(lambda _, pair: f"- {pair[0]}\n  - {pair[1]}", "\n")),
    "bold line": ("md", pages(lambda _, pair: f"**{pair[0]}**\n{pair[1]}")),
    "bold start": ("md", pages(lambda _, pair: f"**{pair[0]}** {pair[1]}")),
    "lines": ("txt", pages(lambda _, pair: f"{pair[0]}\n{pair[1]}", "\n")),
    "table": (
        "md",
        pages(lambda _, pair: f"| {pair[0]} | {pair[1]} |", "\n").replace("\n\n|", "\n\n| | |\n|-|-|\n|", 1),
    ),
    "numbered table": (
        "md",
        pages(lambda number, pair: f"| {number} | {pair[0]} | {pair[1]} |", "\n").replace(
            "\n\n|", "\n\n| No. | Question | Answer |\n|-|-|-|\n|", 1
        ),
    ),
    "table without names": (
        "md",
        pages(lambda _, pair: f"| {pair[0]} | {pair[1]} |", "\n").replace("|\n| Is", "|\n|-|-|\n| Is", 1),
    ),
    "details": ("md", pages(lambda _, pair: f"<details><summary>{pair[0]}</summary>\n\n{pair[1]}\n\n</details>")),
    "definitions": ("md", pages(lambda _, pair: f"<dl><dt>{pair[0]}</dt><dd>{pair[1]}</dd></dl>", "\n")),
    "group": (
        "html",
        "<main><h1>Common questions</h1><details><summary>All about your visit</summary>"
        + "".join(f"<p><b>{question}</b><br>{answer}</p>" for question, answer in FAQ)
        + "</details></main>",
    ),
}


def passages(text: str, suffix: str = "md", limit: int = 100) -> list[Passage]:
    page = read_page(f"page.{suffix}", text.encode())
    cut = split(page, limit, lambda words: len(words.split()))
    assert all(page.text[each.start : each.end] == each.text for each in cut)
    return list(cut)


def words(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


@pytest.mark.parametrize("name", FORMATS)
def test_each_question_is_one_passage_with_its_answer(name: str) -> None:
    suffix, text = FORMATS[name]
    cut = [words(" ".join((*each.headings[-1:], each.text))) for each in passages(text, suffix)]
    for question, answer in FAQ:
        (own,) = [each for each in cut if question in each]
        assert words(answer) in own.replace("Antwort: ", "").replace("A: ", "").replace("A. ", "").replace("- ", "")
        assert not any(other in own for other, _ in FAQ if other != question)


def test_later_parts_of_a_long_answer_have_the_question_as_heading() -> None:
    sentence = "You may feel a little warm and that is quite normal for most people. "
    cut = passages(f"# Scans\n\nQ: What will I feel?\n\nA: {sentence * 12}\n\nQ: Is it safe?\n\nA: Yes.", limit=60)
    assert [each.headings for each in cut[:-1]] == [(), *[("What will I feel?",)] * (len(cut) - 2)]
    assert cut[0].text.startswith("Q: What will I feel?\n\nA: You may")
    assert cut[-1].text == "Q: Is it safe?\n\nA: Yes."


def test_later_parts_of_a_long_list_have_the_line_above_it_as_heading() -> None:
    items = "\n".join(f"- {food} of any kind, raw or cooked" for food in ("cheese", "nuts", "eggs", "fish", "shrimps"))
    cut = passages(f"# Before\n\nDo not eat:\n\n{items}", limit=20)
    assert cut[0].text.startswith("Do not eat:\n\n- cheese")
    assert {each.headings for each in cut[1:]} == {("Do not eat:",)}


def test_rows_behind_the_first_part_know_their_columns() -> None:
    rows = "\n".join(f"| Zone {number} | \u00a3{number} | \u00a3{2 * number} |" for number in range(1, 20))
    first, *others = passages(f"# Prices\n\n| Area | Members | Guests |\n|-|-|-|\n{rows}", limit=40)
    assert first.text.startswith("Area | Members | Guests\nZone 1 |")
    assert first.header is None
    start = first.start
    assert {each.header for each in others} == {(start, start + len("Area | Members | Guests"))}
    assert all(each.text.startswith("Zone ") for each in others)


def test_a_name_is_never_cut_from_its_price() -> None:
    lines = "\n\n".join(
        f"Area {name}\n\n\u00a3{price}" for name, price in zip("ABCDEFGHIJKL", range(30, 42), strict=True)
    )
    for limit in range(4, 30):
        cut = " \u2022 ".join(each.text for each in passages(f"# Prices\n\n{lines}", limit=limit))
        for name, price in zip("ABCDEFGHIJKL", range(30, 42), strict=True):
            assert f"Area {name}\n\n\u00a3{price}" in cut


def test_questions_without_answers_are_a_table_of_contents() -> None:
    text = "# Help\n\n- Is it safe?\n- Does it hurt?\n- Where are you?\n\nWe are open on weekdays from nine to five."
    assert not [block for block in read_page("a.md", text.encode()).blocks if block.kind is BlockKind.ANSWER]


def test_a_paragraph_may_begin_with_a_question_of_its_own() -> None:
    text = "# Skin\n\nWe treat any skin.\n\nWorried about pain? We numb it first.\n\nIt is soon over."
    assert [each.text for each in passages(text)][1].startswith("Worried about pain? We numb it first.")


def test_a_line_that_only_ends_in_a_question_by_wrapping_opens_nothing() -> None:
    text = (
        "# Skin\n\nThe treatment is gentle and is over in an hour or less.\nDoes it hurt? Hardly, most people say so."
    )
    assert len(passages(text)) == 1


def blocks(text: str) -> list[tuple[str, str]]:
    page = read_page("page.txt", text.encode())
    return [(block.kind.value, page.text[block.start : block.end]) for block in page.blocks]


def test_plain_text_has_tables_lists_and_answers_too() -> None:
    assert blocks("Day | Hours\nMonday | 9 to 5") == [
        ("table", "Day | Hours\nMonday | 9 to 5"),
        ("header", "Day | Hours"),
        ("row", "Monday | 9 to 5"),
    ]
    assert blocks("We ask you to\n- rest\n  well\n- drink") == [
        ("list", "- rest\n  well\n- drink"),
        ("item", "- rest\n  well"),
        ("item", "- drink"),
    ]
    assert blocks("Q: Open?\nA: Yes.") == [("answer", "Q: Open?\nA: Yes.")]


@pytest.mark.parametrize("first", ["Monday | closed", "Chin | \u00a334", "Neck | none"])
def test_a_first_row_that_is_like_the_others_names_no_columns(first: str) -> None:
    assert "header" not in {kind for kind, _ in blocks(f"{first}\nTuesday | open")}


def document(text: str) -> Document:
    return read_page("page.md", ("x\n\n" + text).encode())


LINES = st.lists(
    st.sampled_from(
        ["# A", "Is it?", "Q: Is it?", "A: No.", "- Is it?", "1. b", "Yes.", "", "a | b", "c? | 1", "  - d", "\u00a35"]
    ),
    max_size=12,
)


def assert_nested(blocks: Sequence[Block]) -> None:
    around: list[Block] = []
    for block in blocks:
        while around and around[-1].end <= block.start:
            around.pop()
        assert not around or block.end <= around[-1].end
        around.append(block)


@given(LINES)
@example(["Q: Is it?", "a | b", "c? | 1", "A: No."])
def test_blocks_nest_in_order_and_each_answer_lies_in_one_passage(lines: list[str]) -> None:
    page = document("\n".join(lines))
    answers = [block for block in page.blocks if block.kind is BlockKind.ANSWER]
    assert_nested(answers)
    assert_nested([block for block in page.blocks if block not in answers])
    assert all(page.text[block.start : block.end].strip() == page.text[block.start : block.end] for block in answers)
    cut = split(page, 100, lambda words: len(words.split()))
    for block in answers:
        if page.text[block.start : block.end].startswith("Q:"):
            assert any(each.start <= block.start and block.end <= each.end for each in cut)
