"""Unanswered questions: one row for all the wordings of one question."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from chatbot.journal import Journal, LoggedQuestion
from chatbot.records import Outcome, Passage
from chatbot.staff.insights.embedding_cache import Embedding, QuestionEmbeddings

__all__ = ["QuestionVariant", "Row", "UnansweredQuestions", "unanswered_questions", "unanswered_texts"]

_ENDS: Final = " .,;:!?\u2026"  # characters around a text that don't make it another wording
_LENGTH_PENALTY: Final = 0.002  # of similarity, for each letter of a wording


@dataclass(frozen=True, slots=True)
class QuestionVariant:
    """One wording of a question: how often it was asked, when last, with which outcomes."""

    text: str
    count: int
    last: datetime
    outcomes: tuple[Outcome, ...]
    unhelpful: int


@dataclass(frozen=True, slots=True)
class Row:
    """An unanswered question in all its wordings.

    `question` is the representative wording. `by_wording` groups the questions of the period by wording, the most
    frequent first. `ids` are those of the journal. `count` is how often it was asked in the period, `before` in the
    period before. `nearest` is the nearest passage of our pages.
    """

    question: str
    by_wording: tuple[tuple[LoggedQuestion, ...], ...]
    ids: tuple[int, ...]
    count: int
    before: int
    first: datetime
    last: datetime
    unhelpful: int
    handled: bool
    nearest: Passage

    @property
    def wordings(self) -> tuple[QuestionVariant, ...]:
        """The wordings, the most frequent first, then the latest."""
        return tuple(map(_wording, self.by_wording))


@dataclass(frozen=True, slots=True)
class UnansweredQuestions:
    """The rows of a period, most asked first, and all the languages of that period.

    `compared` says whether the journal still holds the text of the period before, so that `before` means something.
    """

    rows: tuple[Row, ...]
    languages: tuple[str, ...]
    compared: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """A question of the journal with its text, and the key that the same wording shares."""

    logged: LoggedQuestion
    text: str
    key: str


def unanswered_questions(  # noqa: PLR0913 - each is one choice of the screen
    journal: Journal,
    embeddings: QuestionEmbeddings,
    days: int,
    *,
    language: str = "",
    handled: bool = False,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    now: datetime | None = None,
) -> UnansweredQuestions:
    """Return the unanswered questions of the last days, grouped; `handled` includes those that staff dealt with."""
    until = now or datetime.now(tz=UTC)
    since, before = until - timedelta(days=days), until - timedelta(days=2 * days)
    logged = journal.asked(before, until, unanswered=True, handled=None if handled else False, passages=False)
    languages = tuple(name for name, _ in Counter(question.language for question in logged).most_common())
    entries = _entries(question for question in logged if language in {"", question.language})
    texts = _texts(entries)
    by_key = dict(zip(texts, embeddings.embed(tuple(texts.values()), progress), strict=True))
    rows = _rows(entries, by_key, embeddings, since)
    compared = journal.retention >= 2 * days
    return UnansweredQuestions(tuple(sorted(rows, key=lambda row: (-row.count, row.question))), languages, compared)


def unanswered_texts(journal: Journal) -> tuple[str, ...]:
    """Return each unanswered text once, as `unanswered_questions` reads it, newest first."""
    logged = journal.asked(unanswered=True, passages=False) if journal.retention else ()
    return tuple(_texts(_entries(logged)).values())[::-1]


def _entries(logged: Iterable[LoggedQuestion]) -> list[_Entry]:
    return [
        _Entry(question, question.text, question.text.casefold().strip(_ENDS) or question.text)
        for question in logged
        if question.text
    ]


def _texts(entries: Sequence[_Entry]) -> dict[str, str]:
    """Return the latest text of each wording, by key; `entries` are newest first."""
    return {entry.key: entry.text for entry in reversed(entries)}


def _rows(
    entries: Sequence[_Entry], by_key: Mapping[str, Embedding], embeddings: QuestionEmbeddings, since: datetime
) -> Iterator[Row]:
    """Yield a row for each group that was asked in the period itself, not only in the one before."""
    labels = dict(zip(by_key, embeddings.groups(tuple(by_key.values())).tolist(), strict=True))
    groups: defaultdict[int, list[_Entry]] = defaultdict(list)
    for entry in entries:
        groups[labels[entry.key]].append(entry)
    for group in groups.values():
        current = [entry for entry in group if entry.logged.asked >= since]
        if current:
            yield _row(group, current, by_key)


def _row(group: Sequence[_Entry], current: Sequence[_Entry], by_key: Mapping[str, Embedding]) -> Row:
    """Return the row of a group; both sequences are newest first, and `current` holds those of the period."""
    wordings: defaultdict[str, list[LoggedQuestion]] = defaultdict(list)
    for entry in current:
        wordings[entry.key].append(entry.logged)
    key = _representative(wordings, by_key)
    return Row(
        question=wordings[key][0].text or "",
        by_wording=tuple(sorted(map(tuple, wordings.values()), key=len, reverse=True)),
        ids=tuple(entry.logged.id for entry in group),
        count=len(current),
        before=len(group) - len(current),
        first=group[-1].logged.asked,
        last=current[0].logged.asked,
        unhelpful=sum(entry.logged.helpful is False for entry in current),
        handled=all(entry.logged.handled for entry in current),
        nearest=by_key[key].nearest,
    )


def _representative(wordings: Mapping[str, Sequence[LoggedQuestion]], by_key: Mapping[str, Embedding]) -> str:
    """Return the key of the wording that stands for all: asked often, close to their mean, and short."""
    keys = list(wordings)
    counts = np.array([len(wordings[key]) for key in keys])
    points = np.stack([by_key[key].point for key in keys])
    lengths = np.array([len(key) for key in keys])
    scores = points @ np.average(points, axis=0, weights=counts) - _LENGTH_PENALTY * lengths
    return keys[int(np.argmax(np.sqrt(counts) * scores))]


def _wording(same: Sequence[LoggedQuestion]) -> QuestionVariant:
    return QuestionVariant(
        text=same[0].text or "",
        count=len(same),
        last=same[0].asked,
        outcomes=tuple(dict.fromkeys(question.outcome for question in same)),
        unhelpful=sum(question.helpful is False for question in same),
    )
