"""A staff's folder, the project's pages in a folder that may be changed, and a clock that a test sets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.database import Database
from chatbot.indexing import Encoder, build_index
from chatbot.staff import Account, AuditLog, ContentPaths, Drafts, GoldenFile, Publisher, Role, staff_database

EDITOR = Account("alice", Role.EDITOR)
NOW = 1_790_000_000.0


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return staff_database(tmp_path / "staff")


@pytest.fixture
def place(tmp_path: Path) -> ContentPaths:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "README.md").write_text("No page.")
    (tmp_path / "corpus" / "aftercare.md").write_text("# Aftercare\n\nKeep the skin dry and clean for two days.\n")
    (tmp_path / "corpus" / "red.txt").write_text("Redness\n\nRedness fades within three days of the visit.\n")
    (tmp_path / "corpus" / "red.txt.yaml").write_text("title: Red skin\nreviewed: 2026-01-31\n")
    return ContentPaths(tmp_path / "corpus", tmp_path / "index", tmp_path / "staff")


def opened(place: ContentPaths, encoder: Encoder) -> Chatbot:
    build_index(place.corpus, place.index, encoder)
    return Chatbot(place.corpus, place.index, encoder, Clinic())


@pytest.fixture
def golden(tmp_path: Path) -> GoldenFile:
    return GoldenFile(tmp_path / "staff")


Keep = Callable[[Encoder], tuple[Chatbot, Publisher, AuditLog]]


@pytest.fixture
def keep(place: ContentPaths, database: Database) -> Keep:
    def keep(encoder: Encoder) -> tuple[Chatbot, Publisher, AuditLog]:
        bot = opened(place, encoder)
        history = AuditLog(database)
        return bot, Publisher(bot, place, Drafts(database), history), history

    return keep
