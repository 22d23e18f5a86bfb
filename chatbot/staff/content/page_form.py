"""The form in which staff write a page, and its way to a file and back."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from chatbot.errors import ChangeRefused, UnreadablePage
from chatbot.indexing import Encoder, passages_of
from chatbot.reading import EDITABLE, field_keys, read_about, read_front_matter, read_page, yaml_fields
from chatbot.records import Document

__all__ = [
    "PageForm",
    "document_of",
    "is_editable",
    "new_name",
    "not_editable",
    "read_form",
    "shown_form",
    "to_markdown",
    "validate",
]

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


def is_editable(page: str) -> bool:
    """Return whether a page is a file of text, which the form can write."""
    return PurePosixPath(page).suffix.lower() in EDITABLE


def not_editable(page: str) -> str:
    """Return the sentence that says why a page cannot be changed here."""
    suffix = PurePosixPath(page).suffix.lower()
    return (
        f"This page is a {suffix} file, so it cannot be changed here. Change the file where it was written. Whoever "
        "looks after the server puts the new one in its place."
    )


def shown_form(document: Document) -> PageForm:
    """Fill a form with the words of a page that cannot be edited here."""
    reviewed = document.reviewed.isoformat() if document.reviewed else ""
    return PageForm(document.title, document.url or "", reviewed, document.text)


def to_markdown(form: PageForm, source: str = "", sidecar: str | None = None) -> str:
    """Return the text of a form's file: front matter and body.

    What else the front matter of `source` and the sidecar hold stays as it is, although the form does not show it.
    Raises `ChangeRefused` without a title or a text, or if the front matter cannot be changed.
    """
    if not form.title.strip():
        raise ChangeRefused("The page has no title yet: give it one.")
    if not form.body.strip():
        raise ChangeRefused("The page has no text yet: write it, or choose a file.")
    front = read_front_matter(source.removeprefix("\ufeff"))
    beside = _sidecar_fields(sidecar)
    try:
        return front.replaced({**beside, **_changes(form, {**front.fields, **beside})}, form.body)
    except ValueError as error:
        raise ChangeRefused(
            "The first lines of this page, its front matter, cannot be changed here without losing some of them. "
            "Whoever looks after the server must correct them in the file."
        ) from error


def _changes(form: PageForm, fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that the form changes, under the keys that the page has for them; "" for one that goes."""
    about = read_about(fields)
    current = {"title": about.title, "url": about.url or "", "reviewed": about.reviewed and about.reviewed.isoformat()}
    typed = {"title": form.title.strip(), "url": form.url.strip(), "reviewed": form.reviewed.strip()[:10]}
    changes: dict[str, object] = {}
    for name, value in typed.items():
        keys = field_keys(fields, name)
        if value == (current[name] or ""):
            continue
        if not value:
            changes |= dict.fromkeys(keys, "")
        elif name == "url" and keys and not about.url:
            changes["canonical_url"] = value  # its own `url` is a path of the site, and stays
        else:
            changes[keys[0] if keys else name] = value
    return changes


def _sidecar_fields(sidecar: str | None) -> dict[str, object]:
    try:
        return yaml_fields(sidecar or "")
    except ValueError:
        return {}


def document_of(page: str, content: str | bytes, sidecar: str | None = None) -> Document:
    """Read a page's file as the corpus would; raises `ChangeRefused` that says what to correct."""
    beside = None if sidecar is None else sidecar.encode("utf-8", "replace")
    try:
        return read_page(page, content.encode("utf-8", "replace") if isinstance(content, str) else content, beside)
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
    suffix = suffix if suffix in EDITABLE else ".md"
    used = {name.casefold() for name in taken} | {"readme.md"}
    names = (f"{stem}{f'-{number}' * (number > 1)}{suffix}" for number in range(1, len(used) + 2))
    return next(name for name in names if name not in used)
