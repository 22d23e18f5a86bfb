"""The page of one document: its headings and text as the clinic wrote them, with the cited sentences marked."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from string import Template
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from chatbot.answering import document_digest
from chatbot.errors import DocumentNotFound
from chatbot.reading import same_words, unwrapped
from chatbot.records import Document
from chatbot.web.http.assets import Assets, static_text
from chatbot.web.http.markup import escape

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["page_routes"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MARK: Final = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_LINE: Final = re.compile(r"\S(?:[^\n]*\S)?")
_MARKS: Final = 20  # an answer's link asks for a few
_CHANGED: Final = "This page has changed since that answer was given, so the quoted sentences are not marked."
_DEEPEST: Final = 6  # HTML has no h7


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch of a document's text to be marked."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    """A stretch of a document's text that is one heading or one paragraph."""

    start: int
    end: int
    element: str


def page_routes(bot: "Chatbot", assets: Assets) -> APIRouter:
    """Give the route of the documents' pages."""
    template = Template(static_text("page.html"))

    def frame(**parts: str) -> str:
        name = escape(bot.clinic.name)
        return template.substitute(parts, name=name, icon=assets.icon.address, style=assets.page_css.address)

    router = APIRouter()

    @router.api_route("/pages/{document_id:path}", methods=["GET", "HEAD"])
    async def page(request: Request, document_id: str) -> HTMLResponse:
        query = request.query_params
        try:
            document = bot.document(document_id)
        except DocumentNotFound:
            body = "<p>There is no such page here. It may have been renamed or taken away.</p>"
            return _respond(frame, "Page not found", body, HTTPStatus.NOT_FOUND)
        body = await run_in_threadpool(_body, document, query.getlist("mark"), query.get("of"))
        return _respond(frame, document.title, body, HTTPStatus.OK)

    return router


def _respond(frame: Callable[..., str], title: str, body: str, status: HTTPStatus) -> HTMLResponse:
    page = frame(title=escape(title), body=body)
    return HTMLResponse(page, status, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})


def _body(document: Document, asked: Sequence[str], digest: str | None) -> str:
    unchanged = digest == document_digest(document)
    marks = _marks(asked, len(document.text)) if unchanged else []
    parts = [_reviewed(document.reviewed)]
    if asked and not unchanged:
        parts.append(f'<p class="changed" role="note">{_CHANGED}</p>')
    text = unwrapped(document.text)
    parts += (_block(text, block, marks) for block in _blocks(document))
    return "\n".join(part for part in parts if part)


def _reviewed(day: date | None) -> str:
    return f'<p class="reviewed">Reviewed on <time datetime="{day}">{day.day} {day:%B %Y}</time></p>' if day else ""


def _marks(asked: Sequence[str], length: int) -> list[_Mark]:
    """Read the marks that can be shown, in order of their place; those that overlap become one."""
    found = (_MARK.fullmatch(text) for text in asked[:_MARKS])
    stretches = sorted((int(match[1]), int(match[2])) for match in found if match)
    marks: list[_Mark] = []
    for start, end in stretches:
        if not start < end <= length:
            continue
        if marks and start < marks[-1].end:
            marks[-1] = _Mark(marks[-1].start, max(end, marks[-1].end))
        else:
            marks.append(_Mark(start, end))
    return marks


def _blocks(document: Document) -> Iterator[_Block]:
    """Cut a document's text into headings and paragraphs, without the lines that only repeat a heading."""
    names = {name for section in document.sections for name in section.headings}
    echoes = {same_words(name) for name in (document.title, *names)}
    done = 0
    for section in document.sections:
        # A heading's own line lies between two sections.
        yield from _headings(document, done, section.start, section.headings)
        yield from _paragraphs(document.text, section.start, section.end, echoes)
        done = section.end
    yield from _headings(document, done, len(document.text), ())


def _headings(document: Document, start: int, end: int, path: Sequence[str]) -> Iterator[_Block]:
    levels = {same_words(name): level for level, name in enumerate(path, start=2)}
    for line in _LINE.finditer(document.text, start, end):
        words = same_words(line.group())
        if words != same_words(document.title):
            level = min(levels.get(words, len(path) + 1), _DEEPEST)
            yield _Block(line.start(), line.end(), f"h{max(level, 2)}")


def _paragraphs(text: str, start: int, end: int, echoes: Collection[str]) -> Iterator[_Block]:
    """Give the runs of lines between blank lines and echoes."""
    lines = [line for line in _LINE.finditer(text, start, end) if same_words(line.group()) not in echoes]
    first = 0
    for place, line in enumerate(lines, start=1):
        after = lines[place].start() if place < len(lines) else end
        if place == len(lines) or text.count("\n", line.end(), after) > 1:
            yield _Block(lines[first].start(), line.end(), "p")
            first = place


def _block(text: str, block: _Block, marks: Sequence[_Mark]) -> str:
    """Give a heading or a paragraph with the parts of the marks that lie in it; a mark's first part has its id."""
    parts: list[str] = []
    done = block.start
    for number, mark in enumerate(marks, start=1):
        start, end = max(mark.start, block.start), min(mark.end, block.end)
        if start < end:
            name = f' id="mark-{number}"' if start == mark.start else ""
            parts += [escape(text[done:start]), f"<mark{name}>", escape(text[start:end]), "</mark>"]
            done = end
    parts.append(escape(text[done : block.end]))
    return f"<{block.element}>{''.join(parts)}</{block.element}>"
