"""Search: from a question and the conversation before it to ranked passages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chatbot.answering.answer_type import AnswerType, match_answer_type
from chatbot.answering.follow_ups import ResolvedQuestion, resolve_follow_up
from chatbot.answering.ranking import Ranking
from chatbot.indexing import Encoded, Encoder, Index, Query, Vectors, content_words
from chatbot.reading import opening_question, question_words
from chatbot.records import Hit, Passage

__all__ = ["SearchResult", "TopicFreeQuestion", "search", "texts_to_encode", "topic_free_questions"]

_LONGEST_QUESTION = 200  # characters


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The ranked passages for a question, and the forms of the question that led to them.

    `query` is the whole search, earlier questions included. `topic_free` is the last question without the corpus's
    topic words. `hits` holds at least one candidate: passages whose heading is the question first, then by score.
    `topic_alone` says that the question names the topic and asks nothing about it, as "microneedling?" does on pages
    about microneedling. `readings` are the reader's logits of the passages that it has read, which stand first.
    `document` is the id of the only page that was searched, or None for all pages. `titled` are the passages of the
    first section of a page whose title is the question.
    """

    resolved: ResolvedQuestion
    query: Query
    topic_free: Query
    hits: tuple[Hit, ...]
    topic_alone: bool
    readings: Mapping[Passage, float] = field(default_factory=dict)
    document: str | None = None
    titled: frozenset[Passage] = frozenset()

    @property
    def gate_text(self) -> str:
        """The text whose answer type the gate looks for: the last question, or all of them if it says nothing."""
        return self.query.text if self.topic_free is self.query else self.resolved.question

    def has_exact_heading(self, hit: Hit) -> bool:
        """Return whether the question is a passage's nearest heading, alone or after the page's title, or begins it.

        The title itself is the heading of the passages that `titled` holds, those of the page's first section.
        """
        return hit.passage in self.titled or _has_exact_heading(hit, _words(self.resolved.question))


def search(  # noqa: PLR0913, PLR0917 -- what is searched, with what, and for what
    index: Index,
    encoder: Encoder,
    ranking: Ranking,
    question: str,
    earlier: Sequence[str] = (),
    document: str | None = None,
) -> SearchResult | None:
    """Return what a question finds; None if it holds no word, or none that the encoder has a token for.

    `earlier` are the conversation's questions before it, oldest first. A question that may be a follow-up or stand
    alone is searched both ways; the better first hit decides. `document` is the id of the only page to search.
    """
    if not _has_word(question):
        return None
    resolved = resolve_follow_up(question, earlier)
    bare = index.without_topic(question)
    texts = _texts(resolved, bare)
    read = dict(zip(texts, encoder.encode_questions(texts), strict=True))
    if not len(read[question].ids):
        return None
    result = _search_resolved(index, ranking, resolved, read, bare, document)
    if resolved.earlier and not resolved.certain:
        alone = _search_resolved(index, ranking, ResolvedQuestion(question), read, bare, document)
        if alone.hits[0].score >= result.hits[0].score:
            return alone  # the earlier questions find nothing better: the subject has changed
    return result


def texts_to_encode(index: Index, question: str, earlier: Sequence[str] = ()) -> list[str]:
    """Return the texts that `search` will encode for a question."""
    return _texts(resolve_follow_up(question, earlier), index.without_topic(question)) if _has_word(question) else []


def _texts(resolved: ResolvedQuestion, bare: str) -> list[str]:
    return list(dict.fromkeys((resolved.text, resolved.question, bare or resolved.question)))


def _has_word(text: str) -> bool:
    return bool(re.search(r"\w", text))


def _search_resolved(  # noqa: PLR0913, PLR0917 -- as of `search`
    index: Index,
    ranking: Ranking,
    resolved: ResolvedQuestion,
    read: Mapping[str, Encoded],
    bare: str,
    document: str | None,
) -> SearchResult:
    own, text = read[resolved.question], bare or resolved.question
    query = resolved.query(read[resolved.text], own)
    topic_free = Query.of(text, read[text]) if len(read[text].ids) else Query.of(resolved.question, own)
    if resolved.earlier and not index.has_content_words(topic_free):
        topic_free = query
    words = _words(resolved.question)
    ranked = ranking.hits(index.evidence(query, document))
    titled = frozenset(hit.passage for hit in ranked if _is_titled(index, hit, words))
    hits = sorted(ranked, key=lambda hit: not (hit.passage in titled or _has_exact_heading(hit, words)))
    topic_alone = not resolved.earlier and _is_topic(resolved.question, bare)
    return SearchResult(resolved, query, topic_free, tuple(hits), topic_alone, document=document, titled=titled)


def _is_topic(question: str, bare: str) -> bool:
    """Return whether a question names the topic and asks nothing; `bare` is the question without topic words."""
    return (
        bool(content_words(question))
        and not content_words(bare)
        and match_answer_type(question, "") is AnswerType.NOT_ASKED
    )


def _has_exact_heading(hit: Hit, words: Sequence[str]) -> bool:
    """Return whether a passage's nearest heading has the words of the question, as `_words` returns them.

    The page's title may stand before the heading, as it does in suggestions. A question with which the passage itself
    begins is a heading too.
    """
    headings = map(question_words, hit.passage.headings[-1:])
    names = [name for heading in headings for name in (heading, f"{hit.passage.title} {heading}")]
    return any(words[0] in name.casefold() and _words(name) == words for name in (*names, *_own_question(hit, words)))


def _own_question(hit: Hit, words: Sequence[str]) -> Iterator[str]:
    text = hit.passage.text
    if words[0] in text[: 2 * _LONGEST_QUESTION].casefold() and (question := opening_question(text)):
        yield text[question.start : question.end]


def _is_titled(index: Index, hit: Hit, words: Sequence[str]) -> bool:
    """Return whether a passage stands in the first section of a page whose title is the question."""
    passage = hit.passage
    return _words(passage.title) == words and passage.start < index.documents[passage.document].sections[0].end


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@dataclass(frozen=True, slots=True)
class TopicFreeQuestion:
    """A question without topic words: its text, its unit vector, and the passage nearest to that vector."""

    text: str
    vector: Vectors
    nearest: Passage


def topic_free_questions(index: Index, encoder: Encoder, questions: Sequence[str]) -> tuple[TopicFreeQuestion, ...]:
    """Return questions without the topic words of the corpus, in order, encoded in one batch."""
    bare = [index.without_topic(question) or question for question in questions]
    read = encoder.encode_questions(bare)
    return tuple(
        TopicFreeQuestion(text, encoded.vector, index.nearest(encoded.vector))
        for text, encoded in zip(bare, read, strict=True)
    )
