"""What was found, as an answer: quoted passages with their sentences marked, or an honest "our pages don't say"."""

from collections.abc import Sequence
from typing import Final

from chatbot.answering.links import link
from chatbot.indexing import Index, Vectors
from chatbot.records import Answer, Citation, Highlight, Hit, Outcome

__all__ = ["answered", "not_found"]

_MOST: Final = 3  # citations of one answer
_SUGGESTED: Final = 3


def answered(question: str, confidence: float, index: Index, vector: Vectors, hits: Sequence[Hit]) -> Answer:
    """Compose an answer of the best passages, the sentence of each that is nearest to the question marked."""
    citations = tuple(_citation(number, index, vector, hit) for number, hit in enumerate(hits[:_MOST], start=1))
    return Answer(question, question, Outcome.ANSWERED, confidence, "This is what our pages say:", citations, ())


def not_found(question: str, confidence: float, hits: Sequence[Hit]) -> Answer:
    """Compose the answer that there is none, with the headings of the nearest passages to ask about instead."""
    message = "Our pages don't say. Please ask the clinic directly."
    headings = (heading for hit in hits for heading in hit.passage.headings[-1:])
    suggestions = tuple(dict.fromkeys(headings))[:_SUGGESTED]
    return Answer(question, question, Outcome.NOT_FOUND, confidence, message, (), suggestions)


def _citation(number: int, index: Index, vector: Vectors, hit: Hit) -> Citation:
    sentences = index.sentences(vector, hit.passage)
    whole = Highlight(0, len(hit.passage.text))
    best = max(sentences, key=lambda pair: pair[1])[0] if sentences else whole
    return Citation(number, hit.passage, (best,), link(index.documents[hit.passage.document], hit.passage, (best,)))
