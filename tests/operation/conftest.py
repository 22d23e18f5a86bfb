"""An installation with pages, an index, accounts and a journal, made without loading the model."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.indexing.model_files import PACKAGED_MODEL, fingerprint_of, model_folder
from chatbot.journal import Journal
from chatbot.operation.installation import Installation
from chatbot.records import Answer, Outcome
from chatbot.settings import Settings, load_settings
from chatbot.staff import AccountStore, Role, SignOffs, staff_database
from tests.conftest import WordEncoder

PAGE = """---
url: https://skin.test/care
---
# Care

## Does it hurt?

No, most people feel a tickle.
"""
CLINIC = """name = "Skin"
[contact]
phone = "0123 456"
email = "desk@skin.test"
[sites]
allowed = ["https://skin.test"]
"""


class Site(NamedTuple):
    """A folder with an installation, its settings, and an encoder that its index was built with."""

    folder: Path
    environ: dict[str, str]
    encoder: Encoder

    @property
    def settings(self) -> Settings:
        return load_settings(self.environ)

    def place(self, **environ: str) -> Installation:
        return Installation(load_settings(self.environ | environ), self.environ | environ)

    def build(self) -> str:
        return build_index(self.folder / "corpus", self.folder / "index", self.encoder).id

    def bot(self) -> Chatbot:
        settings = self.settings
        return Chatbot(settings.corpus, settings.index, self.encoder, load_clinic(settings.clinic))


@pytest.fixture(scope="session")
def packaged_words() -> WordEncoder:
    """Return an encoder whose builds look like those of the packaged model."""
    return WordEncoder(fingerprint_of(PACKAGED_MODEL, model_folder(PACKAGED_MODEL)))


@pytest.fixture
def make_site(packaged_words: WordEncoder) -> Callable[..., Site]:
    def make(folder: Path, encoder: Encoder = packaged_words, *, empty: bool = False) -> Site:
        folder.mkdir()
        environ = {
            "FOOTNOTE_CORPUS": str(folder / "corpus"),
            "FOOTNOTE_INDEX": str(folder / "index"),
            "FOOTNOTE_CLINIC": str(folder / "clinic.toml"),
            "FOOTNOTE_JOURNAL": str(folder / "journal" / "journal.sqlite3"),
            "FOOTNOTE_STAFF_DIR": str(folder / "staff"),
            "FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1",
        }
        site = Site(folder, environ, encoder)
        if not empty:
            (folder / "corpus").mkdir()
            (folder / "corpus" / "care.md").write_text(PAGE)
            (folder / "clinic.toml").write_text(CLINIC)
            site.build()
        return site

    return make


@pytest.fixture
def site(make_site: Callable[..., Site], tmp_path: Path) -> Site:
    """Return an installation to which nothing has happened."""
    return make_site(tmp_path / "site")


@pytest.fixture
def used_site(site: Site) -> Site:
    """Return an installation with an account, a signature, and a question in its journal."""
    return use(site)


def use(site: Site) -> Site:
    """Make an account, a signature, and a question in the journal."""
    database = staff_database(site.folder / "staff")
    AccountStore(database).add("anna", Role.EDITOR, "correct horse battery")
    SignOffs(database).sign("anna", "Dr Anna", "dermatologist", load_clinic(site.folder / "clinic.toml"))
    database.close()
    record(site, "does it hurt?")
    return site


def record(site: Site, *questions: str, clock: Callable[[], float] = time.time) -> None:
    """Write questions into the journal of an installation."""
    settings = site.settings
    opened = Journal.open(settings.journal, settings.retention, clock)
    assert opened
    for question in questions:
        answer = Answer(question, question, Outcome.NOT_FOUND, 0.1, "Not here.", (), ())
        opened.record(uuid4().hex, answer, 12)
    opened.flush()
    opened.close()
