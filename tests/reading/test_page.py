import pytest

from chatbot.reading import asks, read_page, split
from chatbot.records import Passage


def passages(text: str, name: str = "page.md") -> list[Passage]:
    return list(split(read_page(name, text.encode()), 100, lambda words: len(words.split())))


def test_a_page_of_two_titles_has_both() -> None:
    text = "# Moles\n\n## Costs\n\nFree.\n\n# Warts\n\nThey go by themselves.\n\n## Costs\n\nForty pounds."
    found = [(each.title, each.headings, each.text) for each in passages(text)]
    assert found == [
        ("Moles", ("Costs",), "Free."),
        ("Warts", (), "They go by themselves."),
        ("Warts", ("Costs",), "Forty pounds."),
    ]


def test_outermost_headings_without_others_below_them_are_headings() -> None:
    text = "# Moles\n\nBrown.\n\n# Costs\n\nFree.\n\n# Pain\n\nNone."
    assert [(each.title, each.headings) for each in passages(text)] == [
        ("Moles", ()),
        ("Moles", ("Costs",)),
        ("Moles", ("Pain",)),
    ]


def test_a_title_from_above_the_page_stands_over_all_its_parts() -> None:
    text = "---\ntitle: Skin\n---\n# Moles\n\n## Costs\n\nFree.\n\n# Warts\n\n## Costs\n\nForty pounds."
    assert [(each.title, each.headings) for each in passages(text)] == [
        ("Skin", ("Moles", "Costs")),
        ("Skin", ("Warts", "Costs")),
    ]


def test_marks_of_no_width_are_not_read_and_offsets_fit() -> None:
    page = read_page("page.md", "# Cryo\u00adtherapy\n\nCryo\u200bthera\u00adpy is cold.\n\n- a\u00adb\n- c\n".encode())
    assert (page.title, page.text) == ("Cryotherapy", "Cryotherapy\n\nCryotherapy is cold.\n\n- ab\n- c")
    assert [page.text[block.start : block.end] for block in page.blocks] == ["- ab\n- c", "- ab", "- c"]
    assert page.text[page.sections[0].start : page.sections[0].end].startswith("\n\nCryotherapy is")


def test_joiners_inside_words_and_emoji_stay() -> None:
    text = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\u2695\ufe0f today."
    assert read_page("page.txt", text.encode()).text == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "# Prices\n\n## Chin\n\n### \u00a330\n\n## Neck\n\n### \u00a340\n",
            [("Chin", "### \u00a330"), ("Neck", "### \u00a340")],
        ),
        ("# Us\n\nWelcome.\n\n## We are closed on Mondays.\n", [(None, "Welcome.\n\nWe are closed on Mondays.")]),
        ("# Us\n\n## Behind the mill\n\n## Bus seven\n", [(None, "Behind the mill\n\nBus seven")]),
        ("# Us\n\nWelcome.\n\n## Our team\n", [(None, "Welcome.")]),
        ("# Us\n", []),
    ],
)
def test_words_that_stand_in_a_heading_alone_are_text(text: str, found: list[tuple[str | None, str]]) -> None:
    cut = [((*each.headings, None)[0], each.text) for each in passages(text)]
    assert cut == [(heading, words.removeprefix("### ")) for heading, words in found]


def test_a_page_of_one_heading_is_named() -> None:
    assert read_page("page.md", b"# Us\n").warnings == ("it holds a heading alone; write what stands below it",)
    assert read_page("page.md", b"# Us\n\nWelcome.").warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "Is it safe?",
        "Is it safe?!",
        "\u00bfEs seguro?",
        "(Is it safe?)",
        "Est-ce s\u00fbr\u00a0?",
        "\u5b89\u5168\u5417\uff1f",
        "\u0647\u0644 \u0647\u0648 \u0622\u0645\u0646\u061f",
        "\u0395\u03af\u03bd\u03b1\u03b9 \u03b1\u03c3\u03c6\u03b1\u03bb\u03ad\u03c2;",
        "\u0537 \u0561\u0576\u057e\u057f\u0561\u0576\u0563\u055e",
        "Q: Parking",
        "Question 3. Parking",
        "Frage: Parken",
    ],
)
def test_a_question_is_known_in_every_script(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text", ["It is safe.", "Rest; then drink;", "A: No.", "Quiet hours: 8", "D: 10 mg", "", "P. Smith"]
)
def test_a_statement_does_not_ask(text: str) -> None:
    assert not asks(text)
