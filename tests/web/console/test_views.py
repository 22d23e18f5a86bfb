"""The tabs that show what visitors ask, in a real browser. Every test fails if the browser complains."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.evaluation import Expect
from chatbot.journal import Journal
from chatbot.records import Answer, Outcome
from chatbot.staff import GoldenFile
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, visiting
from tests.web.console.conftest import PASSWORD, Staffed, sign_in

PRICES = ("how much is it?", "what does it cost?", "price please", "=1+2 how much do you charge?")


@pytest.fixture(scope="module")
def journal(staffed: Staffed) -> Iterator[Journal]:
    """Return a second connection to the server's journal, with unanswered questions."""
    journal = Journal.open(staffed.settings.journal, staffed.settings.retention)
    assert journal
    for text in (*PRICES, "can I bring my dog?"):
        record(journal, text)
    record(journal, "is it safe?", Outcome.ANSWERED)
    journal.flush()
    yield journal
    journal.close()


def record(journal: Journal, text: str, outcome: Outcome = Outcome.NOT_FOUND) -> None:
    journal.record(uuid4().hex, Answer(text, text, outcome, 0.1, "", (), ()), 10)


def open_tab(nurse: Visitor, name: str, account: str = "alice") -> Page:
    page = nurse.open("/staff/")
    sign_in(page, account)
    page.get_by_role("tab", name=name, exact=True).click()
    return page


def line(page: Page, name: str) -> str:
    return page.input_value(f"#{name} textarea")


def try_asking(page: Page, question: str) -> None:
    before = page.locator("#try-log .answer").count()
    page.fill("#try-question textarea", question)
    page.click("#try-ask")
    page.locator("#try-log .answer").nth(before).wait_for()


def test_a_question_is_opened_handled_and_reopened(nurse: Visitor, journal: Journal) -> None:
    page = open_tab(nurse, "Unanswered questions")
    expect(page.locator("#unanswered-summary textarea")).to_have_value(
        re.compile("5 unanswered questions, 2 different ones")
    )
    page.locator("#unanswered-list [data-row='0']").first.click()
    heading = page.locator("#unanswered-heading textarea")
    expect(heading).to_have_value(re.compile("and 3 other wordings"), timeout=60_000)  # the server's first question
    wordings = page.locator("#unanswered-wordings").inner_text()
    assert all(text in wordings for text in PRICES)
    assert "Benefits of Microneedling" in line(page, "unanswered-passage-text-1")
    assert line(page, "unanswered-today").startswith("Asked today, ")
    expect(page.locator("#unanswered-write")).to_have_class(re.compile("primary"))
    assert violations(page) == []
    page.click("#unanswered-mark")
    expect(page.locator("#unanswered-summary textarea")).to_have_value(
        re.compile("1 unanswered question, 1 different one")
    )
    page.get_by_label("Show handled").check()
    expect(page.locator("#unanswered-summary textarea")).to_have_value(re.compile("5 unanswered questions"))
    page.locator("#unanswered-list [data-row='0']").first.click()
    page.click("#unanswered-reopen")
    expect(page.locator("#unanswered-notice textarea")).to_have_value(re.compile("back on the list"))
    assert len(journal.asked(unanswered=True, handled=False)) == 5


def test_the_missing_page_begins_with_its_question(nurse: Visitor, journal: Journal) -> None:
    assert journal
    page = open_tab(nurse, "Unanswered questions")
    page.locator("#unanswered-list [data-row='0']").first.click()
    page.locator("#unanswered-write").click()
    expect(page.get_by_role("tab", name="Pages", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#pages-title textarea, #pages-title input")).to_have_value(re.compile("price|cost|how much"))


@pytest.mark.parametrize("name", ["unanswered-questions", "questions-in-vain"])
def test_the_spreadsheet_runs_no_formula(staffed: Staffed, journal: Journal, name: str) -> None:
    assert journal
    with staffed.client("rita") as client:
        file = client.get(f"/staff/{name}.csv", params={"days": "7"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="unanswered-questions-' in file.headers["content-disposition"]
    assert '"\'=1+2 how much do you charge?"' in file.text
    assert all(text in file.text for text in PRICES)


def test_charts_are_for_those_who_signed_in(staffed: Staffed) -> None:
    paths = [f"/staff/charts/{name}.svg" for name in ("days", "pages", "hours", "checks")]
    with staffed.client("rita") as client:
        for path in paths:
            chart = client.get(path, params={"days": "7", "narrow": "1"})
            assert (chart.status_code, chart.headers["content-type"]) == (200, "image/svg+xml")
        assert client.get("/staff/charts/other.svg").status_code == 404
    with staffed.client() as client:
        for path in [*paths, "/staff/unanswered-questions.csv"]:
            assert client.get(path).status_code == 401


def test_a_try_is_explained_and_decided_on(nurse: Visitor, staffed: Staffed, journal: Journal) -> None:
    before = journal.counts().questions
    page = open_tab(nurse, "Try it")
    try_asking(page, "is redness and swelling normal after microneedling?")
    assert "The pages answer this with a probability of" in line(page, "try-decided")
    assert re.search(r"Time: \d+ milliseconds", line(page, "try-decided"))
    assert violations(page) == []
    page.click("#try-answers-1")
    expect(page.locator("#try-approve-notice textarea")).to_have_value(re.compile("^Approved. Visitors who ask this"))
    try_asking(page, "and for how long?")
    assert "Understood as: is redness and swelling normal" in line(page, "try-decided")
    page.click("#try-none")
    expect(page.locator("#try-approve-notice textarea")).to_have_value(re.compile("^Saved. Visitors who ask this are"))
    page.click("#try-restart")
    expect(page.locator("#try-log .answer")).to_have_count(0)
    first, second = GoldenFile(staffed.settings.staff).read()
    assert (first.expect, second.expect) == (Expect.ANSWER, Expect.ABSTAIN)
    assert second.history == ("is redness and swelling normal after microneedling?",)
    assert journal.counts().questions == before


def test_golden_questions_are_checked_against_the_check_before(nurse: Visitor, staffed: Staffed) -> None:
    golden = GoldenFile(staffed.settings.staff)
    golden.save("who won the football world cup?", (), (), "alice")
    page = open_tab(nurse, "Check")
    page.click("#check-run")
    expect(page.locator("#check-notice textarea")).to_have_value(
        re.compile(r"Checked: \d of \d golden questions? answered correctly")
    )
    golden.save("who won the football world cup?", (), ("nothing of the pages",), "alice")
    page.click("#check-run")
    expect(page.locator("#check-changes")).to_contain_text("who won the football world cup?")
    expect(page.locator("#check-changes")).to_contain_text("worse: look at this one")
    picture = page.locator("#check-chart img").first
    expect(picture).to_be_visible()
    assert "Share of golden questions answered correctly over 2 checks" in (picture.get_attribute("alt") or "")
    assert violations(page) == []


def test_the_overview_has_charts_with_texts(nurse: Visitor, journal: Journal) -> None:
    assert journal
    page = open_tab(nurse, "Overview")
    expect(page.locator("#overview-summary textarea")).to_have_value(re.compile(r"\d+ questions\. Our pages answered"))
    pictures = page.locator("#overview-body img:visible")
    expect(pictures).to_have_count(3 if page.get_by_text("Pages that were quoted most").count() else 2)
    for picture in pictures.all():
        assert (picture.get_attribute("alt") or "").endswith(".")
    page.get_by_role("button", name="Questions a day as a table").click()
    expect(page.locator("#overview-table")).to_be_visible()
    assert violations(page) == []


def test_a_page_whose_session_ended_says_so(nurse: Visitor) -> None:
    page = open_tab(nurse, "Check")
    expect(page.locator("#lost")).to_be_hidden()
    nurse.context.clear_cookies()
    page.get_by_role("tab", name="Overview", exact=True).click()
    expect(page.locator("#lost")).to_be_visible()
    page.close()  # so that nothing is reported after
    nurse.complaints.clear()  # the browser reports each request that was refused


def test_a_reader_looks_but_has_no_buttons(nurse: Visitor, journal: Journal) -> None:
    assert journal
    page = open_tab(nurse, "Unanswered questions", "rita")
    page.locator("#unanswered-list [data-row='0']").first.click()
    expect(page.locator("#unanswered-wordings")).to_contain_text("price please")
    expect(page.locator("#unanswered-mark")).to_be_hidden()
    page.get_by_role("tab", name="Try it", exact=True).click()
    try_asking(page, "is it safe?")
    expect(page.locator("#try-answers-1")).to_be_hidden()


def test_a_phone_shows_a_try_without_scrolling_sideways(browser: Browser, staffed: Staffed) -> None:
    with visiting(browser, staffed.address, viewport={"width": 390, "height": 800}) as nurse:
        page = nurse.open("/staff/")
        page.fill("[name=name]", "alice")
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        try_asking(page, "is it safe?")
        assert page.locator("html").evaluate("page => page.scrollWidth") <= 390
