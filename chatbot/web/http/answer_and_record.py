"""The one place where a question, of the chat page or the API, is answered and recorded."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from anyio import to_thread

from chatbot.records import Answer
from chatbot.web.http.fair_queue import FairQueue
from chatbot.web.http.rate_limit import RateLimiter, client_prefix

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["AT_ONCE", "AnswerService"]

AT_ONCE: Final = 2
"""Questions that are answered at once: while one is encoded, which needs no Python, the rest of another goes on."""


class AnswerService:
    """Answers the questions of all visitors, in turns over their addresses. It must be used from one event loop."""

    def __init__(self, bot: "Chatbot", journal: "Journal | None", limiter: RateLimiter) -> None:
        """Answer from a bot and record in a journal, if there is one; the limiter tells which addresses ask little."""
        self._limiter = limiter
        self._bot = bot
        self._journal = journal
        self._queue = FairQueue(AT_ONCE)

    async def ask(
        self,
        address: str,
        question: str,
        history: Sequence[str],
        departure: Callable[[], Coroutine[Any, Any, None]],
        document: str | None = None,
    ) -> tuple[str, Answer]:
        """Answer a question when its address has a turn, and return the answer's id and the answer.

        `departure` returns once the visitor has left. The question is then not answered, or at least not recorded.
        `document` is the id of the only page to search. Raises `QuestionError`, `DocumentNotFound`, `QueueFull` and
        `ClientDisconnected`.
        """
        gone = asyncio.create_task(departure())
        try:
            modest = self._limiter.asks_little(address)
            async with self._queue.turn(client_prefix(address), gone, modest=modest):
                return await to_thread.run_sync(self._answer_and_record, question, history, document, gone.done)
        finally:
            gone.cancel()

    def _answer_and_record(
        self, question: str, history: Sequence[str], document: str | None, gone: Callable[[], bool]
    ) -> tuple[str, Answer]:
        started = time.perf_counter()
        answer = self._bot.ask(question, history, document)
        answer_id = uuid4().hex
        if self._journal and not gone():
            self._journal.record(answer_id, answer, 1000 * (time.perf_counter() - started))
        return answer_id, answer
