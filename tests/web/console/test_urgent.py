"""The tab Urgent in a real browser: messages are judged, and a clinician signs the lists."""

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.evaluation import Expect
from chatbot.journal import Journal
from chatbot.records import Answer, Level, Outcome
from chatbot.staff import GoldenFile, SignOffs, staff_database
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, visiting
from tests.web.console.conftest import Staffed, sign_in
from tests.web.console.test_views import line, open_tab

MESSAGES = ("I cannot breathe, call me on 07700 900123", "I want to kill myself")


@pytest.fixture(scope="module")
def journal(staffed: Staffed) -> Iterator[Journal]:
    """Return a second connection to the server's journal, with urgent messages."""
    journal = Journal.open(staffed.settings.journal, staffed.settings.retention)
    assert journal
    for text in MESSAGES:
        journal.record(uuid4().hex, staffed.bot.ask(text), 10)
    journal.record(uuid4().hex, Answer("is it safe?", "", Outcome.ANSWERED, 0.9, "", (), ()), 10)
    journal.flush()
    yield journal
    journal.close()


def open_message(page: Page, text: str) -> None:
    expect(page.locator("#urgent-list")).to_contain_text(text)
    page.locator("#urgent-list [data-testid^=cell]", has_text=text).first.click()
    expect(page.locator("#urgent-heading textarea")).to_have_value(f"“{text}”")


def enter(page: Page, name: str, text: str) -> None:
    page.locator(f"#{name} textarea, #{name} input").first.fill(text)


def expect_value(page: Page, name: str, text: str) -> None:
    expect(page.locator(f"#{name} textarea").first).to_have_value(re.compile(text), timeout=20_000)


def test_a_message_is_judged_and_judged_again(nurse: Visitor, staffed: Staffed, journal: Journal) -> None:
    page = open_tab(nurse, "Urgent")
    expect_value(
        page, "urgent-summary", r"^2 messages sounded urgent: 1 emergency, 1 crisis\. None has been judged yet\.$"
    )
    open_message(page, "I cannot breathe, call me on [number]")
    assert re.search(r"Level: emergency\. Rule: “.+”\.$", line(page, "urgent-reason"))
    assert line(page, "urgent-shown").startswith("Call 999 now")
    assert line(page, "urgent-today").startswith("Urgent (emergency, by the rule “")
    assert line(page, "urgent-verdict") == "Not judged yet."
    page.click("#urgent-no")
    expect_value(page, "urgent-notice", "^Judged: not an emergency. It is saved as a golden question.")
    expect_value(page, "urgent-summary", r"1 judged; 1 of these \(100%\) not an emergency\.$")
    expect(page.locator("#urgent-no")).to_have_class(re.compile("primary"))
    expect(page.locator("#urgent-list")).to_contain_text("not an emergency")
    (saved,) = GoldenFile(staffed.settings.staff).read()
    assert (saved.question, saved.expect) == ("I cannot breathe, call me on [number]", Expect.EITHER)
    assert violations(page) == []
    page.click("#urgent-yes")
    expect_value(page, "urgent-verdict", "^Judged: an emergency.$")
    expect(page.locator("#urgent-yes")).to_have_class(re.compile("primary"))
    (saved,) = GoldenFile(staffed.settings.staff).read()
    assert saved.expect is Expect.ESCALATE
    assert {row.level: row.judged for row in journal.asked(urgent=True)} == {Level.EMERGENCY: True, Level.CRISIS: None}


def test_a_reader_sees_urgent_messages_but_no_buttons(nurse: Visitor, journal: Journal) -> None:
    assert journal
    page = open_tab(nurse, "Urgent", "rita")
    open_message(page, "I want to kill myself")
    for name in ("It was an emergency", "It was not an emergency", "Sign off"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_label("I have read the lists and the wording")).to_be_hidden()
    expect(page.locator("#signing-state")).to_be_visible()


def test_a_clinician_signs_and_a_change_needs_a_new_sign_off(nurse: Visitor, staffed: Staffed) -> None:
    page = open_tab(nurse, "Urgent")
    expect_value(page, "signing-warning", "^⚠ Not signed off yet")
    page.click("#signing-choice input")
    page.get_by_role("option", name="wording/en.toml").click()
    expect_value(page, "signing-text", "nobody reads this chat")
    enter(page, "signing-name", "Dr. A. Adams")
    enter(page, "signing-role", "Medical director")
    page.click("#signing-sign")
    expect_value(page, "signing-notice", "tick that you have")
    page.check("#signing-read input")
    page.click("#signing-sign")
    expect_value(page, "signing-notice", "^Signed off by Dr. A. Adams, Medical director.$")
    expect_value(page, "signing-state", "^Signed off by Dr. A. Adams, Medical director. ")
    expect(page.locator("#signing-warning")).to_be_hidden()
    expect(page.locator("#signing-list")).to_contain_text("Medical director")
    assert violations(page) == []
    page.get_by_role("tab", name="Clinic text and replies").click()
    expect(page.locator("#text-urgent-phone textarea, #text-urgent-phone input")).to_have_value("999")
    enter(page, "text-urgent-message", "Ring 112 or (020) 7946 0123 at once.")
    enter(page, "text-contact-phone", "+44 1234 567890")
    page.click("#text-save")
    expect_value(
        page, "text-notice", r"⚠ Old value left: “Emergency: what is said” holds “\+44 20 7946 0123”: write {phone}"
    )
    expect_value(
        page, "text-warning", "holds “112”, which is none of the clinic's own: write {emergency} there instead"
    )
    answer = httpx.post(f"{staffed.address}/api/ask", json={"question": "I cannot breathe"}, timeout=20).json()
    assert answer["message"] == "Ring 112 or (020) 7946 0123 at once."
    page.get_by_role("tab", name="Overview").click()
    expect_value(page, "overview-warnings", "^⚠ The lists have changed since Dr. A. Adams signed on ")
    page.get_by_role("tab", name="Urgent", exact=True).click()
    expect_value(page, "signing-state", r"Changed since: clinic\.toml \[urgent\]")
    assert [row.name for row in SignOffs(staff_database(staffed.settings.staff)).all()] == ["Dr. A. Adams"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone(browser: Browser, staffed: Staffed, journal: Journal, scheme: str) -> None:
    assert journal
    with visiting(browser, staffed.address, color_scheme=scheme, viewport={"width": 390, "height": 844}) as nurse:
        page = nurse.open("/staff/")
        sign_in(page)
        page.get_by_role("tab", name="Urgent", exact=True).click()
        open_message(page, "I want to kill myself")
        page.wait_for_timeout(500)  # Gradio fades tabs and tables in
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
