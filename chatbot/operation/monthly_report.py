"""A month of one site: what was asked and answered, what was not, what was urgent, and how fresh the pages are."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from chatbot.bot import Chatbot
from chatbot.errors import SettingsError, StaffError
from chatbot.journal import Counts, Journal
from chatbot.records import Document
from chatbot.settings import Settings
from chatbot.staff import (
    ApprovedQuestions,
    AuditLog,
    GoldenFile,
    QuestionEmbeddings,
    Row,
    UrgentMessages,
    staff_database,
    unanswered_questions,
)

__all__ = ["Month", "MonthlyReport", "monthly_report"]

_UNANSWERED: Final = 20  # rows that a report lists


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month, in UTC."""

    first: date

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read a month such as 2026-10; raises `SettingsError`."""
        try:
            return cls(datetime.strptime(f"{text}-01", "%Y-%m-%d").replace(tzinfo=UTC).date())
        except ValueError:
            raise SettingsError(f"{text!r} is no month: write it as in 2026-10.") from None

    @classmethod
    def last(cls, today: date) -> "Month":
        """Return the month before the one of a day."""
        return cls((today.replace(day=1) - timedelta(days=1)).replace(day=1))

    @property
    def before(self) -> "Month":
        """The month before."""
        return Month.last(self.first)

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return (self.start + timedelta(days=32)).replace(day=1)

    @property
    def days(self) -> int:
        """The number of its days."""
        return (self.end - self.start).days

    def __str__(self) -> str:
        return f"{self.first:%B %Y}"


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The figures of a month.

    `before` counts the month before. `confirmed` questions got an answer that a person has approved. `unanswered` lists
    those that were asked most, of `unanswered_rows` in all, as far as their words are still kept. `due` are the pages
    whose review is due, of `pages` in all.
    """

    month: Month
    counts: Counts
    before: Counts
    confirmed: int
    unanswered: tuple[Row, ...]
    unanswered_rows: int
    urgent: UrgentMessages
    quoted: tuple[tuple[str, int], ...]
    pages: int
    due: tuple[Document, ...]
    words_since: date


def monthly_report(bot: Chatbot, journal: Journal, settings: Settings, month: Month, now: datetime) -> MonthlyReport:
    """Count a month of a site; raises `JournalError` and `StaffError`."""
    counts = journal.counts(month.start, month.end)
    unanswered = unanswered_questions(journal, QuestionEmbeddings(bot), month.days, handled=True, now=month.end).rows
    due_before = now.date() - timedelta(days=bot.clinic.pages.review_after_days)
    documents = bot.documents()
    titles = {document.id: document.title for document in documents}
    quoted: dict[str, int] = {}
    for passage, number in counts.cited:
        title = titles.get(passage.document, passage.document)
        quoted[title] = quoted.get(title, 0) + number
    return MonthlyReport(
        month=month,
        counts=counts,
        before=journal.counts(month.before.start, month.before.end),
        confirmed=_confirmed(bot, journal, settings, month),
        unanswered=unanswered[:_UNANSWERED],
        unanswered_rows=len(unanswered),
        urgent=UrgentMessages(journal.asked(month.start, month.end, urgent=True, passages=False)),
        quoted=tuple(sorted(quoted.items(), key=lambda item: (-item[1], item[0]))),
        pages=len(documents),
        due=tuple(document for document in documents if document.reviewed is None or document.reviewed < due_before),
        words_since=max(month.first, (now - timedelta(days=journal.retention)).date()),
    )


def _confirmed(bot: Chatbot, journal: Journal, settings: Settings, month: Month) -> int:
    database = staff_database(settings.staff, settings.staff_database)
    approved = ApprovedQuestions(bot, database, GoldenFile(settings.staff, database), AuditLog(database))
    try:
        return approved.count_confirmed(journal, month.start, month.end)
    except StaffError:
        return 0
    finally:
        database.close()
