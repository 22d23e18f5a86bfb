"""JSON in requests and responses."""

import json
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatbot.answering import read_json

__all__ = ["json_body", "json_bytes", "json_source"]


async def json_source(request: Request) -> bytes:
    """Return the body of a request that announces JSON; raises 415 for any other."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return await request.body()


async def json_body(request: Request) -> object:
    """Parse the JSON of a request; raises `RequestError` for a body that is none, and 415 where none is announced."""
    return read_json(await json_source(request))


def json_bytes(value: object) -> bytes:
    """Encode a value as JSON in ASCII, so that even half a character pair in a question can be sent back."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
