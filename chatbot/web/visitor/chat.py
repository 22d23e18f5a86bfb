"""The conversation of the chat page, in Gradio, and what the page may send to it."""

import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

import gradio as gr
from fastapi import Request, Response
from gradio.components import Component

from chatbot.errors import DocumentNotFound, JournalError, QuestionEmpty, QuestionError
from chatbot.records import Choice
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

__all__ = ["ChatPolicy", "chat_blocks", "with_starters"]

_LOG = logging.getLogger(__name__)
_QUESTIONS: Final = "questions"  # the concurrency id of the events that ask one
_AT_ONCE: Final = 16  # events that ask nothing
_SUGGESTIONS: Final = 4
_CHOICES: Final = 5  # pages that an answer may offer
_LONGEST_TYPED: Final = 10_000  # characters; so that even a text that is too long fits a request and gets a reply
_MAX_TURNS: Final = 30  # of one conversation; older ones are forgotten
_MAX_CONVERSATIONS: Final = 1_000  # the one that was idle longest is forgotten first
_FEEDBACK: Final = {True: "Helpful", False: "Not helpful"}
_BUSY: Final = "Many people are asking just now. Please ask again in a moment."
_APOLOGY: Final = "Something went wrong on our side, and your question was not answered. Please try again in a moment."


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question, and the HTML of the answer or of the notice in its place.

    `answer_id` is None where the question could not be answered, `helpful` until the visitor gives feedback. `dismiss`
    is the question that the button below an urgent answer asks, and empty below any other. `choices` are the pages that
    the buttons in the answer ask the question of.
    """

    question: str
    answer: Html
    answer_id: str | None = None
    helpful: bool | None = None
    dismiss: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components of the page."""

    turns: gr.State
    log: gr.Chatbot
    dismiss: gr.Button  # "This is not an emergency", below an urgent answer
    choices: tuple[gr.Button, ...]  # not shown: the buttons in an answer press them
    feedback: tuple[gr.Button, ...]  # helpful and not helpful; none without a journal
    suggestions: tuple[gr.Button, ...]
    question: gr.Textbox
    send: gr.Button
    clear: gr.Button

    @property
    def all(self) -> list[Component]:
        """Return the components in the order in which `_Page._show` fills them."""
        return [self.turns, self.log, self.question, self.clear, self.dismiss, *self.suggestions, *self.feedback]


def chat_blocks(bot: "Chatbot", journal: "Journal | None", answers: AnswerService) -> gr.Blocks:
    """Build the conversation over a bot. Without a journal, nobody is asked whether an answer helped."""
    blocks = gr.Blocks(title=f"Ask {bot.clinic.name}", analytics_enabled=False)
    page = _Page(bot, journal, answers, partial(wait_for_disconnect, blocks))
    with blocks:
        parts = _lay_out(bot.starters(), with_feedback=journal is not None)
        _wire(parts.question.submit, page.ask, [parts.question, parts.turns], parts, _QUESTIONS)
        _wire(parts.send.click, page.ask, [parts.question, parts.turns], parts, _QUESTIONS)
        for button in (parts.dismiss, *parts.suggestions):
            _wire(button.click, page.ask, [button, parts.turns], parts, _QUESTIONS)
        for place, button in enumerate(parts.choices):
            _wire(button.click, page.choose(place), [parts.turns], parts, _QUESTIONS)
        for button, helpful in zip(parts.feedback, _FEEDBACK, strict=False):
            _wire(button.click, partial(page.record_feedback, helpful), [parts.turns], parts)
        _wire(parts.clear.click, page.clear, [], parts)
    blocks.state_session_capacity = _MAX_CONVERSATIONS
    set_queue(blocks)
    return blocks


def with_starters(blocks: gr.Blocks, starters: Sequence[str]) -> dict[str, Any]:
    """Return the configuration of the page with the present questions to start with."""
    row = next(block for block in blocks.blocks.values() if block.elem_id == "suggestions")
    places = {button._id: place for place, button in enumerate(getattr(row, "children", ()))}  # noqa: SLF001 -- as in set_queue
    components = [
        {**part, "props": {**part["props"], **_label(starters, places[part["id"]])}} if part["id"] in places else part
        for part in blocks.config["components"]
    ]
    return {**blocks.config, "components": components}


def _wire(
    trigger: Callable[..., object],
    do: Callable[..., object],
    inputs: list[Component],
    parts: _Parts,
    concurrency_id: str = "conversation",
) -> None:
    trigger(
        do,
        inputs,
        parts.all,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None if concurrency_id == _QUESTIONS else _AT_ONCE,  # questions wait in the FairQueue
        concurrency_id=concurrency_id,
    )


def _lay_out(starters: Sequence[str], *, with_feedback: bool) -> _Parts:
    turns = gr.State(())
    log = gr.Chatbot(
        label="Conversation",
        show_label=False,
        container=False,
        elem_id="log",
        height=None,
        autoscroll=False,
        render_markdown=False,
        latex_delimiters=[],
        buttons=[],
        feedback_options=None,
        group_consecutive_messages=False,
    )
    dismiss = gr.Button(visible=False, elem_id="dismiss")
    with gr.Row(elem_id="choices"):
        choices = tuple(gr.Button() for _ in range(_CHOICES))
    with gr.Row(elem_id="feedback"):
        feedback = tuple(gr.Button(label, visible=False) for label in _FEEDBACK.values()) if with_feedback else ()
    with gr.Row(elem_id="suggestions"):
        suggestions = tuple(gr.Button(**_label(starters, place)) for place in range(_SUGGESTIONS))
    clear = gr.Button("Clear the conversation", elem_id="clear", visible=False)
    with gr.Row(elem_id="ask"):
        question = gr.Textbox(
            label="Your question",
            show_label=False,
            placeholder="Type your question",
            max_lines=5,
            max_length=_LONGEST_TYPED,
            container=False,
            elem_id="question",
        )
        send = gr.Button("Ask", variant="primary", elem_id="send")
    return _Parts(turns, log, dismiss, choices, feedback, suggestions, question, send, clear)


def _label(texts: Sequence[str], place: int) -> dict[str, Any]:
    """Return the text of a suggestion button, or hide the button where there is none."""
    return {"value": texts[place], "visible": True} if place < len(texts) else {"value": "", "visible": False}


class ChatPolicy:
    """Let the chat page send texts and nothing else, as often as the limits of its address allow."""

    routes: ClassVar[Sequence[Route]] = ()
    headers: ClassVar[Collection[bytes]] = ()

    def __init__(self, blocks: gr.Blocks, questions: RateLimiter, others: RateLimiter) -> None:
        """Take the chat's blocks, the limit of events that ask a question, and the limit of all others."""
        self._limiters = {
            number: questions if event.concurrency_id == _QUESTIONS else others for number, event in blocks.fns.items()
        }

    def clean(self, join: Join) -> Join | None:
        """Return an event with its texts fit for UTF-8, or None where a value is something else than a text."""
        texts = [value and replace_surrogates(value) for value in join.data if value is None or isinstance(value, str)]
        return replace(join, data=texts, event_data=None) if len(texts) == len(join.data) else None

    def refuse(self, request: Request, join: Join | None, _session: str, /) -> Response | None:
        """Answer 429 to an event of an address that sends too many."""
        wait = self._limiters[join.event].acquire(client_address(request)) if join else 0
        return busy_response(wait) if wait else None


class _Page:
    """The handlers of the page's events. They keep nothing of a visitor: Gradio passes each conversation in."""

    def __init__(
        self,
        bot: "Chatbot",
        journal: "Journal | None",
        answers: AnswerService,
        departure: Callable[[str | None], Coroutine[Any, Any, None]],
    ) -> None:
        """Take what the handlers work on; `departure` returns once the visitor of a session has left."""
        self._bot = bot
        self._journal = journal
        self._answers = answers
        self._departure = departure

    async def ask(self, question: str | None, turns: Sequence[_Turn], request: gr.Request) -> list[object]:
        """Answer a question in its conversation; where that fails, the question stays in its box."""
        return await self._answer(question or "", None, turns, turns, request)

    def choose(self, place: int) -> Callable[..., Coroutine[Any, Any, list[object]]]:
        """Return the handler that answers the last question from one of the pages offered for it, counted from 0."""

        async def answer(turns: Sequence[_Turn], request: gr.Request) -> list[object]:
            choices = turns[-1].choices if turns else ()
            if place >= len(choices):  # the button was pressed twice
                return self._skip()
            return await self._answer(turns[-1].question, choices[place], turns[:-1], turns, request)

        return answer  # no partial: Gradio would not find the request among its arguments

    async def _answer(
        self,
        question: str,
        page: Choice | None,
        earlier: Sequence[_Turn],
        turns: Sequence[_Turn],
        request: gr.Request,
    ) -> list[object]:
        """Answer a question of all pages or of one, read with `earlier` turns, as the next turn after `turns`."""
        words = f"{question} \u2013 {page.title}" if page else question
        history = [turn.question for turn in earlier if turn.answer_id]
        try:
            address = request.client.host if request.client else ""
            leaving = partial(self._departure, request.session_hash)
            document = page.document if page else None
            answer_id, answer = await self._answers.ask(address, question, history, leaving, document)
            urgent = UrgentTexts.of(answer, self._bot.clinic)
            html = answer_html(answer, self._bot.clinic)
            turn = _Turn(words, html, answer_id, dismiss=urgent.dismiss if urgent else "", choices=answer.choices)
        except (QuestionEmpty, ClientDisconnected):
            return self._skip()
        except (QuestionError, QueueFull) as error:
            notice = apology_html(str(error) or _BUSY, self._bot.clinic, with_contact=False)
            return self._show([*turns, _Turn(shorten(words), notice)], question, ())
        except DocumentNotFound:  # the page was taken away since it was offered
            return await self._answer(words, None, earlier, turns, request)
        except Exception as error:  # noqa: BLE001 -- whatever went wrong, the conversation says so
            _LOG.error("a question of the chat page was not answered: %s", traceback_without_message(error))
            notice = apology_html(_APOLOGY, self._bot.clinic, with_contact=True)
            return self._show([*turns, _Turn(shorten(words), notice)], question, ())
        return self._show([*turns, turn], "", answer.suggestions)

    def _skip(self) -> list[object]:
        """Change nothing."""
        return [gr.skip() for _ in range(5 + _SUGGESTIONS + len(self._feedback(())))]

    def record_feedback(self, helpful: bool, turns: Sequence[_Turn]) -> list[object]:
        """Record whether the last answer helped; a later click replaces an earlier one."""
        shown = tuple(turns)
        if self._journal and turns and turns[-1].answer_id:
            try:
                if self._journal.feedback(turns[-1].answer_id, helpful):
                    shown = (*turns[:-1], replace(turns[-1], helpful=helpful))
            except JournalError:
                _LOG.warning("the feedback of a visitor was not recorded")
        return [shown, *(gr.skip() for _ in range(4 + _SUGGESTIONS)), *self._feedback(shown)]

    def clear(self) -> list[object]:
        """Forget a conversation."""
        return self._show([], "", self._bot.starters())

    def _show(self, turns: Sequence[_Turn], question: str, suggestions: Sequence[str]) -> list[object]:
        shown = tuple(turns[-_MAX_TURNS:])
        messages = [message for turn in shown for message in _messages(turn)]
        labels = (gr.update(**_label(suggestions, place)) for place in range(_SUGGESTIONS))
        dismiss = shown[-1].dismiss if shown else ""
        below = gr.update(value=dismiss, visible=bool(dismiss))
        return [shown, messages, question, gr.update(visible=bool(shown)), below, *labels, *self._feedback(shown)]

    def _feedback(self, turns: Sequence[_Turn]) -> list[object]:
        """Label the feedback buttons, and hide them where there is no answer, an urgent one or one that asks back."""
        if not self._journal:
            return []
        last = turns[-1] if turns else _Turn("", Html())
        labels = [f"{text}, thank you" if last.helpful is choice else text for choice, text in _FEEDBACK.items()]
        is_judged = bool(last.answer_id and not last.dismiss and not last.choices)
        return [gr.update(value=label, visible=is_judged) for label in labels]


def _messages(turn: _Turn) -> tuple[dict[str, str], dict[str, str]]:
    return {"role": "user", "content": question_html(turn.question)}, {"role": "assistant", "content": turn.answer}
