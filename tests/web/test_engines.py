"""Chat page, document page and widget in Firefox and WebKit, as in Chromium; one browser an engine.

Most visitors hold an iPhone, whose browsers are all WebKit.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from tests.web.conftest import ClinicSite
from tests.web.engines import ENGINES, browsing, missing
from tests.web.test_widget import ASKED, MARK
from tests.web.test_widget_on_sites import BAR, COVERED

pytestmark = pytest.mark.browser
WIDGET = "document.querySelector('footnote-chat')?.shadowRoot?.querySelector"
NARROW = 320
PATIENCE = 30  # seconds


@dataclass(frozen=True)
class Reader:
    """Somebody with a browser of one engine, on the clinic's site."""

    driver: WebDriver
    site: ClinicSite
    engine: str

    def wait(self, expression: str) -> object:
        """Return what an expression of the page gives, once that is something."""
        until = time.monotonic() + PATIENCE
        while True:
            found = self.driver.execute_script(f"return {expression}")
            if found:
                return found
            assert time.monotonic() < until, expression
            time.sleep(0.1)

    def find(self, selector: str, query: str = "document.querySelector") -> WebElement:
        """Return the element of a selector, once there is one."""
        found = self.wait(f'{query}("{selector}")')
        assert isinstance(found, WebElement)
        return found

    def shown(self, selector: str, query: str = "document.querySelector") -> object:
        """Return the text of an element, once it is shown. (WebKit's driver finds no text in a shadow tree.)"""
        self.wait(f'{query}("{selector}")?.getClientRects().length')
        return self.wait(f'{query}("{selector}").innerText')

    def narrow(self) -> None:
        """Make the window as narrow as the engine lets it be."""
        if self.engine == "firefox":  # its windows have a least width, and those that pages open do not
            self.driver.execute_script(f"window.open('about:blank', '', 'popup,width={NARROW},height=640')")
            self.driver.switch_to.window(self.driver.window_handles[-1])
        else:
            self.driver.set_window_rect(0, 0, NARROW, 640)

    def widen(self) -> None:
        if self.engine == "firefox":
            self.driver.close()
            self.driver.switch_to.window(self.driver.window_handles[0])
        else:
            self.driver.set_window_rect(0, 0, 1280, 900)


@pytest.fixture(scope="module", params=list(ENGINES))
def reader(
    request: pytest.FixtureRequest, clinic_site: ClinicSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    if lacking := missing(request.param):
        pytest.skip(f"there is no {lacking} here")
    with browsing(request.param, tmp_path_factory.mktemp(request.param)) as driver:
        yield Reader(driver, clinic_site, request.param)


def test_the_widget_is_used_with_the_keyboard_alone(reader: Reader) -> None:
    reader.driver.get(reader.site.page("/engines"))
    launcher = reader.find(".launcher", WIDGET)
    launcher.send_keys(Keys.ENTER)
    question = reader.find("textarea", WIDGET)
    reader.wait("document.querySelector('footnote-chat').shadowRoot.activeElement?.localName === 'textarea'")
    question.send_keys(ASKED + Keys.ENTER)
    assert reader.shown(".turn mark", WIDGET) == MARK
    question.send_keys(Keys.ESCAPE)
    reader.wait("document.querySelector('footnote-chat').shadowRoot.activeElement?.className === 'launcher'")
    reader.driver.execute_script("document.body.innerHTML = '<h1>Another page</h1>'")
    reader.wait(f"{WIDGET}('.launcher')").click()  # type: ignore[attr-defined]  # an element
    assert reader.shown(".turn mark", WIDGET) == MARK
    reader.driver.get(reader.find(".turn figcaption a", WIDGET).get_property("href"))  # type: ignore[arg-type]  # a text
    assert reader.shown("#mark-1") == MARK


def test_the_widget_fits_a_narrow_phone(reader: Reader) -> None:
    reader.site.page("/engines/phone", body="<p>text</p>" * 40)
    frame = f'<iframe src="/engines/phone" width="{NARROW}" height="640" style="border: 0"></iframe>'
    reader.driver.get(reader.site.page("/engines/desk", body=frame, tag=" "))
    inner = "document.querySelector('iframe').contentWindow"
    reader.wait(f"{inner}.Footnote")
    reader.driver.execute_script(f"{inner}.Footnote.ask(arguments[0])", ASKED)
    shadow = f"{inner}.document.querySelector('footnote-chat').shadowRoot"
    reader.wait(f"{shadow}.querySelector('.turn mark')?.textContent")
    width = reader.wait(f"{inner}.document.documentElement.clientWidth")  # some have a scroll bar beside it
    assert reader.wait(f"{shadow}.querySelector('.panel').getBoundingClientRect().width") == width
    parts = f"[{inner}.document.documentElement, ...{shadow}.querySelectorAll('.panel, .scroll, header')]"
    assert reader.wait(f"{parts}.map(one => one.scrollWidth - one.clientWidth)") == [0, 0, 0, 0]


def test_a_cookie_bar_keeps_its_buttons(reader: Reader) -> None:
    reader.driver.get(reader.site.page("/engines/bar", body="<p>text</p>" * 40 + BAR))
    reader.find(".launcher", WIDGET)
    reader.wait(f"({COVERED})() === 0")  # the chat looks for what it covers only after the page is painted


def test_the_chat_page_answers_and_its_citation_marks_the_page(reader: Reader) -> None:
    reader.driver.get(f"{reader.site.assistant}/")
    reader.find("#question textarea").send_keys(ASKED + Keys.ENTER)
    link = reader.find("#log .answer figcaption a").get_property("href")
    assert reader.shown("#log blockquote mark") == MARK
    reader.driver.get(str(link))
    assert reader.shown("#mark-1") == MARK
    assert reader.wait("document.querySelector('#mark-1').getBoundingClientRect().top < innerHeight")


def test_the_chat_page_and_the_document_page_do_not_scroll_sideways(reader: Reader) -> None:
    reader.narrow()
    try:
        for path in ("/", "/pages/benefits-of-microneedling.txt"):
            reader.driver.get(reader.site.assistant + path)
            reader.find("#question textarea" if path == "/" else "h1")
            assert reader.driver.execute_script("return innerWidth") < 450
            assert reader.driver.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
    finally:
        reader.widen()
