"""What visitors asked and what they were told: kept without who they are, for as long as the clinic says."""

import re
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from chatbot.answering import clean_question
from chatbot.database import Database
from chatbot.errors import JournalError, QuestionEmpty
from chatbot.journal.export import export_lines
from chatbot.journal.queries import BUCKET_SECONDS, Counts, LoggedQuestion, QuestionFilter, read_asked, read_counts
from chatbot.journal.schema import JOURNAL, citations, questions
from chatbot.journal.writer import Writer
from chatbot.language import guess_language
from chatbot.records import Answer, Outcome
from chatbot.redaction import redact

__all__ = ["Journal"]

_DAY: Final = 86_400  # seconds
_TIMEOUT: Final = 10  # seconds that feedback may take
_ANSWER_ID: Final = re.compile(r"[0-9a-f]{32}")
_DISABLED: Final = {"", "off"}


class Journal:
    """Keeps questions in words for a number of days, and counts of them for good; any number of threads may use it.

    >>> journal = Journal.open("journal/journal.sqlite3", retention_days=30)
    >>> journal.record(answer_id, bot.ask(question), milliseconds=12)
    >>> journal.counts().outcomes
    """

    def __init__(self, database: Database, retention_days: int, clock: Callable[[], float] = time.time) -> None:
        """Take the database, the days that words are kept (0: never), and what gives the time in seconds."""
        self._database = database
        self._retention = retention_days
        self._clock = clock
        self._writer = Writer(database, self.apply_retention)

    @property
    def retention(self) -> int:
        """Give the days that words are kept; 0 for never."""
        return self._retention

    @classmethod
    def open(cls, setting: str, retention_days: int, clock: Callable[[], float] = time.time) -> "Journal | None":
        """Open the journal that a setting names, or None where it says "off" or nothing.

        Raises `SettingsError` for what is no journal's address. The database is opened when it is first used, so that
        one that cannot be reached today holds up no visitor and may be mended while Footnote runs.
        """
        if setting.casefold() in _DISABLED:
            return None
        return cls(Database(setting, JOURNAL), retention_days, clock)

    def start(self) -> None:
        """Begin to write and to enforce the retention, now and daily."""
        self._writer.submit(lambda _: guess_language(""))  # its model takes a second to load: before a visitor comes

    def close(self) -> None:
        """Write what still waits and let go of the database."""
        self._writer.close()
        self._database.close()

    def record(self, answer_id: str, answer: Answer, milliseconds: float) -> None:
        """Keep a question and its outcome soon; never waits and never fails."""
        moment = int(self._clock())
        self._writer.submit(lambda connection: self._insert(connection, answer_id, answer, milliseconds, moment))

    def feedback(self, answer_id: str, helpful: bool, comment: str = "") -> bool:
        """Keep what a visitor says of an answer, in place of what they said before; False for an unknown answer.

        Raises `JournalError` if it cannot be kept.
        """
        if not _ANSWER_ID.fullmatch(answer_id):
            return False
        kept = self._redacted(comment)
        change = update(questions).where(questions.c.answer_id == answer_id).values(helpful=helpful, comment=kept)
        future = self._writer.submit(lambda connection: connection.execute(change).rowcount)
        try:
            return bool(future.result(_TIMEOUT))
        except FutureTimeoutError:
            raise JournalError("The journal takes too long: look at its disk and at who else uses it.") from None

    def flush(self) -> None:
        """Wait until all that was handed in so far is written; raises `JournalError` if that cannot be."""
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

        `unanswered` leaves those in words that our pages did not answer, or not helpfully; `urgent` those that alarmed,
        in words or not; `handled` those that the staff marked, or did not mark. Without `passages`, none are read,
        which is quicker.
        """
        with self._database.reading() as connection:
            return read_asked(connection, QuestionFilter(since, until, unanswered, urgent, handled, limit, passages))

    def counts(self, since: datetime | None = None, until: datetime | None = None, zone: tzinfo = UTC) -> Counts:
        """Count the questions from `since` to just before `until`, by the days and hours of a time zone."""
        with self._database.reading() as connection:
            return read_counts(connection, since, until, zone)

    def mark_handled(self, ids: Collection[int], *, handled: bool = True) -> None:
        """Mark questions as handled, or take the mark away; what is asked later comes without."""
        change = update(questions).where(questions.c.id == bindparam("one")).values(handled=bindparam("moment"))
        moment = int(self._clock()) if handled else None
        if ids:
            with self._database.writing() as connection:
                connection.execute(change, [{"one": one, "moment": moment} for one in ids])

    def judge(self, id_: int, *, emergency: bool) -> bool:
        """Keep whether an urgent message was an emergency, in place of an earlier judgement; False if it is gone."""
        urgent = questions.c.outcome == Outcome.URGENT.value
        change = update(questions).where(questions.c.id == id_, urgent).values(judged=emergency)
        with self._database.writing() as connection:
            return bool(connection.execute(change).rowcount)

    def apply_retention(self) -> int:
        """Take the words out of questions that are older than the retention; give how many lost theirs.

        Of those stay the outcome, the passages, the language, whether it helped, why it was urgent and the quarter of
        an hour. No byte of the words is left in the database. An answer's id stays for a day at least, so that visitors
        can give feedback.
        """
        now = int(self._clock())
        kept = now - self._retention * _DAY if self._retention else now + 1
        known = min(kept, now - _DAY)
        words = or_(questions.c.text.is_not(None), questions.c.comment.is_not(None))
        quarter = questions.c.asked - questions.c.asked % BUCKET_SECONDS
        with self._database.writing() as connection:
            without_words = update(questions).where(questions.c.asked < kept, words).values(text=None, comment=None)
            number = connection.execute(without_words).rowcount
            forgotten = update(questions).where(questions.c.asked < known, questions.c.answer_id.is_not(None))
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
        """Erase questions, counts and all, by one of four choices; give how many.

        `matching` is found in questions and comments, large or small letters alike. No byte of them is left in the
        database. Raises `QuestionEmpty` for a text of nothing and `JournalError`.
        """
        with self._database.writing() as connection:
            number = 0
            if matching is not None:
                found = [{"one": one} for one in self._matching(connection, clean_question(matching).casefold())]
                if found:
                    connection.execute(delete(questions).where(questions.c.id == bindparam("one")), found)
                number = len(found)
            elif before is not None:
                number = connection.execute(delete(questions).where(questions.c.asked < before.timestamp())).rowcount
            elif answer_id is not None:
                number = connection.execute(delete(questions).where(questions.c.answer_id == answer_id)).rowcount
            elif everything:
                number = connection.execute(delete(questions)).rowcount
        self._database.vacuum()
        return number

    def export(self, form: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[str]:
        """Give the lines of a CSV or JSON lines file of the questions from `since` to just before `until`."""
        return export_lines(self.asked(since, until), form)

    def _insert(self, connection: Connection, answer_id: str, answer: Answer, milliseconds: float, moment: int) -> None:
        made = insert(questions).values(
            answer_id=answer_id,
            asked=moment,
            text=self._redacted(answer.question),
            outcome=answer.outcome.value,
            language=guess_language(answer.question),
            milliseconds=round(milliseconds),
            level=answer.alarm.level.value if answer.alarm else None,
            rule=answer.alarm.rule if answer.alarm else None,
            shown=answer.message if answer.alarm else None,
        )
        (key,) = connection.execute(made).inserted_primary_key or (None,)
        passages = [citation.passage for citation in answer.citations]
        rows = [
            {"question": key, "place": place, "document": one.document, "starts": one.start, "ends": one.end}
            for place, one in enumerate(passages, start=1)
        ]
        if rows:
            connection.execute(insert(citations), rows)

    def _redacted(self, text: str) -> str | None:
        try:
            return redact(clean_question(text)) if self._retention else None
        except QuestionEmpty:
            return None

    def _matching(self, connection: Connection, needle: str) -> Iterator[int]:
        for row in connection.execute(select(questions.c.id, questions.c.text, questions.c.comment)):
            if any(needle in text.casefold() for text in (row.text, row.comment) if text):
                yield row.id
