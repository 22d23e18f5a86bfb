"""Errors as problem objects (RFC 9457), without a traceback or internal details."""

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
    """Build the response for an HTTP status, with the usual detail of that status unless one is given."""
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
    """Build the response 429, which asks to wait some seconds."""
    return problem_response(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)})


def handle_errors(app: FastAPI) -> None:
    """Answer the errors that an application raises on purpose with problem objects."""

    @app.exception_handler(FootnoteError)
    async def footnote_error(_request: Request, error: FootnoteError) -> Response:
        if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return respond(error.status, problem(error))
        # Messages about the index or a setting name paths, so they go to the log and not to the visitor.
        _LOG.error("%s: %s", error.title, error)
        return respond(error.status, problem(error) | {"detail": _DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR]})

    @app.exception_handler(HTTPException)
    async def http_exception(_request: Request, error: HTTPException) -> Response:
        return problem_response(HTTPStatus(error.status_code), error.headers)


class ServerErrorMiddleware:
    """Answer unexpected errors with a problem object, and log them without their messages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer 500 if it raises before a response has started."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            _LOG.error("unexpected error at %s: %s", scope["path"], traceback_without_message(error))
            await problem_response(HTTPStatus.INTERNAL_SERVER_ERROR)(scope, receive, send)


def traceback_without_message(error: BaseException) -> str:
    """Return the type and traceback of an error, without its message, which may quote a visitor."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"


def respond(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    """Build the response that holds a problem object."""
    return Response(encode_json(content), status, headers, media_type="application/problem+json")


def encode_json(value: object) -> bytes:
    """Encode a value as JSON in ASCII, because half a character pair in a question cannot be sent as UTF-8."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
