"""What questions mean, kept in memory so that none is read twice; no word of them is kept anywhere."""

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

__all__ = ["Meaning", "QuestionEmbeddings"]

_WORD: Final = re.compile(r"[^\W\d_]")
_AT_ONCE: Final = 32  # questions, so that a visitor's waits for no more than these


@dataclass(frozen=True, slots=True)
class Meaning:
    """Where a question lies among others, as `QuestionClusterer.placed` has it, and the passage that comes nearest."""

    point: Vectors
    nearest: Passage


class QuestionEmbeddings:
    """Reads questions for grouping; any number of threads may use it.

    A meaning is found again by a keyed digest of its question, whose key is gone with the process.
    """

    def __init__(self, bot: Chatbot) -> None:
        self._bot = bot
        self._grouping = QuestionClusterer.fitted()
        self._key = secrets.token_bytes(16)
        self._known: dict[bytes, Meaning] = {}
        self._build = bot.build
        self._reading = Lock()

    def unknown(self, questions: Collection[str]) -> int:
        """Count the questions that are still to be read."""
        return len(self._unread(questions))

    def read(
        self, questions: Sequence[str], progress: Callable[[int, int], object] = lambda _done, _of: None
    ) -> tuple[Meaning, ...]:
        """Give what questions mean, in order; those not read before take a hundredth of a second each.

        `progress` hears how many of the new ones are read, of how many.
        """
        with self._reading:
            if self._build != self._bot.build:  # other pages, other nearest passages
                self._known, self._build = {}, self._bot.build
            names = [self._digest(question) for question in questions]
            new = [question for name, question in zip(names, questions, strict=True) if name not in self._known]
            for start in range(0, len(new), _AT_ONCE):
                self._learn(new[start : start + _AT_ONCE])
                progress(min(start + _AT_ONCE, len(new)), len(new))
            return tuple(self._known[name] for name in names)

    def keep(self, questions: Collection[str]) -> None:
        """Forget what other questions mean than these."""
        with self._reading:
            kept = set(map(self._digest, questions))
            self._known = {name: meaning for name, meaning in self._known.items() if name in kept}

    def groups(self, meanings: Sequence[Meaning]) -> Labels:
        """Put questions together by their meanings."""
        if not meanings:
            return np.zeros(0, np.int64)
        return self._grouping.groups(np.stack([one.point for one in meanings]), self._bot.encoder.fingerprint)

    def _unread(self, questions: Collection[str]) -> list[str]:
        known = self._known if self._build == self._bot.build else {}
        return [question for question in dict.fromkeys(questions) if self._digest(question) not in known]

    def _learn(self, questions: Sequence[str]) -> None:
        read = self._bot.topic_free_questions(questions)
        timed = [asks_time(one.text) for one in read]
        vectors = np.stack([one.vector for one in read])
        points = self._grouping.features(vectors, timed, self._bot.encoder.fingerprint)
        points[[not _WORD.search(question) for question in questions]] = 0  # "=1+1" is like nothing
        for question, one, point in zip(questions, read, points, strict=True):
            self._known[self._digest(question)] = Meaning(point, one.nearest)

    def _digest(self, question: str) -> bytes:
        return blake2b(question.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
