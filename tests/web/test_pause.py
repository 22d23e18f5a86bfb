"""A paused chat: what visitors read, what is answered all the same, and how it is paused and resumed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.settings import load_settings
from chatbot.staff import AuditLog, staff_database
from tests.conftest import ROOT
from tests.web.accessibility import violations
from tests.web.conftest import ask, serving, visiting

QUESTION = "is redness and swelling normal after microneedling?"
PAUSED = "The assistant is paused just now. Please ask us directly."
EMERGENCY = "In an emergency, call 999."
WAYS = (
    "+44 20 7946 0123 (Monday to Friday, 9:00 to 17:30) \u00b7 hello@clinic.example \u00b7 https://clinic.example/book"
)


@dataclass(frozen=True)
class Served:
    """A server that follows its clinic.toml."""

    address: str
    folder: Path
    bot: Chatbot
    environment: dict[str, str]

    def ask(self, question: str, *history: str) -> dict[str, object]:
        body = {"question": question, "history": history}
        return dict(httpx.post(f"{self.address}/api/ask", json=body, timeout=20).raise_for_status().json())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "chatbot", *arguments]
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def wait_until_paused(self, *, paused: bool) -> None:
        deadline = time.monotonic() + 10
        while httpx.get(f"{self.address}/api/ready").json()["paused"] is not paused:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def write(self, *changes: tuple[str, str]) -> None:
        path = self.folder / "clinic.toml"
        text = path.read_text("utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        path.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def served(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("paused")
    shutil.copy(ROOT / "clinic.toml", folder)
    files = {"CORPUS": ROOT / "corpus", "INDEX": folder / "index", "CLINIC": folder / "clinic.toml"}
    files |= {"JOURNAL": folder / "journal.sqlite3", "STAFF_DIR": folder / "staff"}
    environment = {f"FOOTNOTE_{name}": str(path) for name, path in files.items()}
    settings = load_settings(environment)
    build_index(settings.corpus, settings.index, encoder)
    bot = Chatbot(settings.corpus, settings.index, encoder, load_clinic(settings.clinic))
    bot.ask("Are you ready?")
    with serving(bot, None, settings) as address:
        yield Served(address, folder, bot, environment)


@pytest.fixture
def paused(served: Served) -> Iterator[Served]:
    served.write(("paused = false", "paused = true"))
    served.wait_until_paused(paused=True)
    yield served
    shutil.copy(ROOT / "clinic.toml", served.folder)
    served.wait_until_paused(paused=False)


def test_a_paused_chat_says_so_with_the_contact_and_quotes_nothing(paused: Served) -> None:
    answer = paused.ask(QUESTION)
    assert (answer["outcome"], answer["citations"], answer["suggestions"]) == ("reply", [], [])
    assert answer["message"] == f"{PAUSED}\n{EMERGENCY}\n{WAYS}"
    assert answer["contact"] == WAYS


def test_a_pause_silences_no_red_flag(paused: Served) -> None:
    answer = paused.ask("I can't breathe and my throat is swelling")
    assert (answer["outcome"], answer["level"]) == ("urgent", "emergency")
    again = paused.ask("how long will it last?", "I can't breathe and my throat is swelling")
    assert again["outcome"] == "urgent"


def test_staff_can_still_try_a_paused_chat(paused: Served) -> None:
    assert paused.bot.explain(QUESTION).answer.citations


def test_the_command_line_pauses_and_resumes_a_running_server(served: Served) -> None:
    done = served.run("pause", "--message", 'Back on Monday: "ring" us.')
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith('Visitors read: Back on Monday: "ring" us.\n')
    served.wait_until_paused(paused=True)
    assert str(served.ask(QUESTION)["message"]).startswith('Back on Monday: "ring" us.\nIn an emergency')
    assert served.run("resume").returncode == 0
    served.wait_until_paused(paused=False)
    assert served.ask(QUESTION)["citations"]
    log = AuditLog(staff_database(served.folder / "staff")).latest()
    assert [(change.account, change.subject, change.summary) for change in log] == [
        ("command line", "The chat", "Resumed"),
        ("command line", "The chat", "Paused"),
    ]
    shutil.copy(ROOT / "clinic.toml", served.folder)


def test_a_file_that_cannot_be_used_changes_nothing_and_is_named_once(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    served.write(("paused = false", "paused = 7"))
    time.sleep(3)
    assert served.ask(QUESTION)["citations"]
    told = [record.getMessage() for record in caplog.records if "Still serving" in record.getMessage()]
    assert len(told) == 1
    assert "chat.paused must be true or false" in told[0]
    shutil.copy(ROOT / "clinic.toml", served.folder)


def test_the_chat_page_says_that_it_is_paused(browser: Browser, paused: Served) -> None:
    with visiting(browser, paused.address, viewport={"width": 320, "height": 640}) as visitor:
        page = visitor.open()
        expect(page.locator(".welcome")).to_contain_text(PAUSED)
        expect(page.locator(".welcome .contact")).to_contain_text("+44 20 7946 0123")
        expect(page.locator(".welcome .contact")).to_contain_text(EMERGENCY)
        assert page.locator("#suggestions button").count() == 0
        ask(page, QUESTION)
        expect(page.locator(".answer")).to_contain_text(PAUSED)
        assert page.locator(".answer a[href='tel:999']").count() == 1
        assert violations(page) == []


def test_the_chat_on_other_sites_says_that_it_is_paused(browser: Browser, paused: Served) -> None:
    with visiting(browser, paused.address) as visitor:
        page = visitor.context.new_page()
        page.goto(f"{paused.address}/embed?language=de")
        told = "Der Assistent macht gerade Pause. Bitte fragen Sie uns direkt."
        expect(page.locator("footnote-chat .greeting")).to_have_text(told)
        expect(page.locator("footnote-chat .contact")).to_contain_text("+44 20 7946 0123")
        assert page.locator("footnote-chat .offer").count() == 0
        page.locator("footnote-chat textarea").fill("Wie lange dauert es?")
        page.keyboard.press("Enter")
        answer = page.locator("footnote-chat .answer")
        expect(answer).to_contain_text(told)
        expect(answer.locator("a[href='tel:999']")).to_have_text("999")
        assert "paused" not in answer.inner_text()
