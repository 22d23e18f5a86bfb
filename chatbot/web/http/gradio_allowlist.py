"""The allow-list before a Gradio application: what a page of Footnote needs passes, and nothing else exists."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final, Protocol

import gradio as gr
from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.answering import read_json
from chatbot.errors import RequestError
from chatbot.web.http.gradio_app import gradio_asset
from chatbot.web.http.middleware import json_body, replay
from chatbot.web.http.problems import busy_response, encode_json

__all__ = ["GradioAllowlist", "Join", "Policy", "Route"]

Route = tuple[str, re.Pattern[str]]
"""A method, and the addresses that it may be used at."""

_ASSET: Final = re.compile(r"/assets/(\w[\w.-]*)")  # a script or a style, under a hashed name
_JOIN: Final = "/gradio_api/queue/join"
_STREAM: Final = "/gradio_api/queue/data"
# All that every page asks of Gradio. Whatever else Gradio serves (uploads, files, proxies, API pages, monitoring,
# logins, deep links, editors) is closed because it does not stand here, and so is what a later release adds.
_ROUTES: Final[Sequence[Route]] = tuple(
    (method, re.compile(path))
    for method, path in (
        ("GET", r"/theme\.css"),  # the components' sizes and colours
        ("POST", _JOIN),  # an event of the page, such as a question
        ("GET", _STREAM),  # the stream that its result comes in
        ("GET", r"/gradio_api/app_id"),  # asked after a lost connection, until the server is back
        ("GET", r"/gradio_api/heartbeat/\w{1,64}"),  # open as long as the page is: then its state is forgotten
    )
)
_SESSION: Final = re.compile(r"\w{1,64}")
# Gradio believes Host, Origin and X-Forwarded-*, and reads cookies. None of them is passed on.
_HEADERS: Final = {b"accept", b"accept-encoding", b"content-type", b"if-none-match", b"if-modified-since"}
_HOST: Final = (b"host", b"localhost")
_IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class Join:
    """An event of a page, to be queued: its number, the values of its inputs and the session of the page.

    `event_data` is what Gradio adds to some events, such as the row that was clicked.
    """

    event: int
    data: Sequence[object]
    session: str
    event_data: object
    trigger_id: int | None

    def as_json(self) -> bytes:
        """Return the body that Gradio reads, with these fields and no others."""
        return encode_json(
            {
                "fn_index": self.event,
                "data": self.data,
                "event_data": self.event_data,
                "session_hash": self.session,
                "trigger_id": self.trigger_id,
            }
        )


class Policy(Protocol):
    """What one page may do beyond loading itself: further routes and headers, and which events and sessions."""

    routes: ClassVar[Sequence[Route]]
    headers: ClassVar[Collection[bytes]]

    def clean(self, join: Join) -> Join | None:
        """Return an event as Gradio may see it, or None where the page never sends such values."""

    def refuse(self, request: Request, join: Join | None, session: str, /) -> Response | None:
        """Return the answer to a request that may not pass, and None for any other.

        `join` is the event of a join request. `session` is the page that a join or a stream is for, or empty.
        """


class GradioAllowlist:
    """Let the routes that a page needs through to its Gradio application; answer 404 at every other address."""

    def __init__(self, gradio: ASGIApp, blocks: gr.Blocks, policy: Policy) -> None:
        """Take the application, the blocks that it serves, and the policy of their page."""
        self._gradio = gradio
        self._policy = policy
        self._routes = (*_ROUTES, *policy.routes)
        self._headers = {*_HEADERS, *policy.headers}
        self._inputs = {number: len(event.inputs) for number, event in blocks.fns.items()}
        self._sessions = blocks._queue.pending_messages_per_session  # noqa: SLF001 -- there is no public way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to Gradio, or refuse it."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] == "GET" and (asset := _ASSET.fullmatch(path)):
            file = await gradio_asset(asset[1])
            await file.response(Headers(scope=scope), _IMMUTABLE)(scope, receive, send)
            return
        if not any(method == scope["method"] and route.fullmatch(path) for method, route in self._routes):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        request = Request(scope, receive)
        join, session = None, ""
        if path == _JOIN:
            join = self._read(read_json(await json_body(request)))
            session = join.session
            receive = replay(join.as_json(), receive)
        elif path == _STREAM:
            session = request.query_params.get("session_hash", "")
            if session not in self._sessions:
                raise HTTPException(HTTPStatus.NOT_FOUND)
        if refusal := self._policy.refuse(request, join, session):
            await refusal(scope, receive, send)
            return
        if path == _JOIN:
            send = _busy_when_full(scope, receive, send)
        headers = [_HOST, *(pair for pair in scope["headers"] if pair[0] in self._headers)]
        scope = {**scope, "path": path, "raw_path": None, "root_path": "", "headers": headers}
        if scope["method"] == "POST" and path != _JOIN:
            await self._upload(scope, receive, send)
        else:
            await self._gradio(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an upload on; raises `RequestError` for one that Gradio breaks over, such as a file without a name."""
        broken = False

        async def unless_broken(message: Message) -> None:
            nonlocal broken
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.INTERNAL_SERVER_ERROR:
                broken = True
            elif not broken:
                await send(message)

        try:
            await self._gradio(scope, receive, unless_broken)
        except Exception:
            if not broken:
                raise
        if broken:
            raise RequestError("This is not what the page sends.")

    def _read(self, body: object) -> Join:
        """Read a join request; raises `RequestError` for one that the page never sends."""
        match body:
            case {"fn_index": int(event), "data": list(data), "session_hash": str(session), **rest} if self._inputs.get(
                event
            ) == len(data) and _SESSION.fullmatch(session):
                trigger = rest.get("trigger_id")
                trigger_id = trigger if isinstance(trigger, int) else None
                if join := self._policy.clean(Join(event, data, session, rest.get("event_data"), trigger_id)):
                    return join
        raise RequestError("This is not what the page sends.")


def _busy_when_full(scope: Scope, receive: Receive, send: Send) -> Send:
    """Answer 429 as everywhere else when Gradio's queue is full, for which Gradio itself answers 503."""
    refused = False

    async def replace(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
            refused = True
            await busy_response()(scope, receive, send)
        elif not refused:
            await send(message)

    return replace
