"""A small corpus, an encoder without a model, and the parts of a pipeline over them."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from chatbot.answering.gate import Gate, Logistic
from chatbot.answering.ranking import Ranking
from chatbot.answering.replies import ReplyDecision, ReplyMatcher, ReplyProjection
from chatbot.answering.turn import ServingSnapshot
from chatbot.clinic import Clinic, Contact, Reply
from chatbot.indexing import Encoded, ExactStore, Index, build_index, open_index
from chatbot.language import Spelling
from chatbot.records import Passage
from chatbot.triage import Finding, Triage
from tests.conftest import WordEncoder

Section = tuple[str, str]
"""A heading and the text below it."""


class IndexOf(Protocol):
    """Builds and opens the index of a page with these sections."""

    def __call__(self, *sections: Section) -> Index: ...


@pytest.fixture
def index_of(tmp_path: Path, words: WordEncoder) -> IndexOf:
    def build(*sections: Section) -> Index:
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        texts = (f"## {heading}\n\n{text}\n\n" if heading else f"{text}\n\n" for heading, text in sections)
        (corpus / "page.md").write_text("---\ntitle: Care\n---\n" + "".join(texts))
        build_index(corpus, tmp_path / "index", words, ExactStore)
        return open_index(corpus, tmp_path / "index", words, ExactStore)[1]

    return build


def passage(text: str, *headings: str, start: int = 0) -> Passage:
    return Passage("page.md", "Care", None, headings, start, start + len(text), text)


class RecordingEncoder(WordEncoder):
    """A word encoder that records the questions that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[str] = []

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        self.questions += texts
        return super().encode_questions(texts)


class KnownFindings(Triage):
    """A triage that returns given findings, and records what it reads."""

    def __init__(self, findings: Mapping[str, Finding]) -> None:
        super().__init__(None, None)
        self.findings = findings
        self.questions: list[str] = []
        self.again: list[str] = []

    def read(self, question: str, encode: Callable[[Sequence[str]], list[Encoded]] | None = None) -> Finding:
        assert encode
        encode([question])
        self.questions.append(question)
        return self.findings.get(question, Finding())

    def read_again(self, question: str) -> Finding:
        self.again.append(question)
        return self.findings.get(question, Finding())

    def clauses(self, question: str) -> list[str]:
        return question.split(", ")


RISK = ((0.21, 0.2), (0.2, 0.3), (0.19, 0.4), (0.05, 0.7))


def sure(confidence: float, related: float = 0.1, likely: float = 0.3) -> Gate:
    """Return a gate that gives every passage this confidence."""
    intercept = math.log(confidence / (1 - confidence))
    model = Logistic((0.0, 0.0, 0.0, 0.0), intercept)
    return Gate(model, Logistic((*model.weights, 0.0, 0.0), intercept), (0.0, 1.0), 0.0, RISK, related, likely)


PRICE = Reply("price", ("price list", "how much is a peel", "which fees"), "Ring {phone}.", "{booking}")
HOURS = Reply("hours", ("opening hours", "open late", "hours on monday"), "From 9 to 5.")
CLINIC = Clinic(
    contact=Contact("0123", "a@b.example", "https://b.example", "9 to 5", "1 Street"), replies=(PRICE, HOURS)
)
BY_WORDS = Ranking((1.0, 0.0, 0.0, 0.0))
"""A ranking by MaxSim alone."""


def never(_word: str) -> bool:
    """Return that no word is known."""
    return False


def identity_projection() -> ReplyProjection:
    """Return a projection that changes no vector, with a centroid for the pages that is unlike any question."""
    centroid = np.eye(1, 256, 2, dtype=np.float32)  # the direction of no word of these tests
    return ReplyProjection(np.full(256, 1e-4, np.float32), np.eye(256, dtype=np.float32), centroid, "words-1")


def by_score(threshold: float) -> ReplyDecision:
    """Return a decision that takes a match from this score on."""
    hidden, output = np.zeros((257, 1), np.float32), np.zeros((2, 3), np.float32)
    return ReplyDecision(hidden, output, (0.0, 1.0, 0.0, 0.0), -threshold, frozenset())


def serving(index: Index, clinic: Clinic = CLINIC) -> ServingSnapshot:
    matcher = ReplyMatcher.of(clinic.replies, WordEncoder(), identity_projection(), by_score(0.2))
    return ServingSnapshot(index, Spelling(index.words, never), clinic, matcher)
