"""The preview of a publication: changed passages, golden questions, and unanswered questions."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from chatbot.bot import Chatbot
from chatbot.errors import QuestionError
from chatbot.evaluation import GoldenQuestion, ask
from chatbot.records import Outcome, Passage
from chatbot.staff.insights.checks import CheckResult

__all__ = ["OutcomeChange", "PassageChange", "Preview", "compare"]

_SAME_PASSAGE: Final = 0.5  # similarity from which two passages under the same headings are one that changed

Progress = Callable[[int, int, str], object]
"""Hears how many steps are done, of how many, and what they are."""

_Section = tuple[str, str, tuple[str, ...]]
"""The document, title and headings that a passage stands under."""


@dataclass(frozen=True, slots=True)
class PassageChange:
    """A passage that is added (`before` is empty), removed (`after` is empty) or changed."""

    title: str
    headings: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A golden question whose answer becomes right (`better`) or wrong."""

    question: str
    before: str
    after: str
    better: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would change.

    `golden` is the number of golden questions asked; `newly_answered` are unanswered questions of visitors that would
    be answered; `problems` names the files that cannot be read.
    """

    passages: tuple[PassageChange, ...]
    outcome_changes: tuple[OutcomeChange, ...]
    golden: int
    newly_answered: tuple[str, ...]
    problems: tuple[str, ...]


def compare(  # noqa: PLR0913, PLR0917 - the two chatbots, and all that they are compared on
    live: Chatbot,
    candidate: Chatbot,
    golden: Sequence[GoldenQuestion],
    unanswered: Sequence[str],
    problems: Sequence[str],
    progress: Progress,
) -> Preview:
    """Compare the live chatbot with the candidate that publishing would make."""
    outcome_changes: list[OutcomeChange] = []
    total = len(golden) + len(unanswered)
    for number, question in enumerate(golden):
        progress(number, total, "Asking the saved questions")
        before, after = (CheckResult.of(ask(bot, question)) for bot in (live, candidate))
        if before.right != after.right:
            outcome_changes.append(
                OutcomeChange(question.question, before.outcome_text, after.outcome_text, after.right)
            )
    newly_answered: list[str] = []
    for number, text in enumerate(unanswered, start=len(golden)):
        progress(number, total, "Asking the unanswered questions")
        if _is_answered(candidate, text) and not _is_answered(live, text):
            newly_answered.append(text)
    changes = tuple(_changes(live.passages(), candidate.passages()))
    return Preview(changes, tuple(outcome_changes), len(golden), tuple(newly_answered), tuple(problems))


def _is_answered(bot: Chatbot, question: str) -> bool:
    try:
        return bot.ask(question).outcome is Outcome.ANSWERED
    except QuestionError:
        return False


def _changes(live: Sequence[Passage], candidate: Sequence[Passage]) -> list[PassageChange]:
    removed, added = _difference(live, candidate), _difference(candidate, live)
    changes: list[PassageChange] = []
    for section in dict.fromkeys([*removed, *added]):
        _, title, headings = section
        texts = list(added.get(section, ()))
        for before in removed.get(section, ()):
            scores = [_similarity(before, text) for text in texts]
            after = texts.pop(scores.index(max(scores))) if scores and max(scores) >= _SAME_PASSAGE else ""
            changes.append(PassageChange(title, headings, before, after))
        changes += [PassageChange(title, headings, "", text) for text in texts]
    return changes


def _difference(passages: Sequence[Passage], others: Sequence[Passage]) -> dict[_Section, list[str]]:
    """Return the texts of passages that are not among the others, by section."""
    known = {(_section(passage), passage.text) for passage in others}
    texts: defaultdict[_Section, list[str]] = defaultdict(list)
    for passage in passages:
        if (_section(passage), passage.text) not in known:
            texts[_section(passage)].append(passage.text)
    return texts


def _section(passage: Passage) -> _Section:
    return passage.document, passage.title, passage.headings


def _similarity(text: str, other: str) -> float:
    return SequenceMatcher(None, text.split(), other.split(), autojunk=False).ratio()
