"""Approving answers in a real browser, by mouse and by keyboard. Every test fails if the browser complains."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.journal import Journal
from chatbot.records import Outcome
from chatbot.staff import GoldenFile
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, visiting
from tests.web.console.conftest import Staffed, sign_in
from tests.web.console.test_views import open_tab, record, try_asking

ASKED = "how red will I look at my wedding?"


@pytest.fixture(scope="module")
def journal(staffed: Staffed) -> Iterator[Journal]:
    """Return a second connection to the server's journal, with an unanswered question."""
    journal = Journal.open(staffed.settings.journal, staffed.settings.retention)
    assert journal
    record(journal, "what do I do about a crèche?")
    journal.flush()
    yield journal
    journal.close()


def ask(staffed: Staffed, question: str) -> dict[str, object]:
    answer: dict[str, object] = httpx.post(f"{staffed.address}/api/ask", json={"question": question}, timeout=20).json()
    return answer


def expect_notice(page: Page, name: str, text: str) -> None:
    expect(page.locator(f"#{name}-approve-notice textarea")).to_have_value(re.compile(text), timeout=20_000)


def test_a_passage_is_approved_shown_to_visitors_and_taken_back(nurse: Visitor, staffed: Staffed) -> None:
    before = ask(staffed, ASKED)
    assert before["outcome"] != "answered"
    page = open_tab(nurse, "Try it")
    try_asking(page, ASKED)
    passage = page.input_value("#try-passage-text-2 textarea").split("\n", 1)[1]
    assert violations(page) == []
    page.locator("#try-answers-2").click()
    expect_notice(page, "try", "^Approved. Visitors who ask this")
    expect(page.locator("#try-answers-2")).to_be_hidden()
    expect(page.locator("#try-log .answer").last).to_contain_text(passage[:60])
    expect(page.locator("#try-decided textarea")).to_have_value(re.compile("What decided: the approved question"))
    after = ask(staffed, ASKED.upper())
    assert after["outcome"] == "answered"
    assert passage[:60] in str(after["citations"])
    assert [saved.question for saved in GoldenFile(staffed.settings.staff).read()] == [ASKED]
    page.locator("#try-take-back").click()
    expect_notice(page, "try", "^Taken back")
    expect(page.locator("#try-answers-2")).to_be_visible()
    again = ask(staffed, ASKED)
    assert {**again, "answer_id": ""} == {**before, "answer_id": ""}


def test_an_unanswered_question_is_decided_with_the_keyboard(
    nurse: Visitor, staffed: Staffed, journal: Journal
) -> None:
    assert journal
    page = open_tab(nurse, "Unanswered questions")
    page.locator("#unanswered-list [data-row]").filter(has_text="crèche").first.click()
    expect(page.locator("#unanswered-passage-text-1 textarea")).not_to_have_value("", timeout=60_000)
    page.locator("#unanswered-none").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#unanswered-answers-1")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect_notice(page, "unanswered", "are told that our pages don't say")
    expect(page.locator("#unanswered-today textarea")).to_have_value(re.compile("as approved"))
    assert violations(page) == []
    assert ask(staffed, "What do I do about a crèche?")["outcome"] == Outcome.NOT_FOUND

    page.get_by_role("tab", name="Approved questions").click()
    expect(page.locator("#approved-list")).to_contain_text("crèche")
    page.fill("#approved-search input, #approved-search textarea", "nothing of the kind")
    expect(page.locator("#approved-list")).to_be_hidden()
    page.fill("#approved-search input, #approved-search textarea", "CRÈCHE alice")
    expect(page.locator("#approved-list")).to_contain_text("our pages don't answer this")
    page.locator("#approved-list [data-row='0']").first.click()
    expect(page.locator("#approved-approved textarea")).to_have_value(re.compile("Approved by alice"))
    assert violations(page) == []
    page.locator("#approved-take-back").click()
    expect_notice(page, "approved", "^Taken back")
    expect(page.locator("#approved-list")).to_be_hidden()


def test_a_reader_decides_nothing(browser: Browser, staffed: Staffed) -> None:
    with visiting(browser, staffed.address, viewport={"width": 320, "height": 700}) as reader:
        page = reader.open("/staff/")
        sign_in(page, "rita")
        page.get_by_role("tab", name="Try it", exact=True).click()
        try_asking(page, ASKED)
        expect(page.locator("#try-passage-text-1 textarea")).not_to_have_value("")
        for name in ("try-answers-1", "try-none", "try-take-back"):
            expect(page.locator(f"#{name}")).to_be_hidden()
        assert page.locator("html").evaluate("page => page.scrollWidth") <= 320


def test_approved_questions_are_saved_as_a_spreadsheet(staffed: Staffed) -> None:
    with staffed.client("rita") as client:
        file = client.get("/staff/approved-questions.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.text.splitlines()[0].endswith('"approved by","approved on","to review"')
    with staffed.client() as client:
        assert client.get("/staff/approved-questions.csv").status_code == 401
