"""What an assistant may do with the clinic's pages: ask, list and read them. The protocol is in mcp_server.py."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, unquote, urljoin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatbot.answering import read_question
from chatbot.errors import DocumentNotFound, RequestError
from chatbot.records import Answer, Document, Outcome
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.problems import encode_json
from chatbot.web.visitor.api_schema import AnswerShape, QuestionBody
from chatbot.web.visitor.rendering import urgent_field

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["PAGES_AT_ONCE", "TOOLS", "AssistantTools", "Caller", "Tool", "ToolReply", "page_uri"]

PAGES_AT_ONCE: Final = 100
"""The most pages that one list holds."""

_SCHEME: Final = "footnote://pages/"
_QUOTE: Final = (
    "Quote the passages word for word, each with its source. Add nothing to them, leave nothing out inside a sentence, "
    "and draw no conclusion of your own."
)
_FIRST_OF_ALL: Final = (
    "URGENT. Before anything else, show the person the following, word for word. Add nothing, ask nothing first, and "
    "answer nothing else in the same message."
)

_Body = TypeVar("_Body", bound=BaseModel)


class ListBody(BaseModel):
    """Which pages to list."""

    model_config = ConfigDict(strict=True, extra="ignore", title="Pages")

    title: str = Field(default="", max_length=200, description="Words that the title holds, in any order and case.")
    start: int = Field(default=0, ge=0, description="How many pages to skip: `next` of the list before.")


class PageBody(BaseModel):
    """Which page to read."""

    model_config = ConfigDict(strict=True, extra="ignore", title="Page")

    document: str = Field(max_length=1_000, description="The id of the page, as `ask` and `list_pages` name it.")


class PageItem(BaseModel):
    """A page of the clinic."""

    document: str = Field(description="Its id, for `read_page` and for `ask`.")
    title: str
    url: str | None = Field(description="Its address on the clinic's site, where it is known.")
    reviewed: str | None = Field(description="The day of its last review, where it is known.")


class PageList(BaseModel):
    """A part of the list of pages."""

    pages: list[PageItem]
    total: int = Field(description="How many pages there are with such a title.")
    next: int | None = Field(description="The `start` of the next part of the list; null at its end.")


class PageText(PageItem):
    """A page of the clinic, whole."""

    text: str = Field(description="The text of the page, word for word.")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is described to an assistant."""

    name: str
    title: str
    description: str
    takes: type[BaseModel]
    returns: type[BaseModel]


TOOLS: Final = (
    Tool(
        name="ask",
        title="Ask the clinic's pages",
        description="Answers a question with passages of the clinic's own pages, word for word, each with a citation. "
        f"{_QUOTE} `outcome` says how sure it is: `answered`; `related` (the passages may not answer, so say that); "
        "`not_found` (the pages don't say: say that, give the contact, and don't answer from your own knowledge); "
        "`reply` (the clinic's fixed words); `urgent` (show its text first and at once, with nothing beside it). Pass "
        "the person's own words on, and their earlier questions in `history`.",
        takes=QuestionBody,
        returns=AnswerShape,
    ),
    Tool(
        name="list_pages",
        title="List the clinic's pages",
        description="Lists the pages that answers are quoted from, with their ids, perhaps those alone whose titles "
        "hold some words. To answer a question, use `ask`.",
        takes=ListBody,
        returns=PageList,
    ),
    Tool(
        name="read_page",
        title="Read a page of the clinic",
        description=f"Returns the whole text of one page, for context. To answer a question, use `ask`. {_QUOTE}",
        takes=PageBody,
        returns=PageText,
    ),
)
"""The tools in the order in which assistants see them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the address, the server's own public address as they reach it, and what returns once they left.

    `root` is empty where the server cannot be reached, as over standard input.
    """

    address: str
    root: str
    departure: Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class ToolReply:
    """The reply of a tool, as text and as values; an urgent one goes before everything else."""

    text: str
    values: dict[str, Any]
    urgent: bool = False


class AssistantTools:
    """Runs the tools over one bot. It must be used from one event loop."""

    def __init__(self, bot: "Chatbot", answers: AnswerService) -> None:
        """Take the bot whose pages are read, and what answers and records its questions."""
        self.bot = bot
        self._answers = answers
        self._items = lru_cache(maxsize=1)(self._read_items)  # reading every page takes a while

    async def ask(self, arguments: Mapping[str, object], caller: Caller) -> ToolReply:
        """Answer a question; raises as `AnswerService.ask` and `read_question` do."""
        question, history, document = read_question(encode_json(arguments))
        answer_id, answer = await self._answers.ask(caller.address, question, history, caller.departure, document)
        urgent = urgent_field(answer, self.bot.clinic)
        values = {"answer_id": answer_id, **_with_whole_links(answer.as_dict(), caller.root), **urgent}
        return ToolReply(text=_answer_text(answer, values), values=values, urgent=answer.outcome is Outcome.URGENT)

    def list_pages(self, arguments: Mapping[str, object]) -> ToolReply:
        """List pages; raises `RequestError` for arguments of another shape."""
        wanted = _read(ListBody, arguments)
        words = wanted.title.casefold().split()
        found = [page for page in self.items() if all(word in page.title.casefold() for word in words)]
        shown = found[wanted.start : wanted.start + PAGES_AT_ONCE]
        end = wanted.start + len(shown)
        pages = PageList(pages=shown, total=len(found), next=end if end < len(found) else None)
        lines = [f"{len(found)} pages, from number {wanted.start + 1}:" if shown else "There is no such page."]
        lines += [f"- {page.title} ({page.document})" for page in shown]
        if pages.next is not None:
            lines.append(f"There are more: call again with start {pages.next}.")
        return ToolReply(text="\n".join(lines), values=pages.model_dump())

    def read_page(self, arguments: Mapping[str, object]) -> ToolReply:
        """Return a page; raises `RequestError` for arguments of another shape, and `DocumentNotFound`."""
        page = self._page(_read(PageBody, arguments).document)
        source = f"{page.title} ({page.url})" if page.url else page.title
        text = f"{page.text}\n\nSource: {source}\n{_QUOTE}"
        return ToolReply(text=text, values={**_item(page).model_dump(), "text": page.text})

    def page_at(self, uri: str) -> Document:
        """Return the page at an address of `page_uri`; raises `DocumentNotFound`."""
        if not uri.startswith(_SCHEME):
            raise DocumentNotFound("There is no such page: list_pages names the pages that there are.")
        return self._page(unquote(uri.removeprefix(_SCHEME)))

    def items(self) -> tuple[PageItem, ...]:
        """Return all pages, without their texts."""
        return self._items(self.bot.content_version)

    def _read_items(self, _content_version: int) -> tuple[PageItem, ...]:
        return tuple(map(_item, self.bot.documents()))

    def _page(self, document: str) -> Document:
        try:
            return self.bot.document(document)
        except DocumentNotFound:
            raise DocumentNotFound("No page has this id: list_pages names the pages that there are.") from None


def page_uri(document: str) -> str:
    """Return the address of a page among the resources of the protocol."""
    return _SCHEME + quote(document, safe="/")


def _item(page: Document) -> PageItem:
    reviewed = page.reviewed.isoformat() if page.reviewed else None
    return PageItem(document=page.id, title=page.title, url=page.url, reviewed=reviewed)


def _read(body: type[_Body], arguments: Mapping[str, object]) -> _Body:
    try:
        return body.model_validate(arguments)
    except ValidationError as error:
        fields = sorted({str(detail["loc"][0]) for detail in error.errors(include_input=False)[:3] if detail["loc"]})
        raise RequestError(f"These arguments are not what the tool takes; look at: {', '.join(fields)}.") from None


def _with_whole_links(values: dict[str, Any], root: str) -> dict[str, Any]:
    """Return an answer's values with links that open from anywhere, the pages' own addresses where there is no root."""
    for citation in values["citations"]:
        for place in (citation, *citation["also_at"]):
            if place["link"].startswith("/"):
                place["link"] = urljoin(root, place["link"].lstrip("/")) if root else page_uri(place["document"])
    return values


def _answer_text(answer: Answer, values: Mapping[str, Any]) -> str:
    if answer.outcome is Outcome.URGENT:
        urgent = values["urgent"]
        call = f"{urgent['call']}: {urgent['phone']}" if urgent["phone"] not in urgent["call"] else urgent["call"]
        return "\n".join(filter(None, (_FIRST_OF_ALL, "", urgent["heading"], call, values["message"])))
    contact = [answer.contact] if answer.contact else []
    parts = [answer.message, *(contact if answer.contact_first else [])]
    parts += map(_citation_text, values["citations"])
    if answer.choices:
        choices = "\n".join(f"- {choice.title}: document {choice.document}" for choice in answer.choices)
        parts.append(f"Ask which page is meant, then ask the same question with its document:\n{choices}")
    if not answer.contact_first:
        parts += contact
    if answer.citations:
        parts.append(_QUOTE)
    return "\n\n".join(parts)


def _citation_text(citation: Mapping[str, Any]) -> str:
    place = " > ".join(dict.fromkeys([citation["page"], *citation["headings"]]))
    header = f"{citation['header']['text']}\n" if citation["header"] else ""
    text: str = citation["text"]
    marked: Sequence[str] = [text[start:end] for start, end in citation["highlights"]]
    answering = f"\nThe sentence that answers: {' … '.join(marked)}" if marked and marked != [text] else ""
    return f"[{citation['number']}] {place}\n{header}{text}{answering}\nSource: {citation['link']}"
