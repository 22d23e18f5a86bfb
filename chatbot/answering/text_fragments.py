"""Text directives: the part of a link that makes a browser open a page at some words and mark them.

A browser marks the first match in the page, so a directive is tried here as a browser would try it, over the words of
the document. The page differs from these: sites add menus, and make dashes and quotation marks typographic. So a
directive quotes no character that a site may rewrite, and it grows until it is the only match.

Sources: "URL Fragment Text Directives", W3C WICG draft, and Chromium's `TextFragmentFinder`. A term is matched by whole
words, without regard to case, accents and the kind of white space, and never over the end of a block. The prefix and
the suffix stand directly before and after it, if need be in the block before or after.
`python -m benchmarks.links` measures the links in Chromium.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, product
from typing import Final
from urllib.parse import quote

from chatbot.reading import LIST_MARK
from chatbot.records import Document

__all__ = ["directive"]

_WHOLE: Final = 11  # words; a longer sentence is named by its ends, for a site may add words in its middle
_ENDS: Final = ((6, 4), (9, 8), (14, 8))  # the first and the last words of a sentence, growing
_CONTEXT: Final = (3, 6, 12)  # words before or after it, growing
_STRONG: Final = 3  # words that hardly stand in a menu too
_KEPT: Final = 16  # pages

_BREAK: Final = "\x1e"  # stands for the end of a block; white space as far as `re` knows
_REWRITTEN: Final = "\ufffe"  # stands for a character that a site may show as another one
_GAP: Final = rf"[^\S{_BREAK}]+"  # white space within a block
_ANY_GAP: Final = r"\s*"

_MAY_BE_REWRITTEN: Final = re.compile(
    r"""
    (?<!\S)[^\s@]{1,64}@\S+ | https?://\S+ | www\.\S+  # hidden from robots, shortened
    | -{2,} | (?<=\s)-(?=\s) | (?<=\d)- | -(?=\d)      # dashes
    | \.{2,} | [?!,]{3,}                               # an ellipsis
    | \d'\w* | " | `` | '' | ,,                        # inches; the quotation marks differ between languages
    | (?<![^\W\d_])' | '(?![^\W\d_])                   # but browsers know the apostrophe inside a word in each form
    | \((?:c|r|p|tm|sm)\)
    | \+/?- | <[-=]+>? | [-=]+> | << | >> | [!<>]=
    | \b\d+x\d+\b | (?<=\d\s)x(?=\s\d)                 # a times sign
    | \b\d{1,2}/\d{1,3}\b                              # a fraction
    | [\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\ue000-\uf8ff\ufe0f\ufffc\ufffe\U0001f000-\U0001faff]+  # pictures
    """,
    re.VERBOSE | re.IGNORECASE,
)
# List marks are not text in a page; the end of a line ends a block where the next line is an item or a row.
_BLOCK_ENDS: Final = re.compile(
    rf"\n?^{LIST_MARK.pattern}|\n^(?=[^\n]* \| )|(?:[ \t]*\r?\n){{2,}}|[\u2028\u2029]| \|(?=\s|$)|^\|(?=\s)",
    re.MULTILINE,
)
_RUN: Final = re.compile(rf"[^\r\n{_BREAK}{_REWRITTEN}]+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b\u2060\ufeff]")

_Span = tuple[int, int]
_Context = tuple[_Span | None, _Span | None]


def directive(document: Document, start: int, end: int) -> str:
    """Return the directive that marks `document.text[start:end]`, such as `text=Wait%20a%20week.`.

    Where no directive marks these words alone, return that of the nearest heading above, or "" if there is none either.
    """
    page = _page(document.title, document.text)
    headings = _Headings(document)
    for first, last in ((start, end), *headings.above(start)):
        selector = _Search(page, headings, first, last).best()
        if selector:
            return selector.encoded(page)
    return ""


@dataclass(frozen=True, slots=True)
class _Selector:
    """The terms of a directive, as spans of the page; all but the first may be missing."""

    start: _Span
    end: _Span | None = None
    prefix: _Span | None = None
    suffix: _Span | None = None

    def encoded(self, page: "_Page") -> str:
        """Return the directive as it stands in an address."""
        prefix = f"{page.quoted(self.prefix)}-," if self.prefix else ""
        end = f",{page.quoted(self.end)}" if self.end else ""
        suffix = f",-{page.quoted(self.suffix)}" if self.suffix else ""
        return f"text={prefix}{page.quoted(self.start)}{end}{suffix}"


class _Fold(dict[int, int]):
    """Map each character to one without case and accent."""

    def __missing__(self, code: int) -> int:
        folded = unicodedata.normalize("NFKD", chr(code).casefold())
        self[code] = ord(folded[0]) if folded and not chr(code).isspace() else code
        return self[code]


_FOLD: Final = _Fold(str.maketrans("\u2018\u2019\u201c\u201d", "''\"\""))


class _Page:
    """The words of a document as a browser searches its page: the title, which often stands on top, then the text.

    `text` and `folded` are of one length; the document's text begins at `offset`. In `folded` the ends of blocks, list
    marks and the lines between cells are breaks, and the characters that a site may rewrite are taken out.
    """

    def __init__(self, title: str, text: str) -> None:
        self.text = f"{title}\n\n{text}"
        self.offset = len(title) + 2
        in_blocks = _BLOCK_ENDS.sub(lambda found: _BREAK * len(found[0]), self.text)
        self.folded = _MAY_BE_REWRITTEN.sub(lambda found: _REWRITTEN * len(found[0]), in_blocks).translate(_FOLD)

    def quoted(self, span: _Span) -> str:
        """Return the words of a span, percent-encoded; the syntax of directives gives `-`, `,` and `&` a meaning."""
        words = " ".join(_INVISIBLE.sub("", self.text[slice(*span)]).split())
        return quote(words, safe="").replace("-", "%2D")

    def words(self, start: int, end: int) -> list[_Span]:
        return [(word.start(), word.end()) for word in re.compile(r"\S+").finditer(self.folded, start, end)]

    def runs(self, start: int, end: int) -> list[list[_Span]]:
        """Return the words of each stretch that holds letters or digits and surely lies in one block of the page."""
        runs = (self.words(*run.span()) for run in _RUN.finditer(self.folded, start, end) if _has_words(run[0]))
        return list(runs)

    def trimmed(self, words: Sequence[_Span]) -> Sequence[_Span]:
        """Leave out the last words if they have neither letters nor digits."""
        count = len(words)
        while count > 1 and not _has_words(self.folded[slice(*words[count - 1])]):
            count -= 1
        return words[:count]

    def before(self, start: int) -> list[_Span]:
        """Return the words that stand directly before a place, in one block; none if a site may rewrite the last."""
        end = len(self.folded[:start].rstrip())
        begin = max(self.folded.rfind(mark, 0, end) for mark in (_BREAK, _REWRITTEN, "\n", "\r")) + 1
        return self.words(begin, end) if _has_words(self.folded[begin:end]) else []

    def after(self, end: int) -> list[_Span]:
        """Return the words that stand directly after a place, in one block."""
        start = len(self.folded) - len(self.folded[end:].lstrip())
        run = _RUN.match(self.folded, start)
        return self.words(*run.span()) if run and _has_words(run[0]) else []

    def matches(self, selector: _Selector) -> Iterator[_Span]:
        """Yield what a browser would mark, and then what it would mark if that were not there."""
        ends = self._ends(selector)
        for found in _overlapping(self._starts(selector), self.folded):
            if ends is None:
                yield found.span("quoted")
                continue
            end = ends.search(self.folded, found.end("quoted"))
            if end is None:
                return
            yield found.start("quoted"), end.end("quoted")

    def _starts(self, selector: _Selector) -> re.Pattern[str]:
        before = self._term(selector.prefix) + _ANY_GAP if selector.prefix else ""
        after = _ANY_GAP + self._term(selector.suffix) if selector.suffix and not selector.end else ""
        return re.compile(f"{before}(?P<quoted>{self._term(selector.start)}){after}")

    def _ends(self, selector: _Selector) -> re.Pattern[str] | None:
        if not selector.end:
            return None
        after = _ANY_GAP + self._term(selector.suffix) if selector.suffix else ""
        return re.compile(f"(?P<quoted>{self._term(selector.end)}){after}")

    def _term(self, span: _Span) -> str:
        """Return the pattern of some words, without regard to the white space between them."""
        term = self.folded[slice(*span)]
        words = _GAP.join(map(re.escape, term.split()))
        return rf"{_edge('<', term[0])}{words}{_edge('', term[-1])}"


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _edge(side: str, character: str) -> str:
    return rf"(?{side}!\w)" if character.isalnum() else ""


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    found = pattern.search(text)
    while found:
        yield found
        found = pattern.search(text, found.start() + 1)


@lru_cache(_KEPT)
def _page(title: str, text: str) -> _Page:
    return _Page(title, text)


class _Headings:
    """The lines of a document's headings, which lie between its sections."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._starts = [section.start for section in document.sections]

    def hold(self, place: int) -> bool:
        """Return whether a place lies in a heading."""
        number = bisect_right(self._starts, place) - 1
        return bool(self._starts) and (number < 0 or place >= self._document.sections[number].end)

    def above(self, place: int) -> Iterator[_Span]:
        """Yield the headings above a place, innermost first."""
        number = bisect_right(self._starts, place) - 1
        for name in reversed(self._document.sections[number].headings if number >= 0 else ()):
            found = self._document.text.rfind(name, 0, place)
            if found >= 0 and self.hold(found):
                yield found, found + len(name)


class _Search:
    """The search for the directive that marks one sentence."""

    def __init__(self, page: _Page, headings: _Headings, start: int, end: int) -> None:
        self._page = page
        self._headings = headings
        self._runs = page.runs(page.offset + start, page.offset + end)

    def best(self) -> _Selector | None:
        """Return the selector to use, or None where each marks other words.

        Words before and after the sentence are a risk, for a site may put something between them and the sentence; most
        of all beside a heading. They are added where the sentence alone is not the only match, and where it is a label
        that a menu may hold too.
        """
        if not self._runs:
            return None
        alone = list(self._alone())
        near, far = (
            [replace(selector, prefix=prefix, suffix=suffix) for prefix, suffix in contexts for selector in alone]
            for contexts in self._contexts()
        )
        steps: list[tuple[Iterable[_Selector], bool]]
        if self._is_label(alone[0]):
            steps = [(near, True), (far, True), (alone, True), (alone, False)]
        else:
            steps = [(alone, True), (near, True), (alone, False), (far, True)]
        for selectors, only in [*steps, (near, False), (far, False)]:
            for selector in selectors:
                if self._marks(selector, only=only):
                    return selector
        return next(filter(self._marks_part, (*near, *far, *alone)), None)

    @property
    def _target(self) -> _Span:
        return self._runs[0][0][0], self._runs[-1][-1][1]

    def _alone(self) -> Iterator[_Selector]:
        """Yield the selectors without context, growing."""
        first, last = self._runs[0], self._runs[-1]
        alone = len(self._runs) == 1
        if alone and len(first) <= _WHOLE:
            yield _Selector(_span(first))
            return
        for start, end in _ENDS:
            if not alone or start + end <= len(first):
                yield _Selector(_span(self._page.trimmed(first[:start])), _span(last[-end:]))
        if alone:
            yield _Selector(_span(first))

    def _contexts(self) -> tuple[list[_Context], list[_Context]]:
        """Return pairs of words to put before and after, of which one may be missing: near ones, and with a heading."""
        start, end = self._target
        before, after = self._page.before(start), self._page.after(end)
        prefixes = list(dict.fromkeys(_span(before[-size:]) for size in _CONTEXT if before))
        suffixes = list(dict.fromkeys(_span(after[:size]) for size in _CONTEXT if after))
        pairs = [*((one, None) for one in prefixes), *((None, one) for one in suffixes), *product(prefixes, suffixes)]
        near = [pair for pair in pairs if not any(map(self._is_heading, pair))]
        # Sites put a link beside the words of a heading, mostly behind them.
        far = sorted(set(pairs) - set(near), key=lambda pair: (self._is_heading(pair[0]), pairs.index(pair)))
        return near, far

    def _is_heading(self, span: _Span | None) -> bool:
        return span is not None and self._headings.hold(span[0] - self._page.offset)

    def _is_label(self, selector: _Selector) -> bool:
        """Return whether the first words are so few that a menu may hold them too."""
        words = self._page.folded[slice(*selector.start)].split()
        is_sentence = selector.end is None and words[-1].endswith((".", "!", "?"))
        return len(words) < _STRONG and not is_sentence

    def _marks(self, selector: _Selector, *, only: bool) -> bool:
        """Return whether a browser marks the sentence and, if asked, could mark nothing else."""
        first, second = (*islice(self._page.matches(selector), 2), None, None)[:2]
        return first == self._target and not (only and second)

    def _marks_part(self, selector: _Selector) -> bool:
        first = next(self._page.matches(selector), None)
        return first is not None and first[0] == self._target[0] and first[1] <= self._target[1]


def _span(words: Sequence[_Span]) -> _Span:
    return words[0][0], words[-1][1]
