"""The daily digest: which questions were not answered, and which sounded urgent, in words that were redacted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chatbot.journal import Journal, LoggedQuestion
from chatbot.records import Level, Outcome
from chatbot.times import time_text

__all__ = ["Digest", "daily_digest"]

_LISTED: Final = 20  # questions of each kind
_DAY: Final = timedelta(days=1)
_URGENT: Final[dict[Level | None, str]] = {
    Level.EMERGENCY: "like an emergency",
    Level.CRISIS: "like a crisis",
    Level.TODAY: "to be seen today",
}


@dataclass(frozen=True, slots=True)
class Digest:
    """A day of a clinic's chat, up to a moment.

    `unanswered` and `urgent` are wordings with how often they were asked, most often first. They are empty where no
    words are to be sent, or none are kept.
    """

    clinic: str
    until: datetime
    questions: int
    not_answered: int
    sounded_urgent: int
    unanswered: tuple[tuple[str, int], ...]
    urgent: tuple[tuple[str, int], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing needs anybody."""
        return not (self.not_answered or self.sounded_urgent)

    @property
    def subject(self) -> str:
        """One line that says whether to look now."""
        urgent = f"{self.sounded_urgent} urgent, " if self.sounded_urgent else ""
        clinic = " ".join(self.clinic.split())  # no header takes a line end
        return f"{clinic}: {urgent}{self.not_answered} not answered, {self.questions} asked"

    def text(self) -> str:
        """Return the digest as plain text."""
        summary = (
            f"Questions to {self.clinic} in the 24 hours before {time_text(self.until)}: {self.questions}. "
            f"Sounded urgent: {self.sounded_urgent}. Not answered, or not helpfully: {self.not_answered}."
        )
        lines = [summary]
        for title, rows in (("Sounded urgent", self.urgent), ("Not answered", self.unanswered)):
            if rows:
                lines += ["", f"{title}:", *(f"- {words}{_times(number)}" for words, number in rows)]
        lines += ["", "Names and numbers were taken out. The staff console at /staff shows the rest."]
        return "\n".join(lines) + "\n"

    def as_dict(self) -> dict[str, object]:
        """Return the digest as a webhook sends it, in JSON."""
        return {
            "clinic": self.clinic,
            "until": self.until.isoformat(),
            "questions": self.questions,
            "not_answered": self.not_answered,
            "sounded_urgent": self.sounded_urgent,
            "unanswered": [{"question": words, "times": number} for words, number in self.unanswered],
            "urgent": [{"message": words, "times": number} for words, number in self.urgent],
            "text": self.text(),
        }


def daily_digest(journal: Journal, clinic: str, until: datetime, *, words: bool) -> Digest:
    """Read the day before a moment from the journal; raises `JournalError`. Only `words` quotes what was asked."""
    logged = journal.asked(until - _DAY, until, passages=False)
    urgent = [question for question in logged if question.outcome is Outcome.URGENT]
    unanswered = [question for question in logged if _is_unanswered(question)]
    return Digest(
        clinic=clinic,
        until=until,
        questions=len(logged),
        not_answered=len(unanswered),
        sounded_urgent=len(urgent),
        unanswered=_wordings(unanswered) if words else (),
        urgent=_wordings(urgent) if words else (),
    )


def _is_unanswered(question: LoggedQuestion) -> bool:
    """Return whether our pages did not answer a question, or not helpfully, and no staff has dealt with it."""
    return question.unanswered and question.outcome is not Outcome.URGENT and not question.handled


def _wordings(questions: Iterable[LoggedQuestion]) -> tuple[tuple[str, int], ...]:
    """Count each wording on one line, most often asked first."""
    texts = (" ".join(question.text.split()) + _kind(question) for question in questions if question.text)
    return tuple(Counter(texts).most_common(_LISTED))


def _kind(question: LoggedQuestion) -> str:
    return f" ({_URGENT[question.level]})" if question.level in _URGENT else ""


def _times(number: int) -> str:
    return f" ({number} times)" if number > 1 else ""
