"""The chat inside pages that make it hard: strict policies, blocked cookies, hostile styles and scripts."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.bot import Chatbot
from chatbot.web.visitor.widget import script_tag
from tests.web.conftest import ClinicSite, serving
from tests.web.test_widget import ASKED, MARK, NEVER_SAID, PHONE, Guest, ask, launch, on_the_site


@pytest.fixture
def guest(browser: Browser, clinic_site: ClinicSite) -> Iterator[Guest]:
    with on_the_site(browser, clinic_site, viewport={"width": 1280, "height": 800}) as guest:
        yield guest


def works(page: Page) -> None:
    launch(page)
    expect(ask(page, ASKED).locator("mark").first).to_have_text(MARK)


STRICT = (
    "default-src 'none'; script-src 'nonce-abc123'; connect-src {}; img-src data:; frame-src 'none'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)


@pytest.mark.parametrize("patched", [False, True], ids=["", "with fetch patched"])
def test_a_strict_policy_of_the_page_is_kept(guest: Guest, patched: bool) -> None:
    server, reports = urlsplit(guest.site.assistant), list[str]()
    guest.context.on("console", lambda message: reports.append(message.text))
    spy = "<script nonce=abc123>fetch = () => { throw new Error('mine') }</script>" if patched else ""
    page = guest.open(
        head=spy,
        tag=f'<script src="{guest.site.assistant}/widget.js" nonce="abc123" defer></script>',
        Content_Security_Policy=STRICT.format(f"{server.scheme}://{server.netloc}"),
    )
    works(page)
    assert page.locator(".launcher, .panel").first.evaluate("one => getComputedStyle(one).position") == "fixed"
    assert [report for report in reports if "Content Security Policy" in report or "Trusted" in report] == []


def test_blocked_cookies_of_third_parties_are_not_missed(guest: Guest) -> None:
    page = guest.open(
        body=f'<iframe src="{guest.site.assistant}/embed" title="Chat" width="400" height="500"></iframe>'
    )
    works(page)
    inside = page.frames[1]
    inside.locator("textarea").fill(NEVER_SAID)
    inside.locator("textarea").press("Enter")
    expect(inside.locator(".turn .reach")).to_contain_text("+44 20 7946 0123")
    # The browser did block: the same cookie can be set where the assistant is no third party.
    cookie = "() => { document.cookie = 'a=1; SameSite=None; Secure'; return document.cookie }"
    assert inside.evaluate(cookie) == ""
    own = guest.context.new_page()
    own.goto(guest.site.assistant + "/demo")
    assert own.evaluate(cookie) == "a=1"


HOSTILE_STYLE = """<style>
* { all: unset !important; font-size: 5px !important; direction: rtl !important; }
html { font-size: 5px !important; }
body { transform: translateZ(0); filter: grayscale(1); display: block !important; height: 3000px !important; }
footnote-chat, footnote-chat * { display: none !important; opacity: 0 !important; transform: scale(.1) !important; }
.war { position: fixed !important; inset: 0 !important; z-index: 2147483647 !important; display: block !important;
       background: #fffc !important; }
</style>"""


def test_styles_of_the_page_do_not_reach_the_chat(guest: Guest) -> None:
    plain = guest.open()
    launch(plain)
    ask(plain, ASKED)
    page = guest.open(head=HOSTILE_STYLE)
    page.evaluate("document.body.append(Object.assign(document.createElement('div'), {className: 'war'}))")
    works(page)
    page.wait_for_timeout(300)
    plain.wait_for_timeout(300)
    looks = """() => [...document.querySelector("footnote-chat").shadowRoot.querySelectorAll("section *")].map(one => {
        const box = one.getBoundingClientRect(), style = getComputedStyle(one);
        return [one.localName, one.className, box.x, box.y, box.width, box.height, style.fontSize, style.color,
                style.direction, style.visibility].join();
    })"""
    assert page.evaluate(looks) == plain.evaluate(looks)


HOSTILE_SCRIPT = """<script>
    seen = [];
    fetch = async (...all) => { seen.push(all); throw new Error("mine"); };
    XMLHttpRequest.prototype.send = () => { throw new Error("mine"); };
    Array.prototype.toJSON = function () { return "[" + this.join() + "]"; };
    Object.prototype.extend = function () {};
    Array.prototype.each = function () {};
    Array.from = () => [];
    Element.prototype.remove = function () { this.parentNode.removeChild(this); return this; };
    Element.prototype.show = Element.prototype.hide = Element.prototype.select = () => { throw new Error("mine"); };
    window.$ = window.jQuery = () => { throw new Error("mine"); };
    window.open = window.close = window.name = window.Footnote = "mine";
    customElements.define("footnote-chat", class extends HTMLElement {});
    for (const type of ["keydown", "keypress", "input", "focusin"])
        document.addEventListener(type, event => { if (!event.target.matches("a")) event.preventDefault(); });
</script>"""


def test_scripts_of_the_page_do_not_break_the_chat_or_hear_what_is_asked(guest: Guest) -> None:
    page = guest.open(head=HOSTILE_SCRIPT)
    launch(page)
    page.locator("textarea").press_sequentially("redness?")
    page.keyboard.press("Enter")
    page.locator(".turn .answer").wait_for()
    with page.expect_request("**/api/ask") as asked:
        expect(ask(page, ASKED).locator("mark").first).to_have_text(MARK)
    assert asked.value.post_data_json == {"question": ASKED, "history": ["redness?"]}
    assert page.evaluate("seen") == []
    assert page.evaluate("Footnote") == "mine"


def test_the_page_keeps_its_own_element_and_shortcuts(guest: Guest) -> None:
    page = guest.open(
        body="<footnote-chat>mine</footnote-chat>",
        head="<script>keys = []; addEventListener('keydown', event => keys.push(event.key));"
        "customElements.define('footnote-chat', class extends HTMLElement { mine = true })</script>",
    )
    launch(page)
    page.keyboard.type("hm")
    assert page.evaluate("keys") == []
    assert page.evaluate("document.querySelector('footnote-chat').mine")


def test_two_tags_are_one_chat(guest: Guest) -> None:
    tag = f'<script src="{guest.site.assistant}/widget.js" defer></script>'
    page = guest.open(tag=tag * 2)
    page.locator(".launcher").wait_for()
    assert page.locator("footnote-chat").count() == 1


def test_a_site_that_exchanges_its_page_keeps_the_chat_and_the_conversation(guest: Guest) -> None:
    page = guest.open()
    works(page)
    page.evaluate(
        """src => {
            document.body = document.createElement("body");
            document.body.append(Object.assign(document.createElement("script"), {src}));
        }""",
        guest.site.assistant + "/widget.js",
    )
    expect(page.locator(".turn mark").first).to_have_text(MARK)
    page.keyboard.press("Tab")
    ask(page, NEVER_SAID)
    assert page.locator("footnote-chat").count() == 1


def test_the_page_does_not_move(guest: Guest) -> None:
    guest.context.add_init_script(
        """shifts = [];
        new PerformanceObserver(list => shifts.push(...list.getEntries().flatMap(one => one.sources)
            .filter(one => one.node).map(one => one.node.nodeName)))  // no node: it is the chat's own, in its shadow
            .observe({type: "layout-shift", buffered: true});"""
    )
    page = guest.open(body="<p>Words of the page</p>" * 60)
    page.locator(".launcher").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("shifts") == []
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    launch(page)
    ask(page, ASKED)
    page.wait_for_timeout(300)
    assert page.evaluate("shifts") == []
    assert page.evaluate(height) == before


def test_a_page_that_hides_its_address_says_who_it_is_in_the_tag(guest: Guest) -> None:
    for attribute, shown in (("", 0), ('crossorigin="anonymous"', 1), ('referrerpolicy="origin"', 1)):
        page = guest.open(
            tag=f'<script src="{guest.site.assistant}/widget.js" {attribute} defer></script>',
            Referrer_Policy="no-referrer",
        )
        page.wait_for_load_state()
        assert page.locator(".launcher").count() == shown
    works(page)


def test_a_site_that_is_not_on_the_list_shows_nothing(browser: Browser, clinic_site: ClinicSite) -> None:
    context = browser.new_context()
    page = context.new_page()
    frame = f'<iframe src="{clinic_site.assistant}/embed" title="Chat"></iframe>'
    clinic_site.page("/foreign", body=frame)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    site = clinic_site.origin.replace("localhost", "127.0.0.1")
    page.goto(f"{site}/foreign")
    cure = "Whoever runs the server can list it under [sites] in clinic.toml."
    assert f"Footnote: {site} is not on the list of sites that may show this chat. {cure}" in said
    assert page.locator(".launcher").count() == 0
    assert page.frames[1].locator("textarea").count() == 0
    ask_it = """async url => { try { const reply = await fetch(url, {method: "POST", body: '{"question": "a"}',
        headers: {"Content-Type": "application/json"}}); return reply.status } catch { return "refused" } }"""
    assert page.evaluate(ask_it, clinic_site.assistant + "/api/ask") == "refused"
    context.close()


def test_a_pinned_program_runs_and_another_in_its_place_does_not(
    guest: Guest, clinic_site: ClinicSite, bot: Chatbot
) -> None:
    tag = script_tag(bot, clinic_site.assistant + "/", "de", 30, pin=True)
    page = guest.open(tag=tag)
    launch(page)
    expect(page.get_by_role("dialog")).to_contain_text("Automatischer Assistent.")
    expect(ask(page, ASKED).locator("mark").first).to_have_text(MARK)
    changed = guest.open(tag=re.sub(r'(integrity="sha384-)..', r"\g<1>AA", tag))
    changed.wait_for_load_state()
    assert changed.locator(".launcher").count() == 0
    address = re.findall(r'src="([^"]+)"', tag)[0]
    assert httpx.get(address).headers["cache-control"] == "private, max-age=31536000, immutable"


def test_a_tag_manager_may_add_the_tag_after_the_page(guest: Guest) -> None:
    page = guest.open(tag=" ")
    page.evaluate(
        "src => document.head.append(Object.assign(document.createElement('script'), {src}))",
        guest.site.assistant + "/widget.js",
    )
    page.locator(".launcher").wait_for()
    works(page)


def test_a_conversation_outlives_its_page_only_where_the_clinic_says_so(
    browser: Browser, clinic_site: ClinicSite, bot: Chatbot
) -> None:
    tag = script_tag(bot, clinic_site.assistant, "en", 30, pin=True)
    for kept, turns in (("false", 0), ("true", 1)):
        with on_the_site(browser, clinic_site) as guest:
            own = tag.replace("session_storage&quot;:true", f"session_storage&quot;:{kept}")
            page = guest.open(tag=own)
            works(page)
            marks = page.locator(".turn blockquote mark").count()
            page.reload()
            with page.expect_response("**/widget-talk.js*"):
                launch(page)
            expect(page.locator(".turn blockquote mark")).to_have_count(marks * turns)
            assert page.evaluate("Object.keys(localStorage).length") == 0


def test_a_server_that_stops_between_two_questions_is_told(browser: Browser, bot: Chatbot) -> None:
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]  # a device, as Playwright knows it
    page = context.new_page()
    with serving(bot) as address:
        page.goto(address + "/demo")
        launch(page)
        ask(page, ASKED)
    turn = ask(page, "and swelling?")
    expect(turn).to_contain_text("The assistant cannot be reached just now.")
    expect(turn.get_by_role("link", name="+44 20 7946 0123")).to_be_visible()
    context.close()
