"""The conversation of the chat page: Gradio carries the questions and shows each answer; the page keeps the turns."""

import json
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import gradio as gr
from fastapi import Request, Response

from chatbot.answering import read_json, read_question
from chatbot.errors import DocumentNotFound, QuestionError, RequestError
from chatbot.records import Answer
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.fair_queue import ClientDisconnected, QueueFull
from chatbot.web.http.gradio_allowlist import Join, Route
from chatbot.web.http.gradio_app import set_queue, wait_for_disconnect
from chatbot.web.http.markup import Html, replace_surrogates
from chatbot.web.http.problems import busy_response, traceback_without_message
from chatbot.web.http.rate_limit import RateLimiter, client_address
from chatbot.web.visitor.rendering import UrgentTexts, answer_html, apology_html, question_html, shorten

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["ChatPolicy", "chat_blocks"]

_LOG = logging.getLogger(__name__)
_BUSY: Final = "Many people are asking just now. Please ask again in a moment."
_APOLOGY: Final = "Something went wrong on our side, and your question was not answered. Please try again in a moment."
_TURN: Final = Html('<div class="turn">{}<span class="facts">{}</span></div>')


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the page sends: a question, the earlier ones, and the id of its turn.

    `document` and `title` are those of the page that the visitor has chosen for the question, if any.
    """

    turn_id: str
    question: str
    history: Sequence[str]
    document: str | None
    title: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the JSON that the page has sent; raises `RequestError`."""
        body = text.encode("utf-8")
        question, history, document = read_question(body)
        fields = read_json(body)
        turn_id, title = (fields.get(key, "") if isinstance(fields, dict) else "" for key in ("id", "title"))
        if not isinstance(turn_id, str) or not isinstance(title, str):
            raise RequestError("The id and the title must be texts.")
        earlier = [replace_surrogates(text) for text in history]
        return cls(turn_id, replace_surrogates(question), earlier, document, replace_surrogates(title))

    @property
    def words(self) -> str:
        """The question with the title of its page, as the conversation shows it."""
        return f"{self.question} \u2013 {self.title}" if self.document else self.question


def chat_blocks(bot: "Chatbot", journal: "Journal | None", answers: AnswerService) -> gr.Blocks:
    """Build the conversation over a bot. Without a journal, nobody is asked whether an answer helped.

    The page's script fills in `sent` and presses `post` for each question in turn, and shows what is in `current`. What
    was said before is kept by the page alone.
    """
    blocks = gr.Blocks(title=f"Ask {bot.clinic.name}", analytics_enabled=False)
    page = _Page(bot, answers, partial(wait_for_disconnect, blocks), is_judged=journal is not None)
    with blocks:
        current = gr.Chatbot(
            label="Conversation",
            show_label=False,
            container=False,
            elem_id="current",
            height=None,
            autoscroll=False,
            render_markdown=False,
            latex_delimiters=[],
            buttons=[],
            feedback_options=None,
            group_consecutive_messages=False,
        )
        with gr.Row(elem_id="transport"):
            sent = gr.Textbox(max_lines=1, elem_id="sent")
            post = gr.Button(elem_id="post")
        post.click(
            page.ask,
            [sent],
            [current],
            show_progress="hidden",
            api_visibility="private",
            trigger_mode="multiple",  # the page asks again what got no answer in time
            concurrency_limit=None,  # questions wait in the FairQueue
        )
    set_queue(blocks)
    return blocks


class ChatPolicy:
    """Let the chat page send texts and nothing else, as often as the limit of its address allows."""

    routes: ClassVar[Sequence[Route]] = ()
    headers: ClassVar[Collection[bytes]] = ()

    def __init__(self, questions: RateLimiter) -> None:
        """Take the limit of questions."""
        self._questions = questions

    def clean(self, join: Join) -> Join | None:
        """Return an event with its texts fit for UTF-8, or None where a value is something else than a text."""
        texts = [value and replace_surrogates(value) for value in join.data if value is None or isinstance(value, str)]
        return replace(join, data=texts, event_data=None) if len(texts) == len(join.data) else None

    def refuse(self, request: Request, join: Join | None, _session: str, /) -> Response | None:
        """Answer 429 to an event of an address that sends too many."""
        wait = self._questions.acquire(client_address(request)) if join else 0
        return busy_response(wait) if wait else None


class _Page:
    """The handler of the page's event. It keeps nothing of a visitor: the page sends the earlier questions along."""

    def __init__(
        self,
        bot: "Chatbot",
        answers: AnswerService,
        departure: Callable[[str | None], Coroutine[Any, Any, None]],
        *,
        is_judged: bool,
    ) -> None:
        """Take what the handler works on.

        `departure` returns once the visitor of a session has left. `is_judged` says whether visitors are asked if an
        answer helped.
        """
        self._bot = bot
        self._answers = answers
        self._departure = departure
        self._is_judged = is_judged

    async def ask(self, sent: str | None, request: gr.Request) -> object:
        """Answer what the page has sent, or say why not: each question gets its turn."""
        try:
            asked = _Asked.read(sent or "")
        except RequestError:  # the page sends nothing of the kind
            return gr.skip()
        try:
            try:
                found = await self._ask(asked, asked.document, request)
            except DocumentNotFound:  # the page was taken away since it was offered
                found = await self._ask(asked, None, request)
            return self._answered(asked, *found)
        except ClientDisconnected:
            return gr.skip()
        except (QuestionError, QueueFull) as error:
            return self._refused(asked, str(error) or _BUSY, with_contact=False)
        except Exception as error:  # noqa: BLE001 -- whatever went wrong, the conversation says so
            _LOG.error("a question of the chat page was not answered: %s", traceback_without_message(error))
            return self._refused(asked, _APOLOGY, with_contact=True)

    async def _ask(self, asked: _Asked, document: str | None, request: gr.Request) -> tuple[str, Answer]:
        address = request.client.host if request.client else ""
        leaving = partial(self._departure, request.session_hash)
        question = asked.question if document else asked.words
        return await self._answers.ask(address, question, asked.history, leaving, document)

    def _answered(self, asked: _Asked, answer_id: str, answer: Answer) -> list[dict[str, str]]:
        urgent = UrgentTexts.of(answer, self._bot.clinic)
        facts = {
            "answer": answer_id,
            "judged": self._is_judged and not (urgent or answer.choices),
            "dismiss": urgent.dismiss if urgent else "",
            "choices": [choice.document for choice in answer.choices],
            "suggestions": answer.suggestions,
        }
        return _messages(asked, asked.words, facts, answer_html(answer, self._bot.clinic))

    def _refused(self, asked: _Asked, reason: str, *, with_contact: bool) -> list[dict[str, str]]:
        notice = apology_html(reason, self._bot.clinic, with_contact=with_contact)
        return _messages(asked, shorten(asked.words), {}, notice)


def _messages(asked: _Asked, words: str, facts: Mapping[str, object], answer: Html) -> list[dict[str, str]]:
    """Return a turn as Gradio shows it; its facts are for the page's script, because Gradio takes attributes away."""
    turn = _TURN.format(answer, json.dumps({"id": asked.turn_id, **facts}))
    return [{"role": "user", "content": question_html(words)}, {"role": "assistant", "content": turn}]
