"""What visitors asked in vain: one row for all the wordings of one question."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from chatbot.journal import Journal, LoggedQuestion
from chatbot.records import Outcome, Passage
from chatbot.staff.insights.embedding_cache import Meaning, QuestionEmbeddings

__all__ = ["Row", "UnansweredQuestions", "Wording", "unanswered_questions", "unanswered_texts"]


_ENDS: Final = " .,;:!?\u2026"  # that make no other wording
_WORDINESS: Final = 0.002  # of a nearness, a letter


@dataclass(frozen=True, slots=True)
class Wording:
    """One way in which a question was asked: how often, when last, and how that turned out."""

    text: str
    count: int
    last: datetime
    outcomes: tuple[Outcome, ...]
    unhelpful: int


@dataclass(frozen=True, slots=True)
class Row:
    """A question that was asked in vain, in all its wordings.

    `question` is the wording that stands for all; `by_wording` has each time, by wording, the most frequent first.
    `ids` are the journal's; `count` is how often it was asked in the period, `before` in the one before; `nearest` is
    the passage of our pages that comes nearest.
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
    def wordings(self) -> tuple[Wording, ...]:
        """Give the wordings, the most frequent first, and the latest of those that are as frequent."""
        return tuple(map(_wording, self.by_wording))


@dataclass(frozen=True, slots=True)
class UnansweredQuestions:
    """The rows of a period, most asked first; `languages` are those there were, whatever was asked for.

    `compared` tells whether the period before was kept in words, so that `before` says something.
    """

    rows: tuple[Row, ...]
    languages: tuple[str, ...]
    compared: bool


@dataclass(frozen=True, slots=True)
class _AskedText:
    """One asking, under the text by which the same words are known again."""

    asked: LoggedQuestion
    text: str
    folded: str


def unanswered_questions(  # noqa: PLR0913 - each is one choice of the screen
    journal: Journal,
    meanings: QuestionEmbeddings,
    days: int,
    *,
    language: str = "",
    handled: bool = False,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    now: datetime | None = None,
) -> UnansweredQuestions:
    """Group what was asked in vain in the last days; `handled` keeps those that the staff dealt with."""
    until = now or datetime.now(tz=UTC)
    since, before = until - timedelta(days=days), until - timedelta(days=2 * days)
    told = journal.asked(before, None, unanswered=True, handled=None if handled else False, passages=False)
    languages = tuple(name for name, _ in Counter(one.language for one in told).most_common())
    wanted = [_told(one, one.text) for one in told if one.text and language in {"", one.language}]
    texts = {one.folded: one.text for one in reversed(wanted)}
    read = dict(zip(texts, meanings.read(tuple(texts.values()), progress), strict=True))
    rows = _rows(wanted, read, meanings, since)
    compared = journal.retention >= 2 * days
    return UnansweredQuestions(tuple(sorted(rows, key=lambda row: (-row.count, row.question))), languages, compared)


def unanswered_texts(journal: Journal) -> tuple[str, ...]:
    """Give all that was asked in vain, each text once as `unanswered_questions` reads it, newest first."""
    asked = journal.asked(unanswered=True, passages=False) if journal.retention else ()
    told = [_told(one, one.text) for one in asked if one.text]
    return tuple({one.folded: one.text for one in reversed(told)}.values())[::-1]


def _told(asked: LoggedQuestion, text: str) -> _AskedText:
    return _AskedText(asked, text, text.casefold().strip(_ENDS) or text)


def _rows(
    wanted: Sequence[_AskedText], read: Mapping[str, Meaning], meanings: QuestionEmbeddings, since: datetime
) -> Iterator[Row]:
    """Give the rows; one that was asked before the period alone is none."""
    labels = dict(zip(read, meanings.groups(tuple(read.values())).tolist(), strict=True))
    groups: defaultdict[int, list[_AskedText]] = defaultdict(list)
    for one in wanted:
        groups[labels[one.folded]].append(one)
    for group in groups.values():
        own = [one for one in group if one.asked.asked >= since]
        if own:
            yield _row(group, own, read)


def _row(group: Sequence[_AskedText], own: Sequence[_AskedText], read: Mapping[str, Meaning]) -> Row:
    """Give a row of questions, newest first."""
    by_text: defaultdict[str, list[LoggedQuestion]] = defaultdict(list)
    for one in own:
        by_text[one.folded].append(one.asked)
    named = _named(by_text, read)
    return Row(
        question=by_text[named][0].text or "",
        by_wording=tuple(sorted(map(tuple, by_text.values()), key=len, reverse=True)),
        ids=tuple(one.asked.id for one in group),
        count=len(own),
        before=len(group) - len(own),
        first=group[-1].asked.asked,
        last=own[0].asked.asked,
        unhelpful=sum(one.asked.helpful is False for one in own),
        handled=all(one.asked.handled for one in own),
        nearest=read[named].nearest,
    )


def _named(by_text: Mapping[str, Sequence[LoggedQuestion]], read: Mapping[str, Meaning]) -> str:
    """Choose the wording that stands for all: one that is asked often, lies in their middle, and is short."""
    texts = list(by_text)
    often = np.array([len(by_text[text]) for text in texts])
    points = np.stack([read[text].point for text in texts])
    near = points @ np.average(points, axis=0, weights=often) - _WORDINESS * np.array([len(text) for text in texts])
    return texts[int(np.argmax(np.sqrt(often) * near))]


def _wording(same: Sequence[LoggedQuestion]) -> Wording:
    return Wording(
        text=same[0].text or "",
        count=len(same),
        last=same[0].asked,
        outcomes=tuple(dict.fromkeys(one.outcome for one in same)),
        unhelpful=sum(one.helpful is False for one in same),
    )
