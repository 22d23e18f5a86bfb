"""What to ask next: headings of the corpus near the question, whose own passages answer them."""

from collections.abc import Sequence
from typing import Final

from chatbot.records import Hit, Passage

__all__ = ["suggestions"]

_MOST: Final = 3
_LONGEST: Final = 80  # characters that fit a button on a phone


def suggestions(question: str, hits: Sequence[Hit], shown: Sequence[Passage]) -> tuple[str, ...]:
    """Give headings of the best hits that were neither asked nor shown, those written as questions first."""
    known = {_folded(question), *(_folded(heading) for passage in shown for heading in passage.headings)}
    headings = dict.fromkeys(hit.passage.headings[-1] for hit in hits if hit.passage.headings)
    new = [one for one in headings if _folded(one) not in known and len(one) <= _LONGEST]
    return tuple(sorted(new, key=lambda heading: not heading.endswith("?"))[:_MOST])


def _folded(text: str) -> str:
    return text.casefold().strip(" ?!.")
