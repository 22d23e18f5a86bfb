"""Redaction: what it takes out of a text, and what it leaves in."""

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import is_changed, leaked_words
from benchmarks.redaction_lists import clean, variants, visitors, visitors_clean
from chatbot.redaction import redact


@pytest.mark.parametrize("part", ["seen", "held_out"])
def test_nearly_all_variants_are_found_and_harmless_questions_stay(part: str) -> None:
    secrets = variants(part)
    assert len(secrets) == 500
    assert sum(not leaked_words(variant) for variant in secrets) / len(secrets) >= 0.98
    harmless = clean(part)
    assert sum(is_changed(text) for text in harmless) / len(harmless) < 0.02


@pytest.mark.parametrize("part", ["fit", "blind", "unseen"])
def test_details_in_messages_of_visitors_are_found_and_harmless_messages_stay(part: str) -> None:
    secrets = visitors(part)
    assert len(secrets) > 100
    assert sum(not leaked_words(variant) for variant in secrets) / len(secrets) >= 0.96
    harmless = visitors_clean(part)
    assert len(harmless) > 200
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
        ("hello this is ngozi can i change my slot", "hello this is [name] can i change my slot"),
        ("im hannah lewis and i itch", "im [name] and i itch"),
        ("i am mrs o'connor, is it ready", "i am [name], is it ready"),
        ("my mum is called rosemary", "my mum is called [name]"),
        ("my nephew blorf needs a jab", "my nephew [name] needs a jab"),
        ("my nephew also needs a jab", "my nephew also needs a jab"),
        ("how long does it last? cheers gaz", "how long does it last? cheers [name]"),
        ("Kind regards p. whitaker", "Kind regards [name]"),
        ("is Dr Patel in on Monday", "is Dr Patel in on Monday"),
        ("is Sister Agnes still there", "is Sister Agnes still there"),
        ("I'm Scottish and burn easily", "I'm Scottish and burn easily"),
        ("its amber, is that bad", "its [name], is that bad"),
        ("its amber in colour", "its amber in colour"),
        ("my car reg is bd51 smr", "my car reg is [id]"),
        ("my insta is priya.glows", "my insta is [handle]"),
        ("is your instagram @clinicskin", "is your instagram @clinicskin"),
        ("card ending 4242, exp 09/27", "card ending [id], exp [id]"),
        ("jane underscore k at outlook dot com", "[email]"),
        ("dob twelve eleven seventy six", "dob [birth date]"),
        ("born on the first of the second eighty nine", "born on [birth date]"),
        ("i live at rose cottage, mill lane", "i live at [address]"),
        ("my address is 27 Mill Lane, Kettering", "my address is [address]"),
        ("booking reference LH88XK2", "booking reference [id]"),
        ("a case of COVID-19, spf50 in order", "a case of COVID-19, spf50 in order"),
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
        "im tom ",
        "my son x ",
        "Aa, ",
        "@a",
        "reg A1 ",
        "the first of ",
        "name ",
        "hi Aa here ",
        "regards a ",
        "insta a.",
        "i live at a ",
        "my address is A ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    start = thread_time()  # of the processor, because the machine may do other work; a bad pattern takes minutes
    redact((piece * 2_000)[:2_000])
    assert thread_time() - start < 2
