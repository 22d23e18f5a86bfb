"""Errors as RFC 9457 problem objects: one shape everywhere, with no traceback and nothing from inside."""

import json
import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.errors import FootnoteError, problem

__all__ = [
    "ServerErrorMiddleware",
    "busy_response",
    "encode_json",
    "handle_errors",
    "problem_response",
    "respond",
    "traceback_without_message",
]

_LOG = logging.getLogger(__name__)
_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take requests of this method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than any question. Send less.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the question as application/json.",
    HTTPStatus.REQUEST_TIMEOUT: "The request took too long to arrive. Please send it again.",
    HTTPStatus.TOO_MANY_REQUESTS: "Many people are asking just now. Please ask again in a moment.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side. Please try again.",
}


def problem_response(status: HTTPStatus, headers: Mapping[str, str] | None = None, detail: str = "") -> Response:
    """Answer with the problem object of a plain HTTP status, and with its usual detail where none is given."""
    return respond(
        status,
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": detail or _DETAILS.get(status, status.description or status.phrase),
        },
        headers,
    )


def busy_response(wait: int = 5) -> Response:
    """Answer that more is asked already than can be answered soon; `wait` is in seconds."""
    return problem_response(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)})


def handle_errors(app: FastAPI) -> None:
    """Answer every error that an application raises on purpose with a problem object."""

    @app.exception_handler(FootnoteError)
    async def known(_request: Request, error: FootnoteError) -> Response:
        if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return respond(error.status, problem(error))
        # A message about the index or a setting names paths: it is for whoever runs the server.
        _LOG.error("%s: %s", error.title, error)
        return respond(error.status, problem(error) | {"detail": _DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR]})

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> Response:
        return problem_response(HTTPStatus(error.status_code), error.headers)


class ServerErrorMiddleware:
    """Answer what nobody foresaw with a problem object, and leave what happened in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer it if nothing else did."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            _LOG.error("unexpected error at %s: %s", scope["path"], traceback_without_message(error))
            await problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, send)


def traceback_without_message(error: BaseException) -> str:
    """Tell of an error what it is and where it happened; what it says is left out: it may quote a visitor."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


def respond(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem object."""
    return Response(encode_json(content), status, headers, media_type="application/problem+json")


def encode_json(value: object) -> bytes:
    """Encode a value as JSON in ASCII, because half a character pair in a question cannot be sent as UTF-8."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
