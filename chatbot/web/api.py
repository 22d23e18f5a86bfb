"""The JSON interface: ask, say whether the answer helped, and learn whether the server is alive and ready."""

from typing import TYPE_CHECKING, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.errors import AnswerNotFound, RequestError
from chatbot.web.desk import answer_and_record
from chatbot.web.problems import busy_response
from chatbot.web.strict_json import json_body, json_bytes

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["api_routes"]

_AT_ONCE: Final = 4  # questions; the model takes one at a time, and other requests need threads too
_WAITING: Final = 64  # questions; the last of them waits for a few seconds
_LONGEST_COMMENT: Final = 1_000  # characters
_Body = TypeVar("_Body", bound=BaseModel)


class AskBody(BaseModel):
    """What `POST /api/ask` takes: a question, and the earlier questions of the conversation, oldest first."""

    model_config = ConfigDict(strict=True, extra="ignore")

    question: str
    history: list[str] = []


class FeedbackBody(BaseModel):
    """What `POST /api/feedback` takes: the id of an answer, whether it helped, and perhaps why."""

    model_config = ConfigDict(strict=True, extra="ignore")

    answer_id: str
    helpful: bool
    comment: str | None = None  # its length is counted later: pydantic counts no half characters


def api_routes(bot: "Chatbot", journal: "Journal | None") -> APIRouter:
    """Give the routes below `/api` that answer from a bot and keep what is asked in a journal."""
    router = APIRouter(prefix="/api")
    answering = CapacityLimiter(_AT_ONCE)
    judging = CapacityLimiter(_AT_ONCE)

    @router.post("/ask")
    async def ask(request: Request) -> Response:
        body = _read(AskBody, await json_body(request), '{"question": text, "history": [text, ...]}')
        if answering.statistics().tasks_waiting >= _WAITING:
            return busy_response()
        answer_id, answer = await to_thread.run_sync(
            answer_and_record, bot, journal, body.question, body.history, limiter=answering
        )
        return _json({"answer_id": answer_id, **answer.as_dict()})

    @router.post("/feedback")
    async def feedback(request: Request) -> Response:
        body = _read(
            FeedbackBody, await json_body(request), '{"answer_id": text, "helpful": true or false, "comment": text}'
        )
        if len(body.comment or "") > _LONGEST_COMMENT:
            raise RequestError(f"The comment is longer than {_LONGEST_COMMENT:,} characters: shorten it.")
        if judging.statistics().tasks_waiting >= _WAITING:
            return busy_response()
        if journal is None or not await to_thread.run_sync(
            journal.feedback, body.answer_id, body.helpful, body.comment or "", limiter=judging
        ):
            raise AnswerNotFound("There is no answer of this id: it was not kept, or is kept no longer.")
        return Response(status_code=204)

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        return _json({"status": "alive"})

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> Response:
        return _json({"status": "ready", "build": bot.build})

    return router


def _read(body: type[_Body], value: object, shape: str) -> _Body:
    try:
        return body.model_validate(value)
    except ValidationError as error:
        where = {".".join(str(part) for part in one["loc"][:2]) for one in error.errors(include_input=False)[:3]}
        named = ", ".join(sorted(where - {""}))
        raise RequestError(f"The request must be {shape}" + (f"; look at: {named}." if named else ".")) from None


def _json(content: dict[str, object]) -> Response:
    return Response(json_bytes(content), media_type="application/json")
