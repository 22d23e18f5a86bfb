"""Which of the questions that visitors ask a site answers: its own ones, and a standard list of forty topics."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice, zip_longest
from textwrap import shorten
from typing import Final

from chatbot.bot import Chatbot
from chatbot.errors import QuestionError
from chatbot.records import Answer, Outcome

__all__ = ["AnsweredQuestion", "Coverage", "Topic", "first_answer", "measure_coverage", "standard_topics"]

_BEST: Final = 20
_BEST_OF_A_PAGE: Final = 2
_FEW: Final = 16  # questions
_LONGEST_SENTENCE: Final = 300  # characters
_OWN_QUESTIONS: Final = 100  # of the site that are asked
_QUESTION_LINE: Final = re.compile(r"^[^\w\n]{0,5}(?:Q[:.] *)?(\w[^\n?]{8,110}\?)[^\w\n]{0,5}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that visitors of any clinic ask about, with some wordings."""

    name: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question that a page answers: the sentence that does, the page's title, and its public address or ""."""

    question: str
    sentence: str
    title: str
    url: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """The questions that a site answers best, best first, and the topics of the standard list that it does not."""

    best: tuple[AnsweredQuestion, ...]
    unanswered: tuple[Topic, ...]
    topics: int


@cache
def standard_topics() -> tuple[Topic, ...]:
    """Return the standard list."""
    values = tomllib.loads((files("chatbot.evaluation") / "standard_questions.toml").read_text("utf-8"))
    return tuple(Topic(topic["topic"], tuple(topic["questions"])) for topic in values["topics"])


def first_answer(bot: Chatbot) -> AnsweredQuestion | None:
    """Return the best answered of a few questions, or else the first of the others that a page answers, or None."""
    questions = _candidates(bot)
    few = [found for question in islice(questions, _FEW) if (found := _answered(bot, question))]
    if few:
        return max(few, key=lambda found: found.confidence)
    return next(filter(None, (_answered(bot, question) for question in questions)), None)


def measure_coverage(bot: Chatbot, progress: Callable[[int, int], object] = lambda _done, _total: None) -> Coverage:
    """Ask a site its own questions and the standard list; `progress(done, total)` counts questions."""
    topics = standard_topics()
    own = list(_own_questions(bot))
    done, total = 0, len(own) + len(topics)
    answered: list[AnsweredQuestion] = []
    for question in own:
        answered += filter(None, [_answered(bot, question)])
        done += 1
        progress(done, total)
    unanswered: list[Topic] = []
    for topic in topics:
        found = next(filter(None, (_answered(bot, question) for question in topic.questions)), None)
        if found:
            answered.append(found)
        else:
            unanswered.append(topic)
        done += 1
        progress(done, total)
    return Coverage(_best(answered), tuple(unanswered), len(topics))


def _candidates(bot: Chatbot) -> Iterator[str]:
    """Yield the site's own questions and those of the standard list in turn."""
    standard = (question for topic in standard_topics() for question in topic.questions)
    for pair in zip_longest(_own_questions(bot), standard):
        yield from filter(None, pair)


def _own_questions(bot: Chatbot) -> Iterator[str]:
    """Yield the questions that stand on the site as a heading or a line of their own, some of each page in turn."""
    pages = [
        iter(dict.fromkeys(" ".join(match[1].split()) for match in _QUESTION_LINE.finditer(document.text)))
        for document in bot.documents()
    ]
    seen: set[str] = set()
    while pages and len(seen) < _OWN_QUESTIONS:
        for page in [*pages]:
            question = next(page, None)
            if question is None:
                pages.remove(page)
            elif question.casefold() not in seen and len(seen) < _OWN_QUESTIONS:
                seen.add(question.casefold())
                yield question


def _answered(bot: Chatbot, question: str) -> AnsweredQuestion | None:
    """Ask a question, and return it if a page answers it."""
    try:
        answer = bot.ask(question)
    except QuestionError:
        return None
    if answer.outcome is not Outcome.ANSWERED or not answer.citations:
        return None
    citation = answer.citations[0]
    passage = citation.passage
    return AnsweredQuestion(question, _sentence(answer), passage.title, passage.url or "", answer.confidence)


def _sentence(answer: Answer) -> str:
    """Return the marked sentences of the first citation, or the beginning of its passage."""
    citation = answer.citations[0]
    text = citation.passage.text
    marked = " … ".join(text[mark.start : mark.end] for mark in citation.highlights) or text[:200]
    return shorten(marked, _LONGEST_SENTENCE, placeholder=" …")


def _best(answered: list[AnsweredQuestion]) -> tuple[AnsweredQuestion, ...]:
    """Return the best answered questions, few of one page and no sentence twice."""
    chosen: list[AnsweredQuestion] = []
    pages, sentences = Counter[str](), set[str]()
    for one in sorted(answered, key=lambda one: -one.confidence):
        page = one.url or one.title
        if pages[page] < _BEST_OF_A_PAGE and one.sentence not in sentences and len(chosen) < _BEST:
            pages[page] += 1
            sentences.add(one.sentence)
            chosen.append(one)
    return tuple(chosen)
