"""Citations: the sentences to mark, and the link that opens the page at them.

The link leads to the clinic's own page by text fragment, or to Footnote's copy of it. Source: "URL Fragment Text
Directives", W3C WICG draft. Its syntax gives `-`, `,` and `&` a meaning, so they are percent-encoded in quoted words.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from chatbot.indexing import Index, Query
from chatbot.reading import LIST_MARK
from chatbot.records import Document, Highlight, Passage

__all__ = ["document_digest", "highlights", "link"]

_LONGEST_DIRECTIVE = 250  # characters: a longer sentence is named by its first and last words
_EDGE = 6  # words
_FEWEST: Final = 3  # words of a sentence that can be an answer by itself
_AS_NEAR: Final = 0.06  # of a mean cosine; chosen on training/clinics, docs/answers.md has the figures
_REFERS_BACK = re.compile(r"(?:this|these|that|those|it|they|he|she|both|such)\b", re.IGNORECASE)

_Scored = tuple[Highlight, float]


def highlights(index: Index, query: Query, passage: Passage) -> tuple[Highlight, ...]:
    """Return the one or two sentences of a passage that best answer a question, in reading order.

    The second is one that scores nearly as well, or the sentence before where the best refers back to it.
    """
    sentences = index.sentences(query, passage)
    complete = [sentence for sentence in sentences if _can_answer(_text(passage, sentence))] or list(sentences)
    if not complete:
        return (Highlight(0, len(passage.text)),)
    best, *others = sorted(complete, key=lambda sentence: -sentence[1])
    marks = {best[0]}
    before = sentences[sentences.index(best) - 1] if sentences.index(best) else None
    if others and others[0][1] >= best[1] - _AS_NEAR:
        marks.add(others[0][0])
    elif before in complete and _REFERS_BACK.match(_text(passage, best)):
        marks.add(before[0])
    return tuple(sorted(marks, key=lambda mark: mark.start))


def _can_answer(sentence: str) -> bool:
    """Return whether a sentence can stand as an answer: no bare "Yes." or "No.", and no question."""
    return len(sentence.split()) >= _FEWEST and not sentence.endswith("?")


def _text(passage: Passage, sentence: _Scored) -> str:
    return passage.text[sentence[0].start : sentence[0].end]


def link(document: Document, passage: Passage, highlights: Sequence[Highlight]) -> str:
    """Return the address that opens a passage's page with its highlights marked."""
    if document.url is None:
        return _own_page(document, passage, highlights)
    fragment = "&".join("text=" + _directive(document.text, passage, mark) for mark in highlights)
    return f"{document.url}{'' if '#' in document.url else '#'}:~:{fragment}"


def document_digest(document: Document) -> str:
    """Return twelve hexadecimal digits that change with a document's text, to recognise outdated links."""
    return hashlib.sha256(document.text.encode()).hexdigest()[:12]


def _own_page(document: Document, passage: Passage, highlights: Sequence[Highlight]) -> str:
    marks = "&".join(f"mark={passage.start + mark.start}-{passage.start + mark.end}" for mark in highlights)
    return f"/pages/{quote(document.id)}?{marks}&of={document_digest(document)}#mark-1"


def _directive(text: str, passage: Passage, mark: Highlight) -> str:
    sentence = passage.text[mark.start : mark.end]
    quoted = " ".join(sentence.split())
    prefix = _prefix(text, passage.start + mark.start, quoted)
    # A term must lie in one block of the page, and a line end or a table's cell may begin another.
    blocks = [block for block in re.split(r"[\r\n]+| \| ?", sentence) if block.strip()]
    if len(blocks) == 1 and len(quoted) <= _LONGEST_DIRECTIVE:
        return prefix + _encoded(quoted)
    first, last = blocks[0].split()[:_EDGE], blocks[-1].split()[-_EDGE:]
    return prefix + _encoded(" ".join(first)) + "," + _encoded(" ".join(last))


def _prefix(text: str, start: int, quoted: str) -> str:
    """Return the text before a sentence as a prefix, where the same sentence stands earlier on the page."""
    before = text[:start]
    if quoted not in " ".join(before.split()):
        return ""
    cells = (cell for line in before.splitlines() for cell in re.split(r" \| ?", _without_list_mark(line)))
    words = [cell.split() for cell in cells if cell.strip()][-1]
    return _encoded(" ".join(words[-_EDGE:])) + "-,"


def _without_list_mark(line: str) -> str:
    mark = LIST_MARK.match(line)
    return line[mark.end() :] if mark else line


def _encoded(words: str) -> str:
    return quote(words, safe="").replace("-", "%2D")
