"""The one thread that writes: a visitor never waits for the journal, and never hears that it failed."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any, Final

from sqlalchemy import Connection

from chatbot.database import Database
from chatbot.errors import JournalError

__all__ = ["Writer"]

_LOG = logging.getLogger(__name__)
_WAITING: Final = 1_000  # changes that may wait; what comes when there are more is not kept
_AT_ONCE: Final = 100  # changes of one transaction
_DAY: Final = 86_400  # seconds
_HOUR: Final = 3_600  # seconds after which a chore that failed is tried again
_SHUTDOWN_TIMEOUT: Final = 10  # seconds for what still waits when the server stops
_ANSWERED: Final = "Visitors are answered all the same; what they ask is not kept until this is mended."

Change = Callable[[Connection], object]


class Writer:
    """Makes changes in the order in which they were handed in, and does a chore at its start and once a day."""

    def __init__(self, database: Database, daily_task: Callable[[], object]) -> None:
        """Take where to write and what to do daily; nothing runs before `start` or the first change."""
        self._database = database
        self._daily_task = daily_task
        self._queue: Queue[tuple[Change, Future[Any]] | None] = Queue(_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False
        self._failing = False

    def start(self) -> None:
        """Begin to write, unless that was begun already."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()

    def submit(self, change: Change) -> Future[Any]:
        """Let a change be made soon; its future fails with a `JournalError` if it cannot be."""
        future: Future[Any] = Future()
        self.start()
        if self._closed:
            future.set_exception(JournalError("The journal is closed: the server is stopping."))
            return future
        try:
            self._queue.put_nowait((change, future))
        except Full:
            error = JournalError("The journal is not written quickly enough: more changes wait than it keeps in mind.")
            self._failed(error)
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Write what still waits and stop; what is handed in later is not kept."""
        with self._lock:
            self._closed, thread = True, self._thread
        if thread is None:
            return
        try:
            self._queue.put(None, timeout=_SHUTDOWN_TIMEOUT)
        except Full:
            return
        thread.join(_SHUTDOWN_TIMEOUT)

    def _run(self) -> None:
        due = 0.0
        while True:
            if time.time() >= due:
                due = time.time() + (_DAY if self._done(self._daily_task) else _HOUR)
            changes, last = self._waiting()
            if changes and not self._made(changes) and len(changes) > 1:
                for change in changes:  # so that one which cannot be made takes no other with it
                    self._made([change])
            if last:
                return

    def _waiting(self) -> tuple[list[tuple[Change, Future[Any]]], bool]:
        """Wait for changes; give them, and whether they are the last ones."""
        changes: list[tuple[Change, Future[Any]]] = []
        try:
            one = self._queue.get(timeout=60)
            while one is not None:
                changes.append(one)
                if len(changes) == _AT_ONCE:
                    break
                one = self._queue.get_nowait()
        except Empty:
            return changes, False
        return changes, one is None

    def _made(self, changes: list[tuple[Change, Future[Any]]]) -> bool:
        """Make changes in one transaction; False where they should be tried one by one."""
        try:
            with self._database.writing() as connection:
                results = [change(connection) for change, _ in changes]
        except JournalError as error:
            self._failed(error)
            for _, future in changes:
                future.set_exception(error)
            return True
        except Exception as error:  # noqa: BLE001 -- this thread must not end; the message might quote a question
            if len(changes) == 1:
                told = JournalError(f"A question could not be journalled: {type(error).__name__}.")
                self._failed(told)
                changes[0][1].set_exception(told)
            return False
        for (_, future), result in zip(changes, results, strict=True):
            future.set_result(result)
        self._worked()
        return True

    def _done(self, chore: Callable[[], object]) -> bool:
        try:
            chore()
        except JournalError as error:
            self._failed(error)
            return False
        return True

    def _failed(self, error: JournalError) -> None:
        """Tell of a failure once, until something was written again."""
        if not self._failing:
            self._failing = True
            _LOG.error("%s %s", error, _ANSWERED)

    def _worked(self) -> None:
        if self._failing:
            self._failing = False
            _LOG.warning("The journal is written again.")
