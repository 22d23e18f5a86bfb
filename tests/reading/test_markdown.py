from chatbot.reading.markdown import read_markdown


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
