"""The chat page, the widget and the console below a path, behind a proxy that says nothing of it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Browser, expect

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.settings import Settings, load_settings
from chatbot.staff import AccountStore, Role, staff_database
from tests.conftest import ROOT
from tests.web.conftest import Visitor, ask, serving, visiting
from tests.web.console.conftest import PASSWORD, sign_in

ASKED = "is redness and swelling normal after microneedling?"
MARK = "After microneedling, it\u2019s normal to experience some redness and mild swelling, similar to a sunburn."


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("below")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    shutil.copy(ROOT / "clinic.toml", folder)
    names = {
        "CORPUS": "corpus",
        "INDEX": "index",
        "CLINIC": "clinic.toml",
        "STAFF_DIR": "staff",
        "JOURNAL": "j.sqlite3",
    }
    return load_settings({f"FOOTNOTE_{name}": str(folder / file) for name, file in names.items()})


@pytest.fixture(scope="module")
def bot(settings: Settings, encoder: Encoder) -> Chatbot:
    build_index(settings.corpus, settings.index, encoder)
    return Chatbot(settings.corpus, settings.index, encoder, load_clinic(settings.clinic))


@pytest.fixture(scope="module")
def address(bot: Chatbot, settings: Settings) -> Iterator[str]:
    AccountStore(staff_database(settings.staff)).add("alice", Role.EDITOR, PASSWORD)
    bot.ask("redness?")
    with serving(bot, Journal.open(settings.journal, settings.retention), settings, "/our/chat") as address:
        yield address


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    with visiting(browser, address, viewport={"width": 1280, "height": 800}) as visitor:
        yield visitor


def test_the_chat_page_answers_and_its_citation_opens_the_page(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.wait_for_selector("#question textarea")
    ask(page, ASKED)
    with page.context.expect_page() as opened:
        page.locator("#log figcaption a").first.click()
    document = opened.value
    expect(document.locator("#mark-1")).to_have_text(MARK)
    assert document.evaluate("getComputedStyle(document.body).margin") == "0px"  # its style was found
    document.get_by_role("link", name="Ask another question").click()
    document.wait_for_selector("#question textarea")


@pytest.mark.parametrize("path", ["/demo", "/embed"])
def test_the_widget_answers(visitor: Visitor, path: str) -> None:
    page = visitor.open(path)
    if path == "/demo":
        page.locator(".launcher").click()
    page.locator("textarea").fill(ASKED)
    page.locator("textarea").press("Enter")
    expect(page.locator(".turn mark").first).to_have_text(MARK)
    link = page.locator(".turn figcaption a").first.get_attribute("href")
    assert link
    assert link.startswith(f"{visitor.address}/pages/")


def test_staff_sign_in_look_around_and_sign_out(visitor: Visitor) -> None:
    page = visitor.open("/staff/")
    sign_in(page)
    page.get_by_role("tab", name="Overview").click()
    chart = page.locator("#overview img, [role=tabpanel] img").first
    expect(chart).to_have_js_property("complete", True)
    assert chart.evaluate("one => one.naturalWidth") > 100
    page.get_by_role("tab", name="Try it").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/our/chat/staff/sign-in")
    page.get_by_role("link", name="Looking for the visitors").click()
    page.wait_for_selector("#question textarea")
    visitor.complaints.clear()  # of what the console was still asking for when its session ended


def test_a_path_that_the_proxy_passes_on_is_taken_away(bot: Chatbot, settings: Settings) -> None:
    with (
        serving(bot, None, replace(settings, root_path="/our/chat")) as address,
        httpx.Client(base_url=address) as client,
    ):
        assert "<gradio-app" in client.get("/our/chat/").text
        assert client.get("/our/chat/pages/benefits-of-microneedling.txt").status_code == 200
        assert client.post("/our/chat/api/ask", json={"question": ASKED}).json()["outcome"] == "answered"
        assert client.get("/api/health").status_code == 200
        assert client.get("/our/chatter/").status_code == 404
        moved = client.get("/our/chat?x=1")
        assert (moved.status_code, str(moved.next_request.url if moved.next_request else "")) == (
            308,
            f"{address}/our/chat/?x=1",
        )


@pytest.mark.parametrize(
    ("path", "steps"), [("/pages/a.txt", 1), ("/pages/b/a.txt", 2), ("/pages/b%2Fa.txt", 1), ("/pages/none/b/c", 3)]
)
def test_a_document_page_finds_its_style_however_deep(address: str, path: str, steps: int) -> None:
    assert f'href="{"../" * steps}look/page.' in httpx.get(address + path).text
