"""A chatbot that is served whatever state its index is in, and that is kept on the newest build.

A server must not stay away because its index is older than the pages, or is damaged: it serves the last good build at
once, builds anew in the background, and takes the new build up. Only where no build can be served does it build first.
A publishing that was cut off is finished or taken back before anything is opened or built.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Final, Self

from chatbot.answering import Pipeline
from chatbot.bot import BuildState, Chatbot, load_pipeline
from chatbot.errors import FootnoteError, IndexBusy, IndexingError
from chatbot.indexing import REBUILD_HINT, build_index, live_since, load_encoder, load_store, publishing_lock
from chatbot.settings import Settings
from chatbot.staff.content.recovery import IntentLog

__all__ = ["IndexHealer", "RebuildTurns"]

_LOG = logging.getLogger(__name__)
_LOOK: Final = 2.0  # seconds between two looks for a new build
_RETRY: Final = 60.0  # seconds after a rebuild that failed
_WAIT: Final = 1.0  # seconds between two tries to write an index that another process writes
_REST: Final = 3.0  # seconds that a rebuild rests at most for each second that it worked, while visitors ask
_POLLING: Final = 0.02  # seconds between two looks whether they still do
_EARLIER: Final = "serving an earlier build"
_REBUILDING: Final = "serving an earlier build, rebuilding"
_WAITING: Final = "serving an earlier build, waiting to be rebuilt"


def _without_hint(error: FootnoteError) -> str:
    """Return a message without the cure that is under way already."""
    return str(error).removesuffix(f": {REBUILD_HINT}.")


def _silent(_done: int, _total: int) -> None:
    """Show no progress."""


class _StoppedError(Exception):
    """The thread is to end in the middle of a rebuild: no `OSError`, which would be taken for one of the disk."""


class RebuildTurns:
    """Lets one site of a server rebuild its index at a time, and lets visitors go first; safe for any threads."""

    def __init__(self, visitors_ask: Callable[[], bool] = lambda: False) -> None:
        """Take a function that says whether a question of any site waits or is being answered."""
        self._visitors_ask = visitors_ask
        self._lock = Lock()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Yield whether the turn was free; if so, it is held until the block ends."""
        mine = self._lock.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._lock.release()

    def rest(self, worked: float, stop: Event) -> None:
        """Wait while visitors ask, until `stop`, at most three times the `worked` seconds: a rebuild has to end."""
        end = time.monotonic() + _REST * worked
        while self._visitors_ask() and time.monotonic() < end:
            if stop.wait(_POLLING):
                return


class IndexHealer:
    """Opens a chatbot from the last good build, heals its index, and serves each new build from when it is live.

    >>> healer = IndexHealer.open(settings)
    >>> healer.start()
    >>> healer.bot.build_state
    """

    def __init__(self, bot: Chatbot, settings: Settings, turns: RebuildTurns | None = None) -> None:
        """Take a chatbot that `open` has opened, and the turns that the sites of a server share."""
        self.bot = bot
        self._settings = settings
        self._turns = turns or RebuildTurns()
        self._worked_since = 0.0  # the monotonic time at which a rebuild began, or rested last
        self._intents = IntentLog.of(settings)
        self._next = 0.0  # the monotonic time of the next try to rebuild
        self._named = ""  # the message that is in the log already
        self._seen = live_since(settings.index)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="follow-builds", daemon=True)
        if bot.outdated:
            bot.build_state = BuildState(_WAITING if turns else _REBUILDING, bot.outdated.title)
            _LOG.warning(
                "%s. Build %s is served, with the pages as they were then, while a new one is built.",
                _without_hint(bot.outdated),
                bot.build,
            )

    @classmethod
    def open(
        cls,
        settings: Settings,
        pipeline: Pipeline | None = None,
        progress: Callable[[int, int], object] = _silent,
        reading: Callable[[int, int], object] = _silent,
        turns: RebuildTurns | None = None,
    ) -> Self:
        """Open the chatbot that the settings describe; the sites of one server share a pipeline and turns to rebuild.

        Only where there is no build at all that can be served, build one first: `progress` and `reading` are those of
        `build_index`. Raises a `FootnoteError` where that fails.
        """
        pipeline = pipeline or load_pipeline(load_encoder(settings.model))
        intents = IntentLog.of(settings)
        while True:
            if healer := cls.open_last_good(settings, pipeline, turns):
                return healer
            try:
                with publishing_lock(settings.index):
                    intents.recover()
                    encoder = pipeline.tools.encoder
                    store = load_store(settings.store, settings.site)
                    build_index(settings.corpus, settings.index, encoder, store, progress, reading=reading)
            except IndexBusy:
                reading(0, 1)  # it may end the wait
                time.sleep(_WAIT)

    @classmethod
    def open_last_good(cls, settings: Settings, pipeline: Pipeline, turns: RebuildTurns | None = None) -> Self | None:
        """Open the chatbot of the last build that can be served; return None where one must be made first, as `open`.

        Raises a `FootnoteError` for anything else that keeps it from being served.
        """
        try:
            _recover(IntentLog.of(settings), settings)
        except FootnoteError as error:  # of the build before the change, everything is there
            _LOG.warning("%s", error)
        try:
            return cls(Chatbot.open(settings, pipeline, last_good=True), settings, turns)
        except IndexingError as error:
            _LOG.warning("%s. No build can be served: one is made first.", _without_hint(error))
        return None

    def start(self) -> None:
        """Look for what is to be done every two seconds, in a thread of its own, until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread soon, in the middle of a rebuild too, without waiting for it."""
        self._stop.set()

    def look(self) -> None:
        """Rebuild an index that is not of the pages as they are, and serve the live build if it is another one.

        A rebuild takes as long as `build` does. Failures are named in the log once, and tried again a minute later.
        """
        due = time.monotonic() >= self._next
        try:
            if self._intents.is_pending and due:
                self._next = time.monotonic() + _RETRY
                _recover(self._intents, self._settings)
                self._next = 0.0
            outdated, live = self.bot.outdated, live_since(self._settings.index)
            if outdated and live != self._seen:  # somebody built it
                self._seen = live
                self.bot.reload()
                self._name_served()
            elif outdated and due:
                self._rebuild_in_turn(outdated)
            elif not outdated and self.bot.follow():
                self._name_served()
            if not self.bot.outdated:
                self._named = ""
        except _StoppedError:
            return
        except FootnoteError as error:
            if str(error) != self._named:  # once, not at every look
                _LOG.warning("Still serving build %s: %s", self.bot.build, error)
            self._named = str(error)

    def _rebuild_in_turn(self, outdated: FootnoteError) -> None:
        """Rebuild the index, unless that of another site of the server is rebuilt; raises a `FootnoteError`."""
        with self._turns.turn() as mine:
            if mine:
                self._rebuild(outdated)
                self._name_served()
            else:
                self.bot.build_state = BuildState(_WAITING, outdated.title)

    def _rebuild(self, outdated: FootnoteError) -> None:
        """Build the index of the pages and serve it; raises a `FootnoteError`."""
        self._worked_since = time.monotonic()
        self._next = self._worked_since + _RETRY
        self.bot.build_state = BuildState(_REBUILDING, outdated.title)
        try:
            with publishing_lock(self._settings.index):
                self._intents.recover()
                build_index(
                    self._settings.corpus,
                    self._settings.index,
                    self.bot.encoder,
                    self.bot.store,
                    progress=self._go_on,
                    reading=self._go_on,
                )
            self.bot.reload()
        except FootnoteError as error:
            self.bot.build_state = BuildState(_EARLIER, f"{outdated.title}. {error.title}")
            raise

    def _go_on(self, _done: int, _total: int) -> None:
        """Let visitors go first; raise `_StoppedError` once the thread is to end."""
        self._turns.rest(time.monotonic() - self._worked_since, self._stop)
        self._worked_since = time.monotonic()
        if self._stop.is_set():
            raise _StoppedError

    def _name_served(self) -> None:
        _LOG.warning("Build %s is served from now on.", self.bot.build)

    def _run(self) -> None:
        while not self._stop.wait(_LOOK):
            self.look()


def _recover(intents: IntentLog, settings: Settings) -> None:
    """Finish a publishing that was cut off, or take it back, and log it; raises a `FootnoteError`."""
    if intents.is_pending:
        with publishing_lock(settings.index):
            if recovered := intents.recover():
                _LOG.warning("%s", recovered)
