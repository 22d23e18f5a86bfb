"""The JSON interface: ask, say whether the answer helped, and learn whether the server is alive and ready."""

from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from chatbot.answering import read_question
from chatbot.errors import AnswerNotFound, RequestError
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.fair_queue import FairQueue, LineFull, VisitorLeft
from chatbot.web.http.problems import busy_response
from chatbot.web.http.rate_limit import client_prefix
from chatbot.web.http.strict_json import json_body, json_bytes, json_source
from chatbot.web.visitor.rendering import urgent_field

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["api_routes"]

_JUDGED_AT_ONCE: Final = 4  # answers; each takes the journal a few milliseconds
_NOBODY: Final = 204  # of a reply that nobody reads any more
_LONGEST_COMMENT: Final = 1_000  # characters
_Body = TypeVar("_Body", bound=BaseModel)


class FeedbackBody(BaseModel):
    """What `POST /api/feedback` takes: the id of an answer, whether it helped, and perhaps why."""

    model_config = ConfigDict(strict=True, extra="ignore")

    answer_id: str
    helpful: bool
    comment: str | None = None  # its length is counted later: pydantic counts no half characters


def api_routes(bot: "Chatbot", journal: "Journal | None", answers: AnswerService) -> APIRouter:
    """Return the routes below `/api` over a bot, its journal if there is one, and what answers questions."""
    router = APIRouter(prefix="/api")
    judging = FairQueue(at_once=_JUDGED_AT_ONCE)

    @router.post("/ask")
    async def ask(request: Request) -> Response:
        question, history = read_question(await json_source(request))
        try:
            answer_id, answer = await answers.ask(_address(request), question, history, partial(_departure, request))
        except LineFull:
            return busy_response()
        except VisitorLeft:
            return Response(status_code=_NOBODY)
        return _json({"answer_id": answer_id, **answer.as_dict(), **urgent_field(answer, bot.clinic)})

    @router.post("/feedback")
    async def feedback(request: Request) -> Response:
        body = _read(
            FeedbackBody, await json_body(request), '{"answer_id": text, "helpful": true or false, "comment": text}'
        )
        if len(body.comment or "") > _LONGEST_COMMENT:
            raise RequestError(f"The comment is longer than {_LONGEST_COMMENT:,} characters: shorten it.")
        try:
            async with judging.turn(client_prefix(_address(request))):
                known = journal is not None and await to_thread.run_sync(
                    journal.feedback, body.answer_id, body.helpful, body.comment or ""
                )
        except LineFull:
            return busy_response()
        if not known:
            raise AnswerNotFound("There is no answer of this id: it was not kept, or is kept no longer.")
        return Response(status_code=204)

    @router.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        return _json({"status": "alive"})

    @router.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> Response:
        return _json({"status": "ready", "build": bot.build, "warnings": list(bot.warnings)})

    return router


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _departure(request: Request) -> None:
    """Return once the client of a request, whose body was read, has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _read(body: type[_Body], value: object, shape: str) -> _Body:
    try:
        return body.model_validate(value)
    except ValidationError as error:
        where = {".".join(str(part) for part in one["loc"][:2]) for one in error.errors(include_input=False)[:3]}
        named = ", ".join(sorted(where - {""}))
        raise RequestError(f"The request must be {shape}" + (f"; look at: {named}." if named else ".")) from None


def _json(content: dict[str, object]) -> Response:
    return Response(json_bytes(content), media_type="application/json")
