"""The sentences of a passage that answer: one, or two where a second comes as near or the first leans on it."""

import re
from typing import Final

from chatbot.indexing import Index, Query
from chatbot.records import Highlight, Passage

__all__ = ["highlights"]

_FEWEST: Final = 3  # words of a sentence that can be an answer by itself
_AS_NEAR: Final = 0.06  # of a mean cosine; chosen on benchmarks/clinics, docs/answers.md has the figures
_LEANS = re.compile(r"(?:this|these|that|those|it|they|he|she|both|such)\b", re.IGNORECASE)

_Scored = tuple[Highlight, float]


def highlights(index: Index, query: Query, passage: Passage) -> tuple[Highlight, ...]:
    """Give the one or two sentences that best meet a question, in reading order."""
    sentences = index.sentences(query, passage)
    telling = [one for one in sentences if _tells(_text(passage, one))] or list(sentences)
    if not telling:
        return (Highlight(0, len(passage.text)),)
    best, *others = sorted(telling, key=lambda one: -one[1])
    marks = {best[0]}
    before = sentences[sentences.index(best) - 1] if sentences.index(best) else None
    if others and others[0][1] >= best[1] - _AS_NEAR:
        marks.add(others[0][0])
    elif before in telling and _LEANS.match(_text(passage, best)):
        marks.add(before[0])
    return tuple(sorted(marks, key=lambda mark: mark.start))


def _tells(sentence: str) -> bool:
    """Tell whether a sentence can be an answer by itself: no bare "Yes." or "No.", and no question."""
    return len(sentence.split()) >= _FEWEST and not sentence.endswith("?")


def _text(passage: Passage, sentence: _Scored) -> str:
    return passage.text[sentence[0].start : sentence[0].end]
