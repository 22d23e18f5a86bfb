"""The JSON interface: ask a question, and learn whether the server is alive and ready."""

from typing import TYPE_CHECKING
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.concurrency import run_in_threadpool

from chatbot.errors import RequestError
from chatbot.web.strict_json import json_body, json_bytes

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["api_routes"]


class AskBody(BaseModel):
    """What `POST /api/ask` takes: a question, and the earlier questions of the conversation, oldest first."""

    model_config = ConfigDict(strict=True, extra="ignore")

    question: str
    history: list[str] = []


def api_routes(bot: "Chatbot") -> APIRouter:
    """Give the routes below `/api` that answer from a bot."""
    router = APIRouter(prefix="/api")

    @router.post("/ask")
    async def ask(request: Request) -> Response:
        body = _ask_body(await json_body(request))
        answer = await run_in_threadpool(bot.ask, body.question, body.history)
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
