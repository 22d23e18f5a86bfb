"""The state of one question in the pipeline: its findings in triage and its search result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Final

from chatbot.answering import compose
from chatbot.answering.approved import ApprovedMatch, ApprovedMatcher
from chatbot.answering.clarify import branches_to_choose, named_choice, naming_words, pages_to_choose
from chatbot.answering.facts import holds_fact
from chatbot.answering.follow_ups import resolve_follow_up
from chatbot.answering.gate import Gate
from chatbot.answering.ranking import Ranking
from chatbot.answering.reader import PassageReader
from chatbot.answering.replies import ReplyMatcher
from chatbot.answering.search import SearchResult, search, texts_to_encode
from chatbot.answering.two_questions import questions_in
from chatbot.answering.variants import Variant, distinct, variants
from chatbot.clinic import Clinic
from chatbot.fitted import fitted_fingerprint
from chatbot.indexing import Encoded, Encoder, Index
from chatbot.language import UNKNOWN, Spelling, guess_language
from chatbot.reading import asks, opening_question
from chatbot.records import Alarm, Answer, Choice, Hit, Outcome
from chatbot.triage import Finding, Triage, Wording

__all__ = [
    "CANDIDATES",
    "PipelineComponents",
    "ServingSnapshot",
    "Turn",
    "changes_the_subject",
    "hits_to_show",
    "unsupported_features",
]

CANDIDATES: Final = 10
"""The number of best passages that an answer is made from and `--explain` prints."""

_SHOWN: Final = 3  # passages of one answer
_MOST_VARIANTS: Final = 6  # of a passage that are shown; the visitor is asked to choose where there are more than three
_NEAR: Final = 0.3  # share of the first passage's confidence; `training/measure_shown.py` has what it costs
_LONGEST_NAME: Final = 60  # characters of a message that names a page
_CANNED_REPLY_RISK: Final = 0.2  # error rate; where the pages' answer exceeds it, the clinic's own reply goes first


@dataclass(frozen=True, slots=True)
class PipelineComponents:
    """The parts of the pipeline that depend on no clinic; without a reader, answers are given more carefully."""

    encoder: Encoder
    ranking: Ranking
    gate: Gate
    triage: Triage
    reader: PassageReader | None = None


@dataclass(frozen=True, slots=True)
class ServingSnapshot:
    """The index and the clinic that a question is answered for."""

    index: Index
    spelling: Spelling
    clinic: Clinic
    reply_matcher: ReplyMatcher
    approved: ApprovedMatcher = field(default_factory=ApprovedMatcher)


class Turn:
    """One question with its conversation, what triage finds in them, and the search result."""

    def __init__(  # noqa: PLR0913, PLR0917 -- the question with all that is known of it
        self,
        tools: PipelineComponents,
        question: str,
        history: list[str],
        serving: ServingSnapshot,
        findings: Sequence[Finding] = (),
        document: str | None = None,
    ) -> None:
        """Triage a question and its history, oldest first, unless their `findings` are known, in the same order.

        `document` is the id of the page that the visitor has chosen, if any.
        """
        self.question = question
        self.document = document
        self.history = history
        self.serving = serving
        self.clinic = serving.clinic
        self._tools = tools
        self._encoder = _CachedEncoder(tools.encoder)
        if findings:
            self.finding, *self.history_findings = findings
        else:
            self.history_findings = [tools.triage.read_again(earlier) for earlier in history]
            self._encoder.expect(texts_to_encode(serving.index, self.corrected, self._earlier))
            self.finding = tools.triage.read(question, self._encoder.encode_questions)
        self.wording = Wording.standard(self.finding.language)

    @cached_property
    def corrected(self) -> str:
        """The question as it is searched for: without its misspellings, if it is in English."""
        return self._corrected(self.question)

    def _corrected(self, question: str) -> str:
        languages = self.serving.index.languages
        if set(languages) - {"en"} and guess_language(question, languages) not in {"en", UNKNOWN}:
            return question  # the dictionary is English
        return self.serving.spelling.corrected(question)

    @cached_property
    def _earlier(self) -> list[str]:
        """The earlier questions that a follow-up may be about, without their misspellings."""
        return [
            self._corrected(question)
            for question, finding in zip(self.history, self.history_findings, strict=True)
            if not (finding.alarm or finding.small_talk or finding.person or finding.all_clear)
        ]

    @cached_property
    def search_result(self) -> SearchResult | None:
        """The search result, its best passages read; None where the question holds nothing to search for."""
        result = self._unread_result
        return result if result is None or self.approved else self._read(result)

    @cached_property
    def _unread_result(self) -> SearchResult | None:
        index, ranking = self.serving.index, self._tools.ranking
        return search(index, self._encoder, ranking, self.corrected, self._earlier, self.document)

    def _read(self, result: SearchResult) -> SearchResult:
        """Return a search result whose passages to show have been read, where that can change the answer."""
        reader, gate = self._tools.reader, self._tools.gate
        if reader is None or not gate.is_worth_reading(self.serving.index, result):
            return result
        passages = [hit.passage for hit in hits_to_show(result)]
        readings = reader.read(result.resolved.text, passages)
        return gate.with_readings(result, dict(zip(passages, readings, strict=True)))

    @cached_property
    def approved(self) -> ApprovedMatch | None:
        """The approved question that the visitor asks, if there is one."""
        result = self._unread_result
        match = self.serving.approved.match(self.serving.index, self.question, result) if result else None
        if match and self.document and (match.passage is None or match.passage.document != self.document):
            return None  # it was approved for other pages than the one that the visitor has chosen
        return match

    @cached_property
    def past_alarm(self) -> Alarm | None:
        """The last alarm of the history, unless the visitor has said since that all is well."""
        alarm = None
        for finding in self.history_findings:
            alarm = finding.alarm or (None if finding.all_clear else alarm)
        return alarm

    @cached_property
    def continued_alarm(self) -> Alarm | None:
        """The last alarm of the history, if every question since follows up on it."""
        alarm = None
        for number, (question, finding) in enumerate(zip(self.history, self.history_findings, strict=True)):
            follow_up = resolve_follow_up(question, self.history[:number])
            continues = bool(follow_up.earlier) and follow_up.certain and not changes_the_subject(finding)
            alarm = finding.alarm or (alarm if continues else None)
        return alarm

    @cached_property
    def from_pages(self) -> Answer:
        """The answer of the pages to the question, or to each question of a message that asks several."""
        return compose.join(self._from_pages, self._answers_apart) if self._answers_apart else self._from_pages

    @cached_property
    def _answers_apart(self) -> list[Answer]:
        """The answers to the questions of a message that asks several, if each has a passage of its own; else none."""
        questions = [] if self.document else questions_in(self.corrected)
        answers = [
            Turn(
                self._tools,
                question,
                [*self.history, *questions[:number]],
                self.serving,
                [Finding(), *self.history_findings, *([Finding()] * number)],
            ).from_pages
            for number, question in enumerate(questions)
        ]
        passages = {answer.citations[0].passage for answer in answers if answer.outcome is Outcome.ANSWERED}
        return answers if len(passages) == len(questions) else []

    @cached_property
    def _from_pages(self) -> Answer:
        result = self.search_result
        if result is None:  # the question holds no word, or none that the encoder knows
            return compose.not_found(self.question)
        gate, index = self._tools.gate, self.serving.index
        hits = hits_to_show(result)
        best, *others = gate.confidences(index, result, hits)
        least = max(gate.related, _NEAR * best)
        near = [(hit, chance) for hit, chance in zip(hits[1:], others, strict=True) if chance >= least]
        outcome, *others_alone = (self._outcome(chance) for chance in (best, *(chance for _, chance in near)))
        weak = outcome is Outcome.RELATED and best < gate.likely
        own = [variant.hit for variant in self.variants[: _SHOWN if weak else _MOST_VARIANTS]]
        return compose.compose(
            self.question,
            outcome,
            best,
            index,
            result,
            [*own, *[hit for hit, _ in near][: max(0, _SHOWN - len(own))]],
            weak=weak,
            marked=len(own) + (others_alone[:1] == [Outcome.ANSWERED] and not _asks_another(result, hits[:2])),
            same={variant.hit.passage: variant.same for variant in self.variants},
            varies=len(own) > 1,
        )

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The best hit and the passages that differ from it in a detail; empty where nothing was searched for."""
        result = self.search_result
        return variants(self.serving.index, result, result.hits[0]) if result else ()

    def _outcome(self, confidence: float) -> Outcome:
        return self._tools.gate.outcome(confidence, self.clinic.answers.max_error_rate)

    @property
    def pages_are_unsure(self) -> bool:
        """Whether a reply of the clinic goes before the answer of the pages.

        Never before a passage that would be shown and holds the price, hours or address asked for.
        """
        answer = self.from_pages
        if any(holds_fact(self.corrected, citation.passage) for citation in answer.citations):
            return False
        return answer.confidence < self._tools.gate.threshold_for(_CANNED_REPLY_RISK)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The pages between which the visitor should choose; none after an alarm, or where one has been chosen."""
        if self._unread_result is None or self.document or self.past_alarm or self._answers_apart:
            return ()
        if len(self.variants) > 1:
            too_many = len(self.variants) > _SHOWN and not self._from_pages.contact_first
            return branches_to_choose(self.serving.index, self.variants) if too_many else ()
        return pages_to_choose(self.serving.index, self._tools.gate, self._unread_result)

    @cached_property
    def pages_meant(self) -> tuple[Choice, ...]:
        """The pages that the question may be about, whether the visitor is asked or all of them are shown."""
        if self.choices or self.document or self.past_alarm or self._answers_apart:
            return self.choices
        return branches_to_choose(self.serving.index, self.variants)

    def page_of_conversation(self) -> str | None:
        """Return which page that may be meant the conversation was about before, by its id; None if none of them."""
        pages = {choice.document for choice in self.pages_meant}
        for number in reversed(range(len(self.history) if pages else 0)):
            earlier = self.of_earlier(number)
            found = () if earlier.pages_meant else earlier.variants
            if found and found[0].hit.passage.document in pages:
                return found[0].hit.passage.document
        return None

    def with_named_page(self) -> "Turn | None":
        """Return the turn of the last question on the page that this message names, if it was asked back; else None."""
        if not self.history or self.document or self.past_alarm or len(self.question) > _LONGEST_NAME:
            return None
        said = naming_words(self.serving.index, self.corrected)
        if not said:  # before the last question is searched for again
            return None
        last = self.of_earlier(len(self.history) - 1)
        page = named_choice(self.serving.index, said, last.pages_meant)
        return last.on_page(page) if page and not last.page_of_conversation() else None

    def on_page(self, document: str) -> "Turn":
        """Return the turn of the same question with the page that it is about."""
        findings = [self.finding, *self.history_findings]
        return Turn(self._tools, self.question, self.history, self.serving, findings, document)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode texts, in order; a text of this turn is encoded once."""
        return self._encoder.encode_questions(texts)

    def clauses(self) -> list[str]:
        """Return the clauses of the question."""
        return self._tools.triage.clauses(self.corrected)

    def of_earlier(self, number: int) -> "Turn":
        """Return the turn of an earlier question of the conversation, counted from 0, with its known findings."""
        findings = [self.history_findings[number], *self.history_findings[:number]]
        return Turn(self._tools, self.history[number], self.history[:number], self.serving, findings)


def _asks_another(result: SearchResult, hits: Sequence[Hit]) -> bool:
    """Return whether the best hit answers the very question, and the next begins with another."""
    return (
        result.has_exact_heading(hits[0])
        and not any(map(result.has_exact_heading, hits[1:]))
        and any(opening_question(hit.passage.text) or asks(("", *hit.passage.headings)[-1]) for hit in hits[1:])
    )


def hits_to_show(result: SearchResult) -> list[Hit]:
    """Return the hits that an answer may show: the three best, without those that say the same but for a detail."""
    return list(islice(distinct(result.hits[:CANDIDATES]), _SHOWN))


def changes_the_subject(finding: Finding) -> bool:
    """Return whether a message after an alarm is about something else."""
    return bool(finding.practical or finding.all_clear or finding.person or finding.small_talk)


class _CachedEncoder:
    """An encoder that encodes each text of one question once, and those that are expected together with the first."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.fingerprint = encoder.fingerprint
        self.max_tokens = encoder.max_tokens
        self.count_tokens = encoder.count_tokens
        self.encode_passages = encoder.encode_passages
        self._encode = encoder.encode_questions
        self._encoded: dict[str, Encoded] = {}
        self._expected: list[str] = []

    def expect(self, texts: Sequence[str]) -> None:
        """Encode texts with the next ones: a batch takes less time than one after the other."""
        self._expected = list(texts)

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""
        if any(text not in self._encoded for text in texts):
            new = [text for text in dict.fromkeys((*texts, *self._expected)) if text not in self._encoded]
            self._expected = []
            self._encoded.update(zip(new, self._encode(new), strict=True))
        return [self._encoded[text] for text in texts]


def unsupported_features(encoder: Encoder) -> Iterator[str]:
    """Yield a sentence for each feature that does not work with an encoder; none for the packaged one."""
    cure = "Unset FOOTNOTE_MODEL to have all."
    if fitted_fingerprint("chatbot.triage", "classifier") != encoder.fingerprint:
        yield f"Emergencies are recognised by word lists alone, because the model is {encoder.name}. {cure}"
    if fitted_fingerprint("chatbot.answering", "replies") != encoder.fingerprint:
        yield f"The clinic's own replies are found by keywords alone, because the model is {encoder.name}. {cure}"
    if fitted_fingerprint("chatbot.answering", "reader") != encoder.fingerprint:
        yield f"Fewer questions are answered, because no reader checks the passages of {encoder.name}. {cure}"
