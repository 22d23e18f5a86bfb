"""Signing the lists and the wording of urgent messages."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from chatbot import __version__
from chatbot.clinic import Clinic, Crisis, Reply, Urgent
from chatbot.database import Database
from chatbot.errors import ChangeRefused
from chatbot.staff import ContentPaths, SignOffs, lists_digest, signed_lists, staff_database, staff_warnings
from tests.staff.conftest import NOW, Clock

CLINIC = Clinic(urgent=Urgent(phone="999"))


@pytest.fixture
def sign_offs(database: Database, clock: Clock) -> SignOffs:
    return SignOffs(database, clock)


def test_every_list_and_the_clinics_own_wording_are_signed() -> None:
    lists = signed_lists(CLINIC)
    assert {"red_flags/en.toml", "small_talk/en.toml", "wording/en.toml", "clinic.toml [urgent]"} <= lists.keys()
    assert lists["wording/en.toml"] == (files("chatbot.triage") / "wording" / "en.toml").read_text("utf-8")


def test_only_the_urgent_table_of_the_clinic_changes_the_digest() -> None:
    assert lists_digest(CLINIC) == lists_digest(replace(CLINIC, name="Other", replies=(Reply("a", ("b",), "c"),)))
    for urgent in (
        Urgent(phone="112"), Urgent("Call us.", "999"), Urgent(phone="999", crisis=Crisis(phone="116 123")),
    ):  # fmt: skip
        assert lists_digest(replace(CLINIC, urgent=urgent)) != lists_digest(CLINIC)


def test_earlier_sign_offs_stay_on_record(sign_offs: SignOffs, clock: Clock) -> None:
    first = sign_offs.sign("alice", " Dr. A. Adams ", "Medical director", CLINIC)
    clock.now += 86_400
    second = sign_offs.sign("alice", "B. Brown", "Lead nurse", CLINIC)
    assert (first.name, first.role, first.account, first.version) == (
        "Dr. A. Adams", "Medical director", "alice", __version__,
    )  # fmt: skip
    assert (first.signed, first.digest) == (datetime.fromtimestamp(NOW, UTC), lists_digest(CLINIC))
    assert sign_offs.all() == (second, first)


def test_the_warning_stands_until_the_current_lists_are_signed(sign_offs: SignOffs) -> None:
    assert sign_offs.warning(CLINIC).startswith("Not signed off yet: ")
    assert sign_offs.changed(CLINIC) == tuple(sorted(signed_lists(CLINIC)))
    sign_offs.sign("alice", "Dr. Adams", "Doctor", CLINIC)
    assert (sign_offs.warning(CLINIC), sign_offs.changed(CLINIC)) == ("", ())
    other = replace(CLINIC, urgent=Urgent(phone="112"))
    assert sign_offs.warning(other) == (
        "The lists have changed since Dr. Adams signed on 21 September 2026: they need signing off anew."
    )
    assert sign_offs.changed(other) == ("clinic.toml [urgent]",)
    sign_offs.sign("alice", "Dr. Adams", "Doctor", other)
    assert sign_offs.warning(other) == ""


@pytest.mark.parametrize(("name", "role"), [("", "Doctor"), (" ", "Doctor"), ("A", ""), ("x" * 101, "Doctor")])
def test_a_sign_off_needs_a_name_and_a_role(sign_offs: SignOffs, name: str, role: str) -> None:
    with pytest.raises(ChangeRefused, match="must be a text of 1 to 100 characters"):
        sign_offs.sign("alice", name, role, CLINIC)
    assert sign_offs.all() == ()


def test_staff_warnings_are_sentences(place: ContentPaths) -> None:
    clinic = replace(CLINIC, replies=(Reply("hours", ("when?",), "Ring 07700 900123."),))
    unsigned, foreign = staff_warnings(clinic, staff_database(place.staff))
    assert unsigned.startswith("Not signed off yet: ")
    assert foreign == "The reply “hours” holds “07700 900123”, which is none of the clinic's own: correct it there."
    SignOffs(staff_database(place.staff)).sign("alice", "Dr. Adams", "Doctor", clinic)
    assert staff_warnings(clinic, staff_database(place.staff)) == (foreign,)
