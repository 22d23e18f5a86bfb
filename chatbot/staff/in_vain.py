"""What visitors asked in vain: one row for all the wordings of one question."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from chatbot.journal import Asked, Journal
from chatbot.records import Outcome, Passage
from chatbot.staff.meanings import Meaning, Meanings

__all__ = ["InVain", "Row", "Wording", "questions_in_vain", "texts_in_vain"]


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
    """A question that was asked in vain, in all its wordings, the most frequent first.

    `question` is the wording that stands for all. `ids` are the journal's; `count` is how often it was asked in the
    period, `before` in the one before; `nearest` is the passage of our pages that comes nearest.
    """

    question: str
    wordings: tuple[Wording, ...]
    ids: tuple[int, ...]
    count: int
    before: int
    first: datetime
    last: datetime
    unhelpful: int
    handled: bool
    nearest: Passage


@dataclass(frozen=True, slots=True)
class InVain:
    """The rows of a period, most asked first; `languages` are those there were, whatever was asked for.

    `compared` tells whether the period before was kept in words, so that `before` says something.
    """

    rows: tuple[Row, ...]
    languages: tuple[str, ...]
    compared: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """One asking, under the text by which the same words are known again."""

    asked: Asked
    text: str
    folded: str


def questions_in_vain(  # noqa: PLR0913 - each is one choice of the screen
    journal: Journal,
    meanings: Meanings,
    days: int,
    *,
    language: str = "",
    handled: bool = False,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    now: datetime | None = None,
) -> InVain:
    """Group what was asked in vain in the last days; `handled` keeps those that the staff dealt with."""
    until = now or datetime.now(tz=UTC)
    since, before = until - timedelta(days=days), until - timedelta(days=2 * days)
    told = journal.asked(before, None, in_vain=True, handled=None if handled else False)
    languages = tuple(name for name, _ in Counter(one.language for one in told).most_common())
    wanted = [_told(one, one.text) for one in told if one.text and language in {"", one.language}]
    texts = {one.folded: one.text for one in reversed(wanted)}
    read = dict(zip(texts, meanings.read(tuple(texts.values()), progress), strict=True))
    rows = _rows(wanted, read, meanings, since)
    compared = journal.retention >= 2 * days
    return InVain(tuple(sorted(rows, key=lambda row: (-row.count, row.question))), languages, compared)


def texts_in_vain(journal: Journal) -> tuple[str, ...]:
    """Give all that was asked in vain, each text once as `questions_in_vain` reads it, newest first."""
    asked = journal.asked(in_vain=True) if journal.retention else ()
    told = [_told(one, one.text) for one in asked if one.text]
    return tuple({one.folded: one.text for one in reversed(told)}.values())[::-1]


def _told(asked: Asked, text: str) -> _Told:
    return _Told(asked, text, " ".join(re.findall(r"\w+", text.casefold())) or text)


def _rows(wanted: Sequence[_Told], read: Mapping[str, Meaning], meanings: Meanings, since: datetime) -> Iterator[Row]:
    """Give the rows; one that was asked before the period alone is none."""
    labels = dict(zip(read, meanings.groups(tuple(read.values())).tolist(), strict=True))
    groups: defaultdict[int, list[_Told]] = defaultdict(list)
    for one in wanted:
        groups[labels[one.folded]].append(one)
    for group in groups.values():
        own = [one for one in group if one.asked.asked >= since]
        if own:
            yield _row(group, own, read)


def _row(group: Collection[_Told], own: Sequence[_Told], read: Mapping[str, Meaning]) -> Row:
    by_text: defaultdict[str, list[_Told]] = defaultdict(list)
    for one in own:
        by_text[one.folded].append(one)
    named = _named(by_text, read)
    ordered = sorted(by_text.values(), key=lambda same: (-len(same), -same[0].asked.asked.timestamp()))
    return Row(
        question=by_text[named][0].text,
        wordings=tuple(map(_wording, ordered)),
        ids=tuple(one.asked.id for one in group),
        count=len(own),
        before=len(group) - len(own),
        first=min(one.asked.asked for one in group),
        last=max(one.asked.asked for one in own),
        unhelpful=sum(one.asked.helpful is False for one in own),
        handled=all(one.asked.handled for one in own),
        nearest=read[named].nearest,
    )


def _named(by_text: Mapping[str, Sequence[_Told]], read: Mapping[str, Meaning]) -> str:
    """Choose the wording that stands for all: one that is asked often, lies in their middle, and is short."""
    texts = list(by_text)
    often = np.array([len(by_text[text]) for text in texts])
    points = np.stack([read[text].point for text in texts])
    near = points @ np.average(points, axis=0, weights=often) - _WORDINESS * np.array([len(text) for text in texts])
    return texts[int(np.argmax(np.sqrt(often) * near))]


def _wording(same: Sequence[_Told]) -> Wording:
    return Wording(
        text=same[0].text,
        count=len(same),
        last=same[0].asked.asked,
        outcomes=tuple(dict.fromkeys(one.asked.outcome for one in same)),
        unhelpful=sum(one.asked.helpful is False for one in same),
    )
