"""The chatbot: the one interface through which the web, the console and the command line ask questions."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Final

from chatbot.answering import (
    ApprovedMatcher,
    ApprovedQuestion,
    Explanation,
    Gate,
    Pipeline,
    PipelineComponents,
    PipelineResult,
    Ranking,
    ReplyMatcher,
    ServingSnapshot,
    TopicFreeQuestion,
    build_explanation,
    clean_question,
    language_notes,
    load_reader,
    starters,
    topic_free_questions,
    unsupported_features,
)
from chatbot.clinic import Clinic, load_clinic
from chatbot.errors import DocumentNotFound, FootnoteError
from chatbot.indexing import (
    Encoder,
    FaissStore,
    PageCopy,
    StoreKind,
    current,
    load_encoder,
    load_store,
    open_index,
    open_last_good,
    settle,
)
from chatbot.language import Spelling
from chatbot.records import Answer, Document, Hit, Passage
from chatbot.settings import Settings
from chatbot.triage import Triage

__all__ = ["BuildState", "Chatbot", "load_pipeline"]

_VERSIONS: Final = count()


@dataclass(frozen=True, slots=True)
class BuildState:
    """Whether the served build is of the pages as they are, in words, and why not: without paths, for anybody."""

    state: str = "current"
    reason: str = ""


def load_pipeline(encoder: Encoder) -> Pipeline:
    """Load what answers questions from any corpus: ranking, gate, triage and reader."""
    return Pipeline(
        PipelineComponents(encoder, Ranking.fitted(), Gate.fitted(), Triage.standard(encoder), load_reader(encoder))
    )


class Chatbot:
    """Answers questions from one corpus; any number of threads may ask at once.

    >>> bot = Chatbot.open(load_settings())
    >>> bot.ask("How long is my face red for?").citations[0].passage.text
    """

    def __init__(  # noqa: PLR0913 - what a chatbot is made of
        self,
        corpus: Path,
        index: Path,
        encoder: Encoder,
        clinic: Clinic,
        pipeline: Pipeline | None = None,
        *,
        last_good: bool = False,
        store: StoreKind = FaissStore,
    ) -> None:
        """Open the live build; raises an `IndexingError` that names the cure if there is none that can be served.

        Chatbots of one server share a pipeline of the encoder, which holds all models. With `last_good`, a live build
        that is older than the pages is opened too, and in place of a damaged one the build before. `outdated` then says
        what is wrong.
        """
        self.encoder = encoder
        self.store = store
        self._corpus = corpus
        self._folder = index
        self._is_served = True
        self._pipeline = pipeline or load_pipeline(encoder)
        self.outdated: FootnoteError | None = None
        if last_good:
            self.build, opened, self.outdated = open_last_good(corpus, index, encoder, store)
        else:
            self.build, opened = open_index(corpus, index, encoder, store)
        self.build_state = BuildState()
        self._serving = ServingSnapshot(
            opened, Spelling(opened.words, self._is_word), clinic, ReplyMatcher.of(clinic.replies, encoder)
        )
        self._changing = Lock()  # replacing a part of `_serving` must not undo another replacement
        self.content_version = next(_VERSIONS)
        self.warnings = (*unsupported_features(encoder), *language_notes(opened.languages, encoder))
        """A sentence for each feature that does not work with this model, or in a language of the pages."""

    @classmethod
    def open(cls, settings: Settings, pipeline: Pipeline | None = None, *, last_good: bool = False) -> "Chatbot":
        """Open the chatbot that the settings describe, perhaps with the models of another one."""
        encoder = pipeline.tools.encoder if pipeline else load_encoder(settings.model)
        clinic = load_clinic(settings.clinic)
        store = load_store(settings.store, settings.site)
        return cls(settings.corpus, settings.index, encoder, clinic, pipeline, last_good=last_good, store=store)

    def warm_up(self) -> None:
        """Read what the first questions would wait for, some seconds of work; questions may be asked meanwhile."""
        self._pipeline.tools.triage.load_languages()

    @property
    def clinic(self) -> Clinic:
        """The clinic that is served, from clinic.toml."""
        return self._serving.clinic

    def reload(self, digest: str | None = None) -> None:
        """Serve the live build from now on; if it cannot be served, raise and go on with the one before.

        `digest` is that of the corpus, where the caller has just taken it.
        """
        build, index = open_index(self._corpus, self._folder, self.encoder, self.store, digest)
        spelling = Spelling(index.words, self._is_word)
        approved = ApprovedMatcher.of(self._serving.approved.questions, index, self.encoder, spelling)
        with self._changing:
            if approved.questions != self._serving.approved.questions:  # somebody approved one meanwhile
                approved = ApprovedMatcher.of(self._serving.approved.questions, index, self.encoder, spelling)
            self.build = build
            self.outdated, self.build_state = None, BuildState()
            self._serving = replace(self._serving, index=index, spelling=spelling, approved=approved)
            self.content_version = next(_VERSIONS)
        if self._is_served:
            settle(self._folder, self.store)

    def follow(self) -> bool:
        """Serve the live build if it is another than the served one, as `reload` does; return whether it was."""
        if current(self._folder) == self.build:
            return False
        self.reload()
        return True

    def set_clinic(self, clinic: Clinic) -> None:
        """Serve a clinic from now on; a question in progress finishes with the one that it began with."""
        matcher = self._serving.reply_matcher.with_replies(clinic.replies, self.encoder)
        with self._changing:
            self._serving = replace(self._serving, clinic=clinic, reply_matcher=matcher)
            self.content_version = next(_VERSIONS)

    def set_approved(self, questions: Sequence[ApprovedQuestion]) -> None:
        """Answer by approved questions from now on; of two with the same words, the first counts."""
        with self._changing:  # the index must stay the one that their passages are looked up in
            serving = self._serving
            approved = ApprovedMatcher.of(questions, serving.index, self.encoder, serving.spelling)
            self._serving = replace(serving, approved=approved)
            self.content_version = next(_VERSIONS)

    def approved_passage(self, question: ApprovedQuestion) -> Passage | None:
        """Return the passage that was approved for a question; None if there is none, or its words have changed."""
        return question.find(self._serving.index)

    def context_of(self, question: str, history: Sequence[str]) -> tuple[str, ...]:
        """Return those of the earlier questions that a question is searched with, oldest first."""
        result = self._pipeline.answer(question, history, self._serving).search_result
        return result.resolved.earlier if result else ()

    def with_corpus(self, corpus: Path, index: Path, digest: str | None = None) -> "Chatbot":
        """Return a chatbot for the same clinic over another corpus; both share the encoder."""
        other = copy.copy(self)
        vars(other).update(_corpus=corpus, _folder=index, _changing=Lock(), _is_served=False)
        other.reload(digest)
        return other

    def _is_word(self, word: str) -> bool:
        return self.encoder.count_tokens(word) == 1

    def ask(self, question: str, history: Sequence[str] = (), document: str | None = None) -> Answer:
        """Answer a question; `history` is the conversation's earlier questions, oldest first.

        `document` is the id of the only page to search, one of the `choices` of an earlier answer. Raises
        `QuestionEmpty`, `QuestionTooLong` or `DocumentNotFound`, and nothing else for any text.
        """
        return self._answer(question, history, document).answer

    def ask_while_paused(self, question: str, history: Sequence[str], message: str) -> Answer:
        """Answer an urgent question as `ask` does, and any other with a message and how to reach the clinic.

        Nothing is searched. Raises `QuestionEmpty` or `QuestionTooLong`.
        """
        return self._pipeline.answer_while_paused(question, history, self._serving, message).answer

    def ask_with_candidates(
        self, question: str, history: Sequence[str] = (), document: str | None = None
    ) -> tuple[Answer, tuple[Hit, ...]]:
        """Return the answer to a question and the ten best passages, whether the answer shows them or not."""
        result = self._answer(question, history, document)
        return result.answer, result.hits

    def _answer(self, question: str, history: Sequence[str], document: str | None) -> PipelineResult:
        serving = self._serving
        if document is not None and not serving.index.passages_of(document):
            raise DocumentNotFound("No page has this id: leave the document out to search all pages.")
        return self._pipeline.answer(question, history, serving, document)

    def explain(self, question: str, history: Sequence[str] = ()) -> Explanation:
        """Return the answer to a question with its explanation; takes longer than `ask`."""
        serving = self._serving
        start = time.perf_counter()
        result = self._pipeline.answer(question, history, serving)
        milliseconds = 1e3 * (time.perf_counter() - start)
        return build_explanation(self._pipeline.tools.gate, serving, result, milliseconds)

    def corrected_title(self, question: str) -> str:
        """Return a question without its misspellings, with a capital, to head a page that will answer it."""
        corrected = self._serving.spelling.corrected(clean_question(question))
        return corrected[:1].upper() + corrected[1:]

    def topic_free_questions(self, questions: Sequence[str]) -> tuple[TopicFreeQuestion, ...]:
        """Return cleaned questions without topic words, in order, encoded in one batch."""
        serving = self._serving
        return topic_free_questions(
            serving.index, self.encoder, [serving.spelling.corrected(question) for question in questions]
        )

    def document(self, document_id: str) -> Document:
        """Return a page of the corpus as it was when the index was built; raises `DocumentNotFound`."""
        try:
            return self._serving.index.documents[document_id]
        except KeyError:
            raise DocumentNotFound("There is no such page here: go back and ask again.") from None

    def passages(self) -> Sequence[Passage]:
        """Return all passages of the corpus, in order; each is read when it is asked for."""
        return self._serving.index.passages

    def documents(self) -> tuple[Document, ...]:
        """Return all pages of the corpus, in order of their ids."""
        return tuple(self._serving.index.documents.values())

    def page_copies(self) -> tuple[PageCopy, ...]:
        """Return the pages that say the same as another one, or nearly so, by their ids."""
        return self._serving.index.page_copies

    def starters(self) -> tuple[str, ...]:
        """Return a few headings of the corpus to start a conversation with."""
        return starters(self._serving.index)
