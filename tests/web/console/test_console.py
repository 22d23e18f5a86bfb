"""The tabs that change something, in a real browser. Every test fails if the browser complains or asks another host."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.staff import CutOffs
from chatbot.staff.content.cut_off import CutOff
from tests.web.accessibility import violations
from tests.web.conftest import Visitor, visiting
from tests.web.console.conftest import PASSWORD, Staffed, sign_in

ASKED = "is there a hearing loop in the clinic?"
SAYS = "There is a hearing loop at the clinic's reception desk."
TABS = {
    "Clinic text and replies": "#text-name textarea",
    "Pages": "#pages-summary textarea",
}  # and the field that is filled last


def open_tab(page: Page, name: str) -> None:
    for tab in (next(tab for tab in TABS if tab != name), name):  # a tab that is open already fills nothing
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(TABS[tab])).not_to_have_value("", timeout=15_000)


def fill(page: Page, name: str, text: str) -> None:
    page.locator(f"#{name} textarea, #{name} input").first.fill(text)


def expect_value(page: Page, name: str, text: str) -> None:
    expect(page.locator(f"#{name} textarea, #{name} input").first).to_have_value(text, timeout=20_000)


def ask(staffed: Staffed, question: str) -> dict[str, object]:
    answer: dict[str, object] = httpx.post(f"{staffed.address}/api/ask", json={"question": question}, timeout=20).json()
    return answer


def test_a_page_is_written_published_answered_from_and_taken_back(
    nurse: Visitor, staffed: Staffed, browser: Browser
) -> None:
    assert ask(staffed, ASKED)["outcome"] != "answered"
    before = staffed.files()
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.click("#pages-new")
    expect(page.locator("#pages-title")).to_be_visible()
    fill(page, "pages-title", "Hearing loop")
    fill(page, "pages-body", f"# Is there a hearing loop?\n\n{SAYS}")
    page.click("#pages-save")
    expect_value(
        page, "pages-notice", "“Hearing loop” is saved as a draft. Visitors see it once you publish it, below."
    )
    expect(page.locator("#pages-drafts")).to_contain_text("hearing-loop.md")
    assert staffed.files() == before
    page.click("#pages-preview")
    expect(page.locator("#pages-changes")).to_contain_text(SAYS, timeout=20_000)
    expect(page.locator("#pages-outcomes")).to_contain_text(ASKED)
    page.click("#pages-publish")
    expect_value(page, "pages-publish-notice", "Published: 1 change. Visitors are now answered from 21 passages.")
    expect(page.locator("#pages-notice")).to_be_hidden()  # it said that this is a draft
    answer = ask(staffed, ASKED)
    assert answer["outcome"] == "answered"
    assert SAYS in str(answer["citations"])
    with visiting(browser, staffed.address) as visitor:
        chat = visitor.open()
        chat.get_by_role("button", name="Is there a hearing loop?").click()  # a question to start with, at once
        expect(chat.locator(".answer mark").first).to_have_text(SAYS)
    page.click("#pages-go-back")
    expect(page.locator("#pages-publish-notice textarea")).to_have_value(
        "The version before is live again, with its pages. Press the button again to undo this."
    )
    assert staffed.files() == before
    assert ask(staffed, ASKED)["outcome"] != "answered"


def test_unsaved_changes_are_not_lost_to_another_row(nurse: Visitor) -> None:
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.click("#pages-new")
    expect(page.locator("#pages-withdraw")).to_be_hidden()
    fill(page, "pages-title", "Hearing loop")
    page.locator("#pages-list [data-row='0']").first.click()
    expect_value(
        page,
        "pages-notice",
        "“Hearing loop” has changes that are not saved. Press “Save draft” or “Discard draft” first.",
    )
    expect_value(page, "pages-title", "Hearing loop")
    page.click("#pages-discard")
    expect(page.locator("#pages-title")).to_be_hidden()
    page.locator("#pages-list [data-row='0']").first.click()
    expect(page.locator("#pages-withdraw")).to_be_visible()
    page.click("#pages-new")  # nothing was typed
    expect_value(page, "pages-heading", "A new page")


def kept(page: Page, number: int) -> list[list[str]]:
    """Wait until the tab keeps so many things, and return their names and texts."""
    entries: list[list[str]] = []
    for _ in range(100):
        entries = page.evaluate("Object.entries(sessionStorage)")
        if len(entries) == number:
            break
        page.wait_for_timeout(100)
    assert len(entries) == number
    return entries


def test_a_lost_connection_is_named_and_takes_no_unsaved_words(nurse: Visitor) -> None:
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.locator("#pages-list [data-row='0']").first.click()
    expect(page.locator("#pages-withdraw")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_have_text("The connection to the server is lost. Load the page again")
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    heading = page.locator("#pages-heading textarea").input_value()
    text = page.locator("#pages-body textarea").input_value()
    fill(page, "pages-body", f"{text}\nTyped and not saved.")
    page.context.set_offline(True)
    expect(page.locator("#lost span")).to_have_text(
        "The connection to the server is lost. What you typed is kept in this tab, and you can go on writing."
    )
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    page.reload()  # Gradio does so by itself once a server is back that could not be reached
    expect(page.locator("#kept")).to_contain_text("What you typed into “")
    page.click("#kept-back")
    expect_value(page, "pages-body", f"{text}\nTyped and not saved.")
    expect_value(page, "pages-heading", heading)
    expect_value(page, "pages-notice", "What you typed is back in the form. It is not saved yet: press “Save draft”.")
    expect(page.locator("#kept")).to_be_hidden()
    page.click("#pages-save")
    expect(page.locator("#pages-drafts")).to_contain_text(heading.rpartition("(")[2].rstrip(")"))
    kept(page, 0)
    page.click("#pages-discard")
    expect(page.locator("#pages-form-panel")).to_be_hidden()
    nurse.complaints.clear()  # the browser names the requests that failed


def test_unsaved_words_are_for_the_account_that_typed_them_alone(nurse: Visitor) -> None:
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.click("#pages-new")
    fill(page, "pages-title", "Mrs Hale's complaint")
    (words,) = kept(page, 1)
    assert "Mrs Hale's complaint" in words[1]
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/staff/sign-in")
    kept(page, 0)
    page.evaluate("([name, text]) => sessionStorage.setItem(name, text)", words)  # as a session leaves it that expires
    sign_in(page, "rita")
    kept(page, 0)
    expect(page.locator("#kept")).to_be_hidden()


def test_an_editor_reads_what_became_of_a_cut_off_publishing(nurse: Visitor, staffed: Staffed) -> None:
    time = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}-2"
    cut_offs = CutOffs(staffed.settings.staff)
    (staffed.settings.staff / "draft").mkdir(exist_ok=True)
    cut_offs.write(CutOff(time, finished=True, drafts=True, pages=("<b>.md",)))
    page = nurse.open("/staff/")
    sign_in(page)
    expect(page.locator("#cut-off p")).to_have_text(re.compile(r"was cut off\. It was finished .* Pages: <b>\.md\.$"))
    assert violations(page) == []
    page.get_by_role("button", name="I have seen this").click()
    expect(page.locator("#cut-off")).to_be_hidden()
    assert cut_offs.unseen_by("alice") is None
    for name in ("alice", "rita"):  # a reader publishes nothing
        with staffed.client(name) as client:
            assert "was cut off" not in client.get("/staff/").text


def test_public_addresses_are_checked_on_demand(nurse: Visitor) -> None:
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.click("#pages-addresses")
    expect_value(page, "pages-notice", "No page has a public address. Enter it in the form of the page.")


def test_an_uploaded_file_fills_the_form(nurse: Visitor, tmp_path: Path) -> None:
    (tmp_path / "lift.md").write_text(
        "---\ntitle: The lift\nurl: https://clinic.example/lift\n---\n\nThere is a lift.\n"
    )
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.click("#pages-new")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Fill from a file").click()
    chooser.value.set_files(tmp_path / "lift.md")
    expect_value(page, "pages-title", "The lift")
    expect_value(page, "pages-body", "There is a lift.\n")


def test_errors_are_shown_in_place_and_hostile_text_stays_text(nurse: Visitor) -> None:
    hostile = "<img src=x onerror=alert(1)> ${alert(1)} `x` {{y}} [a](javascript:alert(1))"
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Pages")
    page.click("#pages-new")
    fill(page, "pages-body", "Words.")
    page.click("#pages-save")
    expect_value(page, "pages-notice", "The page has no title yet: give it one.")
    fill(page, "pages-title", hostile)
    page.click("#pages-save")
    expect(page.locator("#pages-drafts")).to_contain_text("img-src-x")
    expect(page.locator("#pages-list")).to_contain_text("onerror=alert(1)")
    assert page.locator("#pages-list img, .toast-body img").count() == 0
    page.click("#pages-discard")
    expect(page.locator("#pages-drafts")).to_be_hidden()


def test_saved_clinic_text_is_shown_everywhere_and_undone(nurse: Visitor, staffed: Staffed) -> None:
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Clinic text and replies")
    fill(page, "text-greeting", "Good day <b>to</b> you.")
    fill(page, "text-contact-phone", "+44 1234")
    page.click("#text-save")
    expect_value(page, "text-notice", "Saved and shown from now on: Greeting, Telephone.")
    for path in ("/", "/widget.js", "/embed", "/demo"):
        assert "+44 1234" in httpx.get(staffed.address + path).text, path
    assert "Good day &lt;b&gt;to&lt;/b&gt; you." in httpx.get(f"{staffed.address}/").text
    fill(page, "text-contact-phone", "none")
    page.click("#text-save")
    expect_value(page, "text-notice", "“Telephone” must hold a number, not 'none'.")
    page.locator("#changes-list [data-testid^=cell]").first.click()
    expect(page.locator("#changes-difference textarea")).to_have_value(re.compile(r'\+phone = "\+44 1234"'))
    page.click("#changes-undo")
    expect_value(page, "changes-notice", "Undone. Visitors see the earlier text again.")
    assert "+44 20 7946 0123" in httpx.get(f"{staffed.address}/").text


def test_an_editor_pauses_and_resumes_the_chat(nurse: Visitor, staffed: Staffed) -> None:
    page = nurse.open("/staff/")
    sign_in(page)
    open_tab(page, "Clinic text and replies")
    expect_value(page, "pause-state", "Visitors are answered.")
    page.get_by_role("button", name="Pause the chat").click()
    said = "The assistant is paused just now. Please ask us directly. In an emergency, call 999."
    expect_value(page, "pause-state", f"Paused. Visitors read: “{said}”")
    assert staffed.bot.clinic.chat.paused
    assert "The assistant is paused just now." in httpx.get(f"{staffed.address}/").text
    expect(page.locator("#changes-list [data-testid^=cell]").first).to_be_visible()
    page.get_by_role("tab", name="Overview").click()
    expect(page.locator("#overview-warnings textarea")).to_have_value(re.compile("The chat is paused"))
    page.get_by_role("tab", name="Try it").click()
    fill(page, "try-question", "is redness normal?")
    page.click("#try-ask")
    expect(page.locator("#try-log blockquote").first).to_be_visible()
    expect(page.locator("#try-notice textarea")).to_have_value(re.compile("The chat is paused"))
    open_tab(page, "Clinic text and replies")
    page.get_by_role("button", name="Resume the chat").click()
    expect_value(page, "pause-state", "Visitors are answered.")
    assert not staffed.bot.clinic.chat.paused


def test_a_reader_sees_the_pages_but_no_buttons(browser: Browser, staffed: Staffed) -> None:
    with visiting(browser, staffed.address) as reader:
        page = reader.open("/staff/")
        sign_in(page, "rita")
        open_tab(page, "Pages")
        expect(page.locator("#pages-list")).to_contain_text("Benefits of Microneedling")
        for name in ("Write a new page", "Save draft", "Publish", "Show what would change"):
            expect(page.get_by_role("button", name=name)).to_be_hidden()
        expect(page.get_by_text("You may look at everything here.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, staffed: Staffed, scheme: str) -> None:
    with visiting(browser, staffed.address, color_scheme=scheme, viewport={"width": 390, "height": 844}) as nurse:
        page = nurse.open("/staff/")
        assert violations(page) == []
        sign_in(page)
        for name in TABS:
            open_tab(page, name)
            page.wait_for_timeout(500)  # Gradio fades tabs and tables in
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_signing_in_works_without_scripts_on_a_small_screen(browser: Browser, staffed: Staffed) -> None:
    options = {"java_script_enabled": False, "viewport": {"width": 320, "height": 568}}
    with visiting(browser, staffed.address, **options) as nurse:
        page = nurse.open("/staff/")
        page.fill("[name=name]", "alice")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/staff/")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/staff/sign-in")
