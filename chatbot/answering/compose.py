"""What was found, as an answer: quoted passages with their sentences marked, or an honest "our pages don't say"."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from chatbot.answering.citations import highlights, link
from chatbot.answering.search import SearchResult
from chatbot.indexing import Index
from chatbot.records import Alarm, Answer, Citation, Hit, Outcome, Passage

__all__ = ["compose", "distinct", "in_general", "not_found", "reply", "starters", "suggestions", "urgent"]

_SAME: Final = 0.8  # share of words in common from which two passages say the same thing

_MESSAGES: Final = {
    Outcome.ANSWERED: "This is what our pages say:",
    Outcome.RELATED: "This is the closest our pages come. It may not answer you; if not, please ask the clinic.",
    Outcome.NOT_FOUND: "Our pages don\u2019t say. Please ask the clinic directly.",
}


def compose(  # noqa: PLR0913, PLR0917 - one argument a part of the answer
    question: str, outcome: Outcome, confidence: float, index: Index, result: SearchResult, shown: Sequence[Hit]
) -> Answer:
    """Compose the answer that an outcome allows; `shown` are the passages that may be quoted, best first."""
    passages = [hit.passage for hit in shown] if outcome is not Outcome.NOT_FOUND else []
    citations = tuple(_citation(number, index, result, passage) for number, passage in enumerate(passages, start=1))
    related = suggestions(result.resolved.question, result.hits, passages)
    return Answer(question, result.resolved.text, outcome, confidence, _MESSAGES[outcome], citations, related)


def urgent(question: str, alarm: Alarm, message: str) -> Answer:
    """Answer an alarm with fixed words alone: no passage stands beside them, to be read into an emergency."""
    return Answer(question, question, Outcome.URGENT, 0.0, message, (), (), alarm)


def in_general(answer: Answer, message: str) -> Answer:
    """Say something before what the pages say, and mark nothing there: it was not written of whoever asks."""
    citations = tuple(replace(citation, highlights=()) for citation in answer.citations)
    outcome = Outcome.RELATED if citations else Outcome.NOT_FOUND
    return replace(answer, outcome=outcome, message=message, citations=citations)


def reply(question: str, message: str, link: str = "", suggestions: Sequence[str] = ()) -> Answer:
    """Answer with fixed words, and perhaps an address on a line of its own, where pages are not asked."""
    return Answer(question, question, Outcome.REPLY, 0.0, f"{message}\n{link}".strip(), (), tuple(suggestions))


def not_found(question: str) -> Answer:
    """Answer a question in which there is nothing to search for."""
    return Answer(question, question, Outcome.NOT_FOUND, 0.0, _MESSAGES[Outcome.NOT_FOUND], (), ())


def distinct(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Leave out the hits that say what a better one says already."""
    kept: list[set[str]] = []
    for hit in hits:
        words = set(re.findall(r"\w+", hit.passage.text.casefold()))
        if not any(len(words & other) >= _SAME * len(words | other) for other in kept):
            kept.append(words)
            yield hit


def _citation(number: int, index: Index, result: SearchResult, passage: Passage) -> Citation:
    marks = highlights(index, result.query, passage)
    return Citation(number, passage, marks, link(index.documents[passage.document], passage, marks))


_MOST: Final = 3
_STARTERS: Final = 4
_LONGEST: Final = 80  # characters that fit a button on a phone


def suggestions(question: str, hits: Sequence[Hit], shown: Sequence[Passage]) -> tuple[str, ...]:
    """Give headings of the best hits that were neither asked nor shown, those written as questions first."""
    known = {_folded(question), *(_folded(heading) for passage in shown for heading in passage.headings)}
    headings = dict.fromkeys(hit.passage.headings[-1] for hit in hits if hit.passage.headings)
    new = [one for one in headings if _folded(one) not in known and len(one) <= _LONGEST]
    return tuple(sorted(new, key=lambda heading: not heading.endswith("?"))[:_MOST])


def starters(index: Index) -> tuple[str, ...]:
    """Return a few questions to start with, from the corpus's own headings, those written as questions first."""
    headings = dict.fromkeys(heading for passage in index.passages for heading in passage.headings[-1:])
    short = [heading for heading in headings if len(heading) <= _LONGEST]
    return tuple(sorted(short, key=lambda heading: not heading.endswith("?"))[:_STARTERS])


def _folded(text: str) -> str:
    return text.casefold().strip(" ?!.")
