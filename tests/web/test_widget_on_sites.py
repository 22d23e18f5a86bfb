"""The chat on sites as they are built: exchanged pages, cookie bars, page builders, tag managers, optimisers."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import ClinicSite
from tests.web.test_widget import ASKED, MARK, PHONE, Guest, ask, launch, on_the_site

TURNS = "document.querySelector('footnote-chat').shadowRoot.querySelectorAll('.turn').length"
BAR = """<div style="position: fixed; inset: auto 0 0 0; padding: 16px; display: flex; justify-content: space-between;
background: #222; color: #fff; z-index: 2147483647" id="bar"><span>We use files that browsers keep.</span>
<span><button style="padding: 12px 24px" onclick="this.closest('#bar').remove()">Decline</button>
<button style="padding: 12px 24px">Accept</button></span></div>"""
# What a click would hit at 49 points of each button of the page.
COVERED = """() => [...document.querySelectorAll("#bar button")].flatMap(button => {
    const box = button.getBoundingClientRect();
    return [...Array(49).keys()].filter(n => document.elementFromPoint(box.left + box.width * (n % 7 + .5) / 7,
        box.top + box.height * (Math.floor(n / 7) + .5) / 7) !== button);
}).length"""


@pytest.fixture
def guest(browser: Browser, clinic_site: ClinicSite) -> Iterator[Guest]:
    with on_the_site(browser, clinic_site, viewport={"width": 1280, "height": 800}) as guest:
        yield guest


def works(page: Page) -> None:
    launch(page)
    expect(ask(page, ASKED).locator("mark").first).to_have_text(MARK)


def tag(guest: Guest, attributes: str = "", query: str = "") -> str:
    return f'<script src="{guest.site.assistant}/widget.js{query}" {attributes}></script>'


EXCHANGES = {
    # As Turbo, Barba and Astro's router do it: scripts that ran are not run again.
    "the body is replaced": "const next = document.createElement('body')"
    "; next.innerHTML = new_; document.body.replaceWith(next)",
    "its inner HTML is set": "document.body.innerHTML = new_",
    "everything is set": "document.documentElement.innerHTML = '<body>' + new_",
    # As Turbo shows a page that it kept a copy of.
    "a copy is put back": "document.body.replaceWith(document.body.cloneNode(true))",
}


def test_the_chat_comes_back_after_its_page_is_exchanged(guest: Guest) -> None:
    page = guest.open(head=tag(guest, "defer"), tag=" ")
    works(page)
    for number, exchange in enumerate(EXCHANGES.values(), start=1):
        page.evaluate(f"const new_ = '<h1>B</h1>'; {exchange}; document.dispatchEvent(new Event('astro:page-load'))")
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate(TURNS) == number
        assert page.locator("footnote-chat").count() == 1
        ask(page, ASKED)
    page.evaluate("Footnote.close()")
    page.evaluate("document.body.innerHTML = '<h1>C</h1>'")
    launch(page)
    assert page.evaluate(TURNS) == len(EXCHANGES) + 1


def test_an_inline_chat_follows_its_element_from_page_to_page(guest: Guest) -> None:
    warnings: list[str] = []
    guest.context.on("console", lambda message: warnings.append(message.text))
    page = guest.open(body="<div id=chat></div>", tag=tag(guest) + tag(guest, 'data-target="#chat"'))
    ask(page, ASKED)
    assert page.locator("footnote-chat").count() == 1
    page.evaluate("document.body.innerHTML = '<h1>A page without it</h1>'")
    launch(page)
    assert page.evaluate(TURNS) == 1
    assert warnings == ["Footnote: no element matches #chat, so there is a button."]
    page.evaluate("document.body.innerHTML = '<div id=chat></div>'")
    expect(page.locator("#chat .panel")).to_be_visible()
    expect(page.locator(".launcher")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    ask(page, ASKED)
    assert page.evaluate(TURNS) == 2


@pytest.mark.parametrize("target", ["#nothing", "#1 is no selector"])
def test_a_target_that_matches_nothing_falls_back_to_the_button(guest: Guest, target: str) -> None:
    page = guest.open(tag=tag(guest, f'data-target="{target}"'))
    works(page)


def test_the_buttons_of_a_cookie_bar_are_never_covered(browser: Browser, clinic_site: ClinicSite) -> None:
    for device in ({"viewport": {"width": 1280, "height": 800}}, {**PHONE, "viewport": {"width": 375, "height": 667}}):
        with on_the_site(browser, clinic_site, **device) as guest:
            page = guest.open(body="<p>text</p>" * 40 + BAR)
            page.locator(".launcher").wait_for()
            assert page.evaluate(COVERED) == 0
            high = page.locator(".launcher").bounding_box()
            page.get_by_role("button", name="Decline").click()
            page.wait_for_timeout(600)
            low = page.locator(".launcher").bounding_box()
            assert high
            assert low
            assert low["y"] > high["y"] + 40
            # A bar that comes late, and a window that stands open.
            launch(page)
            page.evaluate("bar => document.body.insertAdjacentHTML('beforeend', bar)", BAR)
            if "is_mobile" not in device:
                page.wait_for_timeout(600)
                assert page.evaluate(COVERED) == 0


BARS = {
    "in a frame": "<iframe srcdoc='<button>Accept</button>' style='position: fixed; right: 0; bottom: 0'></iframe>",
    "in a shadow tree": """<x-consent></x-consent><script>
        document.querySelector("x-consent").attachShadow({mode: "MODE"}).innerHTML =
            '<div style="position: fixed; right: 0; bottom: 0; height: 90px; width: 90%">Accept</div>'</script>""",
    "sticking to the end of the page": "<div style='position: sticky; bottom: 0; height: 80px'>Book now</div>",
    "over the whole page": """<div class=cookie-wall style="position: fixed; inset: 0"><button id=bar
        style="position: absolute; right: 10px; bottom: 10px; padding: 20px">Accept</button></div>""",
}


@pytest.mark.parametrize(
    ("name", "mode"),
    [*((name, "open") for name in BARS), ("in a shadow tree", "closed")],
)
def test_a_bar_of_any_make_is_left_free(guest: Guest, name: str, mode: str) -> None:
    page = guest.open(body="<p>text</p>" * 40 + BARS[name].replace("MODE", mode))
    page.locator(".launcher").wait_for()
    page.wait_for_timeout(600)
    free = """() => { const chat = document.querySelector("footnote-chat");
        return document.elementFromPoint(innerWidth - 60, innerHeight - 40) !== chat
            && document.elementFromPoint(innerWidth - 60, innerHeight - 60) !== chat }"""
    assert page.evaluate(free)
    works(page)


def test_what_scrolls_beneath_does_not_move_the_button(guest: Guest) -> None:
    shell = "<div style='position: fixed; inset: 0; overflow: auto'>{}</div>".format("<a href='#'>link</a><br>" * 99)
    page = guest.open(body=f"<button style='width: 100%; height: 2000px'>all</button>{shell}")
    page.locator(".launcher").wait_for()
    page.wait_for_timeout(600)
    box = page.locator(".launcher").bounding_box()
    assert box
    assert 800 - box["y"] - box["height"] == 20


def test_a_site_moves_and_hides_the_chat(guest: Guest) -> None:
    page = guest.open(
        head="<style>:root { --footnote-offset: 80px }</style><script>addEventListener('footnote:ready',"
        " () => { ready = typeof Footnote.hide })</script>",
    )
    launcher = page.locator(".launcher")
    inside = "document.querySelector('footnote-chat').shadowRoot.querySelector('.launcher')"
    bottom = f"800 - {inside}.getBoundingClientRect().bottom"
    launcher.wait_for()
    assert page.evaluate("ready") == "function"
    assert page.evaluate(bottom) == 100
    page.evaluate("document.documentElement.style.setProperty('--footnote-offset', '80')")  # no length
    assert page.evaluate(bottom) == 20
    page.evaluate("Footnote.hide()")
    expect(launcher).to_be_hidden()
    page.evaluate("Footnote.show()")
    expect(launcher).to_be_visible()
    page.evaluate("document.querySelector('footnote-chat').setAttribute('hidden', '')")
    expect(launcher).to_be_hidden()
    page.evaluate("document.querySelector('footnote-chat').hidden = false")
    works(page)
    page.evaluate("Footnote.hide()")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("Footnote.ask('redness?')")
    expect(page.locator(".turn")).to_have_count(2)
    page.evaluate("document.querySelector('footnote-chat').remove()")
    page.wait_for_timeout(600)
    assert page.locator("footnote-chat").count() == 0
    page.evaluate("Footnote.show()")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_tag_may_ask_for_a_hidden_chat(guest: Guest) -> None:
    page = guest.open(tag=tag(guest, "data-hidden data-open"))
    page.wait_for_function("window.Footnote")
    expect(page.locator(".launcher")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate("Footnote.show()")
    works(page)


# As jQuery's `html()` does it: the tag stays where it was put and does not run, and a copy without its attributes does.
INSERTED = """tag => {
    document.querySelector("#slot").innerHTML = tag;
    const script = document.createElement("script");
    script.src = document.querySelector("#slot script").src;
    document.head.append(script);
}"""


def test_settings_hold_where_a_copy_of_the_tag_runs(guest: Guest) -> None:
    page = guest.open(body="<div id=slot></div><div id=chat style='height: 400px'></div>", tag=" ")
    page.evaluate(INSERTED, tag(guest, 'data-target="#chat"'))
    expect(page.locator("#chat .panel")).to_be_visible()
    page = guest.open(body="<div id=slot></div>", tag=" ")
    page.evaluate(INSERTED, tag(guest, 'data-position="left"'))
    page.locator(".left > .launcher").wait_for()


def test_the_program_runs_as_the_text_of_a_tag(guest: Guest) -> None:
    text = httpx.get(f"{guest.site.assistant}/widget.js").text
    address = f"{guest.site.assistant}/widget.js"
    page = guest.open(tag=f'<script data-src="{address}" data-position="left">{text}</script>')
    page.locator(".left > .launcher").wait_for()
    works(page)


def test_the_program_runs_in_a_file_with_others(browser: Browser, clinic_site: ClinicSite) -> None:
    port = urlsplit(clinic_site.assistant).port
    server = clinic_site.assistant.replace("127.0.0.1", "chat.localhost")
    # As a tool on the web server asks for it: by the address that visitors know.
    text = httpx.get(f"{clinic_site.assistant}/widget.js", headers={"Host": f"chat.localhost:{port}"}).text
    assert json.dumps(f"{server}/") in text
    context = browser.new_context()
    page = context.new_page()
    clinic_site.pages["/cache/all.js"] = f"var theirs = 1\n{text}\nvar more = 2", {"Content-Type": "text/javascript"}
    page.goto(clinic_site.page("/combined", tag='<script src="/cache/all.js"></script>'))
    works(page)
    # A module has no tag of its own.
    page.goto(clinic_site.page("/module", tag=f"<script type=module>import('{server}/widget.js')</script>"))
    page.locator(".launcher").wait_for()
    context.close()


def test_a_program_that_cannot_know_its_server_says_the_cure(guest: Guest) -> None:
    said: list[str] = []
    guest.context.on("console", lambda message: said.append(message.text))
    text = httpx.get(f"{guest.site.assistant}/widget.js").text  # by an address of this machine, which is no visitor's
    page = guest.open(tag=f"<script>{text}</script>")
    page.wait_for_load_state()
    assert said == ["Footnote: which server? Leave widget.js out of what is combined, or add data-server to its tag."]
    assert page.locator("footnote-chat").count() == 0
    page = guest.open(tag=f'<script data-server="{guest.site.assistant}">{text}</script>')
    works(page)
