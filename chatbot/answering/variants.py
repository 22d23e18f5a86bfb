"""Variants: passages that say what another one says but for a detail, such as the hours of three branches.

None of them is better than the others where the question names none, so each is shown, and none counts against another
at the gate. What differs in a figure, a name or a "not" is never taken for the same.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import lru_cache
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Final

from chatbot.answering.citations import highlights
from chatbot.answering.search import SearchResult
from chatbot.indexing import Index, words_of
from chatbot.records import Document, Hit, Passage

__all__ = ["Likeness", "Variant", "are_variants", "distinct", "likeness", "page_names", "variants"]

_LOOKED_AT: Final = 24  # best hits among which variants are looked for
_ALIKE: Final = 0.6  # share of the words of two passages that stand in both, in the same order
_ALIKE_BUT_DETAILS: Final = 0.85  # the same without figures and names
_SAME_SENSE: Final = 0.8  # share from which passages without a difference in a detail say the same
_DETAIL: Final = "\0"
_NEGATIONS: Final = frozenset(
    words_of(
        "no not never none nobody nothing without neither nor cannot can't don't doesn't won't shouldn't mustn't isn't "
        "aren't wasn't unless except only"
    )
)
_FIGURES: Final = frozenset(
    words_of(
        "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty hundred "
        "thousand half once twice"
    )
)
_CALENDAR: Final = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?"
    r"|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_STARTS_SENTENCE: Final = re.compile(r"(?:^|[.!?:\n])[\W_]*$")


class Likeness(Enum):
    """How far two texts say the same."""

    SAME = "the same words"
    REWORDED = "almost the same words, with no other figure, name or negation"
    VARIANT = "the same but for a detail"
    DIFFERENT = "something else"


@dataclass(frozen=True, slots=True)
class Variant:
    """A hit, and the other passages whose sentences that answer are the same, word for word."""

    hit: Hit
    same: tuple[Passage, ...]


@lru_cache(16_384)
def likeness(one: str, other: str) -> Likeness:
    """Return how far two texts say the same."""
    words, others = words_of(one), words_of(other)
    if words == others:
        return Likeness.SAME
    if not _may_be_alike(words, others):
        return Likeness.DIFFERENT
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    share = matcher.ratio()
    if share < _ALIKE:
        return Likeness.DIFFERENT
    details = _details(one) | _details(other)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    changed = {word for _, i, j, k, n in changes for word in (*words[i:j], *others[k:n])}
    if not changed & details and share >= _SAME_SENSE:
        return Likeness.REWORDED
    masked = SequenceMatcher(None, _masked(words, details), _masked(others, details), autojunk=False)
    return Likeness.VARIANT if masked.ratio() >= _ALIKE_BUT_DETAILS else Likeness.DIFFERENT


def _may_be_alike(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return False, quickly, for words that are not alike."""
    shorter, longer = sorted((len(words), len(others)))
    if 2 * shorter < _ALIKE * (shorter + longer):
        return False
    one, other = frozenset(words), frozenset(others)
    return len(one & other) >= _ALIKE * min(len(one), len(other)) - 1


def _details(text: str) -> set[str]:
    """Return the words of a text that are figures, names or negations, as `words_of` writes them."""
    found = {word for word in words_of(text) if any(map(str.isdigit, word)) or not word[0].isalnum()}
    found |= {word for word in words_of(text) if word in _NEGATIONS or word in _FIGURES}
    for match in re.finditer(r"[^\W\d_][\w'\u2019-]*", text):
        if match.group()[0].isupper() and not _STARTS_SENTENCE.search(text, max(0, match.start() - 8), match.start()):
            found.update(words_of(match.group()))
    return found


def _masked(words: Sequence[str], details: set[str]) -> list[str]:
    """Return words with one mark in place of each run of details."""
    marked = [_DETAIL if word in details else word for word in words]
    return [word for number, word in enumerate(marked) if word != _DETAIL or number == 0 or marked[number - 1] != word]


def are_variants(one: Passage, other: Passage) -> bool:
    """Return whether two passages of different pages or sections say the same, or the same but for a detail."""
    if (one.document, one.headings) == (other.document, other.headings):
        return False
    return likeness(one.text, other.text) is not Likeness.DIFFERENT


def distinct(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield hits without those that repeat a better one, or say the same but for a detail on another page."""
    seen: list[Passage] = []
    for hit in hits:
        repeats = (likeness(hit.passage.text, better.text) in {Likeness.SAME, Likeness.REWORDED} for better in seen)
        if not any(repeats) and not any(are_variants(hit.passage, better) for better in seen):
            seen.append(hit.passage)
            yield hit


def variants(index: Index, result: SearchResult, best: Hit) -> tuple[Variant, ...]:
    """Return the best hit and its variants, best first; only those that the question names, where it names some.

    Variants whose sentences that answer are the same are one. The best hit is in it, unless another one is named.
    """
    hits = [hit for hit in result.hits[:_LOOKED_AT] if hit is best or are_variants(best.passage, hit.passage)]
    hits.sort(key=lambda hit: hit is not best)
    named = _named(index, result.resolved.text, hits)
    found: dict[tuple[str, ...], tuple[Hit, list[Passage]]] = {}
    for hit in sorted(hits, key=lambda hit: hit not in named):
        words = _marked_words(index, result, hit.passage)
        if words in found:
            found[words][1].append(hit.passage)
        elif hit in named:
            found[words] = hit, []
    return tuple(Variant(hit, tuple(same)) for hit, same in found.values())


def _marked_words(index: Index, result: SearchResult, passage: Passage) -> tuple[str, ...]:
    """Return the words of a passage that would be marked."""
    marks = highlights(index, result.query, passage)
    return tuple(word for mark in marks for word in words_of(passage.text[mark.start : mark.end]))


def _named(index: Index, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that a question names by a word that not all have; all of them where it names none."""
    asked = index.content_stems(question)
    names = [index.content_stems(" ".join(_names(hit.passage))) & asked for hit in hits]
    common = frozenset.intersection(*names)
    most = max(len(own - common) for own in names)
    return [hit for hit, own in zip(hits, names, strict=True) if len(own - common) == most] if most else list(hits)


def _names(passage: Passage) -> Iterator[str]:
    """Yield what a passage may be called by: its title and headings, its path, and the names in its text."""
    yield from (passage.title, *passage.headings, *_readable_parts(passage.document))
    for match in re.finditer(r"\b[^\W\d_][\w'\u2019-]*", passage.text):
        word = match.group()
        if word[0].isupper() and not _CALENDAR.fullmatch(word.casefold()):
            yield word


def page_names(pages: Sequence[Document], among: Sequence[Document] = ()) -> list[str]:
    """Return a name for each page: its title, with the part of its path that tells it from others of that title.

    The names also differ from those of the pages `among`.
    """
    everyone = (*pages, *among)
    return [_page_name(page, [other for other in everyone if other.title == page.title]) for page in pages]


def _page_name(page: Document, of_same_title: Sequence[Document]) -> str:
    paths = {other.id: list(_readable_parts(other.id)) for other in of_same_title}
    if len(paths) == 1:
        return page.title
    before, after = _common(paths.values()), _common([path[::-1] for path in paths.values()])
    own = paths[page.id]
    part = own[before : max(before, len(own) - after)] if before + after <= min(map(len, paths.values())) else own
    return f"{page.title} ({', '.join(part)})" if part else page.title


def _common(paths: Iterable[Sequence[str]]) -> int:
    """Return how many first parts paths have in common."""
    return len(list(takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))))


def _readable_parts(document: str) -> tuple[str, ...]:
    """Return the folders and the name of a page as words: "Leeds" and "Opening hours" of `leeds/opening-hours.md`."""
    parts = PurePosixPath(document).with_suffix("").parts
    return tuple(re.sub(r"[-_\s]+", " ", part).strip().capitalize() for part in parts)
