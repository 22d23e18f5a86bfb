"""The JSON interface: ask a question, and learn whether the server is alive and ready."""

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import RequestError
from chatbot.web.problems import busy_response
from chatbot.web.strict_json import json_body, json_bytes

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["api_routes"]

_AT_ONCE: Final = 4  # questions; the model takes one at a time, and other requests need threads too
_WAITING: Final = 64  # questions; the last of them waits for a few seconds


class AskBody(BaseModel):
    """What `POST /api/ask` takes: a question, and the earlier questions of the conversation, oldest first."""

    model_config = ConfigDict(strict=True, extra="ignore")

    question: str
    history: list[str] = []


def api_routes(bot: "Chatbot") -> APIRouter:
    """Give the routes below `/api` that answer from a bot."""
    router = APIRouter(prefix="/api")
    answering = CapacityLimiter(_AT_ONCE)

    @router.post("/ask")
    async def ask(request: Request) -> Response:
        body = _ask_body(await json_body(request))
        if answering.statistics().tasks_waiting >= _WAITING:
            return busy_response()
        answer = await to_thread.run_sync(bot.ask, body.question, body.history, limiter=answering)
        return _json({"answer_id": uuid4().hex, **answer.as_dict()})

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        return _json({"status": "alive"})

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> Response:
        return _json({"status": "ready", "build": bot.build})

    return router


def _ask_body(value: object) -> AskBody:
    try:
        return AskBody.model_validate(value)
    except ValidationError as error:
        where = {".".join(str(part) for part in one["loc"][:2]) for one in error.errors(include_input=False)[:3]}
        named = ", ".join(sorted(where - {""}))
        raise RequestError(
            'The request must be {"question": text, "history": [text, ...]}'
            + (f"; look at: {named}." if named else ".")
        ) from None


def _json(content: dict[str, object]) -> Response:
    return Response(json_bytes(content), media_type="application/json")
