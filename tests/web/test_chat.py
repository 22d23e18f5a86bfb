"""A visitor's browser on the chat page. Every test fails if the browser complains or asks another host."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import build_index
from chatbot.records import Answer
from tests.conftest import ROOT, WordEncoder
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, ask, serving, visiting

ASKED = "is redness and swelling normal after microneedling?"
NEVER_SAID = "who won the football world cup?"
MARK = "After microneedling, it\u2019s normal to experience some redness and mild swelling, similar to a sunburn."
PHONE = {"width": 320, "height": 640}


def typed(page: Page) -> str:
    return page.input_value("#question textarea")


def said(page: Page) -> list[str]:
    return page.locator("#log .said").all_inner_texts()


def test_a_visitor_asks_and_sees_the_sentence_that_answers(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, ASKED)
    assert said(page) == [ASKED]
    expect(page.locator(".answer .lead")).to_have_text(MARK)
    expect(page.locator(".answer mark")).to_have_text([MARK])
    assert MARK in page.locator(".answer blockquote").first.inner_text()
    assert page.locator(".answer .number").first.inner_text().endswith("1")
    assert "From our page Benefits of Microneedling" in page.locator(".answer figcaption").first.inner_text()
    assert page.locator(".answer .about").first.inner_text() == "What To Expect After Microneedling"
    assert typed(page) == ""


def test_quotes_are_verbatim_on_the_screen(visitor: Visitor, bot: Chatbot) -> None:
    page = visitor.open()
    ask(page, ASKED)
    quotes = [citation.passage.text for citation in bot.ask(ASKED).citations]
    assert page.locator(".answer blockquote").evaluate_all("all => all.map(one => one.textContent)") == quotes


def test_a_citation_opens_its_page_at_the_marked_sentence(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, ASKED)
    with visitor.context.expect_page() as opened:
        page.locator(".answer figcaption a").first.click()
    document = opened.value
    expect(document.locator("#mark-1")).to_have_text(MARK)
    expect(document.locator("#mark-1")).to_be_in_viewport()
    expect(document.locator("h1")).to_have_text("Benefits of Microneedling")
    assert said(page) == [ASKED]


def test_what_the_pages_do_not_say_comes_with_the_contact(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, NEVER_SAID)
    reach = page.locator(".answer .reach")
    expect(reach.locator(".ways")).to_have_text(
        "+44 20 7946 0123 (Monday to Friday, 9:00 to 17:30) \u00b7 hello@clinic.example \u00b7 "
        "Make an appointment online (opens in a new tab)"
    )
    links = reach.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == ["tel:+442079460123", "mailto:hello@clinic.example", "https://clinic.example/book", "tel:999"]
    expect(reach.locator(".emergency")).to_have_text("In an emergency, call 999.")
    assert page.locator(".answer .contact").count() == 0
    assert page.locator(".answer blockquote").count() == 0


def test_the_page_greets_and_says_what_it_is(visitor: Visitor, bot: Chatbot) -> None:
    page = visitor.open()
    assert page.title() == "Ask Example Skin Clinic"
    expect(page.locator("h1")).to_have_text("Ask Example Skin Clinic")
    expect(page.get_by_text(bot.clinic.greeting)).to_be_visible()
    ask(page, ASKED)
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    notice = page.get_by_text("Automatic assistant. It quotes our own pages and gives no medical advice.")
    expect(notice).to_be_in_viewport(ratio=1)
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_box_and_the_sentence_on_privacy_are_seen_without_scrolling(visitor: Visitor) -> None:
    page = visitor.open()
    box, sentence = page.locator("#question textarea"), page.locator(".privacy")
    for text in (sentence.inner_text(), "We keep what you ask for a month, and no name. " * 10):
        sentence.evaluate("(node, text) => { node.textContent = text; }", text)
        for width, height in ((320, 640), (390, 844), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            expect(box).to_be_in_viewport(ratio=1)
            expect(sentence).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 640, "height": 320})  # a phone on its side has room for the box alone
    expect(box).to_be_in_viewport(ratio=1)


def test_once_a_conversation_has_begun_the_box_alone_stays_in_view(visitor: Visitor) -> None:
    page = visitor.open()
    page.set_viewport_size({"width": 320, "height": 640})
    ask(page, ASKED)
    expect(page.locator("#question textarea")).to_be_in_viewport(ratio=1)
    expect(page.locator(".privacy")).not_to_be_in_viewport()
    page.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    expect(page.locator(".privacy")).to_be_in_viewport(ratio=0.9)  # its height is a fraction of a pixel


def test_a_starter_asks_itself_and_suggestions_follow(visitor: Visitor, bot: Chatbot) -> None:
    page = visitor.open()
    buttons = page.locator("#suggestions button")
    assert tuple(buttons.all_inner_texts()) == bot.starters()
    buttons.nth(1).click()
    page.locator(".answer").wait_for()
    assert said(page) == [bot.starters()[1]]
    expect(buttons).to_have_text(list(bot.ask(bot.starters()[1]).suggestions))
    ask(page, NEVER_SAID)
    suggestions = bot.ask(NEVER_SAID).suggestions
    expect(buttons).to_have_text(list(suggestions))
    buttons.first.click()
    page.locator(".answer").nth(2).wait_for()
    assert said(page)[2] == suggestions[0]


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    page = visitor.open()
    page.keyboard.press("Tab")
    expect(page.locator("#suggestions button").first).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.locator("#question textarea")).to_be_focused()
    page.keyboard.type(ASKED)
    page.keyboard.press("Enter")
    page.locator(".answer").wait_for()
    expect(page.locator("#question textarea")).to_be_focused()
    offered = page.locator("#suggestions button")
    expect(offered).not_to_have_count(0)
    for _ in range(offered.count() + 2):  # what is offered, the clear button, then the last citation
        page.keyboard.press("Shift+Tab")
    expect(page.locator(".answer figcaption a").last).to_be_focused()
    outline = page.locator(".answer figcaption a").last.evaluate("one => getComputedStyle(one).outlineWidth")
    assert outline == "3px"


def test_a_line_end_can_be_typed_and_nothing_is_no_question(visitor: Visitor) -> None:
    page = visitor.open()
    page.click("#send")
    page.fill("#question textarea", "   ")
    page.keyboard.press("Enter")
    assert said(page) == []
    page.fill("#question textarea", "is redness")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("normal?")
    page.keyboard.press("Enter")
    page.locator(".answer").wait_for()
    assert said(page) == ["is redness\nnormal?"]


def test_clearing_forgets_the_conversation_and_returns_to_the_question(visitor: Visitor, bot: Chatbot) -> None:
    page = visitor.open()
    expect(page.locator("#clear")).to_be_hidden()
    ask(page, ASKED)
    page.click("#clear")
    expect(page.locator("#log .answer")).to_have_count(0)
    expect(page.locator("#question textarea")).to_be_focused()
    expect(page.locator("#suggestions button")).to_have_text(list(bot.starters()))
    expect(page.locator("#clear")).to_be_hidden()
    ask(page, NEVER_SAID)
    assert said(page) == [NEVER_SAID]


def test_a_new_question_is_shown_from_its_beginning(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, ASKED)
    ask(page, "does it help with acne scars?")
    last = page.locator("#log .said").last
    expect(last).to_be_in_viewport(ratio=1)
    page.wait_for_function(
        """() => {
            const top = [...document.querySelectorAll('#log .said')].at(-1).getBoundingClientRect().top;
            return document.querySelector('header').getBoundingClientRect().bottom <= top && top < 200;
        }"""
    )


HOSTILE = [
    "<img src=x onerror=alert(1)><script>alert(1)</script><style>*{display:none}</style>",
    "${alert(1)} {{7*7}} #{7*7} $x^2$ \\(y\\) **bold** [a](https://evil.example/x.png) ![](https://evil.example/x.png)",
    "<a href='https://evil.example'>redness</a><iframe src=https://evil.example></iframe>",
    "is redness \u202enormal\u202c or \u2066not\u2069?",
    "</span></div><h1>redness</h1>",
    "&lt;b&gt; &amp; \u0000 \U0001f600",
    "<think>redness</think>",
    "```\ncode\n```\n\n    indented",
]


def test_whatever_is_typed_is_shown_as_typed_and_does_nothing(visitor: Visitor) -> None:
    page = visitor.open()
    for question in HOSTILE:
        ask(page, question)
    shown = page.locator("#log .said").evaluate_all("all => all.map(one => one.textContent)")
    assert shown == [question.replace("\0", "\ufffd") for question in HOSTILE]
    assert page.locator("#log .message-row :is(img, script, iframe, style, h1, code, strong)").count() == 0
    assert page.locator("#log .said a").count() == 0


def test_a_question_that_is_too_long_is_told_and_not_lost(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, "x" * 2500)
    expect(page.locator(".apology")).to_contain_text("longer than 2,000 characters")
    assert typed(page) == "x" * 2500
    assert len(said(page)[0]) < 400
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    ask(page, ASKED)
    assert typed(page) == ""


class Recording(Chatbot):
    def ask(self, question: str, history: object = (), document: str | None = None) -> Answer:
        if "break" in question:
            raise RuntimeError("/secret/place")
        answer = super().ask(question, document=document)
        return Answer(
            answer.question,
            answer.understood_as,
            answer.outcome,
            answer.confidence,
            f"{history}\nSo our pages say:",
            answer.citations,
            answer.suggestions,
        )


def test_earlier_questions_are_passed_on_and_failures_are_not(
    browser: Browser, tmp_path: Path, corpus: Path, words: WordEncoder
) -> None:
    build_index(corpus, tmp_path, words)
    recording = Recording(corpus, tmp_path, words, load_clinic(ROOT / "clinic.toml"))
    with serving(recording) as address, visiting(browser, address) as visitor:
        page = visitor.open()
        ask(page, "one redness")
        ask(page, "break it")
        expect(page.locator(".apology")).to_contain_text("Something went wrong on our side")
        expect(page.locator(".apology .contact")).to_contain_text("+44 20 7946 0123")
        assert "secret" not in page.content()
        assert typed(page) == "break it"
        ask(page, "two collagen")
        ask(page, "three pores")
        messages = page.locator(".answer:not(.apology) > .line:first-of-type").all_inner_texts()
        assert messages == ["[]", "['one redness']", "['one redness', 'two collagen']"]
        page.click("#clear")
        expect(page.locator("#log .answer")).to_have_count(0)
        ask(page, "four")
        assert page.locator(".answer > .line").first.inner_text() == "[]"


def test_two_visitors_do_not_see_each_other(browser: Browser, visitor: Visitor, address: str) -> None:
    page = visitor.open()
    ask(page, ASKED)
    with visiting(browser, address) as other:
        own = other.open()
        assert said(own) == []
        ask(own, NEVER_SAID)
        assert said(own) == [NEVER_SAID]
    assert said(page) == [ASKED]


def test_panels_of_gradio_cannot_be_called_up(visitor: Visitor) -> None:
    for query in ("?view=api", "?view=settings", "?__theme=dark", "?deep_link=x"):
        page = visitor.open(f"/{query}")
        page.wait_for_selector("#question textarea")
        assert page.url == f"{visitor.address}/"
        assert page.locator("footer:not(.privacy), .api-docs, .settings-wrapper").count() == 0
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_of_320_pixels_shows_everything_without_scrolling_sideways(
    browser: Browser, address: str, scheme: str
) -> None:
    with visiting(browser, address, viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme) as visitor:
        page = visitor.open()
        width = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
        assert page.evaluate(width) == 320
        for question in (ASKED, NEVER_SAID, "w" * 300, "https://clinic.example/" + "x" * 200):
            ask(page, question)
            assert page.evaluate(width) == 320
        for control in page.locator("button:visible, #log a:visible, textarea:visible").all():
            box = control.bounding_box()
            assert box
            assert box["height"] >= 44
            assert box["x"] + box["width"] <= 320
        expect(page.locator("#question textarea")).not_to_be_focused()  # its keyboard would hide the answer
        document = visitor.open("/pages/benefits-of-microneedling.txt")
        assert document.evaluate(width) == 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, address: str, bot: Chatbot, scheme: str) -> None:
    with visiting(browser, address, color_scheme=scheme, reduced_motion="reduce") as visitor:
        page = visitor.open()
        ask(page, ASKED)  # by then Gradio, which says "Loading..." outside of all regions, has loaded
        assert violations(page) == []
        ask(page, NEVER_SAID)
        ask(page, "x" * 2500)
        assert violations(page) == []
        page.click("#clear")  # back at the start
        assert violations(page) == []
        document = visitor.open(bot.ask(ASKED).citations[0].link)
        assert violations(document) == []
        gone = visitor.open("/pages/benefits-of-microneedling.txt?mark=1-9&of=0")
        assert violations(gone) == []


def test_those_who_hear_the_page_hear_the_sentence_and_its_passage_once(visitor: Visitor) -> None:
    page = visitor.open()
    log = page.get_by_role("log", name="Conversation")
    assert log.get_attribute("aria-live") == "polite"
    page.evaluate(
        """() => {
            window.heard = [];
            new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(node =>
                window.heard.push(node.textContent)))).observe(document.querySelector("[role=log]"),
                {subtree: true, childList: true});
        }"""
    )
    ask(page, ASKED)
    ask(page, NEVER_SAID)
    page.wait_for_timeout(300)
    heard = "".join(page.evaluate("window.heard"))
    told = re.findall(r"You asked: |Answer: |" + re.escape(ASKED) + "|" + re.escape(NEVER_SAID) + "|" + MARK, heard)
    assert told == ["You asked: ", ASKED, "Answer: ", MARK, MARK, "You asked: ", NEVER_SAID, "Answer: "]
    assert page.locator("#log [data-testid][aria-label]").count() == 0


def test_dark_follows_the_visitors_choice(browser: Browser, address: str) -> None:
    shades = {}
    for scheme in ("light", "dark"):
        with visiting(browser, address, color_scheme=scheme) as visitor:
            page = visitor.open()
            shades[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shades == {"light": "rgb(250, 248, 245)", "dark": "rgb(21, 24, 26)"}


def test_without_scripts_the_contact_is_shown(browser: Browser, address: str) -> None:
    with visiting(browser, address, java_script_enabled=False) as visitor:
        page = visitor.context.new_page()
        page.goto(address)
        expect(page.get_by_role("link", name="+44 20 7946 0123")).to_be_visible()
        expect(page.locator("noscript .answer > p")).to_have_text(re.compile("needs JavaScript"))


def test_a_page_that_opens_is_light(visitor: Visitor) -> None:
    page = visitor.open()
    page.wait_for_timeout(1000)
    opened = len(visitor.requests)
    assert opened < 60
    ask(page, ASKED)
    asked = [re.sub(r"\?.*", "", url.removeprefix(visitor.address)) for url in visitor.requests[opened:]]
    assert asked[:2] == ["/gradio_api/queue/join", "/gradio_api/queue/data"]
