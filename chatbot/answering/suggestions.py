"""What to ask next: headings of the corpus near the question, whose own passages answer them."""

from collections.abc import Sequence
from typing import Final

from chatbot.indexing import Index
from chatbot.records import Hit, Passage

__all__ = ["starters", "suggestions"]

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
