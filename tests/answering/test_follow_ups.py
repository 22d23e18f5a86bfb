import numpy as np
import pytest

from chatbot.answering.follow_ups import ResolvedQuestion, asks_for_source, resolve_follow_up
from tests.conftest import WordEncoder


@pytest.mark.parametrize("question", ["and for scars?", "how many?", "why not", "is that normal after three days?"])
def test_a_question_that_cannot_be_read_alone_is_read_with_those_that_it_hangs_on(question: str) -> None:
    earlier = ["Who are you?", "Does it help wrinkles?", "How long does it last"]
    resolved = resolve_follow_up(question, earlier)
    assert resolved.earlier == ("Does it help wrinkles?", "How long does it last")
    assert resolved.text == f"Does it help wrinkles? How long does it last? {question}"


def test_the_question_before_last_is_left_out_where_the_last_one_stands_alone() -> None:
    earlier = ["Who are you?", "Does microneedling help with deep wrinkles?"]
    assert resolve_follow_up("and for scars?", earlier).earlier == ("Does microneedling help with deep wrinkles?",)


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
    assert resolve_follow_up(question, ["How much does the course cost?"]).earlier == ()


@pytest.mark.parametrize("question", ["how long", "How much?", "when?", "is it"])
def test_a_question_that_says_nothing_by_itself_leans_for_sure(question: str) -> None:
    resolved = resolve_follow_up(question, ["How red will my face be?"])
    assert (resolved.earlier, resolved.certain) == (("How red will my face be?",), True)


def test_a_question_of_two_words_may_be_either() -> None:
    assert resolve_follow_up("acne scars", ["Does it hurt?"]).earlier == ("Does it hurt?",)
    assert not resolve_follow_up("acne scars", ["Does it hurt?"]).certain
    assert resolve_follow_up("and acne scars", ["Does it hurt?"]).certain


def test_the_first_question_of_a_conversation_has_nothing_to_lean_on(words: WordEncoder) -> None:
    resolved = resolve_follow_up("and for scars?", [])
    (encoded,) = words.encode_questions([resolved.text])
    query = resolved.query(encoded, encoded)
    assert (query.text, query.token_weights.tolist()) == ("and for scars?", [1, 1, 1])


def test_earlier_words_count_for_less_than_the_last_ones(words: WordEncoder) -> None:
    resolved = resolve_follow_up("and scars?", ["Does it help"])
    whole, own = words.encode_questions([resolved.text, resolved.question])
    query = resolved.query(whole, own)
    assert query.token_weights == pytest.approx([0.6, 0.6, 0.6, 1, 1])
    assert query.vector == pytest.approx(np.asarray(0.7 * own.vector + 0.3 * whole.vector), abs=1e-6)
    assert query.weighted_texts == (("and scars?", 0.7), ("Does it help? and scars?", 0.3))


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        ("and deep acne scars neck hands", True),  # five words that say something
        ("and deep acne scars neck hands cheeks", False),
        ("does it help deep acne scars", True),  # four, and a word that points
        ("does it help deep acne scars neck", False),
        ("acne scars", True),  # two, and neither
        ("deep acne scars", False),
    ],
)
def test_a_question_leans_as_long_as_it_says_little_by_itself(question: str, leans: bool) -> None:
    assert bool(resolve_follow_up(question, ["How red will my face be?"]).earlier) is leans


@pytest.mark.parametrize(
    "opening",
    [
        "and",
        "but",
        "so",
        "ok",
        "okay",
        "also",
        "then",
        "or",
        "what about",
        "how about",
        "what if",
        "why",
        "for how",
        "AND",
    ],
)
def test_an_opening_word_goes_on_from_the_question_before(opening: str) -> None:
    resolved = resolve_follow_up(f"{opening} deep acne scars", ["Does a peel hurt?"])
    assert (resolved.earlier, resolved.certain) == (("Does a peel hurt?",), True)
    assert resolve_follow_up(f"{opening}y deep acne scars", ["Does a peel hurt?"]).earlier == ()


@pytest.mark.parametrize(
    "question", ["how long?", "how many", "how much", "how often", "how soon!", "when", "until when?"]
)
def test_a_question_word_alone_goes_on_from_the_question_before(question: str) -> None:
    assert resolve_follow_up(question, ["Does a peel hurt?"]).certain
    assert resolve_follow_up(f"{question} redness swelling bruises", ["Does a peel hurt?"]).earlier == ()


@pytest.mark.parametrize(
    "word",
    "it that them they those these this one ones there then he him his she her hers its their THEY".split(),  # noqa: SIM905 -- a list would take 20 lines
)
def test_a_word_that_points_goes_on_from_the_question_before(word: str) -> None:
    assert resolve_follow_up(f"do {word} fade deep acne scars", ["Does a peel hurt?"]).certain


@pytest.mark.parametrize(
    "question", ["is there deep acne scarring", "are there deep acne scars", "do itching scars fade"]
)
def test_a_word_that_only_looks_like_it_points_at_nothing(question: str) -> None:
    assert resolve_follow_up(question, ["Does a peel hurt?"]) == ResolvedQuestion(question)


def test_a_question_that_stands_alone_is_sure() -> None:
    assert resolve_follow_up("Which sunscreen suits oily skin?", ["Does it hurt?"]).certain
    assert resolve_follow_up("acne scars", []) == ResolvedQuestion("acne scars", (), certain=True)


def test_two_earlier_questions_are_read_at_most() -> None:
    earlier = ["Does it hurt?", "and how much", "and when", "and why"]
    assert resolve_follow_up("and scars", earlier).earlier == ("and when", "and why")


def test_a_short_question_before_leans_as_well() -> None:
    earlier = ["Does microneedling hurt?", "acne scars", "deep acne scars"]
    assert resolve_follow_up("and why", earlier).earlier == ("deep acne scars",)
    assert resolve_follow_up("and why", earlier[:2]).earlier == ("Does microneedling hurt?", "acne scars")


@pytest.mark.parametrize(
    ("earlier", "text"), [("Stop.", "Stop. why"), ("Stop?", "Stop? why"), ("Stop!", "Stop! why"), ("Stop", "Stop? why")]
)
def test_an_earlier_question_ends_with_a_mark(earlier: str, text: str) -> None:
    assert ResolvedQuestion("why", (earlier,)).text == text


def test_a_follow_up_is_read_as_the_whole_with_the_whole_searched_for(words: WordEncoder) -> None:
    resolved = ResolvedQuestion("scars", ("Does it help",))
    whole, own = words.encode_questions([resolved.text, resolved.question])
    query = resolved.query(whole, own)
    assert query.text == "Does it help? scars"
    assert {str(query.token_weights.dtype), str(query.vector.dtype)} == {"float32"}
    assert query.encoded is whole


def test_a_question_that_stands_alone_is_searched_for_by_itself(words: WordEncoder) -> None:
    (own,) = words.encode_questions(["scars"])
    query = ResolvedQuestion("scars").query(own, own)
    assert (query.encoded, query.vector.tolist(), query.weighted_texts) == (own, own.vector.tolist(), (("scars", 1.0),))


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("are you sure?", True),
        ("Are you really sure about that??", True),
        ("Really?!", True),
        ("ok, but where does it say that?", True),
        ("where did you get that from", True),
        ("is that true", True),
        ("How do you know?", True),
        ("what's your source?", True),
        ("are you sure it is safe for me?", False),
        ("really sore skin", False),
        ("where does it hurt", False),
        ("is it right for acne?", False),
    ],
)
def test_a_message_that_only_doubts_the_answer_asks_for_its_source(question: str, *, asks: bool) -> None:
    assert asks_for_source(question) is asks
