import numpy as np
import pytest

from chatbot.answering.dialogue import understand
from tests.conftest import WordEncoder


@pytest.mark.parametrize("question", ["and for scars?", "how many?", "why not", "is that normal after three days?"])
def test_a_question_that_cannot_be_read_alone_is_read_with_those_that_it_hangs_on(question: str) -> None:
    earlier = ["Who are you?", "Does it help wrinkles?", "How long does it last"]
    understood = understand(question, earlier)
    assert understood.earlier == ("Does it help wrinkles?", "How long does it last")
    assert understood.text == f"Does it help wrinkles? How long does it last? {question}"


def test_the_question_before_last_is_left_out_where_the_last_one_stands_alone() -> None:
    earlier = ["Who are you?", "Does microneedling help with deep wrinkles?"]
    assert understand("and for scars?", earlier).earlier == ("Does microneedling help with deep wrinkles?",)


@pytest.mark.parametrize(
    "question",
    [
        "Which sunscreen suits oily skin?",
        "Is there a loop for deaf people?",
        "Is it true that dark circles under the eyes get lighter?",
        "and does a chemical peel take out deep acne scars on the cheeks?",
    ],
)
def test_a_change_of_subject_stands_by_itself(question: str) -> None:
    assert understand(question, ["How much does the course cost?"]).earlier == ()


@pytest.mark.parametrize("question", ["how long", "How much?", "when?", "is it"])
def test_a_question_that_says_nothing_by_itself_leans_for_sure(question: str) -> None:
    understood = understand(question, ["How red will my face be?"])
    assert (understood.earlier, understood.sure) == (("How red will my face be?",), True)


def test_a_question_of_two_words_may_be_either() -> None:
    assert understand("acne scars", ["Does it hurt?"]).earlier == ("Does it hurt?",)
    assert not understand("acne scars", ["Does it hurt?"]).sure
    assert understand("and acne scars", ["Does it hurt?"]).sure


def test_the_first_question_of_a_conversation_has_nothing_to_lean_on(words: WordEncoder) -> None:
    understood = understand("and for scars?", [])
    (encoded,) = words.encode_questions([understood.text])
    query = understood.query(encoded, encoded)
    assert (query.text, query.shares.tolist()) == ("and for scars?", [1, 1, 1])


def test_earlier_words_count_for_less_than_the_last_ones(words: WordEncoder) -> None:
    understood = understand("and scars?", ["Does it help"])
    whole, own = words.encode_questions([understood.text, understood.question])
    query = understood.query(whole, own)
    assert query.shares == pytest.approx([0.6, 0.6, 0.6, 1, 1])
    assert query.vector == pytest.approx(np.asarray(0.7 * own.vector + 0.3 * whole.vector), abs=1e-6)
    assert query.words == (("and scars?", 0.7), ("Does it help? and scars?", 0.3))
