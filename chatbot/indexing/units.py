"""What of a passage is embedded: itself, itself under its headings, its sentences, and its sentences by twos."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from chatbot.records import Highlight, Passage

__all__ = ["Kind", "Unit", "units"]


class Kind(IntEnum):
    """The granularity of a unit."""

    PASSAGE = 0
    HEADED = 1
    SENTENCE = 2
    WINDOW = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """A text that is embedded for a passage."""

    kind: Kind
    text: str


def units(passage: Passage, sentences: tuple[Highlight, ...]) -> Iterator[Unit]:
    """Give the units of a passage; sentences come in their order, one unit each."""
    yield Unit(Kind.PASSAGE, passage.text)
    yield Unit(Kind.HEADED, "\n".join((*passage.headings, passage.text)))
    for mark in sentences:
        yield Unit(Kind.SENTENCE, passage.text[mark.start : mark.end])
    for one, other in pairwise(sentences):
        yield Unit(Kind.WINDOW, passage.text[one.start : other.end])
    if len(sentences) < 2:
        yield Unit(Kind.WINDOW, passage.text)
