"""Text directives: the part of a link that makes a browser open a page at some words and mark them.

A browser marks the first match in the page, so a directive is tried here as a browser would try it, over the words of
the document. The page differs from these: sites add menus, and make dashes and quotation marks typographic. So a
directive quotes no character that a site may rewrite, and it grows until it is the only match.

Sources: "URL Fragment Text Directives", W3C WICG draft, and Chromium's `TextFragmentFinder`. A term is matched by whole
words, without regard to case, accents and the kind of white space, and never over the end of a block. The prefix and
the suffix stand directly before and after it, if need be in the block before or after.
`python -m benchmarks.links` measures the links in Chromium. Firefox 153 and WebKit (2026) find them by the same rules.
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
from chatbot.records import BlockKind, Document

__all__ = ["directive"]

_WHOLE: Final = 8  # words; a longer sentence is named by its ends, for a site may add words in its middle
_LONGEST: Final = 40  # words that are quoted whole, where nothing less will do
_ENDS: Final = ((5, 3), (8, 5), (14, 8))  # the first and the last words of a sentence, growing
_CONTEXT: Final = (3, 6, 12)  # words before or after it, growing
_STRONG: Final = 3  # words that hardly stand in a menu too
_KEPT: Final = 16  # pages

_BREAK: Final = "\x1e"  # stands for the end of a block; white space as far as `re` knows
_REWRITTEN: Final = "\ufffe"  # stands for a character that a site may show as another one
_GAP: Final = rf"[^\S{_BREAK}]+"  # white space within a block
_ANY_GAP: Final = r"\s*"

_ADDRESS: Final = re.compile(r"(?<!\S)[^\s@]{1,64}@\S+|https?://\S+|www\.\S+", re.IGNORECASE)
"""What sites hide from robots, or shorten."""
_MAY_BE_REWRITTEN: Final = re.compile(
    r"""
    (?=[-.?!,\d"`'(+<=>x\u2190-\uffff\U0001f000-\U0001faff])   # no more than a shortcut
    (?:
    -{2,} | (?<=\s)-(?=\s) | (?<=\d)- | -(?=\d)      # dashes
    | \.{2,} | [?!,]{3,}                             # an ellipsis
    | \d'\w* | " | `` | '' | ,,                      # inches; the quotation marks differ between languages
    | (?<![^\W\d_])' | '(?![^\W\d_])                 # but browsers know the apostrophe inside a word in each form
    | \((?:c|r|p|tm|sm)\)
    | \+/?- | <[-=]+>? | [-=]+> | << | >> | [!<>]=
    | \b\d+x\d+\b | (?<=\d\s)x(?=\s\d)               # a times sign
    | \b\d{1,2}/\d{1,3}\b                            # a fraction
    | [\u2190-\u21ff\u25a0-\u27bf\u2b00-\u2bff\ue000-\uf8ff\ufe0f\ufffc\ufffe\U0001f000-\U0001faff]+  # pictures
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BLOCK_END: Final = re.compile(
    r"(?:[ \t]*\r?\n){2,}|\n(?=[^\n]* \| )|[\u2028\u2029]| \|(?=\s|$)|^\|(?=\s)", re.MULTILINE
)
_RUN: Final = re.compile(rf"[^\r\n{_BREAK}{_REWRITTEN}]+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b\u2060\ufeff]")

_Span = tuple[int, int]
_Context = tuple[_Span | None, _Span | None]


def directive(document: Document, start: int, end: int) -> str:
    """Return the directive that marks `document.text[start:end]`, such as `text=Wait%20a%20week.`.

    Two directives, joined by `&`, may name the same words by what stands before and after them. Where none marks these
    words alone, return one that marks the end of them, such as the last cell of a row, else that of the nearest heading
    above, or "" if there is none either.
    """
    items = (block.start for block in document.blocks if block.kind is BlockKind.ITEM)
    footers = (block.start for block in document.blocks if block.kind is BlockKind.FOOTER)
    page = _page(document.title, document.text, tuple(items), tuple(footers))
    headings = _Headings(document)
    runs = page.runs(start, end)
    parts = [runs[number:] for number in range(len(runs))]
    for part in [*parts, *(page.runs(*place) for place in headings.above(start))]:
        selectors = _Search(page, headings, part).best()
        if selectors:
            return "&".join(selector.encoded(page) for selector in selectors)
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
    marks and the lines between cells are breaks, and the characters that a site may rewrite are taken out. So is what
    stands before a part of the footer, because a menu may stand there on the page.
    """

    def __init__(self, title: str, text: str, items: Sequence[int], footers: Sequence[int]) -> None:
        self.text = f"{title}\n\n{text}"
        self.offset = len(title) + 2
        certain = self.text
        for pattern in (_ADDRESS, _MAY_BE_REWRITTEN):
            certain = pattern.sub(lambda found: _REWRITTEN * len(found[0]), certain)
        folded = list(certain.translate(_FOLD))
        marks = (LIST_MARK.match(self.text, self.offset + item) for item in items)
        for found in (*filter(None, marks), *_BLOCK_END.finditer(self.text)):
            folded[found.start() : found.end()] = _BREAK * len(found[0])
        for start in footers:
            folded[self.offset + start - 1] = _REWRITTEN
        self.folded = "".join(folded)

    def quoted(self, span: _Span) -> str:
        """Return the words of a span, percent-encoded; the syntax of directives gives `-`, `,` and `&` a meaning."""
        words = " ".join(_INVISIBLE.sub("", self.text[slice(*span)]).split())
        return quote(words, safe="").replace("-", "%2D")

    def words(self, start: int, end: int) -> list[_Span]:
        return [(word.start(), word.end()) for word in re.compile(r"\S+").finditer(self.folded, start, end)]

    def runs(self, start: int, end: int) -> list[list[_Span]]:
        """Return the words of a part of the document, by stretches that surely lie in one block of the page."""
        runs = _RUN.finditer(self.folded, self.offset + start, self.offset + end)
        return [self.words(*run.span()) for run in runs if _has_words(run[0])]

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
        for found in self._found(self._starts(selector)):
            start, end = found.span("quoted")
            if ends:
                last = next(self._found(ends, end), None)
                if last is None:
                    return
                end = last.end("quoted")
            yield start, end

    def _starts(self, selector: _Selector) -> str:
        before = self._term(selector.prefix) + _ANY_GAP if selector.prefix else ""
        after = _ANY_GAP + self._term(selector.suffix) if selector.suffix and not selector.end else ""
        return f"{before}(?P<quoted>{self._term(selector.start)}){after}"

    def _ends(self, selector: _Selector) -> str:
        after = _ANY_GAP + self._term(selector.suffix) if selector.suffix else ""
        return f"(?P<quoted>{self._term(selector.end)}){after}" if selector.end else ""

    def _term(self, span: _Span) -> str:
        """Return the pattern of some words, without regard to the white space between them."""
        term = self.folded[slice(*span)]
        return _GAP.join(map(re.escape, term.split())) + (r"(?!\w)" if term[-1].isalnum() else "")

    def _found(self, pattern: str, start: int = 0) -> Iterator[re.Match[str]]:
        """Yield the matches that begin at the beginning of a word, also those that overlap.

        A pattern that began with that condition would be searched for a hundred times more slowly.
        """
        compiled = re.compile(pattern)
        while found := compiled.search(self.folded, start):
            place = found.start()
            if not (place and self.folded[place - 1].isalnum() and self.folded[place].isalnum()):
                yield found
            start = place + 1


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


@lru_cache(_KEPT)
def _page(title: str, text: str, items: tuple[int, ...], footers: tuple[int, ...]) -> _Page:
    return _Page(title, text, items, footers)


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
    """The search for the directive that marks some words, given by the stretches that lie in one block each."""

    def __init__(self, page: _Page, headings: _Headings, runs: Sequence[Sequence[_Span]]) -> None:
        self._page = page
        self._headings = headings
        self._runs = runs

    def best(self) -> list[_Selector]:
        """Return the selectors to use, or none where each marks other words.

        Words before and after the sentence are a risk, for a site may put something between them and the sentence; most
        of all beside a heading. They are added where the sentence alone is not the only match, and where it is a label
        that a menu may hold too.
        """
        alone = list(self._alone())
        label = self._is_label(alone[0])
        near, far = (
            [replace(selector, prefix=prefix, suffix=suffix) for prefix, suffix in contexts for selector in alone]
            for contexts in self._contexts(before_it=label and alone[0].end is not None)
        )
        if label:
            steps = [(near, True), (far, True), (alone, True), (alone, False)]
        else:
            steps = [(alone, True), (near, True), (alone, False), (far, True)]
        for selectors, only in [*steps, (near, False), (far, False)]:
            for selector in selectors:
                if self._marks(selector, only=only):
                    return [selector, *islice(self._other_side(selector, (*near, *far)), 1)]
        return list(islice(filter(self._marks_part, (*near, *far, *alone)), 1))

    def _other_side(self, first: _Selector, others: Iterable[_Selector]) -> Iterator[_Selector]:
        """Yield the selectors with words on the other side, where those of the first one are in another block.

        Something may stand between two blocks on the page, and then one of the two selectors still marks the sentence.
        """
        if first.prefix and not first.suffix:
            gap = self._page.folded[first.prefix[1] : first.start[0]]
        elif first.suffix and not first.prefix:
            gap = self._page.folded[self._target[1] : first.suffix[0]]
        else:
            return
        if _BREAK in gap or "\n" in gap:
            for other in others:
                one_sided = bool(other.prefix) != bool(other.suffix)
                if one_sided and bool(other.prefix) != bool(first.prefix) and self._marks(other, only=True):
                    yield other

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
        if alone and len(first) <= _LONGEST:
            yield _Selector(_span(first))

    def _contexts(self, *, before_it: bool) -> tuple[list[_Context], list[_Context]]:
        """Return pairs of words to put before and after, of which one may be missing: near ones, and with a heading."""
        start, end = self._target
        before, after = self._page.before(start), self._page.after(end)
        prefixes = list(dict.fromkeys(_span(before[-size:]) for size in _CONTEXT if before))
        suffixes = list(dict.fromkeys(_span(after[:size]) for size in _CONTEXT if after))
        pairs = [*((one, None) for one in prefixes), *((None, one) for one in suffixes), *product(prefixes, suffixes)]
        pairs = [pair for pair in pairs if pair[0] or not before_it]
        near = [pair for pair in pairs if not any(map(self._is_heading, pair))]
        # Sites put a link beside the words of a heading, mostly behind them. And where a heading opens and closes what
        # is below it, Chromium does not take the two for neighbours.
        far = sorted(set(pairs) - set(near), key=lambda pair: (self._is_heading(pair[0]), pairs.index(pair)))
        return near, far

    def _is_heading(self, span: _Span | None) -> bool:
        return span is not None and self._headings.hold(span[0] - self._page.offset)

    def _is_label(self, selector: _Selector) -> bool:
        """Return whether the first words are so few that a menu may hold them too, as a row's first cell is."""
        words = self._page.folded[slice(*selector.start)].split()
        if selector.end is None:
            return len(words) < _STRONG and not words[-1].endswith((".", "!", "?"))
        end = selector.start[1]
        is_cut = self._page.folded[end : end + 2].lstrip().startswith(_REWRITTEN)
        return len(words) < (_STRONG - 1 if is_cut else _STRONG)

    def _marks(self, selector: _Selector, *, only: bool) -> bool:
        """Return whether a browser marks the sentence and, if asked, could mark nothing else."""
        first, second = (*islice(self._page.matches(selector), 2), None, None)[:2]
        return first == self._target and not (only and second)

    def _marks_part(self, selector: _Selector) -> bool:
        first = next(self._page.matches(selector), None)
        return first is not None and first[0] == self._target[0] and first[1] <= self._target[1]


def _span(words: Sequence[_Span]) -> _Span:
    return words[0][0], words[-1][1]
