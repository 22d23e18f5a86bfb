"""From a search result to an answer: quoted passages with marks and links, suggestions, and the fixed messages."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Final

from chatbot.answering.citations import highlights
from chatbot.answering.links import link
from chatbot.answering.search import SearchResult
from chatbot.answering.variants import are_variants, page_names
from chatbot.indexing import Index, content_words
from chatbot.reading import asks, shown_blocks
from chatbot.records import Alarm, Answer, Choice, Citation, Document, Hit, Outcome, Passage, Place

__all__ = [
    "MESSAGES",
    "VARIES",
    "VERBATIM",
    "WEAK",
    "WHICH",
    "ask_back",
    "compose",
    "in_general",
    "join",
    "not_found",
    "reply",
    "starters",
    "suggestions",
    "urgent",
]

_SUGGESTIONS: Final = 3
_STARTERS: Final = 4
_NAMED_AMONG: Final = 24  # best hits, whose pages of the same title a page is named apart from
_SUGGESTED_FROM: Final = 10  # best hits
_STARTED_FROM: Final = 500  # first passages of the corpus
_LONGEST: Final = 80  # characters that fit a button on a phone
_ANY_SUBJECT: Final = re.compile(r"\b(faqs?|questions?|home|welcome)\b", re.IGNORECASE)  # in titles of no subject

MESSAGES: Final = {
    Outcome.ANSWERED: "This is what our pages say:",
    Outcome.RELATED: "This part of our page may help. If it doesn\u2019t, please ask us.",
    Outcome.NOT_FOUND: "Our pages don\u2019t say. Please ask the clinic directly.",
}
"""The message of each outcome of the pages."""
VERBATIM: Final = "I only quote our own pages, word for word. To be certain, please ask us."
"""The reply to a visitor who doubts an answer that quoted nothing."""
VARIES: Final = "This is not the same everywhere. Please look for the one that is yours:"
"""The line above passages that differ in a detail, such as the opening hours of several branches."""
WEAK: Final = "Our pages may not answer this. Please ask us directly."
"""The message above passages that probably do not answer."""
WHICH: Final = "Which one do you mean?"
"""The message above the pages between which the visitor should choose."""


def compose(  # noqa: PLR0913, PLR0917 - one argument a part of the answer
    question: str,
    outcome: Outcome,
    confidence: float,
    index: Index,
    result: SearchResult,
    shown: Sequence[Hit],
    *,
    weak: bool = False,
    marked: int = 1,
    same: Mapping[Passage, Sequence[Passage]] = MappingProxyType({}),
    varies: bool = False,
) -> Answer:
    """Return the answer that an outcome allows.

    `shown` are the hits that may be quoted, best first. Sentences are marked in the first `marked` of them, and in none
    where the answer is `weak`: then its words say that the pages may not answer, and the contact goes first. `same`
    holds passages whose marked sentences are those of a passage that is shown. `varies` says that the first passages
    differ in a detail.
    """
    passages = [hit.passage for hit in shown] if outcome is not Outcome.NOT_FOUND else []
    citations = _citations(index, result, passages, same)
    corrected = result.resolved.question
    message = WEAK if weak else MESSAGES[outcome]
    return Answer(
        question,
        result.resolved.text,
        outcome,
        confidence,
        f"{VARIES}\n{message}" if varies and outcome is Outcome.ANSWERED else message,
        tuple(_unmarked(citation) if weak or citation.number > marked else citation for citation in citations),
        suggestions(index, corrected, result.hits, passages),
        contact_first=weak or outcome is Outcome.NOT_FOUND,
        corrected="" if corrected == question else corrected,
    )


def urgent(question: str, alarm: Alarm, message: str) -> Answer:
    """Return the answer to an alarm: fixed words alone, with no passage that could be read into an emergency."""
    return Answer(question, question, Outcome.URGENT, 0.0, message, (), (), alarm)


def in_general(answer: Answer, message: str) -> Answer:
    """Return an answer with a message above and nothing marked: the pages do not know who is asking."""
    citations = tuple(map(_unmarked, answer.citations))
    outcome = Outcome.RELATED if citations else Outcome.NOT_FOUND
    return replace(answer, outcome=outcome, message=message, citations=citations)


def ask_back(answer: Answer, choices: Sequence[Choice]) -> Answer:
    """Return an answer that asks which page is meant, with the passages of all of them and nothing marked."""
    return replace(
        answer,
        outcome=Outcome.RELATED,
        message=WHICH,
        citations=tuple(map(_unmarked, answer.citations)),
        suggestions=(),
        contact_first=False,
        choices=tuple(choices),
    )


def join(answer: Answer, apart: Sequence[Answer]) -> Answer:
    """Return an answer to a message with the best citation of the answer to each of its questions, in their order.

    Where that differs in a detail from page to page, all of them stand there.
    """
    best = [cited for each in apart for cited in (each.citations if _varies(each) else each.citations[:1])]
    citations = tuple(replace(cited, number=number) for number, cited in enumerate(best, start=1))
    return replace(
        answer,
        outcome=Outcome.ANSWERED,
        confidence=min(each.confidence for each in apart),
        message=next((each.message for each in apart if _varies(each)), MESSAGES[Outcome.ANSWERED]),
        citations=citations,
        contact_first=False,
    )


def reply(question: str, message: str, link: str = "", suggestions: Sequence[str] = ()) -> Answer:
    """Return an answer of fixed words, with an optional link on a line of its own."""
    return Answer(question, question, Outcome.REPLY, 0.0, f"{message}\n{link}".strip(), (), tuple(suggestions))


def not_found(question: str) -> Answer:
    """Return the answer to a question that holds nothing to search for."""
    return Answer(question, question, Outcome.NOT_FOUND, 0.0, MESSAGES[Outcome.NOT_FOUND], (), (), contact_first=True)


def _varies(answer: Answer) -> bool:
    return answer.message.startswith(VARIES)


def _citations(
    index: Index, result: SearchResult, passages: Sequence[Passage], same: Mapping[Passage, Sequence[Passage]]
) -> list[Citation]:
    """Return a citation of each passage, with the other places of its words."""
    names = page_names([index.documents[passage.document] for passage in passages], _pages_found(index, result))
    citations = []
    for number, (passage, name) in enumerate(zip(passages, names, strict=True), start=1):
        marks = highlights(index, result.query, passage)
        document = index.documents[passage.document]
        address = link(document, passage, marks)
        also_at = _places(index, result, passage, same.get(passage, ()))
        header = document.text[slice(*passage.header)] if passage.header else ""
        blocks = shown_blocks(document.blocks, passage.start, passage.end)
        citations.append(Citation(number, passage, marks, address, name, also_at, header, blocks))
    return citations


def _pages_found(index: Index, result: SearchResult) -> list[Document]:
    """Return the pages of the best hits."""
    return [index.documents[name] for name in dict.fromkeys(hit.passage.document for hit in result.hits[:_NAMED_AMONG])]


def _places(index: Index, result: SearchResult, passage: Passage, same: Sequence[Passage]) -> tuple[Place, ...]:
    """Return the places of passages with the same words as one, each page once."""
    everywhere = [copy for each in (passage, *same) for copy in (each, *index.copies(each))]
    copies = {copy.document: copy for copy in reversed(everywhere) if copy.document != passage.document}
    pages = [index.documents[name] for name in dict.fromkeys(each.document for each in everywhere)]
    names = dict(zip((page.id for page in pages), page_names(pages, _pages_found(index, result)), strict=True))
    return tuple(
        Place(name, names[name], copy.url, link(index.documents[name], copy, highlights(index, result.query, copy)))
        for name, copy in reversed(copies.items())
    )


def _unmarked(citation: Citation) -> Citation:
    return replace(citation, highlights=())


def suggestions(index: Index, question: str, hits: Sequence[Hit], shown: Sequence[Passage]) -> tuple[str, ...]:
    """Return headings of the best hits that were neither asked nor shown, each with its page where it needs one."""
    known = {_folded(question)}
    known.update(
        _folded(_subject(index, passage.document, heading)) for passage in shown for heading in passage.headings
    )
    subjects = _subjects(index, _without_branches(hit.passage for hit in hits[:_SUGGESTED_FROM]))
    return _to_ask((subject for subject in subjects if _folded(subject) not in known), _SUGGESTIONS)


def starters(index: Index) -> tuple[str, ...]:
    """Return a few headings of the corpus to start a conversation with."""
    copies = {copy.document for copy in index.page_copies}
    passages = (passage for passage in index.distinct_passages() if passage.document not in copies)
    return _to_ask(_subjects(index, islice(passages, _STARTED_FROM)), _STARTERS)


def _without_branches(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Yield passages without those that differ in a detail from one before, under the same heading."""
    seen: list[Passage] = []
    for passage in passages:
        if not any(passage.headings[-1:] == other.headings[-1:] and are_variants(passage, other) for other in seen):
            seen.append(passage)
            yield passage


def _subjects(index: Index, passages: Iterable[Passage]) -> Iterator[str]:
    """Yield the headings above passages as questions to ask, each once."""
    sections = dict.fromkeys((passage.document, passage.headings[-1]) for passage in passages if passage.headings)
    yield from dict.fromkeys(
        _subject(index, document, heading)
        for document, heading in sections
        if not heading.endswith(":") or _is_heading(index, document, heading)
    )


def _is_heading(index: Index, document: str, heading: str) -> bool:
    """Return whether a page has a heading, which is not only the line above a long list."""
    return any(heading in section.headings for section in index.documents[document].sections)


def _subject(index: Index, document: str, heading: str) -> str:
    """Return a heading as a question that stands alone: "Chemical peels: Prices".

    Without its page's title stands what names the page itself, and what would be too long for a button.
    """
    page = index.documents[document]
    named = f"{page.title}: {heading}"
    words = [word.casefold().rstrip("s") for word in content_words(page.title)]
    if index.has_one_page or len(named) > _LONGEST or not words or _ANY_SUBJECT.search(page.title):
        return heading
    text = page.text.casefold()
    return heading if max(words, key=text.count) in heading.casefold() else named


def _to_ask(subjects: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the first that fit a button, those written as questions before others."""
    short = [subject for subject in subjects if len(subject) <= _LONGEST]
    return tuple(sorted(short, key=lambda subject: not asks(subject))[:most])


def _folded(text: str) -> str:
    return text.casefold().strip(" ?!.")
