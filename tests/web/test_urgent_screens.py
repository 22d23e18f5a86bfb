"""What a visitor sees and hears of an urgent answer and after it, on the chat page and in the widget."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from tests.web.accessibility import violations
from tests.web.conftest import ClinicSite, ask, serving, visiting

EMERGENCY = "my lips are swelling and I can't breathe"
CRISIS = "I want to kill myself"
TODAY = "the wound is hot and there is pus coming out"
GERMAN = ("Ich bekomme keine Luft", "Ich will mich umbringen", "Aus der Wunde kommt Eiter")
ORDINARY = "does microneedling help with acne scars?"
NEVER_SAID = "who won the football world cup?"
PERSON = "can I talk to a person?"
DISMISS = "This is not an emergency"


class Shown(NamedTuple):
    """What is asked, and what should be seen of the answer."""

    question: str
    level: str
    call: str
    address: str
    heading: str


LEVELS = [
    Shown(EMERGENCY, "emergency", "Call 999", "tel:999", "This sounds urgent"),
    Shown(CRISIS, "crisis", "Call 116 123", "tel:116123", "You are not alone"),
    Shown(TODAY, "today", "Call +44 20 7946 0123", "tel:+442079460123", "Please ring us today"),
]
PLACES = """answer => {
    const folded = answer.querySelectorAll("details *");
    const passages = [...answer.querySelectorAll("details, figure")].filter(one => ![...folded].includes(one));
    const reach = answer.querySelector(".reach");
    return [reach, passages[0], passages.at(-1)].map(one => one.getBoundingClientRect().toJSON());
}"""
LISTEN = """log => {
    window.live = [];
    const said = node => {
        if (node.parentElement?.closest("[aria-live=off]")) return "";
        const copy = node.cloneNode(true);
        for (const off of copy.querySelectorAll?.("[aria-live=off]") ?? []) off.remove();
        return copy.matches?.("[aria-live=off]") ? "" : copy.textContent;
    };
    new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node =>
        window.live.push(said(node))))).observe(log, {subtree: true, childList: true});
}"""
FOCUSABLE = "a, button, input, textarea, select, summary, [tabindex]"
LINES = """one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return new Set([...range.getClientRects()].filter(box => box.width > 1).map(box => Math.round(box.bottom))).size;
}"""


class Chat:
    """The chat page."""

    def __init__(self, page: Page, site: ClinicSite) -> None:
        self.page = page
        page.goto(site.assistant)
        page.wait_for_selector("#question textarea")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Conversation")

    @property
    def answers(self) -> Locator:
        return self.page.locator("#log .answer")

    @property
    def asked(self) -> Locator:
        return self.page.locator("#log .said")

    @property
    def dismiss(self) -> Locator:
        return self.page.locator("#dismiss:visible")

    @property
    def around(self) -> Locator:
        """What may be pressed below another answer."""
        return self.page.locator("#feedback button:visible, #suggestions button:visible")

    def ask(self, question: str) -> Locator:
        before = self.answers.count()
        self.page.fill("#question textarea", question)
        self.page.keyboard.press("Enter")
        return self.answer(before)

    def answer(self, before: int) -> Locator:
        self.answers.nth(before).wait_for()
        return self.answers.nth(before)


class Widget(Chat):
    """The chat on the clinic's own site."""

    def __init__(self, page: Page, site: ClinicSite) -> None:
        self.page = page
        page.goto(site.page("/urgent", head="<style>:root { color-scheme: light dark }</style>"))
        page.locator(".launcher").click()

    @property
    def answers(self) -> Locator:
        return self.page.locator(".turn .answer")

    @property
    def asked(self) -> Locator:
        return self.page.locator(".turn .said > span:last-child")

    @property
    def dismiss(self) -> Locator:
        return self.page.locator(".dismiss:visible")

    @property
    def around(self) -> Locator:
        return self.page.locator(".offers button, .turn:last-child .feedback")

    def ask(self, question: str) -> Locator:
        before = self.answers.count()
        self.page.locator("textarea").fill(question)
        self.page.locator("textarea").press("Enter")
        return self.answer(before)

    def answer(self, before: int) -> Locator:
        self.answers.nth(before).wait_for()
        return self.answers.nth(before)


@contextmanager
def opened(browser: Browser, site: ClinicSite, surface: type[Chat], **options: object) -> Iterator[Chat]:
    context = browser.new_context(reduced_motion="reduce", **options)  # type: ignore[arg-type]  # of a device
    context.set_default_timeout(30_000)  # the first question takes longer than the others
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield surface(context.new_page(), site)
    context.close()
    assert errors == []


@pytest.fixture(params=[Chat, Widget], ids=["chat page", "widget"])
def surface(request: pytest.FixtureRequest) -> type[Chat]:
    kind: type[Chat] = request.param
    return kind


@pytest.fixture
def chat(browser: Browser, clinic_site: ClinicSite, surface: type[Chat]) -> Iterator[Chat]:
    with opened(browser, clinic_site, surface, viewport={"width": 390, "height": 844}) as chat:
        yield chat


@pytest.mark.parametrize("shown", LEVELS, ids=[one.level for one in LEVELS])
def test_the_number_is_first_to_see_and_to_hear_and_nothing_else_can_be_followed(chat: Chat, shown: Shown) -> None:
    chat.log.evaluate(LISTEN)
    answer = chat.ask(shown.question)
    assert shown.level in (answer.get_attribute("class") or "").split()
    assert answer.inner_text().split("\n")[0] == shown.call
    assert re.match(rf'[\s-]*(?:paragraph:[\s-]*)?link "{re.escape(shown.call)}"', answer.aria_snapshot())
    assert "".join(chat.page.evaluate("window.live")).strip().startswith(shown.call)
    expect(answer.locator("a")).to_have_attribute("href", shown.address)
    expect(answer.locator(".alarm")).to_have_text(shown.heading)
    expect(chat.dismiss).to_have_text(DISMISS)
    reached = [one for one in answer.locator(FOCUSABLE).all_inner_texts() if one != DISMISS]
    assert reached == [shown.call]
    expect(chat.around).to_have_count(0)
    number, title = answer.locator("a").bounding_box(), answer.locator(".alarm").bounding_box()
    assert number
    assert title
    assert number["height"] >= 44
    assert number["y"] + number["height"] <= title["y"]


def test_a_dismissal_asks_its_own_text_and_is_offered_below_the_newest_answer_alone(chat: Chat) -> None:
    chat.ask(EMERGENCY)
    for _ in range(8):
        chat.page.keyboard.press("Shift+Tab")
        if chat.dismiss.evaluate("one => one === one.getRootNode().activeElement"):
            break
    chat.page.keyboard.press("Enter")
    answer = chat.answer(1)
    expect(chat.asked).to_have_text([EMERGENCY, DISMISS])
    assert "urgent" not in (answer.get_attribute("class") or "")
    expect(answer).to_contain_text("If it is urgent after all, call 999.")
    expect(chat.dismiss).to_have_count(0)
    expect(chat.page.locator("textarea")).to_be_focused()
    chat.ask(CRISIS)
    expect(chat.dismiss).to_have_count(1)


def test_an_urgent_answer_is_in_the_visitors_language_and_short(chat: Chat) -> None:
    for question in (EMERGENCY, CRISIS, TODAY, *GERMAN):
        answer = chat.ask(question)
        language = "de" if question in GERMAN else "en"
        assert (answer.get_attribute("lang"), answer.get_attribute("dir")) == (language, "ltr")
        expect(chat.dismiss).to_have_text("Das ist kein Notfall" if language == "de" else DISMISS)
        assert chat.dismiss.evaluate("one => one.closest('[lang]').lang") == language
        lines = answer.locator("p:not(.call, .phone, .alarm)").evaluate_all(f"all => all.map({LINES})")
        assert 0 < sum(lines) <= 8, (question, lines)


# Colours depend on the scheme and places on the width, so each is tried once.
@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 390)])
def test_axe_finds_nothing_in_any_state_and_all_of_it_fits(
    browser: Browser, clinic_site: ClinicSite, surface: type[Chat], scheme: str, width: int
) -> None:
    size = {"width": width, "height": 844}
    with opened(browser, clinic_site, surface, viewport=size, color_scheme=scheme) as chat:
        for question in (EMERGENCY, CRISIS, TODAY, ORDINARY, DISMISS, PERSON, NEVER_SAID):
            answer = chat.ask(question)
            assert violations(chat.page) == [], question
            assert chat.page.evaluate("document.documentElement.scrollWidth") == width
            for control in [*answer.locator("a:visible").all(), *chat.dismiss.all()]:
                box = control.bounding_box()
                assert box
                assert box["height"] >= 24
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width


def test_the_ways_to_a_person_are_links_within_the_reply(chat: Chat) -> None:
    answer = chat.ask(PERSON)
    links = answer.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == ["tel:+442079460123", "mailto:hello@clinic.example", "https://clinic.example/book", "tel:999"]
    expect(answer.get_by_text("+44 20 7946 0123")).to_have_count(1)
    expect(answer).to_contain_text("(Monday to Friday, 9:00 to 17:30) \u00b7 hello@clinic.example \u00b7 Make an")


def test_a_reminder_stands_above_the_answer_as_a_line_of_its_own(chat: Chat) -> None:
    chat.ask(EMERGENCY)
    answer = chat.ask(ORDINARY)
    lines = answer.locator(".line, .message p").all_inner_texts()
    assert lines == ["If it is urgent after all, call 999."]
    assert answer.locator("blockquote").count() > 0


def test_the_line_of_contact_stands_above_passages_that_may_not_answer_alone(chat: Chat) -> None:
    chat.ask(EMERGENCY)
    answer = chat.ask(DISMISS)
    reach, first, last = answer.evaluate(PLACES)  # all at once, because the conversation may be scrolling
    if answer.locator(".closest").count():
        assert reach["bottom"] <= first["top"]
    else:
        assert last["bottom"] <= reach["top"]
    expect(answer.locator(".reach")).to_contain_text("+44 20 7946 0123 (Monday to Friday, 9:00 to 17:30)")


def test_the_api_says_what_stands_around_an_urgent_message(client: httpx.Client) -> None:
    told = client.post("/api/ask", json={"question": GERMAN[0]}).json()
    assert (told["outcome"], told["level"], told["contact"]) == ("urgent", "emergency", "")
    assert told["urgent"] == {
        "heading": "Das klingt dringend",
        "call": "999 anrufen",
        "phone": "999",
        "dismiss": "Das ist kein Notfall",
        "language": "de",
        "dir": "ltr",
    }
    assert "urgent" not in client.post("/api/ask", json={"question": NEVER_SAID}).json()


def test_nobody_is_asked_whether_an_urgent_answer_helped(browser: Browser, bot: Chatbot, tmp_path: Path) -> None:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30)
    with serving(bot, journal) as address, visiting(browser, address) as visitor:
        page = visitor.open()
        ask(page, ORDINARY)
        expect(page.locator("#feedback button:visible")).to_have_count(2)
        ask(page, EMERGENCY)
        expect(page.locator("#dismiss:visible")).to_be_visible()
        expect(page.locator("#feedback button:visible")).to_have_count(0)
