import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading.markdown import read_markdown
from chatbot.reading.page import Page
from chatbot.records import BlockKind


def test_the_marks_of_markdown_are_not_quoted() -> None:
    page = read_markdown("Keep it *clean* and **dry**, see [our page](https://x.example/y) `now` ![a](b.png).\n")
    assert page.text == "Keep it clean and dry, see our page now ."


def test_headings_stand_where_they_say() -> None:
    page = read_markdown("# One\n\ntext\n\nTwo\n---\n\n### Three *three* ###\n\nmore\n")
    assert [(heading.level, heading.text) for heading in page.headings] == [(1, "One"), (2, "Two"), (3, "Three three")]
    assert [page.text[heading.start : heading.end] for heading in page.headings] == ["One", "Two", "Three three"]


def test_a_line_that_is_all_bold_is_a_heading() -> None:
    page = read_markdown("**Does it hurt?**\n\nNo.\n\n**Note:** this **is** text.\n\n**A sentence in bold.**\n")
    assert [heading.text for heading in page.headings] == ["Does it hurt?"]


def test_lists_keep_a_line_and_a_mark_an_item() -> None:
    assert read_markdown("* one\n* two\n  1. deep\n  2. deeper\n\nend\n").text == (
        "- one\n- two\n  1. deep\n  2. deeper\n\nend"
    )


def test_a_table_keeps_its_rows() -> None:
    assert (
        read_markdown("| Day | What |\n|---|---|\n| 1 | Redness |\n| 2 | |\n").text == "Day | What\n1 | Redness\n2 | "
    )


def test_html_gives_its_words_and_no_script() -> None:
    assert read_markdown("<div>\n<b>Call</b> us &amp; ask\n<script>alert(1)</script>\n</div>\n").text == "Call us & ask"


def test_an_empty_list_item_shifts_nothing() -> None:
    page = read_markdown("-\n\n# Heading\n\n- ```\n  code\n  ```\n\nend\n")
    assert page.text.strip() == "Heading\n\n- code\n\nend"
    assert [page.text[heading.start : heading.end] for heading in page.headings] == ["Heading"]


def blocks(page: Page, kind: BlockKind) -> list[str]:
    return [page.text[block.start : block.end] for block in page.blocks if block.kind is kind]


def test_lists_and_tables_are_blocks() -> None:
    page = read_markdown("* one\n  * deep\n* two\n\n| Day | What |\n|---|---|\n| 1 | Redness |\n")
    assert blocks(page, BlockKind.ITEM) == ["- one\n  - deep", "- deep", "- two"]
    assert blocks(page, BlockKind.HEADER) == ["Day | What"]
    assert blocks(page, BlockKind.ROW) == ["1 | Redness"]


def test_a_line_break_in_html_is_a_line_end_or_in_a_cell_a_space() -> None:
    text = "Friday 9 to 5<br>Sunday closed\nBy the park\n\n| Day | Hours |\n|---|---|\n| Monday | 9<br/>11 |\n"
    assert read_markdown(text).text == "Friday 9 to 5\nSunday closed\nBy the park\n\nDay | Hours\nMonday | 9 11"


def test_hidden_html_is_not_read() -> None:
    text = "Shown.\n\n<div style='display:none'>\n\nSecret *words*.\n\n</div>\n\nEnd. <span hidden>Secret.</span>\n"
    assert read_markdown(text).text == "Shown.\n\nEnd."


def test_indented_html_is_read_as_html() -> None:
    text = (
        "<section>\n  <h3>Peels</h3>\n\n    <div>\n      <p>40 minutes &mdash; £55</p>\n\n"
        "      Come early.\n    </div>\n</section>\n"
        "\nText.\n\n    code <b>\n"
    )
    page = read_markdown(text)
    assert page.text == "Peels\n\n40 minutes \u2014 £55\n\nCome early.\n\nText.\n\ncode <b>"
    assert [heading.text for heading in page.headings] == ["Peels"]


def test_details_hold_a_question_with_its_answer() -> None:
    page = read_markdown("<details>\n<summary>Can I drive?</summary>\n\nNot at **once**.\n\n</details>\n\nEnd.\n")
    assert blocks(page, BlockKind.ANSWER) == ["Can I drive?\n\nNot at once."]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It costs ~~£90~~ £70.", "It costs £70."),
        ("> [!WARNING]\n> Ring us.", "Ring us."),
        ("- [x] Ring us\n- [ ] Wait", "- Ring us\n- Wait"),
        ("It lasts a year[^1].\n\n[^1]: In most people.", "It lasts a year.\n\n1. In most people."),
        ("Peel\n: Lifts dull skin.", "Peel\nLifts dull skin."),
        ("{{< alert 'red' >}}\nClosed.\n{{< /alert >}}", "Closed."),
        ('{{% faq "Can I park?" %}}\nYes.\n{{% /faq %}}', "Can I park?\n\nYes."),
        (
            "[note color=red]\nClosed.\n[/note]\n\n[gallery ids='1,2']\n\nSee [fees](/f) [sic].",
            "Closed.\n\nSee fees [sic].",
        ),
        ("{% include a.html x=1 %}\nFees.{% comment %} Secret {% endcomment %}\n{: .note }", "Fees."),
        ("Ring {{ site.phone }} or [write]({{ '/mail' | url }}).", "Ring or write."),
        (
            "import Box from './Box'\nexport const meta = {\n  a: 1\n}\n\n# PRP {#prp}\n\nOne <Box /> hour. {/* x */}",
            "PRP\n\nOne hour.",
        ),
        ('!!! note "Before"\n    Drink *water*.\n\n    Eat.\n\nCome.', "Before\n\nDrink water.\n\nEat.\n\nCome."),
        ("::: tip\nDrink water.\n:::\n\n[TOC]", "Drink water."),
        (":warning: Ring us at 10:30:00 :tada:", "Ring us at 10:30:00"),
        ("```\n{.code} :a: - [x] b\n```", "{.code} :a: - [x] b"),
        ("export\n\nimport duty is 5 %.", "export\n\nimport duty is 5 %."),
    ],
)
def test_marks_of_site_generators_are_no_words(text: str, shown: str) -> None:
    assert read_markdown(text).text == shown


@pytest.mark.timeout(60)
def test_a_page_of_brackets_is_read_to_its_end() -> None:
    page = read_markdown("# Peels\n\n" + "![a](" * 30_000 + "\n\nEnd.\n")
    assert page.text.endswith("End.")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "[a " * 30_000,
        "{{< a '" * 15_000,
        "{% comment %}" * 10_000,
        "{/*" * 30_000,
        "{: a" * 30_000,
        ":a" * 50_000,
        "<!--" * 30_000,
    ],
)
def test_no_mark_that_is_never_closed_stops_the_reader(text: str) -> None:
    assert read_markdown(f"Open.\n\n{text}").text.startswith("Open.")


@given(st.text(st.sampled_from("ab\n #*_-|<>/![](){}%:~`'\"=1.&;")))
def test_headings_and_blocks_stand_where_they_say(text: str) -> None:
    page = read_markdown(text)
    for heading in page.headings:
        assert " ".join(page.text[heading.start : heading.end].split()) == heading.text
    for block in page.blocks:
        assert page.text[block.start : block.end].strip() == page.text[block.start : block.end] != ""
