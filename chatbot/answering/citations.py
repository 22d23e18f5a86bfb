"""The sentences of a passage to mark for a question."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from chatbot.answering.highlights import sentence_scores
from chatbot.indexing import Index, Query, Vectors, content_words
from chatbot.language import weekdays
from chatbot.reading import (
    CELL,
    LIST_MARK,
    answer_label,
    asks,
    is_figure,
    opening_question,
    question_label,
    question_words,
    same_words,
)
from chatbot.records import BlockKind, Document, Highlight, Passage

__all__ = ["highlights", "mark_sentences"]

_SECOND: Final = 0.15  # of the best sentence's probability, from which another one is marked too
_LEANS = re.compile(r"(?:this|these|that|those|both|such)\b", re.IGNORECASE)
_YES_OR_NO_WORDS: Final = (
    "yes|no|ja|nein|doch|nee|oui|non|si|s\u00ed|s\u00ec|sim|n\u00e3o|tak|nie|ano|ne|da|nu|evet|hay\u0131r|\u0434\u0430|\u043d\u0435\u0442"
    "|\u03bd\u03b1\u03b9|\u03cc\u03c7\u03b9|\u0646\u0639\u0645|\u0644\u0627|\u306f\u3044|\u3044\u3044\u3048|\u662f|\u4e0d\u662f"
)
_YES_OR_NO = re.compile(rf"(?:{_YES_OR_NO_WORDS})\W*", re.IGNORECASE)
_OPENS_YES_OR_NO = re.compile(r"(?:yes|no)[.!]\s+(?=[^\W\d])", re.IGNORECASE)
_BEGINS_YES_OR_NO = re.compile(rf"(?:{_YES_OR_NO_WORDS})\s*[,;:.!\u2013\u2014-]+\s*(?=[^\W_])", re.IGNORECASE)
_ASKS_YES_OR_NO = re.compile(
    r"(?:can|could|may|might|must|need|shall|should|will|would|do|does|did|is|are|am|was|were|has|have|had)\b",
    re.IGNORECASE,
)
_ADVERB: Final = re.compile(
    r"(?:absolutely|always|certainly|definitely|generally|maybe|mostly|never|normally|not|of course|often|only|perhaps"
    r"|possibly|probably|rarely|seldom|sometimes|sure|unfortunately|unlikely|usually)\b",
    re.IGNORECASE,
)
_FEW: Final = 3  # words; "Not at all." says nothing without its question


def highlights(index: Index, query: Query, passage: Passage) -> tuple[Highlight, ...]:
    """Return the one or two sentences of a passage that best answer a question, in reading order."""
    evidence = index.sentences(query, passage)
    if not evidence.sentences:
        return (Highlight(0, len(passage.text)),)
    scores = sentence_scores(query, passage, evidence)
    last_question, _ = query.weighted_texts[0]
    headers = _headers(index.documents[passage.document], passage, evidence.sentences)
    return mark_sentences(last_question, passage, evidence.sentences, scores, headers)


def _headers(document: Document, passage: Passage, sentences: Sequence[Highlight]) -> frozenset[int]:
    """Return the numbers of the sentences that only name the columns of a table."""
    rows = [block for block in document.blocks if block.kind is BlockKind.HEADER]
    places = [passage.start + mark.start for mark in sentences]
    return frozenset(n for n, place in enumerate(places) if any(row.start <= place < row.end for row in rows))


def mark_sentences(
    question: str,
    passage: Passage,
    sentences: Sequence[Highlight],
    scores: Vectors,
    headers: frozenset[int] = frozenset(),
) -> tuple[Highlight, ...]:
    """Return the sentences to mark, in reading order, by the scores of all: one or two, and none that would mislead.

    The best is marked. Beside it is marked the line above its list if that line is no whole sentence, or else a second
    sentence that scores nearly as well, or else the sentence before where the best begins with a word such as "This",
    or is a figure. A second sentence is never another item of the best one's list or table, nor the answer to another
    question. A passage's own question is marked with the beginning of its answer, unless the visitor asks just that:
    to another question, such as one that asks the reverse, "No." would say the contrary. Where the question names a
    day, what is said of other days is not marked. `headers` are the numbers of the sentences that name columns.
    """
    layout = _Sentences(passage, sentences)
    candidates = _of_asked_days(question, layout.texts, [n for n in layout.answers(question) if n not in headers])
    ranked = sorted(candidates, key=lambda number: -scores[number])
    if not ranked:
        return ()
    best = ranked[0]
    marked = {best, _beside(layout, ranked, scores)}
    own = layout.own_question(min(marked)) if not layout.is_asked(question) else None
    ends = {number: layout.start(number, question, whole=own is not None) for number in marked}
    spans = {(start, sentences[number].end) for number, start in ends.items()} | ({own} if own else set())
    return tuple(Highlight(start, end) for start, end in sorted(spans))


def _of_asked_days(question: str, texts: Sequence[str], numbers: Sequence[int]) -> list[int]:
    """Return the sentences without those that name other days than the question does."""
    asked = weekdays(question)
    named = {number: weekdays(texts[number]) for number in numbers} if asked else {}
    return [number for number in numbers if not named.get(number) or named[number] & asked]


def _beside(layout: "_Sentences", ranked: Sequence[int], scores: Vectors) -> int:
    """Return the sentence to mark beside the best one, the first of `ranked`; the best itself if there is none."""
    best, *others = ranked
    above = layout.above_list(best)
    if above is not None:
        return above
    second = next((number for number in others if layout.may_join(number, best)), best)
    if scores[second] >= scores[best] + math.log(_SECOND):
        return second
    if layout.is_value(best):
        return best - 1
    return best - 1 if best - 1 in others and _LEANS.match(layout.texts[best]) else best


class _Sentences:
    """The sentences of a passage by number, in the lists and under the questions that they stand in."""

    def __init__(self, passage: Passage, sentences: Sequence[Highlight]) -> None:
        self._passage = passage
        self._sentences = sentences
        self._own = opening_question(passage.text)
        self._heading = passage.headings[-1] if passage.headings else ""
        if sentences and asks(self._heading):  # which the reader of sentences does not see
            label = answer_label(passage.text[: sentences[0].end], stopped=question_label(self._heading) > 0)
            self._sentences = [replace(sentences[0], start=max(label, sentences[0].start)), *sentences[1:]]
        self.texts = [passage.text[mark.start : mark.end] for mark in self._sentences]
        self._lines = [passage.text.rfind("\n", 0, mark.start) + 1 for mark in sentences]
        self._in_list = [bool(LIST_MARK.match(passage.text, line)) for line in self._lines]
        self._is_item = [inside or CELL in text for inside, text in zip(self._in_list, self.texts, strict=True)]
        end = self._own.end if self._own else 0
        self._is_question = [mark.end <= end or asks(text) for mark, text in zip(sentences, self.texts, strict=True)]

    def answers(self, question: str) -> list[int]:
        """Return the sentences that may answer a question: at least one, but for a bare "No." to another question.

        No question does, and no bare "Yes." or "No." beside others. Where the passage holds the question itself, only
        those do that follow it up to the next one. Of a table only the rows do whose first cells have most of the
        question's words.
        """
        everything = range(len(self.texts))
        complete = [n for n in everything if not (self._is_question[n] or self._is_bare(n))]
        own = [n for n in complete if any(self._is_question[:n]) and self._follows(n, question)]
        if complete:
            return self._asked_rows(own or complete, question)
        statements = [n for n in everything if not self._is_question[n]]
        if statements and self._own is None and asks(self._heading) and not self._follows(statements[0], question):
            return []
        return statements or list(everything)

    def _is_bare(self, number: int) -> bool:
        """Return whether a sentence is a bare answer, such as "No.", or "Not at all." to a question for yes or no."""
        text = self.texts[number]
        if _YES_OR_NO.fullmatch(text):
            return True
        first = not number or self._is_question[number - 1]
        few = first and _ADVERB.match(text) and len(text.split()) <= _FEW
        return bool(few and _ASKS_YES_OR_NO.match(self._question_above(number)))

    def _asked_rows(self, numbers: list[int], question: str) -> list[int]:
        """Leave out the rows of a table whose first cell has fewer words of the question than another row's."""
        asked = _word_forms(question)
        headed = self._passage.header is not None
        rows = [n for n in numbers if CELL in self.texts[n] and (headed or (n and CELL in self.texts[n - 1]))]
        named = {n: len(asked & _word_forms(self.texts[n].partition(CELL)[0])) for n in rows}
        most = max(named.values(), default=0)
        return [n for n in numbers if named.get(n, 0 if CELL in self.texts[n] else most) == most] if most else numbers

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

    def is_value(self, number: int) -> bool:
        """Return whether a sentence is a figure below its name, as in a list of prices."""
        name = number - 1
        return (
            name >= 0
            and self._lines[name] != self._lines[number]
            and is_figure(self.texts[number])
            and not (is_figure(self.texts[name]) or self._is_question[name])
        )

    def is_asked(self, question: str) -> bool:
        """Return whether the passage begins with the very question."""
        own = self._own
        return own is not None and same_words(self._passage.text[own.start : own.end]) == same_words(question)

    def own_question(self, number: int) -> tuple[int, int] | None:
        """Return the place of the question that the passage begins with, if a sentence begins its answer."""
        if self._own is None or self._is_question[number]:
            return None
        between = [n for n in range(number) if not (self._is_question[n] or self._is_bare(n))]
        return None if between else (self._own.start, self._own.end)

    def start(self, number: int, question: str, *, whole: bool = False) -> int:
        """Return where the mark of a sentence starts: at its "Yes." or "No." only under the very question.

        To another question the same word would say the contrary. `whole` says that the question is marked with it.
        """
        before, start = number - 1, self._sentences[number].start
        stays = whole or self._follows(number, question)
        governed = self._is_question[before] if number else asks(self._heading)
        opens = _BEGINS_YES_OR_NO if governed else _OPENS_YES_OR_NO  # the segmenter takes "No." for an abbreviation
        opening = opens.match(self.texts[number])
        if opening:
            return start if stays else start + opening.end()
        bare = number and self._lines[before] == self._lines[number] and self._is_bare(before)
        bare = bare and not self._is_question[before]
        return self._sentences[before].start if bare and stays else start

    def _follows(self, number: int, question: str) -> bool:
        """Return whether a question is the last one before a sentence, word for word; before it is the heading."""
        last = next((n for n in reversed(range(number)) if self._is_question[n]), None)
        if last is not None and self._own and self._sentences[last].end <= self._own.end and self.is_asked(question):
            return True
        return same_words(question_words(self._heading if last is None else self.texts[last])) == same_words(question)

    def _question_above(self, number: int) -> str:
        """Return the last question before a sentence, or else the heading."""
        return next((self.texts[n] for n in reversed(range(number)) if self._is_question[n]), self._heading)


def _word_forms(text: str) -> set[str]:
    """Return the words of a text that say something, in lower case and without a plural's last letter."""
    return {word.casefold().rstrip("s") for word in content_words(text)}
