"""All that the tabs of the console work on."""

from dataclasses import dataclass

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.journal import Journal
from chatbot.settings import Settings
from chatbot.staff import (
    Drafts,
    GoldenFile,
    History,
    Meanings,
    Pages,
    Place,
    Register,
    Reports,
    SignOffs,
    Words,
    staff_database,
)
from chatbot.web.http.translations import interface_texts

__all__ = ["House"]


@dataclass(frozen=True, slots=True)
class House:
    """The chatbot that visitors ask, the journal of what they ask (or None), where things lie, what staff change."""

    bot: Chatbot
    journal: Journal | None
    settings: Settings
    register: Register
    history: History
    pages: Pages
    words: Words
    meanings: Meanings
    golden_file: GoldenFile
    reports: Reports
    sign_offs: SignOffs

    @classmethod
    def of(cls, bot: Chatbot, journal: Journal | None, settings: Settings) -> "House":
        """Give the house that settings describe."""
        database = staff_database(settings.staff)
        history = History(database)
        place = Place(settings.corpus, settings.index, settings.staff)
        pages = Pages(bot, place, Drafts(database), history)
        words = Words(bot, settings.clinic, history, _speaks)
        saved = Meanings(bot), GoldenFile(settings.staff), Reports(settings.staff), SignOffs(database)
        return cls(bot, journal, settings, Register(database), history, pages, words, *saved)


def _speaks(clinic: Clinic) -> None:
    """Raise `SettingsError` for wording that the chat on other sites has no place for."""
    for language in (clinic.widget.language, *clinic.widget.texts):
        interface_texts(clinic, language)
