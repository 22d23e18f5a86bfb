from collections.abc import Sequence

import pytest

from chatbot.answering.replies import ReplyMatcher, contact_line, fill_placeholders
from chatbot.clinic import Contact, Reply
from chatbot.indexing import Encoded
from tests.answering.conftest import plain_kinds
from tests.conftest import WordEncoder

FULL = Contact("0123", "a@b.example", "https://b.example", "9 to 5", "1 Street")


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        (FULL, "0123 (9 to 5) \u00b7 a@b.example \u00b7 https://b.example"),
        (Contact(phone="0123"), "0123"),
        (Contact(hours="9 to 5"), ""),
        (Contact(email="a@b.example", hours="9 to 5"), "a@b.example"),
        (Contact(booking="https://b.example", address="1 Street"), "https://b.example"),
        (Contact(), ""),
    ],
)
def test_a_line_of_contact_names_the_ways_that_there_are(contact: Contact, line: str) -> None:
    assert contact_line(contact) == line


@pytest.mark.parametrize(
    ("beside", "line"),
    [
        ("Ring 0123.", "a@b.example \u00b7 https://b.example"),
        ("Write to a@b.example.", "0123 (9 to 5) \u00b7 https://b.example"),
        ("Go to https://b.example now.", "0123 (9 to 5) \u00b7 a@b.example"),
        ("We are open 9 to 5.", "0123 (9 to 5) \u00b7 a@b.example \u00b7 https://b.example"),
        ("0123 a@b.example https://b.example", ""),
    ],
)
def test_a_line_of_contact_repeats_nothing_that_stands_beside_it(beside: str, line: str) -> None:
    assert contact_line(FULL, beside) == line


def test_a_reply_is_filled_with_what_the_clinic_says_of_itself() -> None:
    text = "{phone}, {email}, {booking}, {hours}, {address}, {phone}, {name}"
    assert fill_placeholders(text, FULL) == "0123, a@b.example, https://b.example, 9 to 5, 1 Street, 0123, {name}"


PRICE = Reply("price", ("price", "price list", "Price of peels", "how much"), "See our list.")
PEELS = Reply("peels", ("peels", "what is the price"), "We do.")
HOURS = Reply("hours", ("opening hours",), "From 9 to 5.")


@pytest.fixture
def routes(words: WordEncoder) -> ReplyMatcher:
    return ReplyMatcher.of([PEELS, PRICE, HOURS], words, plain_kinds(0.1))


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("price", PRICE),
        ("PRICE?", PRICE),
        ("the price", PRICE),
        ("price list", PRICE),
        ("list price", PRICE),
        ("peels", PEELS),  # one way each: the first
        ("opening hours", HOURS),
        ("hours", HOURS),
        ("price hours", None),  # no way to ask has both
        ("what price please", None),  # three words
        ("is the price", None),  # three words, one of which says something
        ("zebra", None),
        ("the", None),  # it says nothing
        ("opening hours prices", None),
        ("", None),
    ],
)
def test_a_keyword_asks_for_the_reply_with_most_ways_to_ask_it(
    routes: ReplyMatcher, question: str, route: Reply | None
) -> None:
    assert routes.by_keyword(question) == route


def test_without_replies_a_keyword_asks_for_none(words: WordEncoder) -> None:
    assert ReplyMatcher.of([], words).by_keyword("price") is None


def asked(routes: ReplyMatcher, words: WordEncoder, question: str, clauses: Sequence[str]) -> list[str]:
    (encoded,) = words.encode_questions([question])
    return [route.name for route in routes.match_all(encoded, clauses, words.encode_questions)]


class Deaf(WordEncoder):
    """An encoder that must not be asked."""

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        raise AssertionError(texts)


def test_a_question_asks_for_the_reply_that_it_matches(routes: ReplyMatcher, words: WordEncoder) -> None:
    assert asked(routes, words, "opening hours", []) == ["hours"]
    assert asked(routes, words, "zebra stripes", []) == []


def test_a_question_of_two_asks_for_two_replies_in_its_order(routes: ReplyMatcher, words: WordEncoder) -> None:
    assert asked(routes, words, "opening hours", ["price", "opening hours"]) == ["price", "hours"]
    assert asked(routes, words, "opening hours", ["opening hours", "zebra", "price"]) == ["hours", "price"]


def test_parts_that_ask_for_the_same_reply_or_none_leave_the_whole_to_decide(
    routes: ReplyMatcher, words: WordEncoder
) -> None:
    assert asked(routes, words, "opening hours", ["price", "price list"]) == ["hours"]
    assert asked(routes, words, "opening hours", ["price", "zebra"]) == ["hours"]
    assert asked(routes, words, "zebra", ["price", "zebra"]) == []


def test_a_question_of_one_part_is_not_read_again(routes: ReplyMatcher, words: WordEncoder) -> None:
    (encoded,) = words.encode_questions(["opening hours"])
    assert routes.match_all(encoded, ["price"], Deaf().encode_questions) == [HOURS]
