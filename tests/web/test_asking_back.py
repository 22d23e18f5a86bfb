"""A question that the pages of several treatments answer: the visitor presses the one that is meant."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from chatbot.bot import Chatbot
from chatbot.clinic import AllowedSites, Clinic, Urgent
from chatbot.indexing import Encoder, build_index
from tests.web.accessibility import violations
from tests.web.conftest import ClinicSite, ask, serving, visiting

ASKED = "how many sessions do I need?"
TITLES = ["Laser hair removal", "Microneedling", "Thread vein laser for the cheeks, the nose and the chin"]
PAGES = {
    "laser-hair-removal.md": "You need six to eight sessions, a month apart.",
    "microneedling.md": "Most scars need three to four sessions.",
    "thread-veins.md": "Two or three sessions are needed for each area.",
}
RECOVERY = "\n## Afterwards\n\nThe skin is red for {} days. Keep out of the sun for a week.\n"
PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def treatments(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Chatbot:
    folder = tmp_path_factory.mktemp("treatments")
    (folder / "corpus").mkdir()
    for number, ((name, text), title) in enumerate(zip(PAGES.items(), TITLES, strict=True), start=1):
        whole = f"---\ntitle: {title}\n---\n## How many sessions\n\n{text}\n{RECOVERY.format(number)}"
        (folder / "corpus" / name).write_text(whole)
    build_index(folder / "corpus", folder / "index", encoder)
    return Chatbot(folder / "corpus", folder / "index", encoder, Clinic(urgent=Urgent(phone="999")))


@pytest.fixture(scope="module")
def address(treatments: Chatbot) -> Iterator[str]:
    treatments.ask("redness?")  # the first question loads the rules of every language, longer than a browser waits
    with serving(treatments) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with visiting(browser, address, viewport={"width": 1280, "height": 800}) as visitor:
        yield visitor.open()


def test_the_interface_offers_pages_and_answers_from_one(address: str) -> None:
    with httpx.Client(base_url=address, timeout=20) as client:
        asked = client.post("/api/ask", json={"question": ASKED}).json()
        assert asked["message"] == "Which one do you mean?"
        assert sorted(choice["title"] for choice in asked["choices"]) == TITLES
        document = asked["choices"][1]["document"]
        chosen = client.post("/api/ask", json={"question": ASKED, "document": document}).json()
    assert chosen["outcome"] == "answered"
    assert {citation["document"] for citation in chosen["citations"]} == {document}


def test_a_visitor_presses_the_page_that_is_meant(page: Page) -> None:
    ask(page, ASKED)
    group = page.get_by_role("group", name="Which one do you mean?")
    expect(group.get_by_role("button")).to_have_count(3)
    assert sorted(group.get_by_role("button").all_inner_texts()) == TITLES
    assert page.locator(".answer details").count() == 3
    around = "#feedback button:visible, #suggestions button:visible"
    assert page.locator(f".answer mark, .answer .reach, {around}").count() == 0
    group.get_by_role("button", name="Microneedling").click()
    answer = page.locator(".answer").nth(1)
    expect(answer).to_contain_text("three to four sessions")
    expect(page.locator("#log .said").nth(1)).to_have_text(f"{ASKED} \u2013 Microneedling")
    assert set(answer.locator(".where").all_inner_texts()) == {"Microneedling"}
    expect(group).to_be_hidden()


def test_the_choice_is_the_subject_of_what_follows(page: Page) -> None:
    ask(page, ASKED)
    page.get_by_role("button", name="Thread vein laser").click()
    expect(page.locator(".answer")).to_have_count(2)
    ask(page, "how long is the skin red?")
    expect(page.locator(".answer").nth(2)).to_contain_text("red for 3 days")
    assert page.locator(".answer").nth(2).locator(".choices").count() == 0


def test_the_keyboard_chooses_and_old_choices_are_gone(page: Page) -> None:
    ask(page, ASKED)
    page.locator("#log .choices button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_have_count(2)
    ask(page, "is it open on Sunday?")
    assert page.locator("#log .choices button:visible").count() == 0


def test_a_page_that_was_taken_away_is_asked_about_in_words(
    browser: Browser, treatments: Chatbot, encoder: Encoder, tmp_path: Path
) -> None:
    corpus = Path(shutil.copytree(treatments._corpus, tmp_path / "corpus"))  # noqa: SLF001 -- the pages of this test
    build_index(corpus, tmp_path / "index", encoder)
    bot = Chatbot(corpus, tmp_path / "index", encoder, Clinic())
    with serving(bot) as address, visiting(browser, address) as visitor:
        page = visitor.open()
        ask(page, ASKED)
        (corpus / "microneedling.md").unlink()
        build_index(corpus, tmp_path / "index", encoder)
        bot.reload()
        page.get_by_role("button", name="Microneedling").click()
        expect(page.locator(".answer")).to_have_count(2)
        expect(page.locator("#log .said").nth(1)).to_have_text(f"{ASKED} \u2013 Microneedling")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_choices_can_be_pressed_and_read_on_a_phone(browser: Browser, address: str, scheme: str) -> None:
    with visiting(browser, address, viewport=PHONE, color_scheme=scheme) as visitor:
        page = visitor.open()
        ask(page, ASKED)
        boxes = [button.bounding_box() for button in page.locator("#log .choices button").all()]
        assert len(boxes) == 3
        assert all(box and box["height"] >= 44 and box["x"] + box["width"] <= 320 for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert violations(page) == []


@pytest.fixture(scope="module")
def widget_site(clinic_site: ClinicSite, treatments: Chatbot) -> Iterator[ClinicSite]:
    clinic = replace(treatments.clinic, sites=AllowedSites((clinic_site.origin,)))
    bot = treatments.with_corpus(treatments._corpus, treatments._folder)  # noqa: SLF001 -- the pages of this test
    bot.set_clinic(clinic)
    with serving(bot) as address:
        yield replace(clinic_site, assistant=address)


@pytest.mark.parametrize(("language", "which"), [("en", "Which one do you mean?"), ("de", "Was davon meinen Sie?")])
def test_a_visitor_of_the_clinics_site_presses_the_page(
    browser: Browser, widget_site: ClinicSite, language: str, which: str
) -> None:
    tag = f'<script src="{widget_site.assistant}/widget.js?language={language}" defer></script>'
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme="dark")
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.post_data or ""))
    page.goto(widget_site.page("/which", tag=tag))
    page.locator(".launcher").click()
    page.locator("textarea").fill(ASKED)
    page.keyboard.press("Enter")
    group = page.get_by_role("group", name=which)
    expect(group.get_by_role("button")).to_have_count(3)
    expect(page.locator(".message")).to_have_text(which)
    assert page.locator(".answer details").count() == 3
    assert page.locator(".feedback, .offers button").count() == 0
    boxes = [button.bounding_box() for button in group.get_by_role("button").all()]
    assert all(box and box["height"] >= 44 and box["x"] + box["width"] <= 320 for box in boxes)
    assert violations(page) == []
    group.get_by_role("button", name="Microneedling").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".said").nth(1)).to_contain_text(f"{ASKED} \u2013 Microneedling")
    expect(page.locator(".answer").nth(1)).to_contain_text("three to four sessions")
    expect(group).to_be_hidden()
    assert re.search(r'"history":\[\],"document":"microneedling\.md"', requests[-1])
    page.locator("textarea").fill("how long is the skin red?")
    page.keyboard.press("Enter")
    expect(page.locator(".answer").nth(2)).to_contain_text("red for 2 days")
    context.close()
