"""Citations: the sentences to mark, and the link that opens the page at them.

The link leads to the clinic's own page by text fragment, or to Footnote's copy of it. Source: "URL Fragment Text
Directives", W3C WICG draft. Its syntax gives `-`, `,` and `&` a meaning, so they are percent-encoded in quoted words.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from chatbot.answering.highlights import sentence_scores
from chatbot.indexing import Index, Query, Vectors, content_words
from chatbot.reading import LIST_MARK, same_words
from chatbot.records import Document, Highlight, Passage

__all__ = ["document_digest", "highlights", "link", "mark_sentences"]

_LONGEST_DIRECTIVE = 250  # characters: a longer sentence is named by its first and last words
_EDGE = 6  # words
_SECOND: Final = 0.15  # of the best sentence's probability, from which another one is marked too
_LEANS = re.compile(r"(?:this|these|that|those|both|such)\b", re.IGNORECASE)
_YES_OR_NO = re.compile(r"(?:yes|no)\W*", re.IGNORECASE)
_OPENS_YES_OR_NO = re.compile(r"(?:yes|no)[.!]\s+(?=[^\W\d])", re.IGNORECASE)


def highlights(index: Index, query: Query, passage: Passage) -> tuple[Highlight, ...]:
    """Return the one or two sentences of a passage that best answer a question, in reading order."""
    evidence = index.sentences(query, passage)
    if not evidence.sentences:
        return (Highlight(0, len(passage.text)),)
    scores = sentence_scores(query, passage, evidence)
    last_question, _ = query.weighted_texts[0]
    return mark_sentences(last_question, passage, evidence.sentences, scores)


def mark_sentences(
    question: str, passage: Passage, sentences: Sequence[Highlight], scores: Vectors
) -> tuple[Highlight, ...]:
    """Return the one or two sentences to mark, in reading order, by the scores of all.

    The best is marked. Beside it is marked the line above its list if that line is no whole sentence, or else a second
    sentence that scores nearly as well, or else the sentence before where the best begins with a word such as "This".
    A second sentence is never another item of the best one's list or table, nor the answer to another question.
    """
    layout = _Sentences(passage, sentences)
    candidates = layout.answers(question)
    ranked = sorted(candidates, key=lambda number: -scores[number])
    best = ranked[0]
    marked = sorted({best, _beside(layout, ranked, scores)})
    return tuple(Highlight(layout.start(number, question), sentences[number].end) for number in marked)


def _beside(layout: "_Sentences", ranked: Sequence[int], scores: Vectors) -> int:
    """Return the sentence to mark beside the best one, the first of `ranked`; the best itself if there is none."""
    best, *others = ranked
    above = layout.above_list(best)
    if above is not None:
        return above
    second = next((number for number in others if layout.may_join(number, best)), best)
    if scores[second] >= scores[best] + math.log(_SECOND):
        return second
    return best - 1 if best - 1 in others and _LEANS.match(layout.texts[best]) else best


class _Sentences:
    """The sentences of a passage by number, in the lists and under the questions that they stand in."""

    def __init__(self, passage: Passage, sentences: Sequence[Highlight]) -> None:
        self._sentences = sentences
        self.texts = [passage.text[mark.start : mark.end] for mark in sentences]
        self._heading = passage.headings[-1] if passage.headings else ""
        self._lines = [passage.text.rfind("\n", 0, mark.start) + 1 for mark in sentences]
        self._in_list = [bool(LIST_MARK.match(passage.text, line)) for line in self._lines]
        self._is_item = [inside or " | " in text for inside, text in zip(self._in_list, self.texts, strict=True)]
        self._is_question = [text.endswith("?") for text in self.texts]

    def answers(self, question: str) -> list[int]:
        """Return the sentences that may answer a question: at least one.

        No question does, and no bare "Yes." or "No.". Where the passage holds the question itself, only those do that
        follow it up to the next one. Of a table only the rows do whose first cells have most of the question's words.
        """
        everything = range(len(self.texts))
        complete = [n for n in everything if not (self._is_question[n] or _YES_OR_NO.fullmatch(self.texts[n]))]
        own = [n for n in complete if any(self._is_question[:n]) and self._follows(n, question)]
        return self._asked_rows(own or complete or list(everything), question)

    def _asked_rows(self, numbers: list[int], question: str) -> list[int]:
        """Leave out the rows of a table whose first cell has fewer words of the question than another row's."""
        asked = _word_forms(question)
        rows = [n for n in numbers if n and " | " in self.texts[n - 1] and " | " in self.texts[n]]  # no header
        named = {n: len(asked & _word_forms(self.texts[n].partition(" | ")[0])) for n in rows}
        most = max(named.values(), default=0)
        return [n for n in numbers if named.get(n, 0 if " | " in self.texts[n] else most) == most] if most else numbers

    def above_list(self, number: int) -> int | None:
        """Return the line above the list of a sentence if it is no sentence by itself, as "Do not come with:" is."""
        above = number
        while above >= 0 and self._in_list[above]:
            above -= 1
        return above if 0 <= above < number and not self.texts[above].endswith((".", "!", "?")) else None

    def may_join(self, number: int, best: int) -> bool:
        """Return whether no other item of one list or table, and no question, parts two sentences."""
        between = slice(min(number, best), max(number, best) + 1)
        other_item = self._lines[number] != self._lines[best] and all(self._is_item[between])
        return not other_item and not any(self._is_question[between])

    def start(self, number: int, question: str) -> int:
        """Return where the mark of a sentence starts: at its "Yes." or "No." only under the very question.

        To another question, such as one that asks the reverse, the same word would say the contrary.
        """
        before, start = number - 1, self._sentences[number].start
        opening = _OPENS_YES_OR_NO.match(self.texts[number])  # the segmenter takes "No." for an abbreviation
        if opening:
            return start if self._follows(number, question) else start + opening.end()
        bare = number and self._lines[before] == self._lines[number] and _YES_OR_NO.fullmatch(self.texts[before])
        return self._sentences[before].start if bare and self._follows(before, question) else start

    def _follows(self, number: int, question: str) -> bool:
        """Return whether a question is the last one before a sentence, word for word; before it is the heading."""
        before = [text for text, asks in zip(self.texts[:number], self._is_question, strict=False) if asks]
        return same_words((before or [self._heading])[-1]) == same_words(question)


def _word_forms(text: str) -> set[str]:
    """Return the words of a text that say something, in lower case and without a plural's last letter."""
    return {word.casefold().rstrip("s") for word in content_words(text)}


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
