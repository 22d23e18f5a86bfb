"""The link of a citation: it opens the clinic's own page, or else Footnote's copy of it, at the marked sentences."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from urllib.parse import quote

from chatbot.answering.text_fragments import directive
from chatbot.records import Document, Highlight, Passage

__all__ = ["document_digest", "link"]


def link(document: Document, passage: Passage, highlights: Sequence[Highlight]) -> str:
    """Return the address that opens a passage's page with its highlights marked, or the passage if it has none.

    A PDF is opened at the page of the first highlight, because not every browser marks words in it.
    """
    highlights = highlights or [Highlight(0, len(passage.text))]
    if document.url is None:
        return _own_page(document, passage, highlights)
    if document.pages:
        number = bisect_right(document.pages, passage.start + highlights[0].start) or 1
        return f"{document.url.partition('#')[0]}#page={number}"
    places = ((passage.start + mark.start, passage.start + mark.end) for mark in highlights)
    directives = dict.fromkeys(filter(None, (directive(document, *place) for place in places)))
    if not directives:
        return document.url
    return f"{document.url}{'' if '#' in document.url else '#'}:~:{'&'.join(directives)}"


def document_digest(document: Document) -> str:
    """Return twelve hexadecimal digits that change with a document's text, to recognise outdated links."""
    return hashlib.sha256(document.text.encode()).hexdigest()[:12]


def _own_page(document: Document, passage: Passage, highlights: Sequence[Highlight]) -> str:
    marks = "&".join(f"mark={passage.start + mark.start}-{passage.start + mark.end}" for mark in highlights)
    return f"/pages/{quote(document.id)}?{marks}&of={document_digest(document)}#mark-1"
