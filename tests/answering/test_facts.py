import pytest

from chatbot.answering.facts import holds_fact
from tests.answering.conftest import passage

HOURS = "Monday to Friday, 8.30 to 5.30, and the first Saturday of the month"
PRICES = "A light peel is \u20ac85, a medium one \u20ac240."


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("how much is a light peel", PRICES, True),
        ("price of peels?", PRICES, True),
        ("how much is a filling", PRICES, False),  # the price of something else
        ("how much is it", PRICES, False),  # of what?
        ("how much is a light peel", "A light peel has its price.", False),
        ("how long does a light peel take", PRICES, False),
        ("are you open on Saturdays", HOURS, True),
        ("when are you open", HOURS, True),
        ("are you open on Sundays", HOURS, False),
        ("when are you open", "The wound stays open from Monday on.", False),
        ("what time do you close on Monday", "On Monday we shut at 6 pm.", True),
        ("what is your address", "Maple Lane Dentistry, 212 Maple Lane, above the post office", True),
        ("what is your address", "We are in the lane with 3 maples.", False),
        ("where can I park when I come for my appointment", "Twelve free parking spaces lie behind.", True),
        ("what is your phone number", "Ring 020 7946 0123.", True),
        ("what is your phone number", "Ring us between 9 and 5.", False),
    ],
)
def test_a_passage_holds_a_fact_of_the_subject_asked_for(question: str, text: str, *, holds: bool) -> None:
    assert holds_fact(question, passage(text)) is holds


def test_the_subject_may_stand_above_the_passage() -> None:
    assert holds_fact("how much is ICSI", passage("One cycle: \u20ac5,500", "Prices of ICSI"))
    assert holds_fact("how much is care", passage("\u20ac5"))  # the page's title
