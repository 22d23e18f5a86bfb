"""Changes of clinic.toml on the disk, served while the server runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from chatbot.clinic import Clinic, load_clinic
from chatbot.errors import SettingsError

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["ClinicFollower"]

_LOG = logging.getLogger(__name__)
_LOOK: Final = 1.0  # seconds between two looks at the file
_AT_START: Final = ("sites", "colours")
"""What is read once, when the server starts."""


class ClinicFollower:
    """Makes a chatbot serve each new version of its clinic's file.

    A version that cannot be used changes nothing, and the log says so once.
    """

    def __init__(self, bot: "Chatbot", path: Path, check: Callable[[Clinic], object]) -> None:
        """Take the version on the disk as the one that is served.

        `check` raises `SettingsError` for text that a surface cannot show.
        """
        self._bot = bot
        self._path = path
        self._check = check
        self._seen = self._version()

    def look(self) -> bool:
        """Serve the file if it has changed since the last look; return whether something else is served now."""
        version = self._version()
        if version == self._seen:
            return False
        self._seen = version
        before = self._bot.clinic
        try:
            clinic = load_clinic(self._path)
            self._check(clinic)
        except SettingsError as error:
            _LOG.warning("Still serving the clinic.toml of before: %s", error)
            return False
        if clinic == before:  # the console has written it, and serves it already
            return False
        self._bot.set_clinic(clinic)
        _LOG.warning("%s is served as it is now.", self._path)
        if late := [f"[{name}]" for name in _AT_START if getattr(clinic, name) != getattr(before, name)]:
            _LOG.warning("%s changed too: start the server again for that.", " and ".join(late))
        return True

    def lifespan(self, _: Any) -> AbstractAsyncContextManager[None]:  # noqa: ANN401 -- an application of any kind
        """Return a context in which the file is followed."""
        return self._following()

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        looking = asyncio.create_task(self._look_on())
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            if self._version() != self._seen:
                await to_thread.run_sync(self.look)

    def _version(self) -> tuple[int, ...]:
        """Return what changes with each version of the file; nothing where there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_ino, status.st_size, status.st_mtime_ns
