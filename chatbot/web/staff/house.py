"""All that the tabs of the console work on."""

from dataclasses import dataclass

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from chatbot.settings import Settings

__all__ = ["House"]


@dataclass(frozen=True, slots=True)
class House:
    """The chatbot that visitors ask, the journal of what they ask (if one is kept), and where things lie."""

    bot: Chatbot
    journal: Journal | None
    settings: Settings

    @classmethod
    def of(cls, bot: Chatbot, journal: Journal | None, settings: Settings) -> "House":
        """Give the house that settings describe."""
        return cls(bot, journal, settings)
