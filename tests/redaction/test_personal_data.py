"""Redaction: what it takes out of a text, and what it leaves in."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import is_changed, leaked_words
from benchmarks.redaction_lists import clean, variants
from chatbot.redaction import redact


@pytest.mark.parametrize("part", ["seen", "held_out"])
def test_nearly_all_variants_are_found_and_harmless_questions_stay(part: str) -> None:
    secrets = variants(part)
    assert len(secrets) == 500
    assert sum(not leaked_words(variant) for variant in secrets) / len(secrets) >= 0.98
    harmless = clean(part)
    assert sum(is_changed(text) for text in harmless) / len(harmless) < 0.02


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("mail jane.doe@example.com.", "mail [email]."),
        ("my card 4111 1111 1111 1111 was charged", "my card [number] was charged"),
        ("my card 4111 1111 1111 1112 too", "my card [number] too"),
        ("I was born on 3 May 1984, is it safe?", "I was born on [birth date], is it safe?"),
        ("I live at 12 Acacia Avenue, SW1A 1AA", "I live at [address], [postcode]"),
        ("my name is Jane Doe and I itch", "my name is [name] and I itch"),
        ("my nhs number is 943 476 5919", "my nhs number is [id]"),
        ("see https://x.example/r?token=abc", "see [link]"),
        ("call +44 (0)20 7946 0123 ext 5 or 07700 900123", "call [number] or [number]"),
        ("see https://clinic.example/prices", "see https://clinic.example/prices"),
        ("12 sessions, 2-3 weeks, SPF 50, 0.5 mm, \u00a31,200", "12 sessions, 2-3 weeks, SPF 50, 0.5 mm, \u00a31,200"),
        ("on 12/05/2026 at 14:30", "on 12/05/2026 at 14:30"),
        ("my name is on the list", "my name is on the list"),
        ("i love Botox", "i love Botox"),
        ("hi, this is Una Brady, can I come?", "hi, this is [name], can I come?"),
        ("it's Padraig here, do you open?", "it's [name] here, do you open?"),
        ("how much is it? Kind regards, Zofia Lis", "how much is it? Kind regards, [name]"),
        ("does it hurt? - Kim", "does it hurt? - [name]"),
        ("my son is called Ronan Daly", "my son is called [name]"),
        ("I am Mrs Gupta and need a refill", "I am [name] and need a refill"),
        ("I live at Oak Cottage, Well Lane", "I live at [address]"),
        ("born on the ninth of June 1971, is it safe?", "born on [birth date], is it safe?"),
        ("dob nineteen seventy-one", "dob [birth date]"),
        ("it's Friday here, are you open?", "it's Friday here, are you open?"),
        ("a treatment called Profhilo - is it new?", "a treatment called Profhilo - is it new?"),
        ("MY HUSBAND NEEDS A SCAN", "MY HUSBAND NEEDS A SCAN"),
        ("My Son Swallowed Bleach", "My Son Swallowed Bleach"),
        ("how do I get to Well Lane?", "how do I get to Well Lane?"),
        ("this is Wimpole Street, right?", "this is Wimpole Street, right?"),
        ("I live in Mill Hill, can you come?", "I live in Mill Hill, can you come?"),
        ("the ninth of June works for me", "the ninth of June works for me"),
    ],
)  # fmt: skip
def test_only_personal_details_are_replaced(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@given(st.text(max_size=300))
def test_any_text_can_be_redacted(text: str) -> None:
    assert isinstance(redact(text), str)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "a-",
        "7-1-",
        "a@",
        "a at ",
        "AB12 ",
        "a.",
        "12 Aa ",
        "my name is a ",
        "one ",
        "((1\u00a31,",
        "Aa ",
        "born ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    start = perf_counter()
    redact((piece * 2_000)[:2_000])
    assert perf_counter() - start < 1
