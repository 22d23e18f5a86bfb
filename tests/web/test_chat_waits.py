"""The chat page while the server is slow, stalled or gone, and when the page is left and opened again."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.bot import Chatbot
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, ask, visiting

FIRST = "is redness and swelling normal after microneedling?"
SECOND = "does it help with acne scars?"
PHONE = {"width": 320, "height": 640}


class Proxy:
    """Passes bytes to a server and back, and can hold them or break off."""

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._server = ("127.0.0.1", parts.port or 0)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._flows = Event()
        self._flows.set()
        self.address = f"{parts.scheme}://127.0.0.1:{self._listening.getsockname()[1]}{parts.path}"
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def stall(self) -> None:
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    def break_off(self) -> None:
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._flows.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._accepting.join(10)
        self._listening.close()
        self.break_off()
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._sockets.append(client)
                server = socket.create_connection(self._server)
                self._sockets.append(server)
                for ends in ((client, server), (server, client)):
                    Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(address: str) -> Iterator[Proxy]:
    proxy = Proxy(address)
    yield proxy
    proxy.close()


@pytest.fixture
def visitor(browser: Browser, proxy: Proxy) -> Iterator[Visitor]:
    with visiting(browser, proxy.address, viewport={"width": 1280, "height": 800}) as visitor:
        yield visitor


def typed(page: Page) -> str:
    return page.input_value("#question textarea")


def said(page: Page) -> list[str]:
    return page.locator("#log .said").all_inner_texts()


def send(page: Page, question: str) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")


def test_questions_to_a_stalled_server_are_shown_at_once_and_answered_in_order(visitor: Visitor, proxy: Proxy) -> None:
    page = visitor.open()
    ask(page, "what is microneedling?")
    proxy.stall()
    send(page, FIRST)
    assert said(page)[1:] == [FIRST]  # by the page itself: nothing can have come from the server
    assert typed(page) == ""
    expect(page.locator("#searching")).to_have_text("Looking through our pages…")
    send(page, SECOND)
    assert said(page)[1:] == [FIRST, SECOND]
    expect(page.locator("#pending .waits")).to_have_count(1)
    page.fill("#question textarea", "and what of")
    page.wait_for_timeout(1_000)
    proxy.go_on()
    expect(page.locator("#log .answer")).to_have_count(3)
    assert said(page)[1:] == [FIRST, SECOND]
    expect(page.locator("#pending .exchange")).to_have_count(0)
    expect(page.locator("#searching")).to_be_empty()
    assert typed(page) == "and what of"
    expect(page.locator("#question textarea")).to_be_focused()


def test_a_server_that_breaks_off_leaves_the_words_with_a_way_to_ask_again(browser: Browser, proxy: Proxy) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(proxy.address)
    ask(page, "what is microneedling?")
    proxy.stall()
    send(page, FIRST)
    send(page, SECOND)
    page.fill("#question textarea", "half a que")
    proxy.break_off()
    failed = page.locator("#pending .apology")
    # Over HTTP/2 the browser asks again by itself, over a new connection, before it gives up.
    expect(failed).to_contain_text("cannot be reached just now", timeout=40_000)
    expect(failed).to_contain_text("+44 20 7946 0123")
    assert said(page)[1:] == [FIRST, SECOND]
    assert typed(page) == "half a que"
    proxy.go_on()
    # Gradio loads the page anew once it reaches the server again.
    again = page.get_by_role("button", name="Try again")
    page.wait_for_function("() => !document.querySelector('.toast-body.error') && document.querySelector('#post')")
    again.click()
    expect(page.locator("#log .answer")).to_have_count(3)
    assert said(page)[1:] == [FIRST, SECOND]
    assert typed(page) == "half a que"
    context.close()


def test_an_answer_that_does_not_come_in_time_can_be_asked_for_again(visitor: Visitor, proxy: Proxy) -> None:
    page = visitor.context.new_page()
    page.clock.install()
    page.goto(visitor.address)
    page.wait_for_selector("#post", state="attached")
    proxy.stall()
    send(page, FIRST)
    page.clock.run_for(8_100)
    expect(page.locator("#slow")).to_contain_text("This is taking longer than usual.")
    expect(page.locator("#slow .contact")).to_contain_text("+44 20 7946 0123")
    page.clock.run_for(22_000)
    expect(page.locator("#pending .apology")).to_contain_text("cannot be reached just now")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#pending .apology")).to_have_count(0)
    proxy.go_on()
    for _ in range(20):
        page.clock.run_for(500)
        page.wait_for_timeout(50)
    expect(page.locator("#log .answer")).to_have_count(1)
    assert said(page) == [FIRST]


def test_a_conversation_survives_the_way_to_another_page_and_back(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, FIRST)
    ask(page, SECOND)
    shown = page.locator("#log .answer").evaluate_all("all => all.map(one => one.outerHTML)")
    suggestions = page.locator("#suggestions button").all_inner_texts()
    page.fill("#question textarea", "and what of")
    page.wait_for_timeout(400)
    for elsewhere in ("", f"{visitor.address}/pages/benefits-of-microneedling.txt"):
        if elsewhere:
            page.goto(elsewhere)
            page.go_back()
        else:
            page.reload()
        page.wait_for_selector("#post", state="attached")
        assert said(page) == [FIRST, SECOND]
        assert page.locator("#log .answer").evaluate_all("all => all.map(one => one.outerHTML)") == shown
        assert page.locator("#suggestions button").all_inner_texts() == suggestions
        assert typed(page) == "and what of"
    ask(page, "how long will it last?")
    assert said(page) == [FIRST, SECOND, "how long will it last?"]
    expect(page.locator("#question textarea")).to_have_value("")
    page.click("#clear")
    assert said(page) == []
    page.reload()
    assert said(page) == []
    assert page.evaluate("sessionStorage.length") == 0
    visitor.complaints.clear()  # of requests that leaving the page cut off


def test_a_question_on_its_way_is_asked_again_when_the_page_loads_anew(visitor: Visitor, proxy: Proxy) -> None:
    page = visitor.open()
    proxy.stall()
    send(page, FIRST)
    send(page, SECOND)
    proxy.go_on()
    page.reload()
    expect(page.locator("#log .answer")).to_have_count(2)
    assert said(page) == [FIRST, SECOND]
    visitor.complaints.clear()


def test_a_question_is_as_large_before_and_after_a_reload(visitor: Visitor) -> None:
    page = visitor.open()
    ask(page, FIRST)
    question = "document.querySelector('#log .said')"
    shown = f"(({{fontSize, lineHeight}}) => [fontSize, lineHeight])(getComputedStyle({question}))"
    before = page.evaluate(shown)
    page.reload()
    expect(page.locator("#earlier .answer")).to_have_count(1)
    assert page.evaluate(shown) == before


def test_what_cannot_be_restored_does_not_stop_the_page(visitor: Visitor) -> None:
    page = visitor.open()
    for kept in ("no json", '{"turns": 7, "queue": {}}', "[]"):
        page.evaluate("kept => sessionStorage.setItem(`footnote chat ${location.origin}/`, kept)", kept)
        page.evaluate("addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true)")
        page.goto("about:blank")
        page.go_back()
        page.wait_for_selector("#post", state="attached")
        assert said(page) == []
    ask(page, FIRST)
    assert said(page) == [FIRST]
    visitor.complaints.clear()


@pytest.fixture
def forgetful(bot: Chatbot, address: str) -> Iterator[str]:
    """A server of a clinic that has switched off that conversations are kept."""
    clinic = bot.clinic
    bot.set_clinic(replace(clinic, widget=replace(clinic.widget, session_storage=False)))
    yield address
    bot.set_clinic(clinic)


def test_nothing_is_kept_where_the_clinic_has_switched_it_off(browser: Browser, forgetful: str) -> None:
    with visiting(browser, forgetful) as visitor:
        page = visitor.open()
        ask(page, FIRST)
        page.wait_for_function("() => history.state === null")
        kept = page.evaluate(
            "async () => [Object.keys(localStorage), Object.keys(sessionStorage), document.cookie,"
            " (await indexedDB.databases()).length, (await caches.keys()).length]"
        )
        assert kept == [[], [], "", 0, 0]
        assert visitor.context.cookies() == []
        page.fill("#question textarea", "is redness")
        page.wait_for_function("() => history.state?.draft === 'is redness'")
        page.reload()
        page.wait_for_selector("#post", state="attached")
        assert said(page) == []
        assert typed(page) == "is redness"
        visitor.complaints.clear()  # of a request that leaving the page cut off


@contextmanager
def unchanged(page: Page) -> Iterator[None]:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    yield
    page.wait_for_timeout(700)
    assert said(page) == []
    assert requests == []


def test_a_question_that_cannot_be_seen_is_no_question(visitor: Visitor) -> None:
    page = visitor.open()
    page.wait_for_timeout(700)
    with unchanged(page):
        for question in ("", "   ", "\u200b\u200d\ufeff", "\u2060 \u00ad\n\u3000", "\u202e\u2066"):
            send(page, question)
        page.click("#send")
    ask(page, FIRST)
    assert said(page) == [FIRST]


def test_a_waiting_phone_shows_all_in_320_pixels(browser: Browser, proxy: Proxy) -> None:
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    with visiting(browser, proxy.address, **options) as visitor:
        page = visitor.open()
        ask(page, FIRST)
        proxy.stall()
        send(page, "w" * 300)
        send(page, SECOND)
        expect(page.locator("#pending .waits")).to_be_visible()
        expect(page.locator("#question textarea")).not_to_be_focused()
        assert page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)") == 320
        assert violations(page) == []
        proxy.go_on()
        expect(page.locator("#log .answer")).to_have_count(3)
