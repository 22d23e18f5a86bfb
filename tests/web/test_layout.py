import re

from chatbot.reading import read_page, shown_blocks
from chatbot.records import Highlight
from chatbot.web.visitor.layout import quoted

PRICES = """Prices for one visit:

Area | Members | Guests
Chin | \u00a334 | \u00a345
Neck |  | \u00a360
"""


def shown(text: str, *marked: str, header: str = "") -> str:
    """Return a text as it is shown, with these words marked."""
    document = read_page("page.txt", text.encode())
    marks = [Highlight(text.index(words), text.index(words) + len(words)) for words in marked]
    blocks = shown_blocks(document.blocks, 0, len(document.text))
    return str(quoted(document.text, marks, blocks, header)).replace("&#10;", "\n")


def test_a_table_is_shown_with_the_names_of_its_columns_and_rows() -> None:
    assert shown(PRICES) == (
        '<p>Prices for one visit:</p><div class="table" tabindex="0"><table><thead>'
        '<tr><th scope="col">Area</th><th scope="col">Members</th><th scope="col">Guests</th></tr></thead><tbody>'
        '<tr><th scope="row">Chin</th><td>\u00a334</td><td>\u00a345</td></tr>'
        '<tr><th scope="row">Neck</th><td></td><td>\u00a360</td></tr></tbody></table></div>'
    )


def test_the_mark_of_a_row_stands_in_each_of_its_cells() -> None:
    row = "<mark>Chin</mark></th><td><mark>\u00a334</mark></td><td><mark>\u00a345</mark>"
    assert f'<th scope="row">{row}</td>' in shown(PRICES, "Chin | \u00a334 | \u00a345")


def test_a_part_of_a_table_has_the_names_from_above() -> None:
    assert shown("Chin | \u00a334\nNeck | \u00a360", header="Area | <Price>").startswith(
        '<div class="table" tabindex="0"><table>'
        '<thead><tr><th scope="col">Area</th><th scope="col">&lt;Price&gt;</th></tr></thead>'
    )


def test_lists_are_shown_as_lists_within_each_other() -> None:
    assert shown("Bring:\n\n- a hat\n- cream\n  1. factor 50\n  2. no scent\n- water") == (
        "<p>Bring:</p><ul><li>a hat</li><li>cream\n"
        '<ol><li value="1">factor 50</li><li value="2">no scent</li></ol></li><li>water</li></ul>'
    )


def test_a_list_that_begins_in_its_middle_keeps_its_numbers() -> None:
    assert shown("4. Rest.\n5. Drink water.", "Drink water.") == (
        '<ol><li value="4">Rest.</li><li value="5"><mark>Drink water.</mark></li></ol>'
    )


def test_words_without_table_or_list_are_shown_as_they_are() -> None:
    assert shown("Rest.\n\nDrink water.", "Rest.") == "<mark>Rest.</mark>\n\nDrink water."


def test_every_word_of_a_passage_is_shown_and_no_bar() -> None:
    text = f"{PRICES}\nBring:\n\n- a hat\n- cream\n\nRest.\n\nDrink."
    words = re.findall(r"[^\s|-]+", text)
    assert re.findall(r"[^\s|-]+", re.sub(r"<[^>]*>", " ", shown(text))) == words
    assert "|" not in shown(text)
