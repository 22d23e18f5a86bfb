"""The JSON interface: questions, feedback on answers, and whether the server is alive and ready."""

import asyncio
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from chatbot.answering import read_json, read_question
from chatbot.errors import AnswerNotFound, RequestError
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.fair_queue import ClientDisconnected, FairQueue, QueueFull
from chatbot.web.http.middleware import departure, json_body
from chatbot.web.http.problems import busy_response, encode_json
from chatbot.web.http.rate_limit import client_address, client_prefix
from chatbot.web.visitor.api_schema import (
    FEEDBACK_PROBLEMS,
    LONGEST_COMMENT,
    PAGE_PROBLEMS,
    QUESTION_PROBLEMS,
    AnswerShape,
    FeedbackBody,
    Health,
    QuestionBody,
    Readiness,
    json_body_of,
    problem_responses,
)
from chatbot.web.visitor.rendering import urgent_field

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["api_routes"]

_FEEDBACK_AT_ONCE: Final = 4  # each takes the journal a few milliseconds
_LATE: Final = (0.3, 1.0)  # seconds until the next try: another server may be writing the answer down
_LINKS: Final = {
    "feedback": {
        "operationId": "feedback",
        "requestBody": {"answer_id": "$response.body#/answer_id", "helpful": True},
        "description": "Say whether this answer helped.",
    }
}


def api_routes(bot: "Chatbot", journal: "Journal | None", answers: AnswerService) -> APIRouter:
    """Return the routes below `/api`; without a journal, no feedback is accepted."""
    router = APIRouter(prefix="/api")
    feedback_queue = FairQueue(at_once=_FEEDBACK_AT_ONCE)

    @router.post(
        "/ask",
        summary="Ask a question",
        operation_id="ask",
        openapi_extra=json_body_of(QuestionBody),
        responses={
            200: {"model": AnswerShape, "description": "The answer.", "links": _LINKS},
            **problem_responses(QUESTION_PROBLEMS),
        },
    )
    async def ask(request: Request) -> Response:
        question, history, document = read_question(await json_body(request))
        try:
            answer_id, answer = await answers.ask(
                client_address(request), question, history, partial(departure, request), document
            )
        except QueueFull:
            return busy_response()
        except ClientDisconnected:
            return Response(status_code=HTTPStatus.NO_CONTENT)  # nobody reads it
        return _json({"answer_id": answer_id, **answer.as_dict(), **urgent_field(answer, bot.clinic)})

    @router.post(
        "/feedback",
        summary="Say whether an answer helped",
        operation_id="feedback",
        openapi_extra=json_body_of(FeedbackBody),
        status_code=HTTPStatus.NO_CONTENT,
        response_description="It is noted. A second feedback replaces the first.",
        responses=problem_responses(FEEDBACK_PROBLEMS),
    )
    async def feedback(request: Request) -> Response:
        body = _read_feedback(await json_body(request))
        try:
            is_known = journal is not None and await _record(journal, feedback_queue, client_address(request), body)
        except QueueFull:
            return busy_response()
        if not is_known:
            raise AnswerNotFound("There is no answer with this id. It was not recorded, or its record has expired.")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @router.api_route(
        "/health",
        methods=["GET", "HEAD"],
        summary="See whether the process is alive",
        operation_id="health",
        responses={200: {"model": Health, "description": "It is alive."}, **problem_responses(PAGE_PROBLEMS)},
    )
    async def health() -> Response:
        return _json({"status": "alive"})

    @router.api_route(
        "/ready",
        methods=["GET", "HEAD"],
        summary="See whether an index is served, and which",
        operation_id="ready",
        responses={200: {"model": Readiness, "description": "It is served."}, **problem_responses(PAGE_PROBLEMS)},
    )
    async def ready() -> Response:
        state = bot.build_state
        return _json(
            {
                "status": "ready",
                "state": state.state,
                "reason": state.reason,
                "build": bot.build,
                "warnings": list(bot.warnings),
                "paused": bot.clinic.chat.paused,
            }
        )

    return router


async def _record(journal: "Journal", queue: FairQueue, address: str, body: FeedbackBody) -> bool:
    """Record feedback and return whether its answer is known; while it waits for a late one, it holds no turn."""
    for pause in (0, *_LATE) if journal.is_shared else (0,):
        await asyncio.sleep(pause)
        async with queue.turn(client_prefix(address)):
            if await to_thread.run_sync(journal.feedback, body.answer_id, body.helpful, body.comment or ""):
                return True
    return False


def _read_feedback(source: bytes) -> FeedbackBody:
    try:
        body = FeedbackBody.model_validate(read_json(source))
    except ValidationError as error:
        fields = {".".join(map(str, detail["loc"][:2])) for detail in error.errors(include_input=False)[:3]}
        hint = f"; look at: {', '.join(sorted(fields))}." if fields != {""} else "."
        shape = '{"answer_id": text, "helpful": true or false, "comment": text}'
        raise RequestError(f"The request must be {shape}{hint}") from None
    if len(body.comment or "") > LONGEST_COMMENT:
        raise RequestError(f"The comment is longer than {LONGEST_COMMENT:,} characters: shorten it.")
    return body


def _json(content: dict[str, object]) -> Response:
    return Response(encode_json(content), media_type="application/json")
