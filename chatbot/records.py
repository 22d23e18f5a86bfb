"""The nouns of Footnote: frozen values that every other module uses.

All offsets count Unicode code points: those of a `Document` and a `Passage` in the document's text, those of a
`Highlight` in its passage's text.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

__all__ = [
    "Alarm",
    "Answer",
    "Block",
    "BlockKind",
    "Choice",
    "Citation",
    "Document",
    "Highlight",
    "Hit",
    "Level",
    "Outcome",
    "Passage",
    "Place",
    "Section",
]


_LABEL = re.compile(r"\W*(?:\w{1,10}[ \u00a0]?\d{0,3}[.:)\uff1a]\W*)?")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document under one heading; `headings` are that heading and those above it, outermost first.

    `title` is that of the part of the page, where a page of several parts has one for each; else "".
    """

    headings: tuple[str, ...]
    start: int
    end: int
    title: str = ""


class BlockKind(StrEnum):
    """The kind of a block: a part of a page that means something as a whole."""

    TABLE = "table"
    HEADER = "header"
    """The row of a table that holds the names of its columns."""
    ROW = "row"
    LIST = "list"
    ITEM = "item"
    ANSWER = "answer"
    """A question together with its answer."""
    FOOTER = "footer"
    """A part of the site's footer, with its heading."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a document that means something as a whole, at `text[start:end]`, without white space around it."""

    kind: BlockKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """One page of the clinic.

    `id` is the path below the corpus folder, with `/` between folders. `text` is the text that a reader of the page
    sees. `url` is the address at which the clinic publishes the page, `reviewed` the day of its last review; either may
    be unknown. `blocks` are sorted by their start, an outer one before those inside it. `language` is the BCP 47 tag of
    the page's language, or None where it is unknown. `warnings` are what the page says of itself and cannot be read, a
    clause and a cure each. `pages` are the offsets at which the pages of a PDF begin. `footer` are the parts of the
    site's footer that stand on the page, also those that its text does not hold because another page's does.
    """

    id: str
    title: str
    text: str
    url: str | None
    reviewed: date | None
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...] = ()
    language: str | None = None
    warnings: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    footer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Highlight:
    """A marked part of a passage, such as a sentence."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A verbatim piece of a document: `document.text[start:end] == text`, always.

    `document` is the document's id, `title` that of the document or of its part, `headings` are the headings above the
    passage, outermost first. `header` is the span in the document of the column names of the table whose rows the
    passage holds; None where it holds no such rows or the column names themselves.
    """

    document: str
    title: str
    url: str | None
    headings: tuple[str, ...]
    start: int
    end: int
    text: str
    header: tuple[int, int] | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the passage as the plain values that the API and the command line print."""
        return {
            "text": self.text,
            "document": self.document,
            "title": self.title,
            "headings": list(self.headings),
            "start": self.start,
            "end": self.end,
            "url": self.url,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question; a higher score is a better match."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Place:
    """Another page on which words that are quoted stand: its id, its name to show, and the link to the words there."""

    document: str
    title: str
    url: str | None
    link: str

    def as_dict(self) -> dict[str, object]:
        """Return the place as the plain values that the API and the command line print."""
        return {"document": self.document, "title": self.title, "url": self.url, "link": self.link}


@dataclass(frozen=True, slots=True)
class Citation:
    """A quoted passage of an answer: its number, the sentences to mark, and the link that opens the page at them.

    `page` is the name of the page to show: its title, with a part of its path where another page shown has that title.
    `also_at` are the other places where the marked sentences stand word for word. `header` are the column names of the
    table whose rows the passage holds, as the passage's own `header` says, and `blocks` are the tables and lists in it,
    with offsets in the passage.
    """

    number: int
    passage: Passage
    highlights: tuple[Highlight, ...]
    link: str
    page: str = ""
    also_at: tuple[Place, ...] = ()
    header: str = ""
    blocks: tuple[Block, ...] = ()

    @property
    def lead(self) -> str:
        """The marked sentences, to stand before the passage; empty where it begins with them or has none.

        A list mark, or a label such as "Q:", may stand before them. The row of a table is nothing without its columns.
        """
        marked = [self.passage.text[mark.start : mark.end] for mark in self.highlights]
        if not marked or _LABEL.fullmatch(self.passage.text[: self.highlights[0].start]) or " | " in "".join(marked):
            return ""
        return " \u2026 ".join(" ".join(words.split()) for words in marked)

    def as_dict(self) -> dict[str, object]:
        """Return the citation as the plain values that the API and the command line print."""
        marks = [[mark.start, mark.end] for mark in self.highlights]
        return {
            "number": self.number,
            **self.passage.as_dict(),
            "page": self.page or self.passage.title,
            "highlights": marks,
            "link": self.link,
            "also_at": [place.as_dict() for place in self.also_at],
            "header": self._header(),
            "blocks": [{"kind": block.kind.value, "start": block.start, "end": block.end} for block in self.blocks],
        }

    def _header(self) -> dict[str, object] | None:
        if self.passage.header is None:
            return None
        start, end = self.passage.header
        return {"text": self.header, "start": start, "end": end}


@dataclass(frozen=True, slots=True)
class Choice:
    """A page that a question may be about: the title to show, and the id of the document."""

    title: str
    document: str

    def as_dict(self) -> dict[str, str]:
        """Return the choice as the plain values that the API and the command line print."""
        return {"title": self.title, "document": self.document}


class Outcome(StrEnum):
    """The kind of an answer. Not knowing is an outcome, never an exception."""

    ANSWERED = "answered"
    RELATED = "related"
    NOT_FOUND = "not_found"
    URGENT = "urgent"
    REPLY = "reply"


class Level(StrEnum):
    """The level of an alarm: call the emergency number, ring the clinic today, or talk to a crisis line."""

    EMERGENCY = "emergency"
    TODAY = "today"
    CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The reason why a message is urgent: its level, the rule that found it, and the language of that rule."""

    level: Level
    rule: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    `understood_as` is the question that was searched for. `confidence` is the probability, 0 to 1, that the citations
    answer it. `message` is the fixed wording above or instead of the citations. Only an urgent answer has an `alarm`.
    `contact` is a line that says how to reach a person, or empty. `contact_first` says that it stands above the
    citations, because these probably do not answer. `corrected` is the question without its misspellings, or empty if
    it has none. `confirmed` says that a person approved it for this question. `choices` are the pages between which the
    message asks the visitor to choose.
    """

    question: str
    understood_as: str
    outcome: Outcome
    confidence: float
    message: str
    citations: tuple[Citation, ...]
    suggestions: tuple[str, ...]
    alarm: Alarm | None = None
    contact: str = ""
    contact_first: bool = False
    corrected: str = ""
    confirmed: bool = False
    choices: tuple[Choice, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the answer as the plain values that the API and the command line print.

        `message` ends with the contact line, which `contact` repeats for those who show it elsewhere.
        """
        return {
            "outcome": self.outcome.value,
            **({"level": self.alarm.level.value} if self.alarm else {}),
            "confidence": round(self.confidence, 4),
            "understood_as": self.understood_as,
            "message": f"{self.message}\n{self.contact}".strip(),
            "contact": self.contact,
            "contact_first": self.contact_first,
            "corrected": self.corrected,
            "citations": [citation.as_dict() for citation in self.citations],
            "suggestions": list(self.suggestions),
            "choices": [choice.as_dict() for choice in self.choices],
        }
