"""The one place where a question, of the chat page or the API, is answered and recorded."""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from anyio import to_thread

from chatbot.records import Answer
from chatbot.web.http.fair_queue import FairQueue, QueueFull
from chatbot.web.http.rate_limit import RateLimiter, client_prefix
from chatbot.web.http.site_metrics import NoMetrics, SiteMetrics
from chatbot.web.http.translations import pause_lines

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

_HEAVY: Final = 2.0  # decayed seconds: a site that keeps a seventh of a core busy gives way to others

__all__ = ["AT_ONCE", "AnswerService", "SiteTurns"]

AT_ONCE: Final = 2
"""Questions that are answered at once: while one is encoded, which needs no Python, the rest of another goes on."""


class SiteTurns:
    """The turns of one site among the sites of a server, so that one that is asked much does not slow the others."""

    def __init__(self, queue: FairQueue, site: str) -> None:
        """Take the queue that all sites share, and the site's name."""
        self._queue = queue
        self._site = site

    @classmethod
    def queue(cls) -> FairQueue:
        """Return a queue for all sites of a server. A site waits there with no more than it answers at once."""
        return FairQueue(AT_ONCE, at_once_each=1, waiting=sys.maxsize, waiting_each=AT_ONCE, heavy=_HEAVY)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for a turn of the site and hold it."""
        return self._queue.turn(self._site)


class AnswerService:
    """Answers the questions of all visitors, in turns over their addresses. It must be used from one event loop."""

    def __init__(
        self,
        bot: "Chatbot",
        journal: "Journal | None",
        limiter: RateLimiter,
        site_turns: SiteTurns | None = None,
        site_metrics: SiteMetrics | None = None,
    ) -> None:
        """Answer from a bot and record in a journal, if there is one; the limiter tells which addresses ask little.

        `site_turns` are those of the bot's site, if the server has many.
        """
        self._limiter = limiter
        self._site_turns = site_turns
        self._bot = bot
        self._journal = journal
        self._queue = FairQueue(AT_ONCE)
        self._metrics = site_metrics or NoMetrics()

    @property
    def load(self) -> tuple[int, int]:
        """The numbers of questions that wait and that are being answered."""
        return self._queue.load

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
        started = time.perf_counter()
        try:
            modest = self._limiter.asks_little(address)
            async with AsyncExitStack() as turns:
                await turns.enter_async_context(self._queue.turn(client_prefix(address), gone, modest=modest))
                if self._site_turns:
                    await turns.enter_async_context(self._site_turns.turn())
                answer_id, answer = await to_thread.run_sync(
                    self._answer_and_record, question, history, document, gone.done
                )
        except QueueFull:
            self._metrics.refused("queue full")
            self._limiter.count_refusal(address)
            await self._limiter.hold_back(address)
            raise
        else:
            self._metrics.answered(answer.outcome.value, time.perf_counter() - started)
            return answer_id, answer
        finally:
            gone.cancel()

    def _answer_and_record(
        self, question: str, history: Sequence[str], document: str | None, gone: Callable[[], bool]
    ) -> tuple[str, Answer]:
        started = time.perf_counter()
        answer = self._answer(question, history, document)
        answer_id = uuid4().hex
        if self._journal and not gone():
            self._journal.record(answer_id, answer, 1000 * (time.perf_counter() - started))
        return answer_id, answer

    def _answer(self, question: str, history: Sequence[str], document: str | None) -> Answer:
        clinic = self._bot.clinic
        if not clinic.chat.paused:
            return self._bot.ask(question, history, document)
        return self._bot.ask_while_paused(question, history, "\n".join(pause_lines(clinic, clinic.widget.language)))
