"""The shapes of the JSON interface, as `/openapi.json` and the MCP server describe them.

The values come from `Answer.as_dict`, and bodies are read by `read_question`. Nothing here reads or writes one: tests
hold these shapes against the real requests and responses.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from chatbot.answering import LONGEST
from chatbot.records import BlockKind, Level, Outcome

__all__ = [
    "FEEDBACK_PROBLEMS",
    "LONGEST_COMMENT",
    "PAGE_PROBLEMS",
    "PROBLEM_CONTENT",
    "QUESTION_PROBLEMS",
    "AnswerShape",
    "CitationShape",
    "FeedbackBody",
    "Health",
    "Problem",
    "QuestionBody",
    "Readiness",
    "json_body_of",
    "problem_responses",
]

LONGEST_COMMENT: Final = 1_000
"""The most characters that a comment on an answer may have."""

_LONGEST_RAW: Final = 4 * LONGEST  # characters before white space is collapsed and invisible characters are removed
_QUESTION: Final = "does it help with acne scars?"


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class QuestionBody(BaseModel):
    """A question, perhaps with the conversation's earlier ones. Other keys are ignored, and no key may stand twice."""

    model_config = ConfigDict(
        title="Question",
        json_schema_extra={
            "examples": [
                {"question": _QUESTION},
                {"question": "how long does it last?", "history": ["is redness normal?"]},
            ]
        },
    )

    question: Annotated[str, Field(min_length=1, max_length=_LONGEST_RAW)] = Field(
        description=f"At most {LONGEST:,} characters, with at least one visible one, once white space is collapsed and "
        f"invisible characters are removed; at most {_LONGEST_RAW:,} bytes as it is sent."
    )
    history: list[str] | SkipJsonSchema[None] = Field(
        default=None,
        description="The conversation's earlier questions, oldest first.",
        json_schema_extra=_without_default,
    )
    document: str | None = Field(
        default=None, description="The id of the only page to search: that of a citation or a choice."
    )


class FeedbackBody(BaseModel):
    """The id of an answer, whether it helped, and perhaps why."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        title="Feedback",
        json_schema_extra={
            "examples": [{"answer_id": "f9bd5e325cb74f50b3300bf01799aa6d", "helpful": False, "comment": "not my page"}]
        },
    )

    answer_id: str = Field(description="The `answer_id` of the answer.")
    helpful: bool
    # The reader checks the length, because pydantic cannot count half character pairs.
    comment: str | None = Field(default=None, json_schema_extra={"maxLength": LONGEST_COMMENT})


class _Shape(BaseModel):
    """A part of a response; a later release may add keys."""


class PlaceShape(_Shape):
    """Another page on which the marked words stand."""

    model_config = ConfigDict(title="Place")

    document: str
    title: str
    url: str | None
    link: str


class HeaderShape(_Shape):
    """The column names of the table whose rows a passage holds, with their place in the document."""

    model_config = ConfigDict(title="Header")

    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class BlockShape(_Shape):
    """A table or a list in a passage, at `text[start:end]`."""

    model_config = ConfigDict(title="Block")

    kind: BlockKind
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class CitationShape(_Shape):
    """A passage of the clinic's pages, word for word, and where it stands. Offsets count Unicode code points."""

    model_config = ConfigDict(title="Citation")

    number: int = Field(ge=1, description="The number of the citation, from 1.")
    text: str = Field(description="The passage, word for word.")
    document: str = Field(description="The id of the page.")
    title: str = Field(description="The title of the page.")
    headings: list[str] = Field(description="The headings above the passage, outermost first.")
    start: int = Field(ge=0, description="Where the passage begins in the page's text.")
    end: int = Field(ge=0, description="Where the passage ends in the page's text.")
    url: str | None = Field(description="The address of the page on the clinic's site, where it is known.")
    page: str = Field(description="The name of the page to show.")
    highlights: list[Annotated[list[int], Field(min_length=2, max_length=2)]] = Field(
        description="The sentences that answer, as [start, end] in the passage."
    )
    link: str = Field(description="Opens the page with the first highlight marked.")
    also_at: list[PlaceShape] = Field(description="The other pages on which the marked words stand.")
    header: HeaderShape | None = Field(description="The column names, where the passage begins inside a table.")
    blocks: list[BlockShape] = Field(description="The tables and lists in the passage, outer ones first.")


class ChoiceShape(_Shape):
    """A page that the question may be about."""

    model_config = ConfigDict(title="Choice")

    title: str
    document: str = Field(description="The id to send as `document` with the same question.")


class UrgentShape(_Shape):
    """The texts around an urgent message, in the language that the alarm was raised in."""

    model_config = ConfigDict(title="Urgent")

    heading: str
    call: str = Field(description="The words of the link to the number, or empty.")
    phone: str = Field(description="The number to call, or empty.")
    dismiss: str = Field(description="The text of the button that dismisses the alarm, asked as the next question.")
    language: str
    dir: Literal["ltr", "rtl"]


class AnswerShape(_Shape):
    """An answer: fixed words of the clinic, and passages of its pages, word for word."""

    model_config = ConfigDict(title="Answer")

    answer_id: str = Field(description="Names the answer in feedback.", examples=["f9bd5e325cb74f50b3300bf01799aa6d"])
    outcome: Outcome = Field(description="What to show.")
    level: Level | SkipJsonSchema[None] = Field(
        default=None, description="With `urgent` only: how urgent it is.", json_schema_extra=_without_default
    )
    urgent: UrgentShape | SkipJsonSchema[None] = Field(
        default=None, description="With `urgent` only.", json_schema_extra=_without_default
    )
    confidence: float = Field(ge=0, le=1, description="The probability that the passages answer the question.")
    understood_as: str = Field(description="The question that was searched for.")
    message: str = Field(description="Fixed words to show above the passages; the last line is `contact`, if any.")
    contact: str = Field(description="How to reach the clinic, in one line, or empty.")
    contact_first: bool = Field(description="Whether the contact goes above the passages.")
    corrected: str = Field(description="The question without its misspellings, or empty if it has none.")
    citations: list[CitationShape]
    suggestions: list[str] = Field(description="Questions that the visitor may ask next.")
    choices: list[ChoiceShape] = Field(description="The pages between which the visitor should choose.")


class Health(_Shape):
    """The process is alive."""

    status: Literal["alive"]


class Readiness(_Shape):
    """An index is served."""

    status: str = Field(examples=["ready"])
    state: str = Field(
        description="Whether the served build is of the newest pages, in words: current, or serving an earlier build.",
        examples=["current"],
    )
    reason: str = Field(description="Why an earlier build is served, or nothing.", examples=[""])
    build: str = Field(description="The id of the build that is served.", examples=["a3f24e8a11ee3ddf"])
    warnings: list[str] = Field(description="What does not work with this model, or in a language of the pages.")
    paused: bool = Field(description="Whether the clinic has paused the chat.", examples=[False])


class Problem(_Shape):
    """An error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:footnote:problem:question-empty",
                    "title": "The question is empty",
                    "status": 422,
                    "detail": "The question is empty: type a few words.",
                }
            ]
        }
    )

    type: str = Field(description="A name of the kind, such as `urn:footnote:problem:request`, or `about:blank`.")
    title: str
    status: int
    detail: str = Field(description="What happened, and the cure.")


def json_body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return what an operation adds to its description for a body that is read outside of FastAPI."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


_MEANINGS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.BAD_REQUEST: "The body is not the JSON object that is asked for.",
    HTTPStatus.FORBIDDEN: "The site that the request comes from is not on the clinic's list.",
    HTTPStatus.NOT_FOUND: "There is no page, or no answer, with this id.",
    HTTPStatus.REQUEST_TIMEOUT: "The body took too long to arrive.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body has over 65,536 bytes.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not announced as application/json.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The question has no visible character, or too many.",
    HTTPStatus.TOO_MANY_REQUESTS: "This address, or everybody together, asks too much at once.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on the server.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The index or the journal cannot be used at present.",
}
PAGE_PROBLEMS: Final = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""The problems that every address may answer with."""

FEEDBACK_PROBLEMS: Final = (
    *PAGE_PROBLEMS,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
)
"""The problems of `POST /api/feedback`."""

QUESTION_PROBLEMS: Final = (*FEEDBACK_PROBLEMS, HTTPStatus.UNPROCESSABLE_ENTITY)
"""The problems of `POST /api/ask`."""

PROBLEM_CONTENT: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""The description of the content of a response that is a problem object."""


def problem_responses(statuses: tuple[HTTPStatus, ...]) -> dict[int | str, dict[str, Any]]:
    """Return the description of problem objects by status, for the `responses` of a route."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in sorted(statuses):
        described[status.value] = {"description": _MEANINGS[status], "content": PROBLEM_CONTENT}
    if HTTPStatus.TOO_MANY_REQUESTS in statuses:
        described[HTTPStatus.TOO_MANY_REQUESTS.value]["headers"] = {
            "Retry-After": {
                "description": "The seconds to wait.",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    return described
