"""The pipeline from a question to an answer.

`_ORDER` lists its steps. The first step that returns a result decides, so a clinician can review the order from top to
bottom.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from chatbot.answering import compose
from chatbot.answering.compose import starters
from chatbot.answering.follow_ups import asks_for_source, resolve_follow_up
from chatbot.answering.question import clean_question
from chatbot.answering.replies import contact_line, fill_placeholders
from chatbot.answering.search import SearchResult
from chatbot.answering.turn import CANDIDATES, PipelineComponents, ServingSnapshot, Turn, changes_the_subject
from chatbot.clinic import Reply
from chatbot.errors import QuestionError
from chatbot.language import UNKNOWN, guess_language
from chatbot.records import Alarm, Answer, Hit, Level, Outcome
from chatbot.triage import LANGUAGES, Wording

__all__ = ["CONTINUES_EMERGENCY", "Pipeline", "PipelineResult"]

CONTINUES_EMERGENCY: Final = ", said before"
"""The end of the rule of an alarm that an earlier message of the conversation raised."""

_HISTORY_LIMIT: Final = 4  # earlier questions that are read
_FEW_WORDS: Final = 2  # words that show another language well enough where the pages have no answer
_WITH_CONTACT: Final = {Outcome.RELATED, Outcome.NOT_FOUND, Outcome.REPLY}


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """An answer, its search result if there was a search, and the rule that decided it unless the pages did."""

    answer: Answer
    search_result: SearchResult | None
    rule: str = ""

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The best passages, whether the answer shows them or not."""
        return self.search_result.hits[:CANDIDATES] if self.search_result else ()


class Pipeline:
    """Answers questions; any number of threads may ask at once."""

    def __init__(self, tools: PipelineComponents) -> None:
        """Use an encoder, a ranking, a gate and a triage."""
        self.tools = tools

    def answer(
        self, question: str, history: Sequence[str], serving: ServingSnapshot, document: str | None = None
    ) -> PipelineResult:
        """Answer a question; `history` are the earlier ones, oldest first. Raises `QuestionError`.

        `document` is the id of the page that the visitor has chosen, if any: a page of the index with passages.
        """
        turn = Turn(self.tools, clean_question(question), list(_readable(history)), serving, document=document)
        for step in _ORDER:
            if result := step(turn):
                return _with_reminder_and_contact(turn, result)
        raise AssertionError("the last step always answers")  # pragma: no cover

    def answer_while_paused(
        self, question: str, history: Sequence[str], serving: ServingSnapshot, message: str
    ) -> PipelineResult:
        """Answer an urgent message as always, and any other with a message alone: nothing is searched."""
        turn = Turn(self.tools, clean_question(question), list(_readable(history)), serving)
        paused = PipelineResult(compose.reply(turn.question, message), None, "paused")
        return _with_reminder_and_contact(turn, _urgent(turn) or _continued_emergency(turn) or paused)


def _urgent(turn: Turn) -> PipelineResult | None:
    """1. The message itself raises an alarm: an emergency, a crisis, or something that must be seen today."""
    alarm = turn.finding.alarm
    return _urgent_result(turn, alarm) if alarm else None


def _continued_emergency(turn: Turn) -> PipelineResult | None:
    """2. The message follows up on an earlier alarm, as "how long will that last?" does."""
    alarm = turn.continued_alarm
    if alarm is None or changes_the_subject(turn.finding):
        return None
    follow_up = resolve_follow_up(turn.question, turn.history)
    if not follow_up.earlier or not (follow_up.certain or turn.finding.symptom):
        return None
    return _urgent_result(turn, replace(alarm, rule=alarm.rule + CONTINUES_EMERGENCY))


def _all_clear(turn: Turn) -> PipelineResult | None:
    """3. The visitor says after an alarm that all is well, or presses the button that says so."""
    alarm = turn.past_alarm
    if alarm is None or not turn.finding.all_clear or turn.finding.practical:
        return None
    if turn.question == turn.wording.say("not_an_emergency", turn.clinic) and alarm.level is not Level.CRISIS:
        number = max(number for number, finding in enumerate(turn.history_findings) if finding.alarm)
        result = _symptom_result(turn.of_earlier(number))
        answer = replace(result.answer, question=turn.question, understood_as=turn.question)
        return replace(result, answer=answer, rule="not an emergency")
    return PipelineResult(compose.reply(turn.question, turn.wording.say("all_clear", turn.clinic)), None, "all clear")


def _person(turn: Turn) -> PipelineResult | None:
    """4. The visitor asks for a person: the answer names the ways to reach one."""
    if not turn.finding.person:
        return None
    wording, ways = turn.wording, contact_line(turn.clinic.contact)
    lines = [wording.say("person", turn.clinic), ways, wording.say("person_closing", turn.clinic)] if ways else []
    message = "\n".join(lines) or wording.say("person_closing", turn.clinic)
    return PipelineResult(compose.reply(turn.question, message), None, "asks for a person")


def _small_talk(turn: Turn) -> PipelineResult | None:
    """5. The whole message is small talk, or doubts the last answer, which is then given again with its source."""
    if asks_for_source(turn.question):
        again = _again(turn) if turn.history else None
        return again or PipelineResult(compose.reply(turn.question, compose.VERBATIM), None, "asks for the source")
    small_talk = turn.finding.small_talk
    if small_talk is None:
        return None
    answer = compose.reply(turn.question, small_talk.message, suggestions=starters(turn.serving.index))
    return PipelineResult(answer, None, small_talk.kind)


def _named_page(turn: Turn) -> PipelineResult | None:
    """6. The visitor types which page is meant, after being asked: the question is answered by that page."""
    meant = turn.with_named_page()
    if meant is None:
        return None
    answer = replace(meant.from_pages, question=turn.question, understood_as=meant.question)
    return PipelineResult(answer, meant.search_result, "names the page")


def _not_understood(turn: Turn) -> PipelineResult | None:
    """7. The message is in another language than the pages: the line on emergencies comes first."""
    if turn.approved and turn.approved.exact:
        return None  # a person has read these very words
    spelling, outcome = turn.serving.spelling, turn.from_pages.outcome
    other_language = outcome is not Outcome.ANSWERED and spelling.is_other_language(turn.corrected)
    if outcome is Outcome.NOT_FOUND:  # the question as typed, because a corrected one may only look like English
        other_language = other_language or spelling.is_other_language(turn.question, _FEW_WORDS)
    if not other_language:
        return None
    guess = guess_language(turn.question)
    if guess in set(turn.serving.index.languages) - {"en"}:
        return None  # it is the pages' own language, of which only English has a list of words
    language = turn.finding.language if guess == UNKNOWN else guess
    wording = Wording.standard(language if language in LANGUAGES else "en")
    answer = replace(compose.not_found(turn.question), message=wording.say("not_understood", turn.clinic))
    return PipelineResult(answer, turn.search_result, "another language")


def _approved(turn: Turn) -> PipelineResult | None:
    """8. A person has approved the question for a passage, or said that no page answers; it is about no symptom."""
    return None if turn.finding.symptom else _approved_result(turn)


def _keyword(turn: Turn) -> PipelineResult | None:
    """9. The message is a keyword of one of the clinic's replies, and the pages have no likely answer."""
    if turn.document or turn.search_result is None or not turn.pages_are_unsure:
        return None
    reply = turn.serving.reply_matcher.by_keyword(turn.corrected)
    return _reply_result(turn, [reply]) if reply else None


def _symptom(turn: Turn) -> PipelineResult | None:
    """10. The visitor describes a symptom of their own: the clinic comes first, then what its pages say in general."""
    return _symptom_result(turn) if turn.finding.symptom else None


def _clinic_reply(turn: Turn) -> PipelineResult | None:
    """11. The pages have no likely answer, and one of the clinic's replies matches."""
    if turn.document or turn.search_result is None or not turn.pages_are_unsure:
        return None
    matcher, words = turn.serving.reply_matcher, turn.serving.index.words
    replies = matcher.match_all(turn.corrected, turn.clauses(), turn.encode, words)
    return _reply_result(turn, replies) if replies else None


def _which_page(turn: Turn) -> PipelineResult | None:
    """12. Several pages may answer: the page that the conversation was about does, or the visitor is asked."""
    page = turn.page_of_conversation()
    if page:
        meant = turn.on_page(page)
        return PipelineResult(meant.from_pages, meant.search_result)
    if turn.from_pages.outcome is Outcome.NOT_FOUND or not turn.choices:
        return None
    return PipelineResult(compose.ask_back(turn.from_pages, turn.choices), turn.search_result, "asks which page")


def _pages(turn: Turn) -> PipelineResult:
    """13. The pages answer, or the answer is that they do not say."""
    return PipelineResult(turn.from_pages, turn.search_result)


_ORDER: Final[tuple[Callable[[Turn], PipelineResult | None], ...]] = (
    _urgent,
    _continued_emergency,
    _all_clear,
    _person,
    _small_talk,
    _named_page,
    _not_understood,
    _approved,
    _keyword,
    _symptom,
    _clinic_reply,
    _which_page,
    _pages,
)


def _again(turn: Turn) -> PipelineResult | None:
    """Return an urgent last answer, or one from the pages with the ways to ask a person; None after any other."""
    last = turn.of_earlier(len(turn.history) - 1)
    result = next(result for step in _ORDER if (result := step(last)))
    if alarm := result.answer.alarm:
        rule = alarm.rule.removesuffix(CONTINUES_EMERGENCY) + CONTINUES_EMERGENCY
        return _urgent_result(turn, replace(alarm, rule=rule))
    if not result.answer.citations:
        return None
    contact = contact_line(turn.clinic.contact)
    answer = replace(result.answer, question=turn.question, contact=contact, suggestions=(), corrected="")
    return replace(result, answer=answer, rule="asks for the source")


def _urgent_result(turn: Turn, alarm: Alarm) -> PipelineResult:
    wording = Wording.standard(alarm.language)
    answer = compose.urgent(turn.question, alarm, wording.urgent(alarm.level, turn.clinic))
    return PipelineResult(answer, turn.search_result, f"{alarm.level}: {alarm.rule}")


def _approved_result(turn: Turn) -> PipelineResult | None:
    match, result = turn.approved, turn.search_result
    if match is None or result is None:
        return None
    outcome, confidence = (Outcome.ANSWERED, match.confidence) if match.passage else (Outcome.NOT_FOUND, 0.0)
    shown = [Hit(match.passage, match.confidence)] if match.passage else []
    answer = compose.compose(turn.question, outcome, confidence, turn.serving.index, result, shown)
    return PipelineResult(replace(answer, confirmed=True), result, f"the approved question “{match.question.question}”")


def _symptom_result(turn: Turn) -> PipelineResult:
    approved = _approved_result(turn)
    from_pages = approved.answer if approved else turn.from_pages
    answer = compose.in_general(from_pages, turn.wording.say("symptom", turn.clinic))
    return PipelineResult(answer, turn.search_result, "a symptom of their own")


def _reply_result(turn: Turn, replies: Sequence[Reply]) -> PipelineResult:
    text = "\n".join(f"{reply.reply}\n{reply.link}".strip() for reply in replies)
    message = fill_placeholders(text, turn.clinic.contact)
    answer = compose.reply(turn.question, message, suggestions=turn.from_pages.suggestions)
    return PipelineResult(answer, turn.search_result, ", ".join(reply.name for reply in replies))


def _with_reminder_and_contact(turn: Turn, result: PipelineResult) -> PipelineResult:
    """Return a result with the reminder of an earlier alarm above the answer and the contact line below it."""
    answer = result.answer
    if answer.outcome is Outcome.URGENT:
        return result
    if turn.past_alarm:  # after which nothing is suggested: it would be out of place
        reminder = turn.wording.reminder(turn.past_alarm.level, turn.clinic)
        answer = replace(answer, message=f"{reminder}\n{answer.message}", suggestions=())
    if (answer.outcome in _WITH_CONTACT and not answer.choices) or turn.finding.wants_person:
        answer = replace(answer, contact=contact_line(turn.clinic.contact, answer.message))
    return replace(result, answer=answer)


def _readable(history: Sequence[str]) -> Iterator[str]:
    """Yield the latest questions of a conversation, cleaned, without those that are empty or too long."""
    for earlier in history[-_HISTORY_LIMIT:]:
        with suppress(QuestionError):
            yield clean_question(earlier)
