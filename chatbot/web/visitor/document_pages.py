"""The page of one document: its headings and text as the clinic wrote them, with the cited sentences marked."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from chatbot.answering import document_digest
from chatbot.errors import DocumentNotFound
from chatbot.reading import echoes, same_words, shown_blocks
from chatbot.records import Document, Highlight
from chatbot.web.http.assets import Assets, fill_page
from chatbot.web.http.markup import Html
from chatbot.web.visitor.api_schema import PAGE_PROBLEMS, problem_responses
from chatbot.web.visitor.layout import Layout

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["page_routes"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MARK: Final = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_LINE: Final = re.compile(r"\S(?:[^\n]*\S)?")
_MAX_MARKS: Final = 20  # a citation's link has a few
_CHANGED: Final = Html(
    '<p class="changed" role="note">'
    "This page has changed since that answer was given, so the quoted sentences are not marked.</p>"
)
_NOT_FOUND: Final = Html("<p>There is no such page here. It may have been renamed or taken away.</p>")
_DEEPEST: Final = 6  # HTML has no h7
_PARAMETERS: Final = [
    {"name": "document_id", "in": "path", "required": True, "schema": {"type": "string"}},
    {
        "name": "mark",
        "in": "query",
        "description": "The ranges to mark, such as 120-198, in code points. Others are ignored.",
        "schema": {"type": "array", "items": {"type": "string"}},
    },
    {
        "name": "of",
        "in": "query",
        "description": "The digest of the text that the ranges are of: of another text, nothing is marked.",
        "schema": {"type": "string"},
    },
]
_MISSING: Final[dict[str, Any]] = {
    "description": "There is no such page.",
    "content": {"text/html": {"schema": {"type": "string"}}},
}


def page_routes(bot: "Chatbot", assets: Assets) -> APIRouter:
    """Return the route of the documents' pages."""
    router = APIRouter()

    def respond(request: Request, title: str, body: Html, status: HTTPStatus) -> HTMLResponse:
        root = "../" * (request.scope["raw_path"].count(b"/") - 1)
        look = {"root": root, "icon": root + assets.icon.address, "style": root + assets.page_css.address}
        page = fill_page("page.html", title=title, name=bot.clinic.name, body=body, **look)
        return HTMLResponse(page, status, {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})

    @router.api_route(
        "/pages/{document_id:path}",
        methods=["GET", "HEAD"],
        summary="Read one of the clinic's pages, with quoted sentences marked",
        operation_id="page",
        response_class=HTMLResponse,
        openapi_extra={"parameters": _PARAMETERS},
        responses={404: _MISSING, **problem_responses(PAGE_PROBLEMS)},
    )
    async def page(request: Request, document_id: str) -> HTMLResponse:
        query = request.query_params
        try:
            document = bot.document(document_id)
        except DocumentNotFound:
            return respond(request, "Page not found", _NOT_FOUND, HTTPStatus.NOT_FOUND)
        body = await run_in_threadpool(_body, document, query.getlist("mark"), query.get("of"))
        return respond(request, document.title, body, HTTPStatus.OK)

    return router


def _body(document: Document, ranges: Sequence[str], digest: str | None) -> Html:
    """Return the text of a document; `ranges` and `digest` are those of a citation's link."""
    unchanged = digest == document_digest(document)
    marks = _marks(ranges, len(document.text)) if unchanged else []
    notices = [_reviewed(document.reviewed), _CHANGED if ranges and not unchanged else ""]
    layout = Layout(document.text, marks, shown_blocks(document.blocks, 0, len(document.text)), "mark")
    return Html("\n").join([*filter(None, notices), *_elements(document, layout)])


def _reviewed(day: date | None) -> Html:
    line = Html('<p class="reviewed">Reviewed on <time datetime="{day}">{day.day} {day:%B %Y}</time></p>')
    return line.format(day=day) if day else Html()


def _marks(ranges: Sequence[str], length: int) -> list[Highlight]:
    """Read the ranges that can be marked, in the order of the text; those that overlap become one."""
    matches = (_MARK.fullmatch(text) for text in ranges[:_MAX_MARKS])
    pairs = sorted((int(match[1]), int(match[2])) for match in matches if match)
    marks: list[Highlight] = []
    for start, end in pairs:
        if not start < end <= length:
            continue
        if marks and start < marks[-1].end:
            marks[-1] = Highlight(marks[-1].start, max(end, marks[-1].end))
        else:
            marks.append(Highlight(start, end))
    return marks


def _elements(document: Document, layout: Layout) -> Iterator[Html]:
    """Yield the headings, paragraphs, tables and lists of a document, without lines that only repeat a heading."""
    repeated = echoes(document.title, document.sections)
    nodes = iter([*layout.within(0, len(document.text)), None])
    node = next(nodes)
    done = 0
    for section in document.sections:
        # A heading's own line lies between two sections.
        yield from _headings(document, layout, done, section.start, (*filter(None, [section.title]), *section.headings))
        place = section.start
        while node and node.block.start < section.end:
            yield from _paragraphs(document.text, layout, place, node.block.start, repeated)
            yield layout.element(node)
            place, node = node.block.end, next(nodes)
        yield from _paragraphs(document.text, layout, place, section.end, repeated)
        done = section.end
    yield from _headings(document, layout, done, len(document.text), ())


def _headings(document: Document, layout: Layout, start: int, end: int, path: Sequence[str]) -> Iterator[Html]:
    levels = {same_words(name): level for level, name in enumerate(path, start=2)}
    for line in _LINE.finditer(document.text, start, end):
        words = same_words(line.group())
        if words != same_words(document.title):
            level = max(2, min(levels.get(words, len(path) + 1), _DEEPEST))
            yield Html("<h{0}>{1}</h{0}>").format(level, layout.words(*line.span()))


def _paragraphs(text: str, layout: Layout, start: int, end: int, repeated: Collection[str]) -> Iterator[Html]:
    """Yield the runs of lines between blank lines and those that repeat a heading."""
    lines = [line for line in _LINE.finditer(text, start, end) if same_words(line.group()) not in repeated]
    first = 0
    for place, line in enumerate(lines, start=1):
        after = lines[place].start() if place < len(lines) else end
        if place == len(lines) or text.count("\n", line.end(), after) > 1:
            yield Html("<p>{}</p>").format(layout.words(lines[first].start(), line.end()))
            first = place
