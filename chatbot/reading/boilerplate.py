"""Find what stands on many pages of a site and is no part of any: menus, calls to book, notices at the end.

The reader of HTML leaves most of that out of each page by itself. What it takes for content is found here by counting.
A document keeps its whole text, so that it is shown as the page is; the repeated blocks are only in no section, as
headings are, so that no passage holds them.

What a site's footer says of hours, place and telephone stands on one page alone, and only where no page says it itself.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final, TypeVar

from chatbot.reading.contact_facts import contact_facts
from chatbot.reading.page import same_words
from chatbot.records import Block, BlockKind, Document, Section

__all__ = ["Boilerplate", "RepeatCounter", "is_counted"]

_COUNTED: Final = frozenset({".html", ".htm", ".xhtml"})
_PAGES: Final = 4  # at least, that a line stands on
_SHARE: Final = 1 / 3  # of a site's pages, at least
# A sentence or a figure may be an answer that pages of one kind share. It must stand on most pages of a larger site.
_PAGES_OF_SITE: Final = 12
_SENTENCE_SHARE: Final = 0.6
_FOOTERS: Final = 50  # parts of the footers of a site; where there are more, each page has a footer of its own
_SHOWN: Final = 60  # characters of a line in the report
_EXAMPLES: Final = 3

_PARAGRAPH: Final = re.compile(r"\S[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*")
_CONTACT: Final = re.compile(
    r"contact|kontakt|find-?us|location|visit|anfahrt|ueber-?uns|about|impressum", re.IGNORECASE
)
_FOOTER_HOME: Final = re.compile(
    r"contact|kontakt|find-?us|location|standort|anfahrt|opening|hours|oeffnungszeiten", re.IGNORECASE
)
_HOME: Final = frozenset({"index", "home", "default", "welcome"})
_SAYS_SOMETHING: Final = re.compile(r"\d|@|:|[.!?\u3002\uff1f]\s*$|[.!?]\s|\|")
_KEPT_WHOLE: Final = frozenset({BlockKind.ANSWER, BlockKind.TABLE})

_Part = TypeVar("_Part", Block, Section)

_Rank = tuple[int, int, str]
"""The order in which pages are asked to keep a block, lowest first: by kind of page, depth of its folder, and id."""
_Homes = Mapping[str, Mapping[str, str]]
"""For each site the page that keeps a block, by a digest of its words; "" where none does."""


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """The repeated blocks of each site, and the parts of its footer, each with the page that keeps it."""

    homes: _Homes = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    footers: _Homes = field(default_factory=dict)

    def spans(self, document: Document) -> tuple[tuple[int, int], ...]:
        """Return where the repeated blocks at the beginning and at the end of a page stand, in order.

        A block between others that stand on this page alone is one of its own.
        """
        homes = self.homes.get(_site(document.id), {})
        if not homes or not is_counted(document.id):
            return ()
        found = [(start, end, homes.get(_digest(words))) for start, end, words in _paragraphs(document)]
        repeated = [home is not None for _, _, home in found]
        first = next((place for place, each in enumerate(repeated) if not each), len(found))
        last = len(found) - next((place for place, each in enumerate(reversed(repeated)) if not each), len(found))
        edges = [*found[:first], *found[max(first, last) :]]
        return tuple((start, end) for start, end, home in edges if home != document.id)

    def kept(self, document: Document) -> tuple[str, ...]:
        """Return the parts of the site's footer that a page keeps."""
        homes = self.footers.get(_site(document.id), {})
        return tuple(part for part in document.footer if homes.get(_digest(part)) == document.id)

    def without(self, document: Document) -> Document:
        """Return a document without the parts of the footer that others keep, and no section of repeated blocks."""
        document = _without_footer(document, self.kept(document))
        spans = self.spans(document)
        if not spans:
            return document
        cut = (part for section in document.sections for part in _cut(document.text, section, spans))
        return replace(document, sections=tuple(cut))

    def as_dict(self) -> dict[str, object]:
        """Return what `from_dict` makes it from again."""
        return {"homes": self.homes, "notices": self.notices, "footers": self.footers}

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> "Boilerplate":
        """Return it as `as_dict` gave it; raises `ValueError` for anything else."""
        homes, notices, footers = (value.get(name) for name in ("homes", "notices", "footers"))
        if not isinstance(homes, dict) or not isinstance(notices, list) or not isinstance(footers, dict):
            raise ValueError("not the repeated blocks of sites")  # noqa: TRY004 - a damaged file, no wrong call
        return cls(homes, tuple(notices), footers)


class _Repeated:
    """A block that stands on one page or several: its first words, the page that keeps it, and the pages' folders."""

    __slots__ = ("folders", "rank", "says_something", "words")

    def __init__(self, words: str, rank: _Rank) -> None:
        self.words = words[:_SHOWN]
        self.says_something = _SAYS_SOMETHING.search(words) is not None
        self.rank = rank
        self.folders: set[str] = set()


class _Footer:
    """A part of a site's footer: its facts, the page that keeps it, how many have it, and whether one says the same."""

    __slots__ = ("facts", "pages", "rank", "said")

    def __init__(self, words: str, rank: _Rank) -> None:
        self.facts = contact_facts(words)
        self.pages = 0
        self.rank = rank
        self.said = False


class RepeatCounter:
    """Counts on how many pages of a site each block stands; the pages are added one at a time."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._folders: dict[str, Counter[str]] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._held: dict[tuple[str, str], _Repeated] = {}
        self._footers: dict[str, dict[str, _Footer]] = {}

    def add(self, document: Document) -> None:
        """Count the blocks of a page; only pages of HTML have blocks that their site repeats."""
        if not is_counted(document.id):
            return
        site, folder = _site(document.id), str(PurePosixPath(document.id).parent)
        self._pages[site] += 1
        self._folders.setdefault(site, Counter())[folder] += 1
        counts = self._counts.setdefault(site, Counter())
        rank = (_CONTACT.search(_below_site(document.id)) is None, document.id.count("/"), document.id)
        for digest, words in {_digest(words): words for _, _, words in _paragraphs(document)}.items():
            counts[digest] += 1
            if (held := self._held.get((site, digest))) is None:
                held = self._held[site, digest] = _Repeated(words, rank)
            held.rank = min(held.rank, rank)
            held.folders.add(folder)
        self._add_footer(document)

    def _add_footer(self, document: Document) -> None:
        """Note the parts of the footer on a page, and those that the page itself says."""
        path = PurePosixPath(document.id)
        order = 0 if _FOOTER_HOME.search(_below_site(document.id)) else 1 if path.stem.lower() in _HOME else 2
        rank = (order, len(path.parts), document.id)
        footers = self._footers.setdefault(_site(document.id), {})
        for part in document.footer:
            digest = _digest(part)
            if digest not in footers and len(footers) < _FOOTERS:
                footers[digest] = _Footer(part, rank)
            if footer := footers.get(digest):
                footer.pages += 1
                footer.rank = min(footer.rank, rank)
        unsaid = [footer for footer in footers.values() if not footer.said]
        if unsaid:
            facts = contact_facts(document.text[: _own_end(document)], both_sides=True)
            for footer in unsaid:
                footer.said = footer.facts <= facts

    def boilerplate(self) -> Boilerplate:
        """Return the blocks that stand on enough pages to be no part of any."""
        homes: dict[str, dict[str, str]] = {}
        notices: list[str] = []
        for site in sorted(self._counts):
            found = {digest: count for digest, count in self._counts[site].items() if self._is_repeated(site, digest)}
            if not found:
                continue
            homes[site] = {}
            for digest in sorted(found):
                held = self._held[site, digest]
                homes[site][digest] = held.rank[2] if held.says_something else ""
            notices.append(self._notice(site, found))
        footers = {
            site: {digest: "" if footer.said else footer.rank[2] for digest, footer in sorted(parts.items())}
            for site, parts in sorted(self._footers.items())
            if parts
        }
        notices += [notice for site in footers if (notice := self._footer_notice(site))]
        return Boilerplate(homes, tuple(notices), footers)

    def _footer_notice(self, site: str) -> str:
        shared = [footer for footer in self._footers[site].values() if not footer.said and footer.pages > 1]
        if not shared:
            return ""
        pages = max(footer.pages for footer in shared)
        names = ", ".join(sorted({footer.rank[2] for footer in shared})[:_EXAMPLES])
        return f"{site or 'The pages'}: the footer of {pages} pages is read once, as the end of {names}."

    def _is_repeated(self, site: str, digest: str) -> bool:
        count, pages = self._counts[site][digest], self._pages[site]
        held = self._held[site, digest]
        if count < max(_PAGES, pages * _SHARE):
            return False
        if not held.says_something:
            return True
        large = {folder for folder, size in self._folders[site].items() if size >= _PAGES}
        everywhere = len(large) < 2 or len(large & held.folders) > 1
        return pages >= _PAGES_OF_SITE and count >= pages * _SENTENCE_SHARE and everywhere

    def _notice(self, site: str, found: Mapping[str, int]) -> str:
        most = sorted(found, key=lambda digest: (-found[digest], digest))[:_EXAMPLES]
        shown = ", ".join(f"{self._held[site, digest].words!r} ({found[digest]} pages)" for digest in most)
        more = f", and {len(found) - len(most)} more" if len(found) > len(most) else ""
        pages = site or "The pages"
        return f"{pages}: these lines are not searched, because many pages begin or end with them: {shown}{more}."


def is_counted(name: str) -> bool:
    """Return whether a page of this name is one whose blocks its site repeats: a page of HTML."""
    return PurePosixPath(name).suffix.lower() in _COUNTED


def _site(name: str) -> str:
    """Return the outermost folder of a page: that of its host, as the crawler writes it."""
    parts = PurePosixPath(name).parts
    return parts[0] if len(parts) > 1 else ""


def _below_site(name: str) -> str:
    """Return the path of a page below the folder of its host, whose name says nothing of the page."""
    return name.removeprefix(_site(name))


def _digest(words: str) -> str:
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _paragraphs(document: Document) -> Iterator[tuple[int, int, str]]:
    """Yield the paragraphs of a page with their words, but not its title and the footer, nor answers and tables."""
    kept = [(block.start, block.end) for block in document.blocks if block.kind in _KEPT_WHOLE]
    title = same_words(document.title)
    place = 0
    for match in _PARAGRAPH.finditer(document.text, 0, _own_end(document)):
        while place < len(kept) and kept[place][1] <= match.start():
            place += 1
        inside = place < len(kept) and kept[place][0] < match.end()
        words = " ".join(match.group().split())
        if inside:
            yield match.start(), match.end(), f"{document.id} {match.start()}"  # a block of this page alone
        elif same_words(words) != title:
            yield match.start(), match.end(), words


def _own_end(document: Document) -> int:
    """Return where the own text of a page ends, and the site's footer begins."""
    parts = (block.start for block in document.blocks if block.kind is BlockKind.FOOTER)
    return next(parts, len(document.text))


def _without_footer(document: Document, kept: Collection[str]) -> Document:
    """Return a document whose text holds none of the parts of its footer but those that are kept."""
    text, cuts = document.text, list[tuple[int, int]]()
    left = set(kept)
    for part in document.blocks:
        if part.kind is BlockKind.FOOTER:
            words = text[part.start : part.end]
            if words not in left:
                cuts.append((part.start, len(text) - len(text[part.end :].lstrip())))
            left.discard(words)
    if not cuts:
        return document
    starts, ends = zip(*cuts, strict=True)
    pieces = (text[start:end] for start, end in zip((0, *ends), (*starts, len(text)), strict=True))
    shortened = "".join(pieces).rstrip("\n")

    def moved(each: _Part) -> _Part:
        start, end = (
            place - sum(min(place, end) - start for start, end in cuts if start < place)
            for place in (each.start, each.end)
        )
        return replace(each, start=start, end=min(end, len(shortened)))

    def stays(each: Block | Section) -> bool:
        return not any(start <= each.start and each.end <= end for start, end in cuts)

    return replace(
        document,
        text=shortened,
        sections=tuple(map(moved, filter(stays, document.sections))),
        blocks=tuple(map(moved, filter(stays, document.blocks))),
    )


def _cut(text: str, section: Section, spans: tuple[tuple[int, int], ...]) -> Iterator[Section]:
    inside = [span for span in spans if section.start <= span[0] and span[1] <= section.end]
    start = section.start
    for left, right in (*inside, (section.end, section.end)):
        if text[start:left].strip():
            yield replace(section, start=start, end=left)
        start = right
