"""A page as the staff write it: what it says of itself, and its words."""

import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatbot.errors import ChangeRefused, UnreadablePage
from chatbot.indexing import Encoder, passages_of
from chatbot.reading import READERS, front_matter, read_page
from chatbot.records import Document

__all__ = ["PageForm", "document_of", "new_name", "read_form", "to_markdown", "validate"]

_LONGEST_NAME = 60  # characters of a file's name, without its suffix


@dataclass(frozen=True, slots=True)
class PageForm:
    """A page in the making: title, words, and perhaps its public address and the day of its review (2026-01-31)."""

    title: str
    url: str
    reviewed: str
    body: str


def read_form(page: str, text: str, sidecar: str | None = None) -> PageForm:
    """Part a page's file, and the one beside it if there is one, into a sheet; raises `ChangeRefused`."""
    document = document_of(page, text, sidecar)
    reviewed = document.reviewed.isoformat() if document.reviewed else ""
    return PageForm(document.title, document.url or "", reviewed, front_matter(page, text.removeprefix("\ufeff"))[1])


def to_markdown(sheet: PageForm) -> str:
    """Write a sheet as a file; raises `ChangeRefused` for one without a title or words."""
    about = {"title": sheet.title.strip(), "url": sheet.url.strip(), "reviewed": sheet.reviewed.strip()[:10]}
    if not about["title"]:
        raise ChangeRefused("The page has no title yet: give it one.")
    if not sheet.body.strip():
        raise ChangeRefused("The page has no words yet: write them, or choose a file.")
    # A JSON text is a YAML text too, whatever it holds.
    lines = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in about.items() if value)
    body = re.sub(r"\r\n?", "\n", sheet.body).strip("\n")
    return f"---\n{lines}\n---\n\n{body}\n"


def document_of(page: str, text: str, sidecar: str | None = None) -> Document:
    """Read a page's file as the corpus would; raises `ChangeRefused` that says what to mend."""
    beside = None if sidecar is None else sidecar.encode("utf-8", "replace")
    try:
        return read_page(page, text.encode("utf-8", "replace"), beside)
    except UnreadablePage as error:
        reason = str(error).partition(" was left out: ")[2] or str(error)
        raise ChangeRefused(f"This page cannot be used: {reason}") from error


def validate(page: str, text: str, encoder: Encoder) -> Document:
    """Read a page that is to be put in; raises `ChangeRefused` if nothing could be quoted from it.

    A review lies in no day to come; a day is allowed for, because it is tomorrow somewhere.
    """
    document = document_of(page, text)
    if document.reviewed and document.reviewed > datetime.now(UTC).date() + timedelta(days=1):
        raise ChangeRefused(f"The page was reviewed on {document.reviewed}, which is yet to come: correct the date.")
    if not passages_of(document, encoder):
        raise ChangeRefused("The page holds headings alone: write what stands below them.")
    return document


def new_name(title: str, suffix: str, taken: Collection[str]) -> str:
    """Give a new page's file a name made of its title, that no other page has."""
    plain = unicodedata.normalize("NFKD", title[:300]).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_NAME].strip("-") or "page"
    suffix = suffix if suffix in READERS else ".md"
    used = {name.casefold() for name in taken} | {"readme.md"}
    names = (f"{stem}{f'-{number}' * (number > 1)}{suffix}" for number in range(1, len(used) + 2))
    return next(name for name in names if name not in used)
