"""What many tests share: the real model, and the chatbot over the project's own corpus."""

import asyncio
import hashlib
import re
import shutil
import signal
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psycopg
import pytest
from hypothesis import settings

from benchmarks import postgresql
from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoded, Encoder, build_index, load_encoder

ROOT = Path(__file__).parents[1]
Result = TypeVar("Result")
NUMBERS = count()
SLOW = {  # files, and folders of them, of which each takes ten seconds or more
    "test_soak.py", "deploy", "test_kills.py", "test_two_servers.py", "web", "test_command_line.py", "test_quality.py",
    "test_packaging.py", "crawling", "journal", "test_milvus.py", "test_triage.py", "test_packaged_model.py",
    "test_commands.py", "operation", "test_performance.py", "test_size.py",
}  # fmt: skip
MARKED_BY = {"model": "encoder", "browser": "browser"}  # a marker, and the fixture whose users have it
settings.register_profile("untimed", deadline=None)  # a speed is no test's business on a shared machine
settings.load_profile("untimed")
# A shell that runs the tests in the background has interrupts ignored, and the programs that tests start would be too.
signal.signal(signal.SIGINT, signal.default_int_handler)


def run_in_loop(scenario: Coroutine[Any, Any, Result]) -> Result:
    """Run a scenario in a thread of its own, because the browser of other tests keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, scenario).result()


@pytest.hookimpl(tryfirst=True)  # before the markers are selected by
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that load the model or drive a browser, so that they can be left out; put slow files first.

    A slow file that begins last would keep one process busy while the others have nothing left to do.
    """
    items.sort(key=lambda item: not any(name in SLOW for name in item.path.relative_to(ROOT / "tests").parts))
    for item in items:
        for marker, fixture in MARKED_BY.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ROOT / "corpus", tmp_path_factory.mktemp("project") / "corpus"))


@pytest.fixture(scope="session")
def bot(corpus: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Chatbot:
    index = tmp_path_factory.mktemp("index")
    build_index(corpus, index, encoder)
    return Chatbot(corpus, index, encoder, load_clinic(ROOT / "clinic.toml"))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL server and yield the address of its first database."""
    if not postgresql.is_installed():
        pytest.skip("there is no PostgreSQL server here")
    with postgresql.postgresql_server() as address:
        yield address


@pytest.fixture
def empty_postgresql(postgresql_server: str) -> str:
    """Return the address of a database that nobody has used."""
    name = f"database_{next(NUMBERS)}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgresql_server.replace("/postgres?", f"/{name}?")


class WordEncoder:
    """An encoder for tests of everything but meaning: a word is a direction, so shared words are nearness."""

    name = "words"

    def __init__(self, fingerprint: str = "words-1") -> None:
        self.fingerprint = fingerprint
        self.max_tokens = 60
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        return [self._encoded(text) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        self.encoded += texts
        return self.encode_questions(texts)

    def _encoded(self, text: str) -> Encoded:
        words = list(re.finditer(r"\w+", text.casefold()))[: self.max_tokens]
        ids = np.array([hashlib.sha256(word.group().encode()).digest()[0] for word in words], dtype=np.int32)
        tokens = np.eye(256, dtype=np.float32)[ids]
        spans = np.array([word.span() for word in words], dtype=np.int32).reshape(-1, 2)
        vector = tokens.sum(axis=0) + np.float32(1e-6)
        return Encoded(vector / np.float32(np.linalg.norm(vector)), tokens, ids, spans)


@pytest.fixture
def words() -> WordEncoder:
    return WordEncoder()
