"""What is made once of what a bot serves and says, and anew when either changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["CachedPerVersion"]

_Made = TypeVar("_Made")


class CachedPerVersion(Generic[_Made]):
    """Calling it gives what was made for the bot's present edition."""

    def __init__(self, bot: "Chatbot", make: Callable[[], _Made]) -> None:
        """Make it for the first time, so that what cannot be made is told at the start."""
        self._bot = bot
        self._make = make
        self._made = (bot.content_version, make())

    def __call__(self) -> _Made:
        """Give it, made anew if need be."""
        content_version = self._bot.content_version
        if self._made[0] != content_version:
            self._made = (content_version, self._make())
        return self._made[1]
