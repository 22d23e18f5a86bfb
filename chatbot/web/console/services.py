"""All that the tabs of the console work on."""

from dataclasses import dataclass

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.journal import Journal
from chatbot.settings import Settings
from chatbot.staff import (
    AccountStore,
    AuditLog,
    ClinicText,
    Drafts,
    GoldenFile,
    Place,
    Publisher,
    QuestionEmbeddings,
    Reports,
    SignOffs,
    staff_database,
)
from chatbot.web.http.translations import interface_texts

__all__ = ["ConsoleServices"]


@dataclass(frozen=True, slots=True)
class ConsoleServices:
    """The chatbot that visitors ask, the journal of what they ask (or None), where things lie, what staff change."""

    bot: Chatbot
    journal: Journal | None
    settings: Settings
    account_store: AccountStore
    audit_log: AuditLog
    pages: Publisher
    clinic_text: ClinicText
    question_embeddings: QuestionEmbeddings
    golden_file: GoldenFile
    reports: Reports
    sign_offs: SignOffs

    @classmethod
    def of(cls, bot: Chatbot, journal: Journal | None, settings: Settings) -> "ConsoleServices":
        """Give the house that settings describe."""
        database = staff_database(settings.staff)
        history = AuditLog(database)
        place = Place(settings.corpus, settings.index, settings.staff)
        pages = Publisher(bot, place, Drafts(database), history)
        words = ClinicText(bot, settings.clinic, history, _speaks)
        saved = QuestionEmbeddings(bot), GoldenFile(settings.staff), Reports(settings.staff), SignOffs(database)
        return cls(bot, journal, settings, AccountStore(database), history, pages, words, *saved)


def _speaks(clinic: Clinic) -> None:
    """Raise `SettingsError` for wording that the chat on other sites has no place for."""
    for language in (clinic.widget.language, *clinic.widget.texts):
        interface_texts(clinic, language)
