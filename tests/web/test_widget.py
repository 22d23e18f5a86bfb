"""A visitor of the clinic's own site, with the chat from another port in it; a request to a third place is a failure.

Every browser test of the widget shares one assistant and one site (`clinic_site`).
"""

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from chatbot.reading import read_page, shown_blocks
from chatbot.records import Answer, Citation, Highlight, Outcome, Passage
from chatbot.web.http.assets import palette
from chatbot.web.http.translations import LANGUAGES
from chatbot.web.visitor.layout import quoted
from tests.web.accessibility import violations
from tests.web.conftest import Attentive, ClinicSite

ASKED = "is redness and swelling normal after microneedling?"
NEVER_SAID = "who won the football world cup?"
SEVERAL = "what are the benefits of microneedling?"
URGENT = "redness and pain in my chest"
MARK = "After microneedling, it\u2019s normal to experience some redness and mild swelling, similar to a sunburn."
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@dataclass
class Guest:
    """Somebody on the clinic's site, with every request noted."""

    context: BrowserContext
    site: ClinicSite
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, body: str = "", head: str = "", tag: str = "", **headers: str) -> Page:
        address = self.site.page("/", body, head, tag, **headers)
        page = self.context.new_page()
        page.goto(address)
        return page

    @property
    def asked(self) -> list[str]:
        """The paths that the assistant was asked for."""
        ours = (url for url in self.requests if url.startswith(self.site.assistant))
        return [urlsplit(url).path.removeprefix(urlsplit(self.site.assistant).path) for url in ours]


@contextmanager
def on_the_site(browser: Browser, site: ClinicSite, **options: object) -> Iterator[Guest]:
    context = browser.new_context(**options)  # type: ignore[arg-type]  # whatever Playwright knows of a device
    context.set_default_timeout(15_000)
    guest = Guest(context, site)
    context.on("request", lambda request: guest.requests.append(request.url))
    context.on("weberror", lambda error: guest.errors.append(str(error.error)))
    yield guest
    context.close()
    assert guest.errors == []
    places = {urlsplit(url).netloc for url in guest.requests if url.startswith("http")}
    assert places <= {urlsplit(site.origin).netloc, urlsplit(site.assistant).netloc}


@pytest.fixture
def guest(browser: Browser, clinic_site: ClinicSite) -> Iterator[Guest]:
    with on_the_site(browser, clinic_site, viewport={"width": 1280, "height": 800}) as guest:
        yield guest


def launch(page: Page) -> None:
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def ask(page: Page, question: str) -> Locator:
    """Type a question, send it, and give the newest turn once something is said to it."""
    page.locator("textarea").fill(question)
    page.locator("textarea").press("Enter")
    turn = page.locator(".turn").last
    expect(turn.locator(".said")).to_contain_text(question)
    turn.locator(".answer").wait_for()
    return turn


def test_nothing_is_asked_and_nothing_is_kept_before_the_chat_is_opened(guest: Guest) -> None:
    page = guest.open()
    page.locator(".launcher").wait_for()
    page.keyboard.press("Tab")  # passing it is not opening it
    page.locator(".launcher").hover()
    page.wait_for_timeout(500)
    assert guest.asked == ["/widget.js"]
    kept = "async () => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]"
    assert page.evaluate(kept) == [[], [], ""]
    launch(page)
    ask(page, ASKED)
    ask(page, NEVER_SAID)
    assert guest.asked == ["/widget.js", "/widget-talk.js", "/api/ask", "/api/ask"]
    assert guest.context.cookies() == []
    assert page.evaluate(kept) == [[], [f"footnote {guest.site.assistant}/"], ""]
    assert page.evaluate("async () => [(await indexedDB.databases()).length, (await caches.keys()).length]") == [0, 0]


def test_a_visitor_asks_and_reads_the_clinics_own_words(guest: Guest, clinic_site: ClinicSite) -> None:
    page = guest.open()
    launch(page)
    dialog = page.get_by_role("dialog", name="Ask Example Skin Clinic")
    expect(dialog).to_contain_text("Hello! Ask me about our treatments.")
    expect(page.locator("textarea")).to_be_focused()
    turn = ask(page, ASKED)
    expect(turn.locator(".message")).to_have_count(0)
    expect(turn.locator(".lead")).to_have_text(MARK)
    expect(turn.locator("mark")).to_have_text([MARK])
    expect(turn.locator("figcaption").first).to_contain_text("From our page Benefits of Microneedling")
    told = httpx.post(clinic_site.assistant + "/api/ask", json={"question": ASKED}).json()
    quotes = turn.locator("blockquote").evaluate_all("all => all.map(one => one.textContent)")
    assert quotes == [cited["text"] for cited in told["citations"]]
    links = turn.locator("figcaption a").evaluate_all("all => all.map(one => [one.href, one.target, one.rel])")
    assert links == [[clinic_site.assistant + cited["link"], "_blank", "noopener"] for cited in told["citations"]]
    with page.context.expect_page() as opened:
        turn.locator("figcaption a").first.click()
    expect(opened.value.locator("#mark-1")).to_be_in_viewport()
    expect(opened.value.locator("#mark-1")).to_have_text(MARK)
    opened.value.close()
    turn = ask(page, SEVERAL)
    turn.locator("summary").first.click()
    expect(turn.locator("details[open] blockquote")).to_be_visible()


def test_what_the_pages_do_not_say_comes_with_the_clinics_contact(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    turn = ask(page, NEVER_SAID)
    expect(turn.locator(".message")).to_have_text("Our pages don\u2019t say. Please ask the clinic directly.")
    expect(turn.locator(".contact")).to_have_count(0)
    line = turn.locator(".reach p").first
    expect(line).to_have_text(
        "+44 20 7946 0123 (Monday to Friday, 9:00 to 17:30) \u00b7 hello@clinic.example \u00b7 "
        "Make an appointment online (in a new tab)"
    )
    links = turn.locator(".reach a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == ["tel:+442079460123", "mailto:hello@clinic.example", "https://clinic.example/book", "tel:999"]
    expect(turn.locator(".reach p").last).to_have_text("In an emergency, call 999.")
    expect(turn.get_by_text("+44 20 7946 0123")).to_have_count(1)
    offers = page.locator(".offers button")
    expect(offers.first).to_be_visible()
    offered = offers.first.inner_text()
    offers.first.click()
    expect(page.locator(".turn .said").last).to_contain_text(offered)
    page.locator(".turn").nth(1).locator(".answer").wait_for()
    expect(page.locator("textarea")).to_be_focused()


def test_what_is_urgent_comes_before_everything_else(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    turn = ask(page, URGENT)
    parts = turn.locator(".answer > *").evaluate_all("all => all.map(one => one.className || one.localName)")
    assert parts == ["message", "plain dismiss"]
    lines = turn.locator(".message p").all_inner_texts()
    assert lines[:2] == ["Call 999", "This sounds urgent"]
    expect(turn.locator(".message a")).to_have_attribute("href", "tel:999")
    expect(page.locator(".offers")).to_be_empty()


def test_small_talk_is_answered_without_ceremony(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    turn = ask(page, "thanks")
    expect(turn.locator(".message")).to_have_text("You are welcome. Is there anything else you would like to know?")
    expect(turn.locator(".feedback, .contact")).to_have_count(0)


def test_a_line_below_another_is_translated_too(guest: Guest) -> None:
    page = guest.open(tag=f'<script src="{guest.site.assistant}/widget.js" data-language="de" defer></script>')
    launch(page)
    expect(ask(page, NEVER_SAID).locator(".message")).to_have_text(
        "Dazu steht nichts auf unseren Seiten. Bitte fragen Sie die Praxis direkt."
    )
    ask(page, URGENT)
    turn = ask(page, "does microneedling help with acne scars?")
    expect(turn.locator(".message p")).to_have_text(["If it is urgent after all, call 999."])
    expect(turn.locator("figcaption").first).to_contain_text("Von unserer Seite „Benefits of Microneedling“")


def test_a_follow_up_carries_the_questions_before_it_until_the_conversation_is_cleared(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    ask(page, "is redness normal?")
    ask(page, 'and "swelling"?')
    assert Attentive.asked[-1] == ('and "swelling"?', ("is redness normal?",))
    page.get_by_role("button", name="Clear the conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("textarea")).to_be_focused()
    expect(page.locator(".offers button")).to_have_count(4)
    expect(page.get_by_role("button", name="Clear the conversation")).to_be_hidden()
    ask(page, "for how long?")
    assert not Attentive.asked[-1][1]


def test_a_visitor_judges_an_answer_and_may_add_a_word(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    with page.expect_response("**/api/ask") as answered:
        turn = ask(page, ASKED)
    with page.expect_request("**/api/feedback") as judged:
        turn.get_by_role("button", name="Did this help? No").click()
    identity = answered.value.json()["answer_id"]
    assert json.loads(judged.value.post_data or "") == {"answer_id": identity, "helpful": False}
    turn.locator(".feedback input").fill("  too short ")
    with page.expect_request("**/api/feedback") as added:
        turn.get_by_role("button", name="Send").click()
    assert json.loads(added.value.post_data or "") == {"answer_id": identity, "helpful": False, "comment": "too short"}
    expect(turn.locator(".feedback")).to_have_text("Thank you.")


def test_when_the_server_fails_the_clinic_can_be_reached_all_the_same(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    turn = ask(page, "break it")
    expect(turn).to_contain_text("The assistant cannot be reached just now.")
    expect(turn).to_contain_text("In an emergency, call 999.")
    expect(turn.locator(".contact")).to_contain_text("+44 20 7946 0123")
    expect(page.locator("textarea")).to_have_value("break it")
    page.locator("textarea").fill("")
    ask(page, ASKED)
    expect(page.locator(".turn")).to_have_count(1)  # what failed is gone
    long = ask(page, "x" * 2500)
    expect(long).to_contain_text("Your question is too long.")
    expect(page.locator("textarea")).to_have_value("x" * 2500)


def test_a_server_that_is_gone_leaves_the_contact_and_another_try(guest: Guest) -> None:
    page = guest.open()
    page.locator(".launcher").wait_for()
    guest.context.set_offline(True)
    launch(page)
    expect(page.locator(".status")).to_contain_text("The assistant cannot be reached just now.")
    expect(page.locator(".status .contact")).to_contain_text("+44 20 7946 0123")
    expect(page.locator(".status .emergency")).to_have_text("In an emergency, call 999.")
    expect(page.locator(".status")).not_to_contain_text("What you describe")
    page.locator("textarea").fill(ASKED)
    with page.expect_event("requestfailed"):
        page.keyboard.press("Enter")
    expect(page.locator("textarea")).to_have_value(ASKED)
    guest.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".status .contact")).to_have_count(0)
    page.locator("textarea").press("Enter")
    expect(page.locator(".turn mark").first).to_have_text(MARK)
    assert guest.asked.count("/api/ask") == 1


def test_a_slow_answer_names_other_ways_meanwhile(guest: Guest) -> None:
    guest.context.clock.install()
    page = guest.open()
    launch(page)
    guest.context.clock.run_for(1000)
    page.locator("textarea").fill("is redness normal, slowly?")
    page.keyboard.press("Enter")
    expect(page.locator(".status")).to_contain_text("Looking through our pages")
    guest.context.clock.run_for(8000)
    expect(page.locator(".status .contact")).to_contain_text("+44 20 7946 0123")
    page.locator(".turn .answer").wait_for()
    expect(page.locator(".status")).to_be_empty()


HOSTILE = [
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "${alert(1)} {{7*7}} **bold** [a](https://evil.example/x.png)",
    "is redness \u202enormal\u202c or \u2066not\u2069?",
]


def test_whatever_is_typed_is_shown_as_typed_and_does_nothing(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    for question in HOSTILE:
        ask(page, question)
    shown = page.locator(".said > span:last-child").evaluate_all("all => all.map(one => one.textContent)")
    assert shown == HOSTILE
    assert page.locator(".turn :is(img, script, iframe, strong)").count() == 0


def test_the_site_drives_the_chat_and_hears_of_it_without_the_words(guest: Guest) -> None:
    page = guest.open(
        head="<script>heard = []; for (const name of ['open', 'close', 'answer'])"
        " addEventListener('footnote:' + name, event => heard.push([name, event.detail]))</script>"
    )
    page.locator(".launcher").wait_for()
    page.evaluate("question => Footnote.ask(question)", ASKED)
    expect(page.locator(".turn mark").first).to_have_text(MARK)
    page.evaluate("Footnote.close()")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("Footnote.open()")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("heard") == [
        ["open", None],
        ["answer", {"outcome": "answered"}],
        ["close", None],
        ["open", None],
    ]


def test_those_who_hear_the_page_hear_the_sentence_and_its_passage_once(guest: Guest) -> None:
    page = guest.open()
    launch(page)
    assert page.get_by_role("log", name="Conversation").count() == 1
    page.evaluate(
        """() => {
            window.heard = [];
            const root = document.querySelector("footnote-chat").shadowRoot;
            for (const region of root.querySelectorAll("[role=log], [role=status]"))
                new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node =>
                    window.heard.push(node.textContent)))).observe(region, {subtree: true, childList: true});
        }"""
    )
    ask(page, ASKED)
    ask(page, NEVER_SAID)
    heard = "".join(page.evaluate("window.heard"))
    told = re.findall(r"You asked: |Answer: |" + re.escape(ASKED) + "|" + re.escape(NEVER_SAID) + "|" + MARK, heard)
    assert told == ["You asked: ", ASKED, "Answer: ", MARK, MARK, "You asked: ", NEVER_SAID, "Answer: "]


def test_twelve_tasks_are_done_by_keyboard_alone(guest: Guest) -> None:
    page = guest.open()
    page.locator(".launcher").wait_for()
    press, dialog, question = page.keyboard.press, page.get_by_role("dialog"), page.locator("textarea")

    def back_to(target: Locator) -> None:
        for _ in range(20):
            if target.evaluate("one => one === one.getRootNode().activeElement"):
                return
            press("Shift+Tab")
        raise AssertionError(f"{target} cannot be reached")

    press("Tab")  # 1: reach the button, which shows where the keyboard is
    expect(page.locator(".launcher")).to_be_focused()
    assert page.locator(".launcher").evaluate("one => getComputedStyle(one).outlineWidth") == "3px"
    press("Enter")  # 2: open, and type at once
    expect(question).to_be_focused()
    page.keyboard.type("what are the benefits")  # 3: a question of two lines
    press("Shift+Enter")
    page.keyboard.type("of microneedling?")
    expect(question).to_have_value("what are the benefits\nof microneedling?")
    press("Enter")  # 4: send it
    first = page.locator(".turn").first
    first.locator("mark").first.wait_for()
    expect(question).to_be_focused()
    back_to(first.get_by_role("button", name="Did this help? Yes"))  # 5: judge the answer
    press("Space")
    expect(first.locator(".feedback")).to_be_focused()
    press("Tab")  # 6: add a word
    page.keyboard.type("kind")
    press("Enter")
    expect(first.locator(".feedback")).to_have_text("Thank you.")
    back_to(first.locator("summary").last)  # 7: read a whole passage
    press("Enter")
    expect(first.locator("details").last).to_have_attribute("open", "")
    back_to(first.locator("figcaption a").first)  # 8: open a citation
    with page.context.expect_page() as opened:
        press("Enter")
    opened.value.close()
    page.bring_to_front()
    back_to(page.locator(".scroll"))  # 9: scroll the conversation
    press("Home")
    page.wait_for_function(
        "() => document.querySelector('footnote-chat').shadowRoot.querySelector('.scroll').scrollTop === 0"
    )
    back_to(page.get_by_role("button", name="Clear the conversation"))  # 10: clear it
    press("Enter")
    expect(question).to_be_focused()
    back_to(page.locator(".offers button").first)  # 11: ask a starter question
    press("Enter")
    expect(question).to_be_focused()
    page.locator(".turn .answer").wait_for()
    press("Escape")  # 12: close, and be where one was
    expect(dialog).to_be_hidden()
    expect(page.locator(".launcher")).to_be_focused()


@pytest.mark.parametrize(
    ("scheme", "options"), [("light", {}), ("dark", {}), ("light", PHONE)], ids=["light", "dark", "phone"]
)
def test_axe_finds_nothing_in_five_states(
    browser: Browser, clinic_site: ClinicSite, scheme: str, options: dict[str, object]
) -> None:
    with on_the_site(browser, clinic_site, color_scheme=scheme, reduced_motion="reduce", **options) as guest:
        page = guest.open(head="<style>:root { color-scheme: light dark }</style>")
        page.locator(".launcher").wait_for()
        assert violations(page) == []
        launch(page)
        assert violations(page) == []
        for question in (ASKED, NEVER_SAID, URGENT):
            ask(page, question)
            assert violations(page) == []
            page.get_by_role("button", name="Clear the conversation").click()
        ask(page, "break it")
        assert violations(page) == []


def test_dark_follows_the_page_and_not_the_visitor_alone(browser: Browser, clinic_site: ClinicSite) -> None:
    with on_the_site(browser, clinic_site, color_scheme="dark") as guest:
        shades = []
        for scheme in ("", "light dark", "dark", "light"):
            page = guest.open(head=f"<style>:root {{ color-scheme: {scheme} }}</style>" if scheme else "")
            launch(page)
            shades.append(page.get_by_role("dialog").evaluate("one => getComputedStyle(one).backgroundColor"))
    light, dark = "rgb(250, 248, 245)", "rgb(21, 24, 26)"
    assert shades == [light, dark, dark, light]


SMALL = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}  # 1280 by 800 at 200 %


@pytest.mark.parametrize("options", [PHONE, SMALL], ids=["320 pixels", "200 %"])
def test_on_a_small_screen_everything_fits_and_can_be_hit(
    browser: Browser, clinic_site: ClinicSite, options: dict[str, object]
) -> None:
    with on_the_site(browser, clinic_site, **options) as guest:
        page = guest.open()
        launch(page)
        width, height = page.evaluate("[innerWidth, innerHeight]")
        for question in (ASKED, NEVER_SAID, "w" * 300):
            ask(page, question)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator(".scroll").evaluate("one => one.scrollWidth - one.clientWidth") == 0
        controls = page.get_by_role("dialog").locator("a, button, textarea, summary")
        for control in controls.all():
            if control.is_visible():
                box = control.bounding_box()
                assert box
                assert min(box["width"], box["height"]) >= 24, control.inner_text()
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width
        ask_box = page.locator("form.ask").bounding_box()
        assert ask_box
        assert ask_box["y"] + ask_box["height"] <= height


def test_on_a_phone_the_page_behind_cannot_be_reached_and_the_keyboard_stays_away(
    browser: Browser, clinic_site: ClinicSite
) -> None:
    with on_the_site(browser, clinic_site, reduced_motion="reduce", **PHONE) as guest:
        page = guest.open(body='<a href="#behind">A link of the page</a>')
        page.locator(".launcher").tap()
        expect(page.locator("textarea")).not_to_be_focused()
        assert page.locator("dialog").evaluate("one => one.matches(':modal')")
        box = page.locator("dialog").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 320, "height": 640}
        seen = set()
        for _ in range(12):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("document.activeElement.localName"))
        assert "a" not in seen
        page.set_viewport_size({"width": 320, "height": 380})  # the on-screen keyboard comes
        expect(page.locator("form.ask")).to_be_in_viewport(ratio=1)
        page.set_viewport_size({"width": 800, "height": 640})  # the phone is turned
        assert not page.locator("dialog").evaluate("one => one.matches(':modal')")
        expect(page.locator("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_be_hidden()


@pytest.mark.parametrize("colour", ["#ffdd00", "#0f766e", "#ffffff", "#000000", "#e11d48"])
def test_a_colour_of_the_tag_is_made_readable_as_the_chat_page_does(guest: Guest, colour: str) -> None:
    page = guest.open(tag=f'<script src="{guest.site.assistant}/widget.js" data-colour="{colour}" defer></script>')
    shown = page.locator(".launcher").evaluate(
        "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
    )
    shades = palette(colour)
    assert shown == [rgb(shades.light), rgb(shades.on_light)]


def rgb(text: str) -> str:
    return "rgb({}, {}, {})".format(*(int(text[at : at + 2], 16) for at in (1, 3, 5)))


def test_the_tag_sets_title_greeting_side_and_links(guest: Guest) -> None:
    page = guest.open(
        tag=f'<script src="{guest.site.assistant}/widget.js" data-title="Hi &lt;b&gt;" data-greeting="Ask away" '
        'data-position="left" data-links="same tab" data-open defer></script>'
    )
    dialog = page.get_by_role("dialog", name="Hi <b>")
    expect(dialog).to_contain_text("Ask away")
    box = dialog.bounding_box()
    assert box
    assert box["x"] < 50
    assert page.evaluate("document.activeElement.localName") == "body"  # it opened by itself, and takes no focus
    page.wait_for_timeout(300)
    assert guest.asked == ["/widget.js"]
    link = ask(page, ASKED).locator("figcaption a").first
    assert link.get_attribute("target") == "_top"
    link.click()
    expect(page.locator("#mark-1")).to_have_text(MARK)


def test_an_inline_chat_stands_where_the_page_wants_it(guest: Guest) -> None:
    tag = f'<script src="{guest.site.assistant}/widget.js" data-target="#here" defer></script>'
    page = guest.open(body='<div id="here" style="--footnote-height: 500px"></div><p>below</p>', tag=tag)
    box = page.locator("#here footnote-chat").bounding_box()
    assert box
    assert box["height"] == 500
    assert page.locator(".launcher").count() == 0
    assert guest.asked == ["/widget.js"]
    expect(ask(page, ASKED).locator("mark").first).to_have_text(MARK)
    assert violations(page) == []
    assert page.get_by_role("button", name="Close").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chat_speaks_a_language_and_is_small(clinic_site: ClinicSite, language: str) -> None:
    with httpx.Client(base_url=clinic_site.assistant, headers={"accept-encoding": "gzip"}) as client:
        sent = 0
        for path in (f"/widget.js?language={language}", "/widget-talk.js"):
            with client.stream("GET", path) as response:
                assert response.headers["content-encoding"] == "gzip"
                raw = b"".join(response.iter_raw())
            sent += len(raw)
            assert len(raw) <= 10_000
            gzip.decompress(raw).decode()
    assert sent <= 20_000


def test_a_page_in_arabic_gets_arabic_from_the_right(browser: Browser, clinic_site: ClinicSite) -> None:
    with on_the_site(browser, clinic_site, viewport={"width": 1280, "height": 800}) as guest:
        page = guest.open(
            head="<script>document.documentElement.lang = 'ar-EG'</script>",
            tag=f'<script src="{clinic_site.assistant}/widget.js" data-language="auto" defer></script>',
        )
        launch(page)
        dialog = page.get_by_role("dialog")
        assert dialog.evaluate("one => getComputedStyle(one).direction") == "rtl"
        turn = ask(page, ASKED)
        expect(turn.locator("figcaption").first).to_contain_text("من صفحتنا «Benefits of Microneedling»")
        assert turn.locator("blockquote").first.evaluate("one => getComputedStyle(one).direction") == "ltr"
        box = dialog.bounding_box()
        assert box
        assert box["x"] < 50
        assert violations(page) == []


def test_the_framed_chat_works_where_the_site_may_frame_it(guest: Guest) -> None:
    page = guest.open(
        tag=f'<iframe src="{guest.site.assistant}/embed?language=es" title="Chat" width="400" height="600"></iframe>'
    )
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Pregunte a Example Skin Clinic")).to_be_visible()
    frame.locator("textarea").fill(ASKED)
    frame.locator("textarea").press("Enter")
    expect(frame.locator(".turn mark").first).to_have_text(MARK)
    expect(frame.locator(".turn figcaption").first).to_contain_text("De nuestra página «Benefits of Microneedling»")


def test_the_demonstration_page_shows_the_chat(browser: Browser, clinic_site: ClinicSite) -> None:
    with on_the_site(browser, clinic_site) as guest:
        page = guest.context.new_page()
        page.goto(clinic_site.assistant + "/demo")
        assert violations(page) == []
        launch(page)
        expect(ask(page, ASKED).locator("mark").first).to_have_text(MARK)


PRICES = """Prices, each for one visit:

Chin | \u00a334 | \u00a345
Neck |  | \u00a360

Bring:

- a hat \U0001f452
- cream
  1. factor 50
  2. no scent"""


def test_tables_and_lists_are_shown_as_the_chat_page_shows_them(guest: Guest) -> None:
    text = f"Area | Members | Guests\n{PRICES}"
    document = read_page("prices.txt", PRICES.encode())
    starts = (PRICES.index("Neck |"), PRICES.index("cream"))
    marks = tuple(Highlight(start, PRICES.index("\n", start)) for start in starts)
    passage = Passage("prices.txt", "Prices", None, (), 24, len(text), PRICES, (0, 23))
    blocks = shown_blocks(document.blocks, 0, len(PRICES))
    cited = Citation(1, passage, marks, "/pages/prices.txt", header=text[:23], blocks=blocks)
    answer = Answer("prices", "prices", Outcome.ANSWERED, 0.9, "This is what our pages say:", (cited,), ())
    page = guest.open()
    page.route("**/api/ask", lambda route: route.fulfill(json={"answer_id": "1", **answer.as_dict()}))
    launch(page)
    shown = ask(page, "prices").locator("blockquote").inner_html()
    there = str(quoted(PRICES, marks, blocks, text[:23])).replace("&#10;", "\n")
    assert shown.replace("\n", "") == there.replace("\n", "").replace("&amp;", "&")
