import pytest

from chatbot.answering.answer_type import match_answer_type


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How long am I red?", "This usually subsides within a day or two.", 1),
        ("When can I swim?", "Swimming is fine.", -1),
        ("how much is it", "A course costs \u00a3120.", 1),
        ("how much is it", "A course of six is best for most.", -1),
        ("How many sessions?", "Most people need several.", 1),
        ("How many sessions?", "It depends on the skin.", -1),
        ("Does it hurt?", "A little.", 0),
    ],
)
def test_a_time_a_number_or_a_price_is_there_or_not(question: str, text: str, expected: int) -> None:
    assert match_answer_type(question, text) == expected


A_TIME, A_NUMBER, A_PRICE = "Overnight.", "Half.", "Free."


@pytest.mark.parametrize(
    "question",
    [
        "how much is it",
        "how much are they",
        "how much does it take",
        "how much do they take",
        "how much would they take",
        "how much will they take",
        "how much for both",
        "what does it cost",
        "prices",
        "any fees",
        "is there a charge",
        "too expensive",
        "HOW MUCH FOR it",
        "Cheapest?",
    ],
)
def test_a_question_after_a_price_asks_for_a_price_alone(question: str) -> None:
    assert [match_answer_type(question, text) for text in (A_PRICE, A_TIME, A_NUMBER)] == [1, -1, -1]


@pytest.mark.parametrize(
    "question",
    [
        *(f"how {word} is it" for word in ("long", "soon", "quick", "quickly", "fast", "often", "early", "late")),
        "tell me when",
        "At what time?",
        *(f"how many {word}s" for word in ("second", "minute", "hour", "day", "week", "month", "year")),
    ],
)
def test_a_question_after_a_time_asks_for_a_time_alone(question: str) -> None:
    assert [match_answer_type(question, text) for text in (A_TIME, A_PRICE, A_NUMBER)] == [1, -1, -1]


@pytest.mark.parametrize(
    "question",
    [
        "how many sessions",
        "how much cream",
        "what percentage",
        "What dose?",
        "what number",
        "at what age",
        *(f"how {word} is it" for word in ("old", "far", "big", "deep")),
    ],
)
def test_a_question_after_a_number_asks_for_a_number_alone(question: str) -> None:
    assert [match_answer_type(question, text) for text in (A_NUMBER, A_PRICE, A_TIME)] == [1, -1, -1]


@pytest.mark.parametrize("question", ["how", "much", "somehow much is", "whenever", "accost", "show long", "what"])
def test_words_that_only_look_like_it_ask_for_no_type(question: str) -> None:
    assert match_answer_type(question, "7") == 0


@pytest.mark.parametrize(
    "text",
    "4 one two three four five six seven eight nine ten eleven "  # noqa: SIM905 -- a list would take a line a word
    "twelve fifteen twenty thirty forty fifty sixty hundred half dozen few several couple single once twice "
    "every daily weekly monthly yearly SIX x2".split(),
)
def test_a_number_is_a_digit_or_a_word(text: str) -> None:
    assert match_answer_type("how many sessions", f"About {text}.") == 1


@pytest.mark.parametrize(
    "text",
    "second seconds minute hours day nights week months year "  # noqa: SIM905 -- a list would take a line a word
    "morning evenings overnight immediate immediately straightaway today tomorrow daily weekly monthly yearly "
    "Monday tuesdays Wednesday thursday friday saturday SUNDAY am pm".split(),
)
def test_a_time_is_a_stretch_or_a_point_of_it(text: str) -> None:
    assert match_answer_type("when", f"About {text}.") == 1


@pytest.mark.parametrize(
    "text",
    "$9 \u00a39 9\u20ac price prices priced cost costs fee fees "  # noqa: SIM905 -- a list would take a line a word
    "free pay paid charge charged charges insurance insurers discount discounts finance PRICES".split(),
)
def test_a_price_is_a_currency_or_a_word_of_paying(text: str) -> None:
    assert match_answer_type("how much is it", f"About {text}.") == 1


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("how many sessions", "Someone gave tension."),
        ("when", "A daydream or a program, secondary."),
        ("how much is it", "Costly, freely payable."),
    ],
)
def test_words_that_only_look_like_it_hold_no_answer(question: str, text: str) -> None:
    assert match_answer_type(question, text) == -1
