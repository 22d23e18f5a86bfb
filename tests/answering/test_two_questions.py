import pytest

from chatbot.answering.two_questions import questions_in


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("How much is a peel, and does it hurt?", ["How much is a peel", "does it hurt"]),
        ("can I drive and is it sore", ["can I drive", "is it sore"]),
        ("Can I drive? Is it sore? And when may I swim?", ["Can I drive", "Is it sore", "when may I swim"]),
        ("Does it hurt?", []),
        ("How long does it last and for how long?", []),
        ("Cream and is it sore", []),
        ("Is a cream and a plaster enough?", []),
        ("I had a peel. Can I swim?", []),
        ("Is it? Is it? Is it? Is it?", []),
    ],
)
def test_the_questions_of_a_message_are_told_apart(message: str, questions: list[str]) -> None:
    assert questions_in(message) == questions
