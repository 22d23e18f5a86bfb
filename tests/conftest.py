"""What many tests share: the real model, and the chatbot over the project's own corpus."""

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from chatbot.bot import Chatbot
from chatbot.indexing import SentenceEncoder, Vectors, build_index
from chatbot.settings import load_clinic

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(ROOT / "corpus", tmp_path_factory.mktemp("project") / "corpus"))


@pytest.fixture(scope="session")
def bot(corpus: Path, encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory) -> Chatbot:
    index = tmp_path_factory.mktemp("index")
    build_index(corpus, index, encoder)
    return Chatbot(corpus, index, encoder, load_clinic(ROOT / "clinic.toml"))


class WordEncoder:
    """An encoder for tests of everything but meaning: a word is a direction, so shared words are nearness."""

    name = "words"

    def __init__(self, fingerprint: str = "words-1") -> None:
        self.fingerprint = fingerprint
        self.window = 60
        self.encoded: list[str] = []

    def length(self, text: str) -> int:
        return len(text.split())

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def encode_passages(self, texts: Sequence[str], done: Callable[[int], object] = lambda _: None) -> Vectors:
        self.encoded += texts
        done(len(texts))
        return self.encode_questions(texts)

    def _vector(self, text: str) -> Vectors:
        vector = np.full(256, 1e-6, dtype=np.float32)
        for word in re.findall(r"\w+", text.casefold()):
            vector[hashlib.sha256(word.encode()).digest()[0]] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@pytest.fixture
def words() -> WordEncoder:
    return WordEncoder()
