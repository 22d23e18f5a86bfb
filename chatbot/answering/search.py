"""From a conversation to the passages that may answer its last question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.answering.answer_type import match_answer_type
from chatbot.answering.follow_ups import ResolvedQuestion, resolve_follow_up
from chatbot.answering.ranking import Ranking
from chatbot.indexing import Encoded, Encoder, Index, Query, Vectors, content_words
from chatbot.records import Hit, Passage

__all__ = ["SearchResult", "TopicFreeQuestion", "search", "topic_free_questions"]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found.

    `query` is what was searched for, with what the conversation lent it; `asked` is what the last question asks of the
    corpus's topic, by itself; `own` is that question as the encoder reads it; `hits` are the candidate passages, those
    under the question itself first and then the best, at least one; `topic_alone` tells that the question names the
    topic and asks nothing about it, as "microneedling?" does of pages about that.
    """

    resolved: ResolvedQuestion
    query: Query
    topic_free: Query
    question_encoding: Encoded
    hits: tuple[Hit, ...]
    topic_alone: bool

    @property
    def gate_text(self) -> str:
        """The words that tell which kind of answer is asked for: the last question's, if it says anything by itself."""
        return self.query.text if self.topic_free is self.query else self.resolved.question

    def has_exact_heading(self, hit: Hit) -> bool:
        """Tell whether a passage stands under the question itself, as the pages' own heading."""
        return _has_exact_heading(hit, self.resolved.question)


def search(
    index: Index, encoder: Encoder, ranking: Ranking, question: str, earlier: Sequence[str] = ()
) -> SearchResult | None:
    """Search for a question; None if there is no word in it, or none that the encoder can read."""
    if not re.search(r"\w", question):
        return None
    resolved = resolve_follow_up(question, earlier)
    bare = index.without_topic(question)
    texts = list(dict.fromkeys((resolved.text, question, bare or question)))
    read = dict(zip(texts, encoder.encode_questions(texts), strict=True))
    if not len(read[question].ids):
        return None
    result = _search_resolved(index, ranking, resolved, read, bare)
    if resolved.earlier and not resolved.certain:
        alone = _search_resolved(index, ranking, ResolvedQuestion(question), read, bare)
        if alone.hits[0].score >= result.hits[0].score:
            return alone  # the subject was changed: what was asked before finds nothing better
    return result


def _search_resolved(
    index: Index, ranking: Ranking, resolved: ResolvedQuestion, read: Mapping[str, Encoded], bare: str
) -> SearchResult:
    own, aspect = read[resolved.question], bare or resolved.question
    query = resolved.query(read[resolved.text], own)
    asked = Query.of(aspect, read[aspect]) if len(read[aspect].ids) else Query.of(resolved.question, own)
    if resolved.earlier and not index.has_content_words(asked):
        asked = query
    hits = sorted(ranking.hits(index.evidence(query)), key=lambda hit: not _has_exact_heading(hit, resolved.question))
    topic_alone = not resolved.earlier and _is_topic(resolved.question, bare)
    return SearchResult(resolved, query, asked, own, tuple(hits), topic_alone)


def _is_topic(question: str, bare: str) -> bool:
    """Tell whether a question names the topic and asks nothing, given what is left of it without the topic's words."""
    return bool(content_words(question)) and not content_words(bare) and not match_answer_type(question, "")


def _has_exact_heading(hit: Hit, question: str) -> bool:
    return any(_words(heading) == _words(question) for heading in hit.passage.headings[-1:])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@dataclass(frozen=True, slots=True)
class TopicFreeQuestion:
    """A question without the words that stand in most passages, its unit vector, and the passage nearest to that."""

    text: str
    vector: Vectors
    nearest: Passage


def topic_free_questions(index: Index, encoder: Encoder, questions: Sequence[str]) -> tuple[TopicFreeQuestion, ...]:
    """Read questions, in order."""
    bare = [index.without_topic(question) or question for question in questions]
    read = encoder.encode_questions(bare)
    return tuple(
        TopicFreeQuestion(text, one.vector, index.nearest(one.vector)) for text, one in zip(bare, read, strict=True)
    )
