import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.language import weekdays


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("is reading open on sunday", {6}),
        ("Sun | 11:00 | 15:00", {6}),
        ("Mon-Wed 9 to 5", {0, 1, 2}),
        ("Tuesday to Thursday", {1, 2, 3}),
        ("Sat \u2013 Mon closed", {5, 6, 0}),
        ("Monday, Wednesday and Friday", {0, 2, 4}),
        ("weekdays", {0, 1, 2, 3, 4}),
        ("at the weekend", {5, 6}),
        ("open daily", set(range(7))),
        ("thurs or fri", {3, 4}),
        ("Keep out of the sun. She sat down on the money.", set()),
        ("Sunscreen on Mondays", {0}),
    ],
)
def test_the_days_are_those_that_a_text_names(text: str, days: set[int]) -> None:
    assert weekdays(text) == days


@given(st.text())
def test_any_text_names_days_of_the_week(text: str) -> None:
    assert weekdays(text) <= set(range(7))
