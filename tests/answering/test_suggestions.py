from chatbot.answering.compose import starters, suggestions
from chatbot.records import Hit
from tests.answering.conftest import IndexOf, passage


def hits(*headings: str) -> list[Hit]:
    return [
        Hit(passage("Text.", *([heading] if heading else []), start=row), 1.0) for row, heading in enumerate(headings)
    ]


def test_three_headings_are_suggested_at_most_the_best_first() -> None:
    assert suggestions("price", hits("a", "b", "c", "d"), []) == ("a", "b", "c")
    assert suggestions("price", hits("a", "b", "c", "d?"), []) == ("d?", "a", "b")


def test_a_heading_is_suggested_once_and_none_where_there_is_none() -> None:
    assert suggestions("price", hits("a", "", "a", "b"), []) == ("a", "b")


def test_only_the_own_heading_of_a_passage_is_suggested() -> None:
    assert suggestions("price", [Hit(passage("Text.", "Care", "Pain"), 1.0)], []) == ("Pain",)


def test_a_heading_that_fits_a_button_is_suggested() -> None:
    assert suggestions("price", hits("x" * 80, "y" * 81), []) == ("x" * 80,)


def test_what_was_asked_is_not_suggested_however_it_is_written() -> None:
    asked = [" Does it HURT?! ", "does it hurt.", "Does it hurt"]
    assert [suggestions(question, hits("Does it hurt?", "Pain"), []) for question in asked] == [("Pain",)] * 3


def test_no_heading_above_what_is_shown_is_suggested() -> None:
    shown = passage("Text.", "Care", "Pain!")
    assert suggestions("price", hits("care", "pain", "Sun"), [shown]) == ("Sun",)


def test_four_headings_start_a_conversation_questions_first(index_of: IndexOf) -> None:
    names = ["Rest", "Rest", "Does it hurt?", "x" * 81, "Pain", "Sun", "How long?"]
    index = index_of(*((name, f"Words about {number}.") for number, name in enumerate(names)))
    assert starters(index) == ("Does it hurt?", "How long?", "Rest", "Pain")


def test_a_heading_of_eighty_characters_starts_a_conversation(index_of: IndexOf) -> None:
    index = index_of(("x" * 80, "Words about one."), ("y" * 81, "Words about two."))
    assert starters(index) == ("x" * 80,)


def test_the_own_headings_of_passages_start_a_conversation(index_of: IndexOf) -> None:
    assert starters(index_of(("Treatments\n\n### Peels", "Words about peels."))) == ("Peels",)


def test_passages_without_a_heading_start_no_conversation(index_of: IndexOf) -> None:
    assert starters(index_of(("", "Words about nothing."))) == ()
