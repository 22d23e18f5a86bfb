"""From a conversation to the passages that may answer its last question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.answering.dialogue import Understood, understand
from chatbot.answering.ranking import Ranking
from chatbot.indexing import Encoded, Encoder, Index, Query
from chatbot.records import Hit

__all__ = ["Found", "search"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    `query` is what was searched for, with what the conversation lent it; `asked` is what the last question asks of the
    corpus's topic, by itself; `own` is that question as the encoder reads it; `hits` are the candidate passages, best
    first, at least one.
    """

    understood: Understood
    query: Query
    asked: Query
    own: Encoded
    hits: tuple[Hit, ...]


def search(
    index: Index, encoder: Encoder, ranking: Ranking, question: str, earlier: Sequence[str] = ()
) -> Found | None:
    """Search for a question; None if there is no word in it, or none that the encoder can read."""
    if not re.search(r"\w", question):
        return None
    understood = understand(question, earlier)
    aspect = index.without_topic(question) or question
    texts = list(dict.fromkeys((understood.text, question, aspect)))
    read = dict(zip(texts, encoder.encode_questions(texts), strict=True))
    own, bare = read[question], read[aspect]
    if not len(own.ids):
        return None
    query = understood.query(read[understood.text], own)
    asked = Query.of(aspect, bare) if len(bare.ids) else Query.of(question, own)
    if understood.earlier and not index.says_something(asked):
        asked = query
    return Found(understood, query, asked, own, ranking.hits(index.evidence(query)))
