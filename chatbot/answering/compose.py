"""From a search result to an answer: quoted passages with marks and links, suggestions, and the fixed messages."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from chatbot.answering.citations import highlights, link
from chatbot.answering.search import SearchResult
from chatbot.indexing import Index
from chatbot.records import Alarm, Answer, Citation, Hit, Outcome, Passage

__all__ = ["compose", "distinct", "in_general", "not_found", "reply", "starters", "suggestions", "urgent"]

_SAME: Final = 0.8  # Jaccard similarity of words from which two passages say the same
_SUGGESTIONS: Final = 3
_STARTERS: Final = 4
_LONGEST: Final = 80  # characters that fit a button on a phone

_MESSAGES: Final = {
    Outcome.ANSWERED: "This is what our pages say:",
    Outcome.RELATED: "This is the closest our pages come. It may not answer you; if not, please ask the clinic.",
    Outcome.NOT_FOUND: "Our pages don\u2019t say. Please ask the clinic directly.",
}


def compose(  # noqa: PLR0913, PLR0917 - one argument a part of the answer
    question: str, outcome: Outcome, confidence: float, index: Index, result: SearchResult, shown: Sequence[Hit]
) -> Answer:
    """Return the answer that an outcome allows; `shown` are the hits that may be quoted, best first."""
    passages = [hit.passage for hit in shown] if outcome is not Outcome.NOT_FOUND else []
    citations = tuple(_citation(number, index, result, passage) for number, passage in enumerate(passages, start=1))
    related = suggestions(result.resolved.question, result.hits, passages)
    return Answer(question, result.resolved.text, outcome, confidence, _MESSAGES[outcome], citations, related)


def urgent(question: str, alarm: Alarm, message: str) -> Answer:
    """Return the answer to an alarm: fixed words alone, with no passage that could be read into an emergency."""
    return Answer(question, question, Outcome.URGENT, 0.0, message, (), (), alarm)


def in_general(answer: Answer, message: str) -> Answer:
    """Return an answer with a message above and nothing marked: the pages do not know who is asking."""
    citations = tuple(replace(citation, highlights=()) for citation in answer.citations)
    outcome = Outcome.RELATED if citations else Outcome.NOT_FOUND
    return replace(answer, outcome=outcome, message=message, citations=citations)


def reply(question: str, message: str, link: str = "", suggestions: Sequence[str] = ()) -> Answer:
    """Return an answer of fixed words, with an optional link on a line of its own."""
    return Answer(question, question, Outcome.REPLY, 0.0, f"{message}\n{link}".strip(), (), tuple(suggestions))


def not_found(question: str) -> Answer:
    """Return the answer to a question that holds nothing to search for."""
    return Answer(question, question, Outcome.NOT_FOUND, 0.0, _MESSAGES[Outcome.NOT_FOUND], (), ())


def distinct(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield hits without those that repeat a better one."""
    seen: list[set[str]] = []
    for hit in hits:
        words = set(re.findall(r"\w+", hit.passage.text.casefold()))
        if not any(len(words & other) >= _SAME * len(words | other) for other in seen):
            seen.append(words)
            yield hit


def _citation(number: int, index: Index, result: SearchResult, passage: Passage) -> Citation:
    marks = highlights(index, result.query, passage)
    return Citation(number, passage, marks, link(index.documents[passage.document], passage, marks))


def suggestions(question: str, hits: Sequence[Hit], shown: Sequence[Passage]) -> tuple[str, ...]:
    """Return headings of the best hits that were neither asked nor shown."""
    known = {_folded(question), *(_folded(heading) for passage in shown for heading in passage.headings)}
    headings = dict.fromkeys(heading for hit in hits for heading in hit.passage.headings[-1:])
    return _headings_to_ask((heading for heading in headings if _folded(heading) not in known), _SUGGESTIONS)


def starters(index: Index) -> tuple[str, ...]:
    """Return a few headings of the corpus to start a conversation with."""
    return _headings_to_ask(index.headings, _STARTERS)


def _headings_to_ask(headings: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the first headings that fit a button, those written as questions before others."""
    short = [heading for heading in headings if len(heading) <= _LONGEST]
    return tuple(sorted(short, key=lambda heading: not heading.endswith("?"))[:most])


def _folded(text: str) -> str:
    return text.casefold().strip(" ?!.")
