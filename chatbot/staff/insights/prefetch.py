"""Prefetching: unanswered questions are encoded before the staff open the list, a few at a time."""

import logging
from threading import Event, Thread
from typing import Final

from chatbot.errors import FootnoteError
from chatbot.journal import Journal
from chatbot.staff.insights.embedding_cache import QuestionEmbeddings
from chatbot.staff.insights.unanswered import unanswered_texts

__all__ = ["UnansweredPrefetcher"]

_LOG = logging.getLogger(__name__)
_BATCH: Final = 32  # questions


class UnansweredPrefetcher:
    """A thread that encodes new unanswered questions, and forgets those that are gone from the journal."""

    def __init__(
        self, journal: Journal, embeddings: QuestionEmbeddings, *, interval: float = 60.0, pause: float = 0.5
    ) -> None:
        """Look every `interval` seconds, and pause after each batch so that visitors get most of the processor."""
        self._journal = journal
        self._embeddings = embeddings
        self._interval = interval
        self._pause = pause
        self._stop = Event()
        self._thread = Thread(target=self._run, name="prefetch", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch at hand, and wait for it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            try:
                self._update()
            except FootnoteError as error:
                _LOG.warning("Unanswered questions were not prefetched: %s", error)

    def _update(self) -> None:
        texts = unanswered_texts(self._journal)
        self._embeddings.retain(texts)  # erased and expired questions must leave no trace here either
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            if self._embeddings.count_missing(batch):
                self._embeddings.embed(batch)
                if self._stop.wait(self._pause):
                    return
