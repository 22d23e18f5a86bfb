"""The First-day review in a real browser, with the keyboard alone. Every test fails if the browser complains."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.records import Outcome
from chatbot.staff import (
    ApprovedQuestions,
    AuditLog,
    FirstDayReview,
    GoldenFile,
    Judgement,
    Verdict,
    specialties,
    staff_database,
)
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, visiting
from tests.web.console.conftest import PASSWORD, Staffed, sign_in

QUESTIONS = [question.text for question in specialties()["skin-and-aesthetics"].questions]


@pytest.fixture
def review(staffed: Staffed) -> Iterator[FirstDayReview]:
    """Return the server's review, empty at first, over a second connection to its database."""
    database = staff_database(staffed.settings.staff)
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM first_day")
    golden, audit_log = GoldenFile(staffed.settings.staff), AuditLog(database)
    yield FirstDayReview(database, ApprovedQuestions(staffed.bot, database, golden, audit_log), golden, audit_log)
    database.close()


def open_review(nurse: Visitor, account: str = "alice") -> Page:
    page = nurse.open("/staff/")
    sign_in(page, account)
    page.get_by_role("tab", name="First-day review").click()
    return page


def begin(page: Page) -> None:
    """Choose the specialty and start, with the keyboard."""
    page.get_by_label("Your clinic's specialty").click()
    page.keyboard.type("Skin")
    page.get_by_role("option", name="Skin").wait_for()
    page.keyboard.press("Enter")
    page.locator("#first-day-go-on").focus()
    page.keyboard.press("Enter")
    expect_question(page, 0)


def expect_question(page: Page, place: int) -> None:
    heading = page.locator("#first-day-card h2")
    expect(heading).to_have_text(QUESTIONS[place])
    expect(heading).to_be_focused()


def press(page: Page, key: str, place: int) -> None:
    """Press a key and wait for the question at a place."""
    page.keyboard.press(key)
    expect_question(page, place)


def judged(review: FirstDayReview) -> dict[str, Verdict]:
    return {question: stored.verdict for question, stored in review.judgements().items()}


def test_questions_are_judged_left_and_continued_by_keys(nurse: Visitor, review: FirstDayReview) -> None:
    page = open_review(nurse)
    begin(page)
    press(page, "1", 1)
    press(page, "3", 2)
    press(page, "4", 3)
    press(page, "5", 2)
    expect(page.locator("#first-day-card")).to_contain_text("You said before: skipped.")
    press(page, "3", 3)
    expect(page.locator("#first-day-place textarea")).to_have_value(f"4 of {len(QUESTIONS)}: Opening hours")
    page.keyboard.press("Escape")
    expect(page.locator("#first-day-total textarea")).to_have_value(
        re.compile(r"^3 of \d\d judged: 1 right, 0 answered")
    )
    expect(page.locator("#first-day-go-on")).to_be_focused()
    expect(page.locator("#first-day-missing")).to_contain_text(QUESTIONS[2])
    assert judged(review) == {
        QUESTIONS[0]: Verdict.RIGHT,
        QUESTIONS[1]: Verdict.NO_ANSWER,
        QUESTIONS[2]: Verdict.NO_ANSWER,
    }
    page.reload()
    page.get_by_role("tab", name="First-day review").click()
    page.locator("#first-day-go-on").click()
    expect_question(page, 3)


def test_another_passage_is_chosen_by_its_number(nurse: Visitor, staffed: Staffed, review: FirstDayReview) -> None:
    page = open_review(nurse)
    begin(page)
    page.keyboard.press("2")
    expect(page.locator("#first-day-choice input").first).to_be_focused()
    page.keyboard.press("2")
    quote = page.locator("#first-day-card blockquote")
    expect(page.locator("#first-day-card")).to_contain_text("The passage that you chose.")
    chosen = quote.inner_text()
    press(page, "Enter", 1)
    assert judged(review) == {QUESTIONS[0]: Verdict.OTHER}
    answer = staffed.bot.ask(QUESTIONS[0])
    assert (answer.outcome, answer.confirmed) == (Outcome.ANSWERED, True)
    assert answer.citations[0].passage.text.split() == chosen.split()


def test_the_arrow_keys_go_round_the_passages(nurse: Visitor, review: FirstDayReview) -> None:
    page = open_review(nurse)
    begin(page)
    page.keyboard.press("2")
    passages = page.locator("#first-day-choice input")
    expect(passages.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(passages.last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(passages.first).to_be_focused()
    assert judged(review) == {}


def test_a_passage_is_searched_for(nurse: Visitor, review: FirstDayReview) -> None:
    page = open_review(nurse)
    begin(page)
    page.keyboard.press("2")
    page.get_by_label("Search your pages").fill("sun exposure")
    page.keyboard.press("Enter")
    expect(page.locator("#first-day-choice label").first).to_contain_text("sun exposure")
    page.keyboard.press("Escape")
    expect_question(page, 0)
    expect(page.locator("#first-day-right")).to_be_visible()
    assert judged(review) == {}


def test_the_last_question_leads_to_the_pages_to_write(
    nurse: Visitor, review: FirstDayReview, staffed: Staffed
) -> None:
    for question in QUESTIONS[:-1]:
        review.skip(staffed.bot.ask(question), "bob", "skin-and-aesthetics")
    page = open_review(nurse)
    page.locator("#first-day-go-on").click()
    expect_question(page, len(QUESTIONS) - 1)
    page.keyboard.press("3")
    expect(page.locator("#first-day-notice textarea")).to_have_value("That was the last question.")
    expect(page.locator("#first-day-skipped")).to_be_visible()
    page.locator("#first-day-missing [data-row='0']").first.click()
    page.locator("#first-day-write").click()
    expect(page.get_by_role("tab", name="Pages", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#pages-title textarea, #pages-title input")).to_have_value(QUESTIONS[-1])


def test_a_reader_sees_the_review_without_buttons(nurse: Visitor, review: FirstDayReview, staffed: Staffed) -> None:
    review.judge(staffed.bot.ask(QUESTIONS[0]), Verdict.NO_ANSWER, "alice", "skin-and-aesthetics")
    page = open_review(nurse, "rita")
    expect(page.locator("#first-day-total textarea")).to_have_value(re.compile(r"^1 of \d\d judged"))
    for name in ("go-on", "skipped", "unanswered"):
        expect(page.locator(f"#first-day-{name}")).to_be_hidden()
    page.locator("#first-day-judged [data-row='0']").first.click()
    expect_question(page, 0)
    for name in ("right", "other", "no-answer", "skip"):
        expect(page.locator(f"#first-day-{name}")).to_be_hidden()
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(page.locator("#first-day-total textarea")).to_be_visible()
    assert [stored.account for stored in review.judgements().values()] == ["alice"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 390)])
def test_axe_finds_nothing_on_a_phone(
    browser: Browser, staffed: Staffed, review: FirstDayReview, scheme: str, width: int
) -> None:
    seen = staffed.bot.ask(QUESTIONS[0])
    review.judge(seen, Verdict.NO_ANSWER, "alice", "skin-and-aesthetics")
    assert isinstance(review.judgements()[QUESTIONS[0]], Judgement)
    with visiting(browser, staffed.address, color_scheme=scheme, viewport={"width": width, "height": 800}) as nurse:
        page = nurse.open("/staff/")
        page.fill("[name=name]", "alice")
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("tab", name="First-day review").click()
        expect(page.locator("#first-day-judged")).to_be_visible()
        assert_fits(page)
        page.locator("#first-day-go-on").click()
        expect_question(page, 1)
        assert_fits(page)
        page.locator("#first-day-other").click()
        expect(page.locator("#first-day-choice input").first).to_be_focused()
        assert_fits(page)


def assert_fits(page: Page) -> None:
    page.wait_for_timeout(500)  # Gradio fades tables in
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
