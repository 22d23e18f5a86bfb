"""Contact values written out in wording: outdated ones after a change, and ones that are not the clinic's."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatbot.clinic import Clinic, Contact, Crisis, Reply, Today, Urgent, load_clinic
from chatbot.staff import OldValue, foreign_values, old_values
from tests.conftest import ROOT

CONTACT = Contact(
    "+44 20 7946 0123", "hello@clinic.example", "https://clinic.example/book", "Mon to Fri, 9:00 to 17:30"
)
URGENT = Urgent(phone="999", crisis=Crisis(phone="116 123"), today=Today(phone="111"))
CLINIC = Clinic(contact=CONTACT, urgent=URGENT)
DIGITS = st.text("0123456789", min_size=7, max_size=12)
SEPARATORS = st.lists(st.sampled_from(["", " ", "-", ".", "/", "\u00a0", ") ", " ("]), min_size=12, max_size=12)
WORDS = st.text(st.characters(categories=["L", "Zs", "Po"], exclude_characters=".,"), max_size=20)


def saying(reply: str, clinic: Clinic = CLINIC) -> Clinic:
    return replace(clinic, replies=(Reply("hours", ("when?",), reply),))


def repeated(reply: str, contact: Contact) -> list[str]:
    return [value.sentence for value in old_values(CLINIC, saying(reply, replace(CLINIC, contact=contact)))]


@pytest.mark.parametrize(
    "written",
    ["+44 20 7946 0123", "020 7946 0123", "0044 (20) 7946-0123", "+44 (0)20 7946 0123", "02079460123", "020.7946.0123"],
)
def test_an_old_number_is_found_however_it_is_spaced(written: str) -> None:
    assert repeated(f"Ring {written} today.", replace(CONTACT, phone="+44 1234 567890")) == [
        "The reply “hours” holds “+44 20 7946 0123”: write {phone} there instead."
    ]


@pytest.mark.parametrize("reply", ["Ring {phone}.", "Ring +44 20 7946 0124.", "It costs 20, 79 or 46 pounds.", ""])
def test_what_holds_no_old_number_is_left_alone(reply: str) -> None:
    assert repeated(reply, replace(CONTACT, phone="+44 1234 567890")) == []


@pytest.mark.parametrize(
    ("contact", "reply", "place"),
    [
        (replace(CONTACT, email="desk@clinic.example"), "Write to Hello@Clinic.example!", "email"),
        (replace(CONTACT, hours="always"), "We are open mon to fri,  9:00 to\n17:30.", "hours"),
        (replace(CONTACT, booking="https://b.example"), "See https://clinic.example/book.", "booking"),
    ],
)
def test_each_kind_of_value_names_its_own_place(contact: Contact, reply: str, place: str) -> None:
    (sentence,) = repeated(reply, contact)
    assert f"write {{{place}}} there instead" in sentence


def test_a_value_that_is_gone_is_to_be_corrected_by_hand() -> None:
    (sentence,) = repeated("Write to hello@clinic.example.", replace(CONTACT, email=""))
    assert sentence.endswith("“hello@clinic.example”: correct it there.")


def test_a_number_that_was_only_spaced_anew_is_not_old() -> None:
    assert repeated("Ring 020 7946 0123.", replace(CONTACT, phone="020 79460123")) == []


def test_the_greeting_and_urgent_wording_are_looked_at_too() -> None:
    urgent = replace(URGENT, message="Call 999 now.", phone="112")
    after = replace(CLINIC, urgent=urgent, greeting="Hello! In an emergency, 999.")
    assert old_values(CLINIC, after) == (
        OldValue("“Greeting”", "999"),
        OldValue("“Emergency: what is said”", "999", "emergency"),
    )
    harmless = replace(after, greeting="It is £1,999 or 999.50 or 1999.", urgent=replace(urgent, message=""))
    assert old_values(CLINIC, harmless) == ()


@given(DIGITS, SEPARATORS, WORDS)
def test_any_number_is_found_between_any_words(digits: str, separators: list[str], words: str) -> None:
    before = replace(CLINIC, contact=Contact(phone=digits))
    after = replace(CLINIC, contact=Contact(phone="+1 212 555 0100"))
    written = "".join(map("".join, zip(digits, separators, strict=False)))
    assume(not "12125550100".endswith(digits.lstrip("0")))
    assert [value.value for value in old_values(before, saying(f"{words} {written}x", after))] == [digits]


@given(st.text(max_size=60))
def test_whatever_is_written_nothing_changed_means_nothing_old(reply: str) -> None:
    clinic = saying(reply)
    assert old_values(clinic, clinic) == ()
    assert all(value.value in reply for value in foreign_values(clinic))


@pytest.mark.parametrize(
    "reply",
    [
        "Ring 020 7946 0123, +44 (0)20 7946 0123 or 116 123.", "Ring {phone} or write to HELLO@clinic.example.",
        "Since 2024-11-26, 26.11.2024, 2019-2024, from 9.00-17.30, for £1000-2000.", "12 sessions of 0.5 mm, SPF 50.",
        "See https://clinic.example/p/0123456789.", "Ref. 12345678",
    ],
)  # fmt: skip
def test_the_clinics_own_values_and_other_figures_are_not_foreign(reply: str) -> None:
    assert foreign_values(saying(reply)) == ()


@pytest.mark.parametrize(
    ("reply", "value", "place"),
    [
        ("Ring 07700 900123 (mobile).", "07700 900123", "phone"),
        ("Ring us: +49 30 123456", "+49 30 123456", "phone"),
        ("Call 555-123-4567.", "555-123-4567", "phone"),
        ("Write to old@clinic.example.", "old@clinic.example", "email"),
    ],
)
def test_a_value_that_is_none_of_the_clinics_is_named(reply: str, value: str, place: str) -> None:
    assert foreign_values(saying(reply)) == (OldValue("The reply “hours”", value, place),)


def test_urgent_wording_that_names_another_emergency_number_is_named() -> None:
    clinic = replace(CLINIC, urgent=replace(URGENT, message="Call 112, or 999, within 24 hours."))
    assert foreign_values(clinic) == (OldValue("“Emergency: what is said”", "112", "emergency"),)


def test_the_clinic_file_that_comes_with_footnote_holds_no_foreign_value() -> None:
    assert foreign_values(load_clinic(ROOT / "clinic.toml")) == ()
