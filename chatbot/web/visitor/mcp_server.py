"""The clinic's pages for assistants that speak the Model Context Protocol, over HTTP or standard input and output.

Over HTTP, each POST is a request of its own, answered as JSON: there are no sessions and no streams, so any server
process can answer it. Source: https://modelcontextprotocol.io/specification, 2025-11-25 and 2026-07-28.
"""

import json
import logging
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import anyio
import mcp_types as types
from anyio import to_thread
from fastapi import APIRouter
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chatbot import __version__
from chatbot.answering import read_json
from chatbot.errors import DocumentNotFound, FootnoteError, RequestError
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.fair_queue import ClientDisconnected, QueueFull
from chatbot.web.http.markup import replace_surrogates
from chatbot.web.http.middleware import departure, json_body, public_path, replay
from chatbot.web.http.origins import RequestSource, classify_source
from chatbot.web.http.problems import busy_response, encode_json, problem_response, traceback_without_message
from chatbot.web.http.rate_limit import RateLimiter, client_address
from chatbot.web.visitor.mcp_tools import PAGES_AT_ONCE, TOOLS, AssistantTools, Caller, ToolReply, page_uri

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["mcp_routes", "serve_stdio"]

_LOG = logging.getLogger(__name__)
_REQUESTS_A_QUESTION: Final = 6  # requests that ask nothing, such as lists, for each question that the limit allows
_HOST: Final = re.compile(r"[\w.-]+(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
_ACCEPTED: Final = (b"accept", b"application/json, text/event-stream")
_FAILED: Final = "Something went wrong on our side. Please try again."
_BUSY: Final = "Many people are asking just now. Please ask again in {} seconds."
_FULL_QUEUE: Final = 5  # seconds after which to ask again
_NOT_FOR_PAGES: Final = (
    "This address is for assistants' programs. A page in a browser asks at /api/ask, if the clinic lists its site."
)
_ABOUT: Final = (
    "These tools quote the website of {name}, word for word. Use `ask` for every question about the clinic, its "
    "treatments, prices and hours. Quote its passages unchanged, each with its source, and add no medical advice of "
    "your own. Where it finds nothing, say that the clinic's pages don't say, and give the contact. Where it says that "
    "something is urgent, show that text first and at once, before anything else."
)

_Context = ServerRequestContext[Any, Request]


def mcp_routes(bot: "Chatbot", answers: AnswerService, questions: RateLimiter) -> APIRouter:
    """Return the route of `/mcp`, with its lifespan; the limit of questions is shared with the chat page."""
    if bot.clinic.sites.api == "closed":
        _LOG.warning('FOOTNOTE_MCP is on, but no assistant reaches /mcp: [sites] in clinic.toml has api = "closed".')
    server = _Protocol(AssistantTools(bot, answers), questions.acquire).server()
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        async with manager.run():
            yield

    router = APIRouter(lifespan=lifespan)
    router.routes.append(Route("/mcp", _Endpoint(manager, bot)))
    return router


def serve_stdio(bot: "Chatbot", journal: "Journal | None", root: str, follow: Callable[[], object]) -> None:
    """Serve one assistant over standard input and output, until it closes them.

    `root` is the public address of the server, with `/` at its end, that links lead to; where it is empty, they lead to
    the resources of the protocol. `follow` takes up what was published, and is called before each tool.
    """

    async def serve() -> None:
        tools = AssistantTools(bot, AnswerService(bot, journal, RateLimiter(bot.clinic.sites.requests_per_minute)))
        server = _Protocol(tools, lambda _: 0, root, follow).server()  # nobody else waits for this process
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    if journal:
        journal.start()
    # An assistant that ends asks the process to end too, and kills it two seconds later: time to write the journal.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        anyio.run(serve)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if journal:
            journal.close()


class _Endpoint:
    """`/mcp`: refuses what no assistant sends, and hands the rest to the protocol's own server."""

    def __init__(self, manager: StreamableHTTPSessionManager, bot: "Chatbot") -> None:
        self._manager = manager
        self._allowed = bot.clinic.sites.allowed
        self._requests = RateLimiter(bot.clinic.sites.requests_per_minute * _REQUESTS_A_QUESTION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; raises `HTTPException` for another method or content type."""
        request = Request(scope, receive)
        if request.method != "POST":
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        if refusal := self._refusal(request):
            await refusal(scope, receive, send)
            return
        try:
            message = _read_message(await json_body(request))
        except _NoMessage as error:
            await error.response(scope, receive, send)
            return
        # The answer is JSON whatever is accepted, so that no request fails for a header that its client left out.
        headers = [*(pair for pair in scope["headers"] if pair[0] != b"accept"), _ACCEPTED]
        await self._manager.handle_request({**scope, "headers": headers}, replay(message, receive), send)

    def _refusal(self, request: Request) -> Response | None:
        """Refuse pages in a browser, also where they come from a name that was made to lead here (DNS rebinding).

        Browsers name the page in every POST, and no page can change that. `OriginMiddleware` has refused sites that
        are not on the list. A page that seems to be this server's own is refused here, because there is none.
        """
        if classify_source(request.headers, self._allowed) is RequestSource.OWN:
            return problem_response(HTTPStatus.FORBIDDEN, detail=_NOT_FOR_PAGES)
        wait = self._requests.acquire(client_address(request))
        return busy_response(wait) if wait else None


class _NoMessage(Exception):
    """The body is no message of the protocol."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": text}}
        self.response = Response(encode_json(error), HTTPStatus.BAD_REQUEST, media_type="application/json")


def _read_message(body: bytes) -> bytes:
    """Return a message of JSON-RPC, encoded anew, so that the SDK sees no body that it would quote in an error."""
    try:
        message = read_json(body)
    except RequestError as error:
        raise _NoMessage(types.PARSE_ERROR, str(error)) from None
    match message:
        case {"jsonrpc": "2.0", "method": str(), **rest} if (
            isinstance(rest.get("id", 0), str | int)
            and not isinstance(rest.get("id"), bool)
            and isinstance(rest.get("params", {}), dict)
        ):
            return replace_surrogates(json.dumps(message, ensure_ascii=False)).encode()
    raise _NoMessage(types.INVALID_REQUEST, "This is no request of JSON-RPC 2.0: send one object with its method.")


class _Protocol:
    """Answers the requests of the protocol with the tools."""

    def __init__(
        self,
        tools: AssistantTools,
        acquire: Callable[[str], int],
        root: str = "",
        follow: Callable[[], object] | None = None,
    ) -> None:
        """Take the tools, and what takes a question from an address's limit and returns the seconds to wait.

        `root` and `follow` are those of `serve_stdio`.
        """
        self._tools = tools
        self._acquire = acquire
        self._root = root
        self._follow = follow

    def server(self) -> Server[Any]:
        """Return the SDK's server of these answers."""
        name = self._tools.bot.clinic.name
        return Server(
            "footnote",
            version=__version__,
            title=name,
            instructions=_ABOUT.format(name=name),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )

    async def _catch_up(self) -> None:
        if self._follow:
            await to_thread.run_sync(self._follow)

    async def _list_tools(self, _: _Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[*_TOOLS])

    async def _call_tool(self, context: _Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        await self._catch_up()
        caller = _caller(context, self._root)
        arguments = params.arguments or {}
        match params.name:
            case "ask":
                wait = self._acquire(caller.address)
                return _failed(_BUSY.format(wait)) if wait else await _reply(self._tools.ask(arguments, caller))
            case "list_pages":
                return await _reply(to_thread.run_sync(self._tools.list_pages, arguments))
            case "read_page":
                return await _reply(to_thread.run_sync(self._tools.read_page, arguments))
        names = ", ".join(tool.name for tool in TOOLS)
        raise MCPError(types.INVALID_PARAMS, f"There is no such tool: there are {names}.")

    async def _list_resources(
        self, _: _Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        cursor = (params and params.cursor) or "0"
        if not re.fullmatch(r"[0-9]{1,9}", cursor, re.ASCII):
            raise MCPError(types.INVALID_PARAMS, "There is no such cursor: leave it out to begin at the start.")
        items = await to_thread.run_sync(self._tools.items)
        end = int(cursor) + PAGES_AT_ONCE
        resources = [
            types.Resource(uri=page_uri(page.document), name=page.document, title=page.title, mime_type="text/plain")
            for page in items[int(cursor) : end]
        ]
        return types.ListResourcesResult(resources=resources, next_cursor=str(end) if end < len(items) else None)

    async def _read_resource(self, _: _Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        await self._catch_up()
        try:
            page = await to_thread.run_sync(self._tools.page_at, params.uri)
        except DocumentNotFound as error:
            raise MCPError(types.INVALID_PARAMS, str(error)) from None
        contents = types.TextResourceContents(uri=params.uri, mime_type="text/plain", text=page.text)
        return types.ReadResourceResult(contents=[contents])


_TOOLS: Final = tuple(
    types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        output_schema=tool.returns.model_json_schema(mode="serialization"),
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    for tool in TOOLS
)


def _caller(context: _Context, root: str) -> Caller:
    request = context.request
    if request is None:
        return Caller(address="", root=root, departure=anyio.sleep_forever)
    host = request.headers.get("host", "")
    shown = f"{request.scope['scheme']}://{host}{public_path(request.scope)}/" if _HOST.fullmatch(host) else ""
    return Caller(address=client_address(request), root=shown, departure=partial(departure, request))


async def _reply(work: Awaitable[ToolReply]) -> types.CallToolResult:
    """Return the result of a tool, which is an error in words for what an assistant or a person can mend."""
    try:
        reply = await work
    except QueueFull:
        return _failed(_BUSY.format(_FULL_QUEUE))
    except ClientDisconnected:
        return _failed(_FAILED)  # nobody reads it
    except FootnoteError as error:
        if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _failed(str(error))
        _LOG.error("%s: %s", error.title, error)
        return _failed(_FAILED)
    except Exception as error:  # noqa: BLE001 -- the SDK would log the message, which may quote a visitor
        _LOG.error("unexpected error of a tool: %s", traceback_without_message(error))
        return _failed(_FAILED)
    urgent = types.Annotations(audience=["user", "assistant"], priority=1.0) if reply.urgent else None
    return types.CallToolResult(
        content=[types.TextContent(text=reply.text, annotations=urgent)], structured_content=reply.values
    )


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)
