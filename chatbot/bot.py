"""The one door: everything that a visitor, a nurse or a program sees is a surface on `Chatbot`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chatbot.answering import Gate, Ranking, clean_question, compose
from chatbot.errors import DocumentNotFound
from chatbot.indexing import Encoder, Index, SentenceEncoder, open_index
from chatbot.records import Answer, Document, Hit, Outcome
from chatbot.settings import Clinic, Settings, load_clinic

__all__ = ["Chatbot"]

_CANDIDATES: Final = 10
_STARTERS: Final = 4
_LONGEST_STARTER: Final = 80  # characters that fit a button on a phone


@dataclass(frozen=True, slots=True)
class _Live:
    """The build that is served; a question finishes on the one that it began with."""

    build: str
    index: Index


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
        self._live = _Live(*open_index(self._corpus, self._folder, self._encoder))

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer a question; `history` is the conversation's earlier questions, oldest first.

        Raises `QuestionEmpty` or `QuestionTooLong`, and nothing else for any text.
        """
        return self.explain(question, history)[0]

    def explain(self, question: str, history: Sequence[str] = ()) -> tuple[Answer, tuple[Hit, ...]]:
        """Answer a question and give the ten best passages with their scores, whatever the gate said."""
        del history  # each question is read by itself
        index = self._live.index
        asked = clean_question(question)
        (encoded,) = self._encoder.encode_questions([asked])
        if not len(encoded.ids):  # marks that the model has no token for
            return compose(asked, Outcome.NOT_FOUND, 0.0, index, encoded, ()), ()
        evidence = index.evidence(encoded, asked)
        hits = self._ranking.hits(evidence)[:_CANDIDATES]
        confidence = self._gate.confidence(evidence, hits[0].passage)
        outcome = self._gate.outcome(confidence)
        shown = [hit for hit in hits if self._gate.confidence(evidence, hit.passage) >= self._gate.related]
        return compose(asked, outcome, confidence, index, encoded, shown or hits), hits

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
