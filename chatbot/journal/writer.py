"""The writer: the one thread that writes to the journal, so that no visitor waits for it or sees it fail."""

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
_QUEUE_SIZE: Final = 1_000  # changes that may wait; further ones are refused
_BATCH: Final = 100  # changes of one transaction
_DAY: Final = 86_400  # seconds
_RETRY_AFTER: Final = 3_600  # seconds after which a daily task that failed is tried again
_SHUTDOWN_TIMEOUT: Final = 10  # seconds that the waiting changes get when the server stops
_CONSEQUENCE: Final = "Visitors are answered all the same; what they ask is not kept until this is mended."

Change = Callable[[Connection], object]


class Writer:
    """Makes changes in the order in which they are submitted, and runs a task at its start and once a day."""

    def __init__(self, database: Database, daily_task: Callable[[], object]) -> None:
        """Write to a database; nothing runs before `start` or the first change."""
        self._database = database
        self._daily_task = daily_task
        self._queue: Queue[tuple[Change, Future[Any]] | None] = Queue(_QUEUE_SIZE)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False
        self._failing = False
        self.lost = 0  # changes that were not made

    @property
    def waiting(self) -> int:
        """The number of changes that wait."""
        return self._queue.qsize()

    def start(self) -> None:
        """Start the thread, unless it has been started."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()

    def submit(self, change: Change) -> Future[Any]:
        """Queue a change and return its future, which holds a `JournalError` if the change fails."""
        future: Future[Any] = Future()
        self.start()
        if self._closed:
            future.set_exception(JournalError("The journal is closed: the server is stopping."))
            return future
        try:
            self._queue.put_nowait((change, future))
        except Full:
            error = JournalError(
                "The journal is not written quickly enough: too many changes wait. Check its disk and who else uses it."
            )
            self._report_failure(error)
            self.lost += 1
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Write the waiting changes and stop; changes submitted later are refused."""
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
                due = time.time() + (_DAY if self._run_daily_task() else _RETRY_AFTER)
            changes, last = self._next_batch()
            if changes and not self._write(changes) and len(changes) > 1:
                for change in changes:  # one by one, so that a change that fails takes no other with it
                    self._write([change])
            if last:
                return

    def _next_batch(self) -> tuple[list[tuple[Change, Future[Any]]], bool]:
        """Wait for changes; return them, and whether the writer must stop after them."""
        changes: list[tuple[Change, Future[Any]]] = []
        try:
            item = self._queue.get(timeout=60)
            while item is not None:
                changes.append(item)
                if len(changes) == _BATCH:
                    break
                item = self._queue.get_nowait()
        except Empty:
            return changes, False
        return changes, item is None

    def _write(self, changes: list[tuple[Change, Future[Any]]]) -> bool:
        """Make changes in one transaction; return False if they should be tried one by one."""
        try:
            with self._database.writing(only_sql=True) as connection:  # others are tried one by one
                results = [change(connection) for change, _ in changes]
        except JournalError as error:
            self._report_failure(error)
            self.lost += len(changes)
            for _, future in changes:
                future.set_exception(error)
            return True
        except Exception as error:  # noqa: BLE001 -- this thread must not end; the message might quote a question
            if len(changes) == 1:
                failure = JournalError(f"A question could not be journalled: {type(error).__name__}.")
                self._report_failure(failure)
                self.lost += 1
                changes[0][1].set_exception(failure)
            return False
        for (_, future), result in zip(changes, results, strict=True):
            future.set_result(result)
        self._report_recovery()
        return True

    def _run_daily_task(self) -> bool:
        try:
            self._daily_task()
        except JournalError as error:
            self._report_failure(error)
            return False
        return True

    def _report_failure(self, error: JournalError) -> None:
        """Log the first of several failures in a row."""
        if not self._failing:
            self._failing = True
            _LOG.error("%s %s", error, _CONSEQUENCE)

    def _report_recovery(self) -> None:
        if self._failing:
            self._failing = False
            _LOG.warning("The journal is written again.")
