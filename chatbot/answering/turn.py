"""One question on its way through the pipeline: what triage makes of it, and what is found for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

from chatbot.answering import compose
from chatbot.answering.follow_ups import resolve_follow_up
from chatbot.answering.gate import Gate
from chatbot.answering.ranking import Ranking
from chatbot.answering.replies import ReplyMatcher, ReplyProjection
from chatbot.answering.search import SearchResult, search
from chatbot.clinic import Clinic
from chatbot.indexing import Encoded, Encoder, Index
from chatbot.language import Spelling
from chatbot.records import Alarm, Answer, Hit
from chatbot.triage import EmergencyClassifier, Finding, Triage, Wording

__all__ = ["CANDIDATES", "Serving", "Tools", "Turn", "changes_the_subject", "missing_with"]

CANDIDATES: Final = 10
"""Passages of one question that are looked at."""

_SHOWN: Final = 3  # passages of one answer
_CANNED_REPLY_RISK: Final = 0.2  # share of wrong answers from which on the clinic's own reply goes before its pages


@dataclass(frozen=True, slots=True)
class Tools:
    """What reads, ranks and judges questions; none of it depends on a clinic."""

    encoder: Encoder
    ranking: Ranking
    gate: Gate
    triage: Triage


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served: an index with its spelling, and what the clinic says of itself with its own replies."""

    index: Index
    spelling: Spelling
    clinic: Clinic
    reply_matcher: ReplyMatcher


class Turn:
    """One question on its way: what triage makes of it and of those before it, and what was found for it."""

    def __init__(self, tools: Tools, asked: str, before: list[str], serving: Serving) -> None:
        self.asked = asked
        self.before = before
        self.serving = serving
        self.clinic = serving.clinic
        self._tools = tools
        self._encoder = _CachedEncoder(tools.encoder)
        self.finding = tools.triage.read(asked, self._encoder.encode_questions)
        self.wording = Wording.standard(self.finding.language)
        self.earlier = [tools.triage.read_again(one) for one in before]

    @cached_property
    def corrected(self) -> str:
        """The question as it is searched for, without its misspellings."""
        return self.serving.spelling.corrected(self.asked)

    @cached_property
    def search_result(self) -> SearchResult | None:
        """What is found for the question; None where there is nothing in it to search for."""
        asked_before = [
            self.serving.spelling.corrected(one)
            for one, finding in zip(self.before, self.earlier, strict=True)
            if not (finding.alarm or finding.small_talk or finding.person or finding.all_clear)
        ]
        return search(self.serving.index, self._encoder, self._tools.ranking, self.corrected, asked_before)

    @cached_property
    def past_alarm(self) -> Alarm | None:
        """The last alarm of the conversation after which nobody said that all is well."""
        alarm = None
        for finding in self.earlier:
            alarm = finding.alarm or (None if finding.all_clear else alarm)
        return alarm

    @cached_property
    def continued_alarm(self) -> Alarm | None:
        """The alarm that the questions up to this one have been going on about."""
        alarm = None
        for number, (one, finding) in enumerate(zip(self.before, self.earlier, strict=True)):
            follow_up = resolve_follow_up(one, self.before[:number])
            goes_on = bool(follow_up.earlier) and follow_up.certain and not changes_the_subject(finding)
            alarm = finding.alarm or (alarm if goes_on else None)
        return alarm

    @cached_property
    def from_pages(self) -> Answer:
        """What the pages say to the question."""
        if self.search_result is None:  # of marks that the model has no token for, nothing can be found
            return compose.not_found(self.asked)
        gate, index = self._tools.gate, self.serving.index
        confidence = gate.confidence(index, self.search_result, self.search_result.hits[0])
        outcome = gate.outcome(confidence, self.clinic.answers.max_error_rate)
        return compose.compose(
            self.asked, outcome, confidence, index, self.search_result, self._shown(self.search_result)
        )

    @property
    def pages_are_unsure(self) -> bool:
        """Whether a reply of the clinic's own goes before what the pages say."""
        return self.from_pages.confidence < self._tools.gate.threshold_for(_CANNED_REPLY_RISK)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts, each once."""
        return self._encoder.encode_questions(texts)

    def clauses(self) -> list[str]:
        """Return the parts of the question that ask for themselves, if there are several."""
        return self._tools.triage.clauses(self.corrected)

    def of_earlier(self, number: int) -> "Turn":
        """Return the turn of an earlier question of the conversation, counted from 0."""
        return Turn(self._tools, self.before[number], self.before[:number], self.serving)

    def _shown(self, result: SearchResult) -> list[Hit]:
        """Return the best hit and the next that may answer too, none that says what another says."""
        gate, index = self._tools.gate, self.serving.index
        hits = list(islice(compose.distinct(result.hits[:CANDIDATES]), _SHOWN))
        return [hit for hit in hits if hit is hits[0] or gate.confidence(index, result, hit) >= gate.related]


def changes_the_subject(finding: Finding) -> bool:
    """Tell whether a message after an alarm is about something else, without a word that says so."""
    return bool(finding.practical or finding.all_clear or finding.person or finding.small_talk)


class _CachedEncoder:
    """An encoder that reads each text of one question once."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.max_tokens = encoder.max_tokens
        self.count_tokens = encoder.count_tokens
        self.encode_passages = encoder.encode_passages
        self._encode = encoder.encode_questions
        self._read: dict[str, Encoded] = {}

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._read]
        self._read.update(zip(new, self._encode(new) if new else (), strict=True))
        return [self._read[text] for text in texts]


def missing_with(encoder: Encoder) -> Iterator[str]:
    """Yield a sentence for each thing that is off with an encoder, and its cure; nothing for the packaged one."""
    cure = "Unset FOOTNOTE_MODEL to have both."
    if EmergencyClassifier.fitted_fingerprint() != encoder.fingerprint:
        yield f"Emergencies are recognised by word lists alone, because the model is {encoder.name}. {cure}"
    if ReplyProjection.fitted().fingerprint != encoder.fingerprint:
        yield f"The clinic's own replies are found by keywords alone, because the model is {encoder.name}. {cure}"
