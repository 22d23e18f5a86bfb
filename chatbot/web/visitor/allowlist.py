"""The allow-list before Gradio: what the chat page needs passes, and nothing that a visitor claims about the host."""

import re
from collections.abc import Callable, Container, Mapping
from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.errors import RequestError
from chatbot.web.http.markup import replace_surrogates
from chatbot.web.http.middleware import replay
from chatbot.web.http.problems import busy_response
from chatbot.web.http.rate_limit import RateLimiter
from chatbot.web.http.strict_json import json_body, json_bytes

__all__ = ["Allowlist"]

_JOIN: Final = "/gradio_api/queue/join"
_STREAM: Final = "/gradio_api/queue/data"
# All that the page asks of Gradio. Whatever else Gradio serves (uploads, files, proxies, API pages, monitoring, logins,
# deep links, editors) is closed because it does not stand here, and so is what a later release adds.
_OPEN: Final = tuple(
    (method, re.compile(path))
    for method, path in (
        ("GET", r"/assets/\w[\w.-]*"),  # scripts and styles, under hashed names
        ("GET", r"/theme\.css"),  # the components' sizes and colours
        ("POST", _JOIN),  # a question
        ("GET", _STREAM),  # the stream that its answer comes in
        ("GET", r"/gradio_api/app_id"),  # asked after a lost connection, until the server is back
        ("GET", r"/gradio_api/heartbeat/\w{1,64}"),  # open as long as the page is: then its conversation is forgotten
    )
)
_SESSION: Final = re.compile(r"\w{1,64}")
# Gradio believes Host, Origin and X-Forwarded-*, and sets no store by cookies here: it is told none of them.
_PASSED_ON: Final = {b"accept", b"accept-encoding", b"content-type", b"if-none-match", b"if-modified-since"}
_HOST: Final = (b"host", b"localhost")
_HASHED_NAME_LIFE: Final = "public, max-age=31536000, immutable"


class Allowlist:
    """Let the open routes through to Gradio; at every other address there is nothing."""

    def __init__(
        self,
        gradio: ASGIApp,
        events: Mapping[int, int],
        sessions: Container[str],
        limit: Callable[[int], RateLimiter],
    ) -> None:
        """Take the Gradio application, how many values each event of its page is sent, and the sessions that wait.

        `limit` gives the limit that an event is counted by.
        """
        self._gradio = gradio
        self._events = events
        self._sessions = sessions
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to Gradio, or refuse it."""
        path = scope["path"]
        if not any(method == scope["method"] and known.fullmatch(path) for method, known in _OPEN):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        request = Request(scope, receive)
        if path == _JOIN:
            event, body = self._checked(await json_body(request))
            if wait := self._limit(event).wait(request.client.host if request.client else ""):
                await busy_response(wait)(scope, receive, send)
                return
            receive = replay(body, receive)
            send = _full(scope, receive, send)
        elif path == _STREAM and request.query_params.get("session_hash") not in self._sessions:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        elif path.startswith("/assets/"):
            send = _keep(send)
        headers = [_HOST, *(pair for pair in scope["headers"] if pair[0] in _PASSED_ON)]
        await self._gradio({**scope, "headers": headers}, receive, send)

    def _checked(self, body: object) -> tuple[int, bytes]:
        """Return the event of a join request, and the request with the values that the page sends and no others.

        Raises `RequestError`.
        """
        match body:
            case {"fn_index": int(event), "data": list(data), "session_hash": str(session), **rest}:
                trigger = rest.get("trigger_id")
            case _:
                raise _strange()
        if not (
            self._events.get(event) == len(data)
            and all(value is None or isinstance(value, str) for value in data)
            and _SESSION.fullmatch(session)
        ):
            raise _strange()
        return event, json_bytes(
            {
                "fn_index": event,
                "data": [value and replace_surrogates(value) for value in data],
                "session_hash": session,
                "trigger_id": trigger if isinstance(trigger, int) else None,
            }
        )


def _strange() -> RequestError:
    return RequestError("This is not what the chat page sends.")


def _full(scope: Scope, receive: Receive, send: Send) -> Send:
    """Answer as everywhere when Gradio's queue is full, which it tells as an error of the server."""
    refused = False

    async def told(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
            refused = True
            await busy_response()(scope, receive, send)
        elif not refused:
            await send(message)

    return told


def _keep(send: Send) -> Send:
    """Tell browsers to keep what has a hashed name."""

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
            MutableHeaders(scope=message)["Cache-Control"] = _HASHED_NAME_LIFE
        await send(message)

    return keep
