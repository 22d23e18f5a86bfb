"""Find what stands on many pages of a site and is no part of any: menus, calls to book, notices at the end.

The reader of HTML leaves most of that out of each page by itself. What it takes for content is found here by counting.
A document keeps its whole text, so that it is shown as the page is; the repeated blocks are only in no section, as
headings are, so that no passage holds them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final

from chatbot.reading.page import same_words
from chatbot.records import BlockKind, Document, Section

__all__ = ["Boilerplate", "RepeatCounter", "is_counted"]

_COUNTED: Final = frozenset({".html", ".htm", ".xhtml"})
_PAGES: Final = 4  # at least, that a line stands on
_SHARE: Final = 1 / 3  # of a site's pages, at least
# A sentence or a figure may be an answer that pages of one kind share. It must stand on most pages of a larger site.
_PAGES_OF_SITE: Final = 12
_SENTENCE_SHARE: Final = 0.6
_SHOWN: Final = 60  # characters of a line in the report
_EXAMPLES: Final = 3

_PARAGRAPH: Final = re.compile(r"\S[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*")
_CONTACT: Final = re.compile(
    r"contact|kontakt|find-?us|location|visit|anfahrt|ueber-?uns|about|impressum", re.IGNORECASE
)
_SAYS_SOMETHING: Final = re.compile(r"\d|@|:|[.!?\u3002\uff1f]\s*$|[.!?]\s|\|")
_KEPT_WHOLE: Final = frozenset({BlockKind.ANSWER, BlockKind.TABLE})

_Rank = tuple[bool, int, str]


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """The repeated blocks of each site, by a digest of their words, each with the page that keeps it; "" for none."""

    homes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

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

    def without(self, document: Document) -> Document:
        """Return a document with sections that leave out its repeated blocks; its text stays."""
        spans = self.spans(document)
        if not spans:
            return document
        cut = (part for section in document.sections for part in _cut(document.text, section, spans))
        return replace(document, sections=tuple(cut))

    def as_dict(self) -> dict[str, object]:
        """Return what `from_dict` makes it from again."""
        return {"homes": self.homes, "notices": self.notices}

    @classmethod
    def from_dict(cls, value: Mapping[str, object]) -> "Boilerplate":
        """Return it as `as_dict` gave it; raises `ValueError` for anything else."""
        homes, notices = value.get("homes"), value.get("notices")
        if not isinstance(homes, dict) or not isinstance(notices, list):
            raise ValueError("not the repeated blocks of sites")  # noqa: TRY004 - a damaged file, no wrong call
        return cls(homes, tuple(notices))


class _Repeated:
    """A block that stands on one page or several: its first words, the page that keeps it, and the pages' folders."""

    __slots__ = ("folders", "rank", "says_something", "words")

    def __init__(self, words: str, rank: _Rank) -> None:
        self.words = words[:_SHOWN]
        self.says_something = _SAYS_SOMETHING.search(words) is not None
        self.rank = rank
        self.folders: set[str] = set()


class RepeatCounter:
    """Counts on how many pages of a site each block stands; the pages are added one at a time."""

    def __init__(self) -> None:
        self._pages: Counter[str] = Counter()
        self._folders: dict[str, Counter[str]] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._held: dict[tuple[str, str], _Repeated] = {}

    def add(self, document: Document) -> None:
        """Count the blocks of a page; only pages of HTML have blocks that their site repeats."""
        if not is_counted(document.id):
            return
        site, folder = _site(document.id), str(PurePosixPath(document.id).parent)
        self._pages[site] += 1
        self._folders.setdefault(site, Counter())[folder] += 1
        counts = self._counts.setdefault(site, Counter())
        rank = (_CONTACT.search(document.id) is None, document.id.count("/"), document.id)
        for digest, words in {_digest(words): words for _, _, words in _paragraphs(document)}.items():
            counts[digest] += 1
            if (held := self._held.get((site, digest))) is None:
                held = self._held[site, digest] = _Repeated(words, rank)
            held.rank = min(held.rank, rank)
            held.folders.add(folder)

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
        return Boilerplate(homes, tuple(notices))

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


def _digest(words: str) -> str:
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _paragraphs(document: Document) -> Iterator[tuple[int, int, str]]:
    """Yield the paragraphs of a page with their words, but not its title, nor answers and tables."""
    kept = [(block.start, block.end) for block in document.blocks if block.kind in _KEPT_WHOLE]
    title = same_words(document.title)
    place = 0
    for match in _PARAGRAPH.finditer(document.text):
        while place < len(kept) and kept[place][1] <= match.start():
            place += 1
        inside = place < len(kept) and kept[place][0] < match.end()
        words = " ".join(match.group().split())
        if inside:
            yield match.start(), match.end(), f"{document.id} {match.start()}"  # a block of this page alone
        elif same_words(words) != title:
            yield match.start(), match.end(), words


def _cut(text: str, section: Section, spans: tuple[tuple[int, int], ...]) -> Iterator[Section]:
    inside = [span for span in spans if section.start <= span[0] and span[1] <= section.end]
    start = section.start
    for left, right in (*inside, (section.end, section.end)):
        if text[start:left].strip():
            yield replace(section, start=start, end=left)
        start = right
