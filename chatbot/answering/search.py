"""From a conversation to the passages that may answer its last question."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.answering.answer_type import expected_answer
from chatbot.answering.follow_ups import Understood, understand
from chatbot.answering.ranking import Ranking
from chatbot.indexing import Encoded, Encoder, Index, Query, Vectors, content_words
from chatbot.records import Hit, Passage

__all__ = ["Aspect", "Found", "aspects", "search"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    `query` is what was searched for, with what the conversation lent it; `asked` is what the last question asks of the
    corpus's topic, by itself; `own` is that question as the encoder reads it; `hits` are the candidate passages, those
    under the question itself first and then the best, at least one; `topic_alone` tells that the question names the
    topic and asks nothing about it, as "microneedling?" does of pages about that.
    """

    understood: Understood
    query: Query
    asked: Query
    own: Encoded
    hits: tuple[Hit, ...]
    topic_alone: bool

    @property
    def judged(self) -> str:
        """The words that tell which kind of answer is asked for: the last question's, if it says anything by itself."""
        return self.query.text if self.asked is self.query else self.understood.question

    def titled(self, hit: Hit) -> bool:
        """Tell whether a passage stands under the question itself, as the pages' own heading."""
        return _titled(hit, self.understood.question)


def search(
    index: Index, encoder: Encoder, ranking: Ranking, question: str, earlier: Sequence[str] = ()
) -> Found | None:
    """Search for a question; None if there is no word in it, or none that the encoder can read."""
    if not re.search(r"\w", question):
        return None
    understood = understand(question, earlier)
    bare = index.without_topic(question)
    texts = list(dict.fromkeys((understood.text, question, bare or question)))
    read = dict(zip(texts, encoder.encode_questions(texts), strict=True))
    if not len(read[question].ids):
        return None
    found = _found(index, ranking, understood, read, bare)
    if understood.earlier and not understood.sure:
        alone = _found(index, ranking, Understood(question), read, bare)
        if alone.hits[0].score >= found.hits[0].score:
            return alone  # the subject was changed: what was asked before finds nothing better
    return found


def _found(index: Index, ranking: Ranking, understood: Understood, read: Mapping[str, Encoded], bare: str) -> Found:
    own, aspect = read[understood.question], bare or understood.question
    query = understood.query(read[understood.text], own)
    asked = Query.of(aspect, read[aspect]) if len(read[aspect].ids) else Query.of(understood.question, own)
    if understood.earlier and not index.says_something(asked):
        asked = query
    hits = sorted(ranking.hits(index.evidence(query)), key=lambda hit: not _titled(hit, understood.question))
    topic_alone = not understood.earlier and _is_topic(understood.question, bare)
    return Found(understood, query, asked, own, tuple(hits), topic_alone)


def _is_topic(question: str, bare: str) -> bool:
    """Tell whether a question names the topic and asks nothing, given what is left of it without the topic's words."""
    return bool(content_words(question)) and not content_words(bare) and not expected_answer(question, "")


def _titled(hit: Hit, question: str) -> bool:
    return any(_words(heading) == _words(question) for heading in hit.passage.headings[-1:])


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@dataclass(frozen=True, slots=True)
class Aspect:
    """A question without the words that stand in most passages, its unit vector, and the passage nearest to that."""

    text: str
    vector: Vectors
    nearest: Passage


def aspects(index: Index, encoder: Encoder, questions: Sequence[str]) -> tuple[Aspect, ...]:
    """Read questions, in order."""
    bare = [index.without_topic(question) or question for question in questions]
    read = encoder.encode_questions(bare)
    return tuple(Aspect(text, one.vector, index.nearest(one.vector)) for text, one in zip(bare, read, strict=True))
