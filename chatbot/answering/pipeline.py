"""From a question to an answer: the order in which a clinic would want its messages looked at.

`_ORDER` is that order. The first step that has something to say decides; a clinician can read it from top to bottom.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from chatbot.answering import compose
from chatbot.answering.compose import starters
from chatbot.answering.follow_ups import resolve_follow_up
from chatbot.answering.question import clean_question
from chatbot.answering.replies import by_keyword, contact_line, filled, own_reply
from chatbot.answering.search import SearchResult
from chatbot.answering.turn import CANDIDATES, Serving, Tools, Turn, changes_the_subject
from chatbot.clinic import Reply
from chatbot.errors import QuestionError
from chatbot.language import UNKNOWN, guess_language
from chatbot.records import Alarm, Answer, Hit, Level, Outcome
from chatbot.triage import LANGUAGES, Wording

__all__ = ["CONTINUES_EMERGENCY", "Pipeline", "PipelineResult"]

CONTINUES_EMERGENCY: Final = ", said before"
"""The end of the rule of an alarm that an earlier message of the conversation raised."""

_HISTORY_LIMIT: Final = 4  # questions of a conversation that are looked at
_FEW_WORDS: Final = 2  # that are enough to tell another language where nothing is found
_WITH_CONTACT: Final = {Outcome.RELATED, Outcome.NOT_FOUND, Outcome.REPLY}


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """An answer, what was found for its question if anything was, and the rule that decided before the passages."""

    answer: Answer
    search_result: SearchResult | None
    rule: str = ""

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The best passages, whatever became of them."""
        return self.search_result.hits[:CANDIDATES] if self.search_result else ()


class Pipeline:
    """Answers questions over whatever is served; any number of threads may ask at once."""

    def __init__(self, tools: Tools) -> None:
        """Take what reads, ranks and judges."""
        self.tools = tools

    def answer(self, question: str, history: Sequence[str], serving: Serving) -> PipelineResult:
        """Answer a question with the conversation's earlier ones, oldest first; raises `QuestionError`."""
        turn = Turn(self.tools, clean_question(question), list(_readable(history)), serving)
        for step in _ORDER:
            if worked := step(turn):
                return _finished(turn, worked)
        raise AssertionError("the last step always answers")  # pragma: no cover


def _urgent(turn: Turn) -> PipelineResult | None:
    """1. The message itself tells of an emergency, of danger, or of what should be seen today."""
    alarm = turn.finding.alarm
    return _alarmed(turn, alarm) if alarm else None


def _urgent_still(turn: Turn) -> PipelineResult | None:
    """2. It goes on about the emergency of the message before: "how long will that last?"."""
    alarm = turn.continued_alarm
    if alarm is None or changes_the_subject(turn.finding):
        return None
    follow_up = resolve_follow_up(turn.asked, turn.before)
    if not follow_up.earlier or not (follow_up.certain or turn.finding.symptom):
        return None
    return _alarmed(turn, replace(alarm, rule=alarm.rule + CONTINUES_EMERGENCY))


def _all_clear(turn: Turn) -> PipelineResult | None:
    """3. Somebody says after an alarm that all is well, or presses the button that says so."""
    alarm = turn.past_alarm
    if alarm is None or not turn.finding.all_clear or turn.finding.practical:
        return None
    if turn.asked == turn.wording.say("not_an_emergency", turn.clinic) and alarm.level is not Level.CRISIS:
        number = max(number for number, finding in enumerate(turn.earlier) if finding.alarm)
        earlier = _in_general(turn.of_earlier(number))
        answer = replace(earlier.answer, question=turn.asked, understood_as=turn.asked)
        return replace(earlier, answer=answer, rule="not an emergency")
    return PipelineResult(compose.reply(turn.asked, turn.wording.say("all_clear", turn.clinic)), None, "all clear")


def _person(turn: Turn) -> PipelineResult | None:
    """4. Somebody wants a human being: the ways to reach one come first."""
    if not turn.finding.person:
        return None
    wording, ways = turn.wording, contact_line(turn.clinic.contact)
    lines = [wording.say("person", turn.clinic), ways, wording.say("person_closing", turn.clinic)] if ways else []
    message = "\n".join(lines) or wording.say("person_closing", turn.clinic)
    return PipelineResult(compose.reply(turn.asked, message), None, "asks for a person")


def _small_talk(turn: Turn) -> PipelineResult | None:
    """5. All of it is small talk."""
    said = turn.finding.small_talk
    if said is None:
        return None
    return PipelineResult(
        compose.reply(turn.asked, said.message, suggestions=starters(turn.serving.index)), None, said.kind
    )


def _not_understood(turn: Turn) -> PipelineResult | None:
    """6. It is in a language that the pages are not in: the line on emergencies stands before anything else."""
    spelling, outcome = turn.serving.spelling, turn.from_pages.outcome
    foreign = outcome is not Outcome.ANSWERED and spelling.is_other_language(turn.corrected)
    # As it was typed: what was corrected may only look like English.
    if not foreign and not (outcome is Outcome.NOT_FOUND and spelling.is_other_language(turn.asked, _FEW_WORDS)):
        return None
    guess = guess_language(turn.asked)
    language = turn.finding.language if guess == UNKNOWN else guess
    wording = Wording.standard(language if language in LANGUAGES else "en")
    message = wording.say("not_understood", turn.clinic)
    return PipelineResult(
        replace(compose.not_found(turn.asked), message=message), turn.search_result, "another language"
    )


def _keyword(turn: Turn) -> PipelineResult | None:
    """7. It is a keyword alone that one of the clinic's replies has, and the pages have no likely answer."""
    if turn.search_result is None or not turn.pages_are_unsure:
        return None
    route = by_keyword(turn.serving.reply_matcher, turn.corrected)
    return _replied(turn, [route]) if route else None


def _symptom(turn: Turn) -> PipelineResult | None:
    """8. Somebody describes a symptom of their own: the clinic comes first, then what its pages say in general."""
    return _in_general(turn) if turn.finding.symptom else None


def _own_reply(turn: Turn) -> PipelineResult | None:
    """9. The pages have no likely answer, and the clinic has a reply of its own."""
    if turn.search_result is None or not turn.pages_are_unsure:
        return None
    matches = own_reply(turn.serving.reply_matcher, turn.search_result.question_encoding, turn.clauses(), turn.encode)
    return _replied(turn, matches) if matches else None


def _pages(turn: Turn) -> PipelineResult:
    """10. What the pages say, or that they do not say."""
    return PipelineResult(turn.from_pages, turn.search_result)


_ORDER: Final[tuple[Callable[[Turn], PipelineResult | None], ...]] = (
    _urgent,
    _urgent_still,
    _all_clear,
    _person,
    _small_talk,
    _not_understood,
    _keyword,
    _symptom,
    _own_reply,
    _pages,
)


def _alarmed(turn: Turn, alarm: Alarm) -> PipelineResult:
    wording = Wording.standard(alarm.language)
    answer = compose.urgent(turn.asked, alarm, wording.urgent(alarm.level, turn.clinic))
    return PipelineResult(answer, turn.search_result, f"{alarm.level}: {alarm.rule}")


def _in_general(turn: Turn) -> PipelineResult:
    answer = compose.in_general(turn.from_pages, turn.wording.say("symptom", turn.clinic))
    return PipelineResult(answer, turn.search_result, "a symptom of their own")


def _replied(turn: Turn, routes: Sequence[Reply]) -> PipelineResult:
    message = filled("\n".join(f"{one.reply}\n{one.link}".strip() for one in routes), turn.clinic.contact)
    answer = compose.reply(turn.asked, message, suggestions=turn.from_pages.suggestions)
    return PipelineResult(answer, turn.search_result, ", ".join(one.name for one in routes))


def _finished(turn: Turn, worked: PipelineResult) -> PipelineResult:
    """Put the reminder of an earlier alarm above an answer, and the way to a person below it."""
    answer = worked.answer
    if answer.outcome is Outcome.URGENT:
        return worked
    if turn.past_alarm:
        reminder = turn.wording.reminder(turn.past_alarm.level, turn.clinic)
        answer = replace(answer, message=f"{reminder}\n{answer.message}")
    if answer.outcome in _WITH_CONTACT or turn.finding.wants_person:
        answer = replace(answer, contact=contact_line(turn.clinic.contact, answer.message))
    return replace(worked, answer=answer)


def _readable(history: Sequence[str]) -> Iterator[str]:
    """Clean the latest questions of a conversation, leaving out what cannot be read."""
    for earlier in history[-_HISTORY_LIMIT:]:
        with suppress(QuestionError):
            yield clean_question(earlier)
