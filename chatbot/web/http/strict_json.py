"""JSON in and out, stricter than Python's own."""

import json
from http import HTTPStatus
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chatbot.errors import RequestError

__all__ = ["json_body", "json_bytes"]


async def json_body(request: Request) -> object:
    """Read the JSON that a request holds; raises `RequestError` for what is none, and 415 where none was announced."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return _parse(await request.body())


def json_bytes(value: object) -> bytes:
    """Encode a value as JSON in ASCII, so that even half a character pair in a question can be sent back."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def _parse(body: bytes) -> object:
    """Read JSON as the standard has it: UTF-8, no key twice, no `NaN`, and not nested deeper than Python can follow."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError:
        raise RequestError("The JSON is nested too deeply.") from None
    except UnicodeDecodeError:
        raise RequestError("The request is not UTF-8.") from None
    except ValueError:
        # The parser's own message is left out: it may quote the whole of a giant number.
        raise RequestError("The request is not JSON.") from None


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise RequestError("A key of the JSON stands twice.")
    return table


def _refuse_constant(_text: str) -> NoReturn:
    raise ValueError
