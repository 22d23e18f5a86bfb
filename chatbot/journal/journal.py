"""The journal of questions and outcomes: redacted, and kept in words only for as long as the clinic chooses."""

import re
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import Connection, Update, bindparam, delete, func, insert, or_, select, update

from chatbot.answering import clean_question
from chatbot.database import Database
from chatbot.errors import JournalError, QuestionEmpty
from chatbot.journal.export import export_lines
from chatbot.journal.queries import (
    BUCKET_SECONDS,
    Counts,
    LoggedQuestion,
    QuestionFilter,
    count_confirmed,
    read_counts,
    select_questions,
)
from chatbot.journal.schema import citations, journal_database, questions
from chatbot.journal.writer import Writer
from chatbot.language import guess_language
from chatbot.records import Answer, Outcome
from chatbot.redaction import redact
from chatbot.triage import Wording

__all__ = ["Journal"]

_DAY: Final = 86_400  # seconds
_TIMEOUT: Final = 10  # seconds that feedback may wait to be written
_ANSWER_ID: Final = re.compile(r"[0-9a-f]{32}")


class Journal:
    """Keeps the text of questions for a number of days and counts of them for good; safe for any number of threads.

    >>> journal = Journal.open("journal/journal.sqlite3", retention_days=30)
    >>> journal.record(answer_id, bot.ask(question), milliseconds=12)
    >>> journal.counts().outcomes
    """

    def __init__(self, database: Database, retention_days: int, clock: Callable[[], float] = time.time) -> None:
        """Use a database, the days that text is kept (0: never), and a clock that returns Unix time in seconds."""
        self._database = database
        self._retention = retention_days
        self._clock = clock
        self._writer = Writer(database, self.apply_retention)

    @property
    def retention(self) -> int:
        """The days that text is kept; 0 for never."""
        return self._retention

    @property
    def is_shared(self) -> bool:
        """Whether other servers may write to the same journal."""
        return self._database.is_shared

    @property
    def waiting(self) -> int:
        """The number of changes that wait to be written."""
        return self._writer.waiting

    @property
    def lost(self) -> int:
        """The number of changes that could not be written since the start."""
        return self._writer.lost

    @classmethod
    def open(cls, setting: str, retention_days: int, clock: Callable[[], float] = time.time) -> "Journal | None":
        """Open the journal at an address, or return None if the setting is "off" or empty.

        Raises `SettingsError` for an invalid address. The database is opened at its first use: one that cannot be
        reached stops no visitor, and may be repaired while Footnote runs.
        """
        database = journal_database(setting)
        return cls(database, retention_days, clock) if database else None

    def start(self) -> None:
        """Start the writer, which applies the retention now and daily.

        Beside other servers, wait some seconds until it writes, because an answer may be rated at any of them.
        """
        # The language model takes a second to load: the writer does so before the first visitor asks.
        ready = self._writer.submit(lambda _: guess_language(""))
        if self._database.is_shared:
            with suppress(FutureTimeoutError, JournalError):
                ready.result(_TIMEOUT)

    def close(self) -> None:
        """Write what is still queued and close the database."""
        self._writer.close()
        self._database.close()

    def record(self, answer_id: str, answer: Answer, milliseconds: float) -> None:
        """Queue a question and its outcome to be written; never wait and never fail."""
        moment = int(self._clock())
        self._writer.submit(lambda connection: self._insert(connection, answer_id, answer, milliseconds, moment))

    def feedback(self, answer_id: str, helpful: bool, comment: str = "") -> bool:
        """Record a visitor's feedback on an answer, in place of earlier feedback; return False for an unknown answer.

        That of another server may be written down a moment later. Raises `JournalError` if it cannot be written.
        """
        if not _ANSWER_ID.fullmatch(answer_id):
            return False
        change = update(questions).where(questions.c.answer_id == answer_id)
        change = change.values(helpful=helpful, comment=self._redacted(comment))
        return self._written(change)

    def flush(self) -> None:
        """Wait until everything submitted so far is written; raises `JournalError` if that fails."""
        self._writer.submit(lambda _: None).result()

    def asked(  # noqa: PLR0913 - each is one choice of the reader
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        unanswered: bool = False,
        urgent: bool = False,
        handled: bool | None = None,
        limit: int | None = None,
        passages: bool = True,
    ) -> tuple[LoggedQuestion, ...]:
        """Return the questions from `since` to just before `until`, newest first.

        `unanswered` selects those with text that our pages did not answer, or not helpfully. `urgent` selects urgent
        ones, with or without text. `handled` selects those that staff marked, or did not mark. Without `passages`, none
        are read, which is quicker.
        """
        with self._database.reading() as connection:
            return select_questions(
                connection, QuestionFilter(since, until, unanswered, urgent, handled, limit, passages)
            )

    def counts(self, since: datetime | None = None, until: datetime | None = None, zone: tzinfo = UTC) -> Counts:
        """Count the questions from `since` to just before `until`, by the days and hours of a time zone."""
        with self._database.reading() as connection:
            return read_counts(connection, since, until, zone)

    def newest(self) -> datetime | None:
        """Return when the newest question was asked, or None without one."""
        with self._database.reading() as connection:
            return _moment(connection.scalar(select(func.max(questions.c.asked))))

    def oldest_words(self) -> datetime | None:
        """Return when the oldest question that is kept in words was asked, or None without one."""
        with self._database.reading() as connection:
            return _moment(connection.scalar(select(func.min(questions.c.asked)).where(questions.c.text.is_not(None))))

    def count_confirmed(
        self, since: datetime, is_approved: Callable[[str], bool], until: datetime | None = None
    ) -> int:
        """Count the questions since then that an approved question answered, or whose text is approved by now."""
        with self._database.reading() as connection:
            return count_confirmed(connection, since, until, is_approved)

    def mark_handled(self, ids: Collection[int], *, handled: bool = True) -> None:
        """Mark questions as handled, or remove the mark; later questions of the same wording are not marked."""
        change = update(questions).where(questions.c.id == bindparam("key")).values(handled=bindparam("moment"))
        moment = int(self._clock()) if handled else None
        if ids:
            with self._database.writing() as connection:
                connection.execute(change, [{"key": id_, "moment": moment} for id_ in ids])

    def judge(self, id_: int, *, emergency: bool) -> bool:
        """Record whether an urgent message was an emergency; return False if there is no such message."""
        urgent = questions.c.outcome == Outcome.URGENT.value
        change = update(questions).where(questions.c.id == id_, urgent).values(judged=emergency)
        with self._database.writing() as connection:
            return bool(connection.execute(change).rowcount)

    def apply_retention(self) -> int:
        """Delete the text of questions that are older than the retention; return how many lost theirs.

        Their outcome, passages, language, feedback, alarm and quarter of an hour stay. No byte of the text is left in
        the database. Answer ids stay for at least a day, so that visitors can give feedback.
        """
        now = int(self._clock())
        text_since = now - self._retention * _DAY if self._retention else now + 1
        id_since = min(text_since, now - _DAY)
        has_text = or_(questions.c.text.is_not(None), questions.c.comment.is_not(None))
        quarter = questions.c.asked - questions.c.asked % BUCKET_SECONDS
        with self._database.writing() as connection:
            expired = update(questions).where(questions.c.asked < text_since, has_text)
            number = connection.execute(expired.values(text=None, comment=None)).rowcount
            forgotten = update(questions).where(questions.c.asked < id_since, questions.c.answer_id.is_not(None))
            connection.execute(forgotten.values(answer_id=None, asked=quarter))
        self._database.vacuum()
        return number

    def erase(
        self,
        *,
        everything: bool = False,
        before: datetime | None = None,
        matching: str | None = None,
        answer_id: str | None = None,
    ) -> int:
        """Erase questions and their counts by one of four criteria; return how many.

        `matching` is searched in questions and comments, whatever the case. No byte of them is left in the database.
        Raises `QuestionEmpty` for an empty text, and `JournalError`.
        """
        with self._database.writing() as connection:
            number = 0
            if matching is not None:
                keys = [{"key": id_} for id_ in self._matching(connection, clean_question(matching).casefold())]
                if keys:
                    connection.execute(delete(questions).where(questions.c.id == bindparam("key")), keys)
                number = len(keys)
            elif before is not None:
                number = connection.execute(delete(questions).where(questions.c.asked < before.timestamp())).rowcount
            elif answer_id is not None:
                number = connection.execute(delete(questions).where(questions.c.answer_id == answer_id)).rowcount
            elif everything:
                number = connection.execute(delete(questions)).rowcount
        self._database.vacuum()
        return number

    def export(self, form: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[str]:
        """Yield the lines of a CSV or JSON lines file of the questions from `since` to just before `until`."""
        return export_lines(self.asked(since, until), form)

    def _insert(self, connection: Connection, answer_id: str, answer: Answer, milliseconds: float, moment: int) -> None:
        question = insert(questions).values(
            answer_id=answer_id,
            asked=moment,
            text=self._redacted(answer.question),
            outcome=_outcome(answer).value,
            language=guess_language(answer.question),
            milliseconds=round(milliseconds),
            level=answer.alarm.level.value if answer.alarm else None,
            rule=answer.alarm.rule if answer.alarm else None,
            shown=answer.message if answer.alarm else None,
            confirmed=answer.confirmed,
        )
        (key,) = connection.execute(question).inserted_primary_key or (None,)
        passages = [citation.passage for citation in answer.citations]
        rows = [
            {
                "question": key,
                "place": place,
                "document": passage.document,
                "starts": passage.start,
                "ends": passage.end,
            }
            for place, passage in enumerate(passages, start=1)
        ]
        if rows:
            connection.execute(insert(citations), rows)

    def _written(self, change: Update) -> bool:
        """Return whether a change met a row; raises `JournalError`."""
        future = self._writer.submit(lambda connection: connection.execute(change).rowcount)
        try:
            return bool(future.result(_TIMEOUT))
        except FutureTimeoutError:
            raise JournalError("The journal takes too long to write: check its disk and who else uses it.") from None

    def _redacted(self, text: str) -> str | None:
        try:
            return redact(clean_question(text)) if self._retention else None
        except QuestionEmpty:
            return None

    def _matching(self, connection: Connection, needle: str) -> Iterator[int]:
        for row in connection.execute(select(questions.c.id, questions.c.text, questions.c.comment)):
            if any(needle in text.casefold() for text in (row.text, row.comment) if text):
                yield row.id


def _outcome(answer: Answer) -> Outcome:
    """Return the outcome to count: to the button below an alarm, which asks nothing, every answer is a reply."""
    pressed = answer.alarm is None and answer.question in Wording.dismissals()
    return Outcome.REPLY if pressed else answer.outcome


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
