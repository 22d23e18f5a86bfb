"""Citations that open at their place: the clinic's own page by text fragment, or Footnote's copy of it.

Source: "URL Fragment Text Directives", W3C WICG draft. Its syntax gives `-`, `,` and `&` a meaning, so that they are
percent-encoded in the quoted words.
"""

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from chatbot.reading import LIST_MARK
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
    sentence = passage.text[mark.start : mark.end]
    quoted = " ".join(sentence.split())
    prefix = _prefix(text, passage.start + mark.start, quoted)
    # A term must lie in one block of the page, and a line end or a table's cell may begin another.
    blocks = [block for block in re.split(r"[\r\n]+| \| ?", sentence) if block.strip()]
    if len(blocks) == 1 and len(quoted) <= _WHOLE:
        return prefix + _encoded(quoted)
    first, last = blocks[0].split()[:_EDGE], blocks[-1].split()[-_EDGE:]
    return prefix + _encoded(" ".join(first)) + "," + _encoded(" ".join(last))


def _prefix(text: str, start: int, quoted: str) -> str:
    """Give the words before a sentence where the same words stand earlier on the page, or else nothing."""
    before = text[:start].rstrip()
    if quoted not in " ".join(before.split()):
        return ""
    line = before.splitlines()[-1]
    mark = LIST_MARK.match(line)
    words = re.split(r" \| ?", line[mark.end() :] if mark else line)[-1].split()
    return _encoded(" ".join(words[-_EDGE:])) + "-,"


def _encoded(words: str) -> str:
    return quote(words, safe="").replace("-", "%2D")
