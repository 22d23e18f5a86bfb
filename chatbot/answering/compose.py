"""What was found, as an answer: quoted passages with their sentences marked, or an honest "our pages don't say"."""

from collections.abc import Sequence
from typing import Final

from chatbot.answering.links import link
from chatbot.indexing import Encoded, Index
from chatbot.records import Answer, Citation, Highlight, Hit, Outcome

__all__ = ["compose"]

_MOST: Final = 3  # citations of one answer
_SUGGESTED: Final = 3
_FEWEST: Final = 3  # words


_MESSAGES: Final = {
    Outcome.ANSWERED: "This is what our pages say:",
    Outcome.RELATED: "This is the closest our pages come. It may not answer you; if not, please ask the clinic.",
    Outcome.NOT_FOUND: "Our pages don\u2019t say. Please ask the clinic directly.",
}


def compose(  # noqa: PLR0913, PLR0917 - one argument a part of the answer
    question: str, outcome: Outcome, confidence: float, index: Index, encoded: Encoded, hits: Sequence[Hit]
) -> Answer:
    """Compose the answer that an outcome allows.

    Where passages are shown, the sentence of each that best meets the question is marked; where none are, the
    headings of the nearest are suggested to ask about instead.
    """
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()
    if outcome is Outcome.NOT_FOUND:
        suggestions = tuple(dict.fromkeys(hit.passage.headings[-1] for hit in hits if hit.passage.headings))[
            :_SUGGESTED
        ]
    else:
        citations = tuple(_citation(number, index, encoded, hit) for number, hit in enumerate(hits[:_MOST], start=1))
    return Answer(question, question, outcome, confidence, _MESSAGES[outcome], citations, suggestions)


def _citation(number: int, index: Index, encoded: Encoded, hit: Hit) -> Citation:
    sentences = index.sentences(encoded, hit.passage)
    telling = [pair for pair in sentences if _tells(hit.passage.text[pair[0].start : pair[0].end])] or sentences
    whole = Highlight(0, len(hit.passage.text))
    best = max(telling, key=lambda pair: pair[1])[0] if telling else whole
    return Citation(number, hit.passage, (best,), link(index.documents[hit.passage.document], hit.passage, (best,)))


def _tells(sentence: str) -> bool:
    """Tell whether a sentence can be an answer by itself: no bare "Yes." or "No.", and no question."""
    return len(sentence.split()) >= _FEWEST and not sentence.endswith("?")
