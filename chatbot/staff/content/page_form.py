"""The form in which staff write a page, and its way to a file and back."""

import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chatbot.errors import ChangeRefused, UnreadablePage
from chatbot.indexing import Encoder, passages_of
from chatbot.reading import READERS, read_front_matter, read_page
from chatbot.records import Document

__all__ = ["PageForm", "document_of", "new_name", "read_form", "to_markdown", "validate"]

_NAME_LIMIT = 60  # characters of a file's name, without its suffix


@dataclass(frozen=True, slots=True)
class PageForm:
    """The fields of a page as typed: `url` and `reviewed` (a day such as 2026-01-31) may be empty."""

    title: str
    url: str
    reviewed: str
    body: str


def read_form(page: str, text: str, sidecar: str | None = None) -> PageForm:
    """Fill a form from the text of a page's file and of its sidecar; raises `ChangeRefused`."""
    document = document_of(page, text, sidecar)
    reviewed = document.reviewed.isoformat() if document.reviewed else ""
    return PageForm(document.title, document.url or "", reviewed, read_front_matter(text.removeprefix("\ufeff")).body)


def to_markdown(form: PageForm) -> str:
    """Return the text of a form's file: front matter and body; raises `ChangeRefused` without a title or a text."""
    fields = {"title": form.title.strip(), "url": form.url.strip(), "reviewed": form.reviewed.strip()[:10]}
    if not fields["title"]:
        raise ChangeRefused("The page has no title yet: give it one.")
    if not form.body.strip():
        raise ChangeRefused("The page has no text yet: write it, or choose a file.")
    # A JSON string is valid YAML, whatever it holds.
    lines = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items() if value)
    body = re.sub(r"\r\n?", "\n", form.body).strip("\n")
    return f"---\n{lines}\n---\n\n{body}\n"


def document_of(page: str, text: str, sidecar: str | None = None) -> Document:
    """Read the text of a page's file as the corpus would; raises `ChangeRefused` that says what to correct."""
    beside = None if sidecar is None else sidecar.encode("utf-8", "replace")
    try:
        return read_page(page, text.encode("utf-8", "replace"), beside)
    except UnreadablePage as error:
        reason = str(error).partition(" was left out: ")[2] or str(error)
        raise ChangeRefused(f"This page cannot be used: {reason}") from error


def validate(page: str, text: str, encoder: Encoder) -> Document:
    """Read the page that a draft would make; raises `ChangeRefused` if nothing could be quoted from it.

    A review may be dated tomorrow, because it is tomorrow somewhere, but no later.
    """
    document = document_of(page, text)
    if document.reviewed and document.reviewed > datetime.now(UTC).date() + timedelta(days=1):
        raise ChangeRefused(f"The page was reviewed on {document.reviewed}, which is yet to come: correct the date.")
    if document.warnings:
        raise ChangeRefused(f"This page cannot be used: {document.warnings[0]}.")
    if not passages_of(document, encoder):
        raise ChangeRefused("The page holds headings alone: write what stands below them.")
    return document


def new_name(title: str, suffix: str, taken: Collection[str]) -> str:
    """Return a name for a new page's file, made of its title, that no other page has."""
    plain = unicodedata.normalize("NFKD", title[:300]).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_NAME_LIMIT].strip("-") or "page"
    suffix = suffix if suffix in READERS else ".md"
    used = {name.casefold() for name in taken} | {"readme.md"}
    names = (f"{stem}{f'-{number}' * (number > 1)}{suffix}" for number in range(1, len(used) + 2))
    return next(name for name in names if name not in used)
