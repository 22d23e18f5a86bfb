"""The JSON interface: questions, feedback on answers, and whether the server is alive and ready."""

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.answering import read_json, read_question
from chatbot.errors import AnswerNotFound, RequestError
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.fair_queue import ClientDisconnected, FairQueue, QueueFull
from chatbot.web.http.middleware import json_body
from chatbot.web.http.problems import busy_response, encode_json
from chatbot.web.http.rate_limit import client_address, client_prefix
from chatbot.web.visitor.rendering import urgent_field

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["api_routes"]

_FEEDBACK_AT_ONCE: Final = 4  # each takes the journal a few milliseconds
_LONGEST_COMMENT: Final = 1_000  # characters


class FeedbackBody(BaseModel):
    """The body of `POST /api/feedback`: the id of an answer, whether it helped, and perhaps why."""

    model_config = ConfigDict(strict=True, extra="ignore")

    answer_id: str
    helpful: bool
    comment: str | None = None  # its length is checked later, because pydantic cannot count half character pairs


def api_routes(bot: "Chatbot", journal: "Journal | None", answers: AnswerService) -> APIRouter:
    """Return the routes below `/api`; without a journal, no feedback is accepted."""
    router = APIRouter(prefix="/api")
    feedback_queue = FairQueue(at_once=_FEEDBACK_AT_ONCE)

    @router.post("/ask")
    async def ask(request: Request) -> Response:
        question, history, document = read_question(await json_body(request))
        try:
            answer_id, answer = await answers.ask(
                client_address(request), question, history, partial(_departure, request), document
            )
        except QueueFull:
            return busy_response()
        except ClientDisconnected:
            return Response(status_code=HTTPStatus.NO_CONTENT)  # nobody reads it
        return _json({"answer_id": answer_id, **answer.as_dict(), **urgent_field(answer, bot.clinic)})

    @router.post("/feedback")
    async def feedback(request: Request) -> Response:
        body = _read_feedback(await json_body(request))
        try:
            async with feedback_queue.turn(client_prefix(client_address(request))):
                is_known = journal is not None and await to_thread.run_sync(
                    journal.feedback, body.answer_id, body.helpful, body.comment or ""
                )
        except QueueFull:
            return busy_response()
        if not is_known:
            raise AnswerNotFound("There is no answer with this id. It was not recorded, or its record has expired.")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        return _json({"status": "alive"})

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> Response:
        state, warnings = bot.build_state, list(bot.warnings)
        return _json(
            {"status": "ready", "state": state.state, "reason": state.reason, "build": bot.build, "warnings": warnings}
        )

    return router


async def _departure(request: Request) -> None:
    """Return once the client of a request, whose body was read, has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _read_feedback(source: bytes) -> FeedbackBody:
    try:
        body = FeedbackBody.model_validate(read_json(source))
    except ValidationError as error:
        fields = {".".join(map(str, detail["loc"][:2])) for detail in error.errors(include_input=False)[:3]}
        hint = f"; look at: {', '.join(sorted(fields))}." if fields != {""} else "."
        shape = '{"answer_id": text, "helpful": true or false, "comment": text}'
        raise RequestError(f"The request must be {shape}{hint}") from None
    if len(body.comment or "") > _LONGEST_COMMENT:
        raise RequestError(f"The comment is longer than {_LONGEST_COMMENT:,} characters: shorten it.")
    return body


def _json(content: dict[str, object]) -> Response:
    return Response(encode_json(content), media_type="application/json")
