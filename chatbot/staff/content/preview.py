"""What a rebuild would change: passages, golden questions, and questions that visitors asked in vain."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from chatbot.bot import Chatbot
from chatbot.errors import QuestionError
from chatbot.evaluation import GoldenQuestion, ask
from chatbot.records import Outcome, Passage
from chatbot.staff.insights.checks import Verdict

__all__ = ["OutcomeChange", "PassageChange", "Preview", "compare"]

_ALIKE: Final = 0.5  # from which likeness on two passages under the same headings are one that changed

Progress = Callable[[int, int, str], object]


@dataclass(frozen=True, slots=True)
class PassageChange:
    """A passage that comes (no text before), goes (none after) or changes."""

    title: str
    headings: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A golden question that is served rightly and would not be, or the other way round (`better`)."""

    question: str
    before: str
    after: str
    better: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: passages, golden questions of those asked, questions in vain that would be answered.

    `problems` names the files of the corpus that cannot be read.
    """

    passages: tuple[PassageChange, ...]
    outcome_changes: tuple[OutcomeChange, ...]
    golden: int
    newly_answered: tuple[str, ...]
    problems: tuple[str, ...]


def compare(  # noqa: PLR0913, PLR0917 - the two, and all that they are compared on
    now: Chatbot,
    candidate: Chatbot,
    golden: Sequence[GoldenQuestion],
    unanswered: Sequence[str],
    problems: Sequence[str],
    progress: Progress,
) -> Preview:
    """Compare the chatbot as it is with the one that it would be."""
    outcome_changes: list[OutcomeChange] = []
    total = len(golden) + len(unanswered)
    for number, one in enumerate(golden):
        progress(number, total, "Asking the saved questions")
        before, after = (Verdict.of(ask(bot, one)) for bot in (now, candidate))
        if before.right != after.right:
            outcome_changes.append(OutcomeChange(one.question, before.said, after.said, after.right))
    gained: list[str] = []
    for number, question in enumerate(unanswered, start=len(golden)):
        progress(number, total, "Asking what visitors asked in vain")
        if _answered(candidate, question) and not _answered(now, question):
            gained.append(question)
    changes = tuple(_changes(now.passages(), candidate.passages()))
    return Preview(changes, tuple(outcome_changes), len(golden), tuple(gained), tuple(problems))


def _answered(bot: Chatbot, question: str) -> bool:
    try:
        return bot.ask(question).outcome is Outcome.ANSWERED
    except QuestionError:
        return False


def _changes(now: Sequence[Passage], then: Sequence[Passage]) -> list[PassageChange]:
    gone, come = _apart(now, then), _apart(then, now)
    changes: list[PassageChange] = []
    for place in dict.fromkeys([*gone, *come]):
        title, headings = place[1:]
        coming = list(come.get(place, ()))
        for text in gone.get(place, ()):
            alike = [_likeness(text, other) for other in coming]
            after = coming.pop(alike.index(max(alike))) if alike and max(alike) >= _ALIKE else ""
            changes.append(PassageChange(title, headings, text, after))
        changes += [PassageChange(title, headings, "", text) for text in coming]
    return changes


def _apart(passages: Sequence[Passage], others: Sequence[Passage]) -> dict[tuple[str, str, tuple[str, ...]], list[str]]:
    """Give the texts that stand in some passages and not in others, by page and headings."""
    known = {(one.document, one.title, one.headings, one.text) for one in others}
    found: defaultdict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for one in passages:
        if (one.document, one.title, one.headings, one.text) not in known:
            found[one.document, one.title, one.headings].append(one.text)
    return found


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()
