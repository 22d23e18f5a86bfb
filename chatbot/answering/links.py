"""Citations that open at their place: the clinic's own page by text fragment, or Footnote's copy of it.

Source: "URL Fragment Text Directives", W3C WICG draft. Its syntax gives `-`, `,` and `&` a meaning, so that they are
percent-encoded in the quoted words.
"""

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from chatbot.records import Document, Highlight, Passage

__all__ = ["document_digest", "link"]

_WHOLE = 250  # characters: a longer sentence is named by its first and last words
_EDGE = 6  # words


def link(document: Document, passage: Passage, highlights: Sequence[Highlight]) -> str:
    """Give the address that opens a passage's page with its highlighted sentences marked."""
    if document.url is None:
        return _own_page(document, passage, highlights)
    fragment = "&".join("text=" + _directive(document.text, passage, mark) for mark in highlights)
    return f"{document.url}{'' if '#' in document.url else '#'}:~:{fragment}"


def document_digest(document: Document) -> str:
    """Give twelve hexadecimal digits that change with a document's text, so that old links are recognised."""
    return hashlib.sha256(document.text.encode()).hexdigest()[:12]


def _own_page(document: Document, passage: Passage, highlights: Sequence[Highlight]) -> str:
    marks = "&".join(f"mark={passage.start + mark.start}-{passage.start + mark.end}" for mark in highlights)
    return f"/pages/{quote(document.id)}?{marks}&of={document_digest(document)}#mark-1"


def _directive(text: str, passage: Passage, mark: Highlight) -> str:
    words = passage.text[mark.start : mark.end].split()
    quoted = " ".join(words)
    prefix = _prefix(text, passage.start + mark.start, quoted)
    if len(quoted) <= _WHOLE or len(words) <= 2 * _EDGE:
        return prefix + _encoded(quoted)
    return prefix + _encoded(" ".join(words[:_EDGE])) + "," + _encoded(" ".join(words[-_EDGE:]))


def _prefix(text: str, start: int, quoted: str) -> str:
    """Give the words before a sentence where the same words stand earlier on the page, or else nothing."""
    before = text[:start].split()
    if quoted not in " ".join(before) or not before:
        return ""
    return _encoded(" ".join(before[-_EDGE:])) + "-,"


def _encoded(words: str) -> str:
    return quote(words, safe="").replace("-", "%2D")
