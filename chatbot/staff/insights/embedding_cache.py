"""A cache of question embeddings, in memory, so that none is encoded twice. It holds no text of a question."""

import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Final

import numpy as np

from chatbot.bot import Chatbot
from chatbot.indexing import Vectors
from chatbot.records import Passage
from chatbot.staff.insights.clustering import Labels, QuestionClusterer, asks_time

__all__ = ["Embedding", "QuestionEmbeddings"]

_WORD: Final = re.compile(r"[^\W\d_]")
_BATCH: Final = 32  # questions; a visitor's own waits for at most one batch


@dataclass(frozen=True, slots=True)
class Embedding:
    """A question's point, as `QuestionClusterer.features` computes it, and the passage nearest to it."""

    point: Vectors
    nearest: Passage


class QuestionEmbeddings:
    """Embeddings of questions for clustering; safe for any number of threads.

    Each is stored under a keyed digest of its question. The key is lost when the process ends.
    """

    def __init__(self, bot: Chatbot) -> None:
        self._bot = bot
        self._clusterer = QuestionClusterer.fitted()
        self._key = secrets.token_bytes(16)
        self._known: dict[bytes, Embedding] = {}
        self._build = bot.build
        self._lock = Lock()

    def count_missing(self, questions: Collection[str]) -> int:
        """Count the questions that are not in the cache."""
        return len(self._missing(questions))

    def embed(
        self, questions: Sequence[str], progress: Callable[[int, int], object] = lambda _done, _of: None
    ) -> tuple[Embedding, ...]:
        """Return the embeddings of questions, in order; a new one takes about a hundredth of a second.

        `progress` is called with the number of new questions encoded so far and their total.
        """
        with self._lock:
            if self._build != self._bot.build:  # the nearest passages may be others
                self._known, self._build = {}, self._bot.build
            new = self._missing(questions)
            for start in range(0, len(new), _BATCH):
                self._encode(new[start : start + _BATCH])
                progress(min(start + _BATCH, len(new)), len(new))
            return tuple(self._known[self._digest(question)] for question in questions)

    def retain(self, questions: Collection[str]) -> None:
        """Forget all questions but these."""
        with self._lock:
            digests = set(map(self._digest, questions))
            self._known = {digest: embedding for digest, embedding in self._known.items() if digest in digests}

    def groups(self, embeddings: Sequence[Embedding]) -> Labels:
        """Return the group of each question."""
        if not embeddings:
            return np.zeros(0, np.int64)
        return self._clusterer.groups(
            np.stack([embedding.point for embedding in embeddings]), self._bot.encoder.fingerprint
        )

    def _missing(self, questions: Collection[str]) -> list[str]:
        known = self._known if self._build == self._bot.build else {}
        return [question for question in dict.fromkeys(questions) if self._digest(question) not in known]

    def _encode(self, questions: Sequence[str]) -> None:
        encoded = self._bot.topic_free_questions(questions)
        timed = [asks_time(question.text) for question in encoded]
        vectors = np.stack([question.vector for question in encoded])
        points = self._clusterer.features(vectors, timed, self._bot.encoder.fingerprint)
        points[[not _WORD.search(question) for question in questions]] = 0  # "=1+1" is similar to nothing
        for question, topic_free, point in zip(questions, encoded, points, strict=True):
            self._known[self._digest(question)] = Embedding(point, topic_free.nearest)

    def _digest(self, question: str) -> bytes:
        return blake2b(question.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
