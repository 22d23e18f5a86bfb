"""A real server with a staff console over a copy of the corpus, and accounts to sign in with."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from playwright.sync_api import Browser, Page

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.settings import Settings, load_settings
from chatbot.staff import AccountStore, Role, staff_database
from tests.conftest import ROOT
from tests.web.conftest import Visitor, serving, visiting

Made = TypeVar("Made")
PASSWORD = "correct horse battery"  # noqa: S105 -- of nobody


@dataclass(frozen=True)
class Staffed:
    """A server with a console: its address, its chatbot, and where its files lie."""

    address: str
    bot: Chatbot
    settings: Settings
    folder: Path

    @contextmanager
    def client(self, name: str = "") -> Iterator[httpx.Client]:
        """Yield a client that behaves as the console's own page, signed in where a name is given."""
        with httpx.Client(base_url=self.address, timeout=20, headers={"Origin": self.address}) as client:
            if name:
                answer = client.post("/staff/sign-in", data={"name": name, "password": PASSWORD})
                assert answer.status_code == 303
            yield client

    def files(self) -> dict[str, bytes]:
        """Return the files that visitors are answered from."""
        corpus = {path.name: path.read_bytes() for path in self.settings.corpus.rglob("*") if path.is_file()}
        live = (self.settings.index / "CURRENT").read_bytes()
        return {**corpus, "CURRENT": live, "clinic.toml": (self.folder / "clinic.toml").read_bytes()}


@pytest.fixture(scope="module")
def staffed(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staffed]:
    folder = tmp_path_factory.mktemp("staffed")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    shutil.copy(ROOT / "clinic.toml", folder)
    names = {"CORPUS": "corpus", "INDEX": "index", "CLINIC": "clinic.toml", "JOURNAL": "journal.sqlite3"}
    settings = load_settings(
        {f"FOOTNOTE_{name}": str(folder / file) for name, file in {**names, "STAFF": "staff"}.items()}
        | {"FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1"}
    )
    build_index(settings.corpus, settings.index, encoder)
    bot = Chatbot(settings.corpus, settings.index, encoder, load_clinic(settings.clinic))
    account_store = AccountStore(staff_database(settings.staff))
    account_store.add("alice", Role.EDITOR, PASSWORD)
    account_store.add("rita", Role.READER, PASSWORD)
    journal = Journal.open(settings.journal, settings.retention)
    with serving(bot, journal, settings) as address:
        yield Staffed(address, bot, settings, folder)


def in_a_loop(do: Callable[[], Coroutine[None, None, Made]]) -> Made:
    """Run something in an event loop of its own, because outside of a loop Gradio opens loops that it never closes."""
    with ThreadPoolExecutor(1) as pool:  # the browser of other tests has a loop that runs in this thread
        return pool.submit(lambda: asyncio.run(do())).result()


def sign_in(page: Page, name: str = "alice") -> None:
    """Sign in on the page that the browser is on."""
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("tab", name="Pages").wait_for()


@pytest.fixture
def nurse(browser: Browser, staffed: Staffed) -> Iterator[Visitor]:
    with visiting(browser, staffed.address, viewport={"width": 1280, "height": 900}) as nurse:
        yield nurse
