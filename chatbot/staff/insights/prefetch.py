"""Reading what was asked in vain before the staff look, a little at a time."""

import logging
from threading import Event, Thread
from typing import Final

from chatbot.errors import FootnoteError
from chatbot.journal import Journal
from chatbot.staff.insights.embedding_cache import QuestionEmbeddings
from chatbot.staff.insights.unanswered import unanswered_texts

__all__ = ["UnansweredPrefetcher"]

_LOG = logging.getLogger(__name__)
_EVERY: Final = 60.0  # seconds
_AT_ONCE: Final = 32  # questions
_REST: Final = 0.5  # seconds after each of these, so that visitors have most of the processor


class UnansweredPrefetcher:
    """A thread that reads new questions in vain each minute, and forgets those that are gone from the journal."""

    def __init__(self, journal: Journal, meanings: QuestionEmbeddings) -> None:
        self._journal = journal
        self._meanings = meanings
        self._stop = Event()
        self._thread = Thread(target=self._run, name="reading-ahead", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop soon, and wait until that is done."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            try:
                self._read()
            except FootnoteError as error:
                _LOG.warning("questions in vain were not read ahead: %s", error)

    def _read(self) -> None:
        texts = unanswered_texts(self._journal)
        self._meanings.keep(texts)  # what was erased, or is older than the retention, leaves no trace here either
        for start in range(0, len(texts), _AT_ONCE):
            part = texts[start : start + _AT_ONCE]
            if self._meanings.unknown(part):
                self._meanings.read(part)
                if self._stop.wait(_REST):
                    return
