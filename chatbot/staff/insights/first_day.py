"""The first-day review: staff judge what Footnote says to the questions that every clinic of their kind gets."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from chatbot.answering import Gate
from chatbot.database import Database, sql
from chatbot.errors import ChangeRefused
from chatbot.evaluation import Expect
from chatbot.records import Answer, Outcome, Passage
from chatbot.staff.audit_log import AuditLog, ChangeKind
from chatbot.staff.insights.approved_questions import ApprovedQuestions
from chatbot.staff.insights.first_day_questions import FirstDayQuestion, Specialty
from chatbot.staff.insights.saved_questions import GoldenFile

__all__ = [
    "ERROR_RATES",
    "AnswersAllowed",
    "FirstDayReview",
    "FirstDaySummary",
    "Judgement",
    "Verdict",
    "answers_allowed",
    "first_day_line",
    "summarise",
]

ERROR_RATES: Final = (0.01, 0.02, 0.05, 0.07, 0.1, 0.2)
"""Values of `[answers] max_error_rate` that a review is counted for, the default among them."""

_SELECT: Final = sql(
    "SELECT question, specialty, verdict, outcome, confidence, account, judged FROM first_day "
    "ORDER BY judged, place, question"
)
_REPLACE: Final = sql(
    "INSERT INTO first_day (question, specialty, verdict, outcome, confidence, account, judged, place) VALUES "
    "(:question, :specialty, :verdict, :outcome, :confidence, :account, :judged, "
    "(SELECT COALESCE(MAX(place), 0) + 1 FROM first_day)) "
    "ON CONFLICT (question) DO UPDATE SET specialty = excluded.specialty, verdict = excluded.verdict, "
    "outcome = excluded.outcome, confidence = excluded.confidence, account = excluded.account, "
    "judged = excluded.judged, place = excluded.place"
)
_FROM_PAGES: Final = {Outcome.ANSWERED, Outcome.RELATED}
_FIXED: Final = {Outcome.REPLY: Expect.SMALLTALK, Outcome.URGENT: Expect.ESCALATE}


class Verdict(StrEnum):
    """What a person said of an answer: right, another passage answers, no page answers, or nothing yet."""

    RIGHT = "right"
    OTHER = "other"
    NO_ANSWER = "no_answer"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on one question, by whom and when (UTC).

    `outcome` and `confidence` are those of the answer that Footnote gave before anybody judged the question.
    """

    question: str
    specialty: str
    verdict: Verdict
    outcome: Outcome
    confidence: float
    account: str
    made: datetime

    @property
    def was_right(self) -> bool:
        """Whether Footnote was right by itself. "Our pages don't say" is right where no page answers."""
        if self.verdict is Verdict.NO_ANSWER:
            return self.outcome is Outcome.NOT_FOUND
        return self.verdict is Verdict.RIGHT


@dataclass(frozen=True, slots=True)
class FirstDaySummary:
    """How far a review is, and what it says.

    `asked` is the number of questions, `judged` those with a verdict other than skipped, and `right` those of them that
    Footnote had right by itself. `by_outcome` has, for each outcome, how many were judged and how many were right.
    `missing` are the questions that no page answers, in the order of the review.
    """

    asked: int
    judged: int
    right: int
    verdicts: Mapping[Verdict, int]
    by_outcome: Mapping[Outcome, tuple[int, int]]
    missing: tuple[FirstDayQuestion, ...]


def summarise(questions: Sequence[FirstDayQuestion], judgements: Mapping[str, Judgement]) -> FirstDaySummary:
    """Return what the judgements, by their question's text, say of some questions."""
    given = [judgements[question.text] for question in questions if question.text in judgements]
    judged = [judgement for judgement in given if judgement.verdict is not Verdict.SKIPPED]
    right = Counter(judgement.outcome for judgement in judged if judgement.was_right)
    number = Counter(judgement.outcome for judgement in judged)
    return FirstDaySummary(
        asked=len(questions),
        judged=len(judged),
        right=right.total(),
        verdicts=Counter(judgement.verdict for judgement in given),
        by_outcome={outcome: (number[outcome], right[outcome]) for outcome in Outcome if number[outcome]},
        missing=tuple(
            question
            for question in questions
            if question.text in judgements and judgements[question.text].verdict is Verdict.NO_ANSWER
        ),
    )


@dataclass(frozen=True, slots=True)
class AnswersAllowed:
    """How many judged questions are answered where a share of wrong answers is allowed, and how many wrongly."""

    max_error_rate: float
    answered: int
    wrong: int


def answers_allowed(judgements: Iterable[Judgement], gate: Gate, rates: Iterable[float]) -> tuple[AnswersAllowed, ...]:
    """Return, for each share of wrong answers, what Footnote would have answered of the judged questions by itself."""
    shown = [
        judgement
        for judgement in judgements
        if judgement.outcome in _FROM_PAGES and judgement.verdict is not Verdict.SKIPPED
    ]
    allowed = []
    for rate in rates:
        answered = [judgement for judgement in shown if judgement.confidence >= gate.threshold_for(rate)]
        wrong = sum(not judgement.was_right for judgement in answered)
        allowed.append(AnswersAllowed(rate, len(answered), wrong))
    return tuple(allowed)


def first_day_line(database: Database) -> str:
    """Return in words how often Footnote was right in the review, empty where there is none; raises `StaffError`."""
    judgements = _read(database).values() if database.exists else ()
    judged = [judgement for judgement in judgements if judgement.verdict is not Verdict.SKIPPED]
    if not judged:
        return ""
    right = sum(judgement.was_right for judgement in judged)
    return f"First-day review: Footnote by itself was right on {right} of {len(judged)} ({right / len(judged):.0%})."


class FirstDayReview:
    """The judgements in the staff's database, shared by all editors; any number of threads may use it."""

    def __init__(
        self,
        database: Database,
        approved_questions: ApprovedQuestions,
        golden_file: GoldenFile,
        audit_log: AuditLog,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take a clock that returns Unix time in seconds."""
        self._database = database
        self._approved_questions = approved_questions
        self._golden_file = golden_file
        self._audit_log = audit_log
        self._clock = clock

    def judgements(self) -> dict[str, Judgement]:
        """Return all judgements by their question's text, the latest last; raises `StaffError`."""
        return _read(self._database)

    def judge(self, seen: Answer, verdict: Verdict, by: str, specialty: str, passage: Passage | None = None) -> None:
        """Store a verdict on the answer that was seen, and approve what it says.

        `passage` is the one that answers instead of what was seen. A right reply, or right urgent wording, becomes a
        golden question. Where the answer asks back, nothing is approved. An earlier verdict is replaced. Raises
        `ChangeRefused`, `QuestionError` and `StaffError`.
        """
        match verdict:
            case Verdict.RIGHT if seen.outcome in _FIXED:
                self._golden_file.save(seen.question, (), (), by, _FIXED[seen.outcome])
                self._audit_log.record(by, ChangeKind.QUESTION, seen.question, "Right", None, seen.message)
            case Verdict.RIGHT if seen.choices:  # to ask back is right, so no single passage is
                self._audit_log.record(by, ChangeKind.QUESTION, seen.question, "Right to ask back")
            case Verdict.RIGHT if seen.citations:
                self._approved_questions.approve(seen.question, seen.citations[0].passage, by)
            case Verdict.OTHER if passage:
                self._approved_questions.approve(seen.question, passage, by)
            case Verdict.NO_ANSWER:
                self._approved_questions.approve(seen.question, None, by)
            case Verdict.RIGHT | Verdict.OTHER:
                raise ChangeRefused("Choose the passage that answers, or say that your pages don't answer this.")
        self._store(seen, verdict, by, specialty)

    def skip(self, seen: Answer, by: str, specialty: str) -> None:
        """Store that a question was skipped, unless there is a verdict on it; raises `StaffError`."""
        if seen.question not in self.judgements():
            self._store(seen, Verdict.SKIPPED, by, specialty)

    def latest_specialty(self, specialties: Mapping[str, Specialty]) -> str | None:
        """Return the id of the specialty that was reviewed last, or None before the first."""
        reviewed = [judgement.specialty for judgement in self.judgements().values()]
        return next((id_ for id_ in reversed(reviewed) if id_ in specialties), None)

    def _store(self, seen: Answer, verdict: Verdict, by: str, specialty: str) -> None:
        values: dict[str, object] = {
            "question": seen.question,
            "specialty": specialty,
            "verdict": verdict.value,
            "outcome": seen.outcome.value,
            "confidence": seen.confidence,
            "account": by,
            "judged": int(self._clock()),
        }
        earlier = self.judgements().get(seen.question)
        if earlier and earlier.verdict is not Verdict.SKIPPED:  # what Footnote said by itself, before the approval
            values |= {"outcome": earlier.outcome.value, "confidence": earlier.confidence}
        with self._database.writing() as connection:
            connection.execute(_REPLACE, values)


def _read(database: Database) -> dict[str, Judgement]:
    with database.reading() as connection:
        rows = connection.execute(_SELECT).all()
    return {
        question: Judgement(
            question,
            specialty,
            Verdict(verdict),
            Outcome(outcome),
            confidence,
            account,
            datetime.fromtimestamp(judged, UTC),
        )
        for question, specialty, verdict, outcome, confidence, account, judged in rows
    }
