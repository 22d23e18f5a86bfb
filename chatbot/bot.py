"""The one door: everything that a visitor, a nurse or a program sees is a surface on `Chatbot`."""

import copy
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final

from chatbot.answering import (
    GATE_SIGNALS,
    SIGNALS,
    Aspect,
    Candidate,
    Found,
    Gate,
    Ranking,
    Routes,
    Spelling,
    Triage,
    Workings,
    aspects,
    clean_question,
    compose,
    distinct,
    gate_signals,
    highlights,
    not_found,
    other_language,
    reply,
    search,
    signals,
    understand,
    urgent,
)
from chatbot.clinic import Clinic, load_clinic
from chatbot.errors import DocumentNotFound, QuestionError
from chatbot.indexing import Encoder, Index, SentenceEncoder, open_index
from chatbot.records import Answer, Document, Hit, Outcome, Passage
from chatbot.settings import Settings

__all__ = ["Chatbot"]

_CANDIDATES: Final = 10
_SHOWN: Final = 3  # passages of one answer
_OWN_ANSWER: Final = 0.2  # share of wrong answers from which on a route's reply goes before what the pages say
_EARLIER: Final = 4  # questions of a conversation that are looked at
_FEW_WORDS: Final = 3  # that are enough to tell another language where nothing is found
_STILL_URGENT: Final = "said before"
_STARTERS: Final = 4
_LONGEST_STARTER: Final = 80  # characters that fit a button on a phone
_EDITIONS: Final = count()


@dataclass(frozen=True, slots=True)
class _Live:
    """The build that is served; a question finishes on the one that it began with."""

    build: str
    index: Index
    spelling: Spelling


@dataclass(frozen=True, slots=True)
class _Said:
    """What the clinic says of itself, and its own replies as they are recognised."""

    clinic: Clinic
    routes: Routes


@dataclass(frozen=True, slots=True)
class _Worked:
    """An answer, the best hits, what was found in which index, and what went before the passages, by name."""

    answer: Answer
    hits: tuple[Hit, ...]
    found: Found | None
    index: Index
    matched: str = ""


class Chatbot:
    """Answers questions from one corpus; any number of threads may ask at once.

    >>> bot = Chatbot.open(load_settings())
    >>> bot.ask("How long is my face red for?").citations[0].passage.text
    """

    def __init__(self, corpus: Path, index: Path, encoder: Encoder, clinic: Clinic) -> None:
        """Open the live build; raises an `IndexingError` that names the cure if there is none to serve."""
        self.encoder = encoder
        self._corpus = corpus
        self._folder = index
        self._ranking = Ranking.fitted()
        self._gate = Gate.fitted()
        self._triage = Triage.standard(encoder)
        self.renew(clinic)
        self.reload()

    @classmethod
    def open(cls, settings: Settings) -> "Chatbot":
        """Open the chatbot that the settings describe."""
        return cls(settings.corpus, settings.index, SentenceEncoder(settings.model), load_clinic(settings.clinic))

    @property
    def build(self) -> str:
        """Name of the build that is served."""
        return self._live.build

    @property
    def clinic(self) -> Clinic:
        """What the clinic says of itself."""
        return self._said.clinic

    def reload(self) -> None:
        """Serve the live build from now on; if it cannot be served, raise and go on with the one before."""
        build, index = open_index(self._corpus, self._folder, self.encoder)
        self._live = _Live(build, index, Spelling(index.words, self._is_word))
        self.edition = next(_EDITIONS)

    def renew(self, clinic: Clinic) -> None:
        """Say from now on what the clinic says anew; a question finishes on the words that it began with."""
        self._said = _Said(clinic, Routes.of(clinic.routes, self.encoder))
        self.edition = next(_EDITIONS)

    def over(self, corpus: Path, index: Path) -> "Chatbot":
        """Give a chatbot that is like this one, over other pages; both share the encoder."""
        other = copy.copy(self)
        vars(other).update(_corpus=corpus, _folder=index)
        other.reload()
        return other

    def _is_word(self, word: str) -> bool:
        return self.encoder.length(word) == 1

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer a question; `history` is the conversation's earlier questions, oldest first.

        Raises `QuestionEmpty` or `QuestionTooLong`, and nothing else for any text.
        """
        return self.explain(question, history)[0]

    def explain(self, question: str, history: Sequence[str] = ()) -> tuple[Answer, tuple[Hit, ...]]:
        """Answer a question and give the ten best passages with their scores, whatever the gate said."""
        worked = self._worked(question, history)
        return worked.answer, worked.hits

    def workings(self, question: str, history: Sequence[str] = ()) -> Workings:
        """Answer a question and tell how the answer came about; takes longer than `ask`."""
        begun = time.perf_counter()
        worked = self._worked(question, history)
        milliseconds = 1e3 * (time.perf_counter() - begun)
        found, index = worked.found, worked.index
        return Workings(
            answer=worked.answer,
            candidates=tuple(self._candidates(index, found)) if found else (),
            aspect=found.asked.text if found else "",
            signals=self._gate_read(index, found) if found else {},
            answered=self._gate.enough(self.clinic.answers.wrong_at_most),
            related=self._gate.related,
            matched=worked.matched,
            milliseconds=milliseconds,
        )

    def spelled(self, question: str) -> str:
        """Give a question as it is searched for, without its misspellings, with a capital."""
        corrected = self._live.spelling.corrected(clean_question(question))
        return corrected[:1].upper() + corrected[1:]

    def aspects(self, questions: Sequence[str]) -> tuple[Aspect, ...]:
        """Read what cleaned questions ask of the pages' topic, in order, many at a time."""
        live = self._live
        return aspects(live.index, self.encoder, [live.spelling.corrected(question) for question in questions])

    def _worked(self, question: str, history: Sequence[str]) -> _Worked:
        live, said = self._live, self._said
        asked = clean_question(question)
        corrected = live.spelling.corrected(asked)
        before = list(_readable(history))
        earlier = [live.spelling.corrected(one) for one in before if not self._triage.read(one)]
        found = search(live.index, self.encoder, self._ranking, corrected, earlier)
        alarm = self._triage.read(asked) or (found and self._triage.read(corrected, found.own))
        hits = found.hits[:_CANDIDATES] if found else ()
        if not alarm and self._still_urgent(asked, before):
            return _Worked(urgent(not_found(asked), said.clinic.urgent), hits, found, live.index, _STILL_URGENT)
        if alarm and alarm.outcome is Outcome.REPLY:
            return _Worked(
                reply(asked, alarm.message, suggestions=_starters(live.index)), (), None, live.index, alarm.name
            )
        # Of marks that the model has no token for, nothing can be found.
        answer = self._judged(asked, live.index, found, said.clinic) if found else not_found(asked)
        if not alarm and answer.outcome is not Outcome.ANSWERED and live.spelling.foreign(corrected):
            return _Worked(other_language(not_found(asked)), hits, found, live.index)
        if alarm:
            return _Worked(urgent(answer, said.clinic.urgent), hits, found, live.index, alarm.name)
        if found and answer.confidence < self._gate.enough(_OWN_ANSWER) and (match := said.routes.match(found.own)):
            answered = reply(asked, match.route.reply, match.route.link, answer.suggestions)
            return _Worked(answered, hits, found, live.index, match.route.name)
        if answer.outcome is Outcome.NOT_FOUND and live.spelling.foreign(asked, _FEW_WORDS):
            answer = other_language(answer)  # as it was typed: what was corrected may only look like English
        return _Worked(answer, hits, found, live.index)

    def _still_urgent(self, asked: str, before: Sequence[str]) -> bool:
        """Tell whether a question goes on about an emergency: no page is quoted to "and how long will that last?"."""
        if not understand(asked, before).earlier:
            return False
        urgent_so_far = False
        for number, (one, encoded) in enumerate(zip(before, self.encoder.encode_questions(before), strict=True)):
            alarm = self._triage.read(one, encoded)
            understood = understand(one, before[:number])
            goes_on = urgent_so_far and not alarm and bool(understood.earlier) and understood.sure
            urgent_so_far = goes_on or (alarm is not None and alarm.outcome is Outcome.URGENT)
        return urgent_so_far

    def _candidates(self, index: Index, found: Found) -> Iterator[Candidate]:
        evidence = index.evidence(found.query)
        read = dict(zip(evidence.passages, signals(evidence).tolist(), strict=True))
        for hit in found.hits[:_CANDIDATES]:
            made_of = dict(zip(SIGNALS, read[hit.passage], strict=True))
            marks = highlights(index, found.query, hit.passage)
            yield Candidate(hit.passage, hit.score, made_of, self._gate.confidence(index, found, hit), marks)

    def _gate_read(self, index: Index, found: Found) -> dict[str, float]:
        read = gate_signals(index, found.asked, found.judged, found.hits)
        return dict(zip(GATE_SIGNALS, read, strict=True))

    def _judged(self, asked: str, index: Index, found: Found, clinic: Clinic) -> Answer:
        confidence = self._gate.confidence(index, found, found.hits[0])
        outcome = self._gate.outcome(confidence, clinic.answers.wrong_at_most)
        return compose(asked, outcome, confidence, index, found, self._shown(index, found))

    def _shown(self, index: Index, found: Found) -> list[Hit]:
        """Give the best hit and the next that may answer too, none that says what another says."""
        hits = list(islice(distinct(found.hits[:_CANDIDATES]), _SHOWN))
        return [hit for hit in hits if hit is hits[0] or self._gate.confidence(index, found, hit) >= self._gate.related]

    def document(self, document_id: str) -> Document:
        """Give a page of the corpus as it was when the index was built; raises `DocumentNotFound`."""
        try:
            return self._live.index.documents[document_id]
        except KeyError:
            raise DocumentNotFound("There is no such page here: go back and ask again.") from None

    def passages(self) -> tuple[Passage, ...]:
        """Give all passages of the corpus, in order."""
        return self._live.index.passages

    def documents(self) -> tuple[Document, ...]:
        """Give all pages of the corpus, by id."""
        return tuple(self._live.index.documents.values())

    def starters(self) -> tuple[str, ...]:
        """Give a few questions to start with, from the corpus's own headings."""
        return _starters(self._live.index)


def _starters(index: Index) -> tuple[str, ...]:
    headings = (heading for passage in index.passages for heading in passage.headings[-1:])
    short = [heading for heading in dict.fromkeys(headings) if len(heading) <= _LONGEST_STARTER]
    questions = [heading for heading in short if heading.endswith("?")]
    return tuple([*questions, *(heading for heading in short if heading not in questions)][:_STARTERS])


def _readable(history: Sequence[str]) -> Iterator[str]:
    """Clean the latest questions of a conversation, leaving out what cannot be read."""
    for earlier in history[-_EARLIER:]:
        with suppress(QuestionError):
            yield clean_question(earlier)
