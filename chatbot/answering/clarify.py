"""Asking back: the pages between which a visitor should choose.

"How long does it take?" is answered by the page of each treatment. Where the question names no page and several answer
it about equally, the visitor is asked which one is meant. A question whose only subject is a pronoun, such as "does it
hurt?", is asked back where they answer it less equally too. `training/fit_clarify.py` fits what "about equally" is for
both; `clarify.json` holds the thresholds with their figures.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from chatbot.answering.follow_ups import has_no_subject
from chatbot.answering.gate import Gate
from chatbot.answering.search import SearchResult
from chatbot.answering.variants import Variant, distinct, page_names
from chatbot.fitted import fitted_values
from chatbot.indexing import Index
from chatbot.records import Choice, Document

__all__ = [
    "about_equal",
    "branches_to_choose",
    "confidences_by_page",
    "named_choice",
    "naming_words",
    "pages_to_choose",
]

_MOST: Final = 5  # choices
_MOST_BRANCHES: Final = 12  # choices between pages that differ in a detail alone
_COMPARED: Final = 6  # pages with the best passages
_RANKED: Final = 24  # pages with the best passages, before those that differ from a better one in a detail go
_FEW: Final = 5  # words; a longer message is a question of its own
_POINTING: Final = "one ones please thanks mean sorry just page treatment"  # words that say nothing of which page
_GENERAL: Final = re.compile(  # in the title or the file name of pages that are about no treatment and no branch
    r"\b(faqs?|questions?|asked|prices?|pricing|fees?|charges|costs?|insurance|billing|paying|payments?|money"
    r"|bookings?|appointments?|visiting|visit us|finding|find us|directions|reach|getting here|branches|offices"
    r"|locations|hours|opening|parking|team|(our|these|the) people|doctors|staff|who|meet|about us|contact us|welcome"
    r"|privacy|confidentiality|terms|conditions|consent|prepar\w+|ready|after-?care|results|complaints)\b"
    r"|^(before|after|people|about|contact)\b"
    r"|^(home|index)$",
    re.IGNORECASE,
)


def pages_to_choose(index: Index, gate: Gate, result: SearchResult) -> tuple[Choice, ...]:
    """Return the pages between which the visitor should choose, best first; none where one page is meant or best."""
    near, likely = _thresholds(no_subject=has_no_subject(result.resolved.question))
    pages = about_equal(confidences_by_page(index, gate, result), near, likely)
    return _choices([index.documents[page] for page in pages[:_MOST]])


def naming_words(index: Index, message: str) -> frozenset[str]:
    """Return the stems with which a short message, such as "the laser one", may name a page; none of a longer one."""
    if len(message.split()) > _FEW:
        return frozenset()
    return index.content_stems(message) - index.content_stems(_POINTING)


def named_choice(index: Index, said: frozenset[str], choices: Sequence[Choice]) -> str | None:
    """Return the page of the only choice that some naming words name; None if none."""
    shared = {choice.document: len(said & index.content_stems(choice.title)) for choice in choices}
    most = max(shared.values(), default=0)
    named = [document for document, count in shared.items() if count == most]
    return named[0] if most >= max(1, len(said) - 1) and len(named) == 1 else None


def branches_to_choose(index: Index, found: Sequence[Variant]) -> tuple[Choice, ...]:
    """Return the pages of variants that are too many to be shown, in order; none where they stand on one page."""
    pages = list(dict.fromkeys(variant.hit.passage.document for variant in found))[:_MOST_BRANCHES]
    return _choices([index.documents[page] for page in pages]) if len(pages) > 1 else ()


def confidences_by_page(index: Index, gate: Gate, result: SearchResult) -> Mapping[str, float]:
    """Return the confidence of the best hit of each page that may be meant, by the page's id, best ranked first.

    Empty where the question names a page or follows up on an earlier one, and where a general page answers it best.
    """
    hits = {hit.passage.document: hit for hit in reversed(result.hits)}
    best = list(distinct(sorted(hits.values(), key=result.hits.index)[:_RANKED]))[:_COMPARED]
    pages = [index.documents[hit.passage.document] for hit in best]
    special = [page for page in pages if not _is_general(page)]
    if result.resolved.earlier or special[:1] != pages[:1] or _is_named(index, result.resolved.question, special):
        return {}
    confidences = dict(zip((page.id for page in pages), gate.confidences(index, result, best), strict=True))
    general = max((confidences.pop(page.id) for page in pages if page not in special), default=0.0)
    return confidences if general < confidences[pages[0].id] else {}


def about_equal(confidences: Mapping[str, float], near: float, likely: float) -> tuple[str, ...]:
    """Return the pages that answer about as well as the first; none if only the first does.

    `near` is the share of the first one's confidence that a page needs, `likely` the confidence that all need.
    """
    least = max(likely, near * next(iter(confidences.values()), 0.0))
    pages = tuple(page for page, confidence in confidences.items() if confidence >= least)
    return pages if len(pages) > 1 and pages[0] == next(iter(confidences)) else ()


@cache
def _thresholds(*, no_subject: bool) -> tuple[float, float]:
    values = fitted_values("chatbot.answering", "clarify")
    fitted = values["no subject" if no_subject else "other"]
    return fitted["near"], fitted["likely"]


def _is_general(page: Document) -> bool:
    """Return whether a page is about no treatment and no branch, such as the prices and the answers to questions."""
    names = (page.title, re.sub(r"[-_\s]+", " ", PurePosixPath(page.id).stem))
    return any(_GENERAL.search(name) for name in names)


def _is_named(index: Index, question: str, pages: Sequence[Document]) -> bool:
    """Return whether a question has a word of a page's title."""
    asked = index.content_stems(question)
    return any(asked & index.content_stems(page.title) for page in pages)


def _choices(pages: Sequence[Document]) -> tuple[Choice, ...]:
    """Return pages as choices, by the names that tell them apart."""
    return tuple(Choice(name, page.id) for name, page in zip(page_names(pages), pages, strict=True))
