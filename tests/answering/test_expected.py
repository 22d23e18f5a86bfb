import pytest

from chatbot.answering.expected import expected_answer


@pytest.mark.parametrize(
    ("question", "text", "told"),
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
def test_a_time_a_number_or_a_price_is_there_or_not(question: str, text: str, told: int) -> None:
    assert expected_answer(question, text) == told
