"""What questions ask of a corpus's topic, read many at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.indexing import Encoder, Index, Vectors
from chatbot.records import Passage

__all__ = ["Aspect", "aspects"]


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
