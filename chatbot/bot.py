"""The one door: everything that a visitor, a nurse or a program sees is a surface on `Chatbot`."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chatbot.answering import (
    Found,
    Gate,
    Ranking,
    Routes,
    Spelling,
    Triage,
    clean_question,
    compose,
    distinct,
    not_found,
    reply,
    search,
    understand,
    urgent,
)
from chatbot.clinic import Clinic, load_clinic
from chatbot.errors import DocumentNotFound, QuestionError
from chatbot.indexing import Encoder, Index, SentenceEncoder, open_index
from chatbot.records import Answer, Document, Hit, Outcome
from chatbot.settings import Settings

__all__ = ["Chatbot"]

_CANDIDATES: Final = 10
_SHOWN: Final = 3  # passages of one answer
_OWN_ANSWER: Final = 0.2  # share of wrong answers from which on a route's reply goes before what the pages say
_EARLIER: Final = 4  # questions of a conversation that are looked at
_STARTERS: Final = 4
_LONGEST_STARTER: Final = 80  # characters that fit a button on a phone


@dataclass(frozen=True, slots=True)
class _Live:
    """The build that is served; a question finishes on the one that it began with."""

    build: str
    index: Index
    spelling: Spelling


class Chatbot:
    """Answers questions from one corpus; any number of threads may ask at once.

    >>> bot = Chatbot.open(load_settings())
    >>> bot.ask("How long is my face red for?").citations[0].passage.text
    """

    def __init__(self, corpus: Path, index: Path, encoder: Encoder, clinic: Clinic) -> None:
        """Open the live build; raises an `IndexingError` that names the cure if there is none to serve."""
        self.clinic = clinic
        self._corpus = corpus
        self._folder = index
        self._encoder = encoder
        self._ranking = Ranking.fitted()
        self._gate = Gate.fitted()
        self._triage = Triage.standard(encoder)
        self._routes = Routes.of(clinic.routes, encoder)
        self.reload()

    @classmethod
    def open(cls, settings: Settings) -> "Chatbot":
        """Open the chatbot that the settings describe."""
        return cls(settings.corpus, settings.index, SentenceEncoder(settings.model), load_clinic(settings.clinic))

    @property
    def build(self) -> str:
        """Name of the build that is served."""
        return self._live.build

    def reload(self) -> None:
        """Serve the live build from now on; if it cannot be served, raise and go on with the one before."""
        build, index = open_index(self._corpus, self._folder, self._encoder)
        self._live = _Live(build, index, Spelling(index.words, self._is_word))

    def _is_word(self, word: str) -> bool:
        return self._encoder.length(word) == 1

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer a question; `history` is the conversation's earlier questions, oldest first.

        Raises `QuestionEmpty` or `QuestionTooLong`, and nothing else for any text.
        """
        return self.explain(question, history)[0]

    def explain(self, question: str, history: Sequence[str] = ()) -> tuple[Answer, tuple[Hit, ...]]:
        """Answer a question and give the ten best passages with their scores, whatever the gate said."""
        live = self._live
        asked = clean_question(question)
        corrected = live.spelling.corrected(asked)
        before = list(_readable(history))
        earlier = [live.spelling.corrected(one) for one in before if not self._triage.read(one)]
        found = search(live.index, self._encoder, self._ranking, corrected, earlier)
        alarm = self._triage.read(asked) or (found and self._triage.read(corrected, found.own))
        if not alarm and self._still_urgent(asked, before):
            return urgent(not_found(asked), self.clinic.urgent), found.hits[:_CANDIDATES] if found else ()
        if alarm and alarm.outcome is Outcome.REPLY:
            return reply(asked, alarm.message, suggestions=self.starters()), ()
        # Of marks that the model has no token for, nothing can be found.
        answer = self._judged(asked, live.index, found) if found else not_found(asked)
        hits = found.hits[:_CANDIDATES] if found else ()
        if alarm:
            return urgent(answer, self.clinic.urgent), hits
        if found and answer.confidence < self._gate.enough(_OWN_ANSWER) and (match := self._routes.match(found.own)):
            return reply(asked, match.route.reply, match.route.link, answer.suggestions), hits
        return answer, hits

    def _still_urgent(self, asked: str, before: Sequence[str]) -> bool:
        """Tell whether a question goes on about an emergency: no page is quoted to "and how long will that last?"."""
        earlier = understand(asked, before).earlier
        read = self._encoder.encode_questions(earlier) if earlier else ()
        alarms = (self._triage.read(one, encoded) for one, encoded in zip(earlier, read, strict=True))
        return any(alarm and alarm.outcome is Outcome.URGENT for alarm in alarms)

    def _judged(self, asked: str, index: Index, found: Found) -> Answer:
        confidence = self._gate.confidence(index, found, found.hits[0])
        outcome = self._gate.outcome(confidence, self.clinic.answers.wrong_at_most)
        return compose(asked, outcome, confidence, index, found, self._shown(index, found))

    def _shown(self, index: Index, found: Found) -> list[Hit]:
        """Give the best hit and the next that may answer too, none that says what another says."""
        hits = distinct(found.hits[:_CANDIDATES])[:_SHOWN]
        return [hit for hit in hits if hit is hits[0] or self._gate.confidence(index, found, hit) >= self._gate.related]

    def document(self, document_id: str) -> Document:
        """Give a page of the corpus as it was when the index was built; raises `DocumentNotFound`."""
        try:
            return self._live.index.documents[document_id]
        except KeyError:
            raise DocumentNotFound("There is no such page here: go back and ask again.") from None

    def documents(self) -> tuple[Document, ...]:
        """Give all pages of the corpus, by id."""
        return tuple(self._live.index.documents.values())

    def starters(self) -> tuple[str, ...]:
        """Give a few questions to start with, from the corpus's own headings."""
        headings = (heading for passage in self._live.index.passages for heading in passage.headings[-1:])
        short = [heading for heading in dict.fromkeys(headings) if len(heading) <= _LONGEST_STARTER]
        questions = [heading for heading in short if heading.endswith("?")]
        return tuple([*questions, *(heading for heading in short if heading not in questions)][:_STARTERS])


def _readable(history: Sequence[str]) -> Iterator[str]:
    """Clean the latest questions of a conversation, leaving out what cannot be read."""
    for earlier in history[-_EARLIER:]:
        with suppress(QuestionError):
            yield clean_question(earlier)
