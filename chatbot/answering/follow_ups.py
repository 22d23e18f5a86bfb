"""Follow-ups: a question that leans on those before it is searched for together with them.

Nothing is rewritten: the earlier words are read before the last ones and count for less. How much, and when a question
leans, was chosen on the follow-ups of training/clinics; `docs/answers.md` has the figures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from chatbot.indexing import Encoded, Query, content_words

__all__ = ["ResolvedQuestion", "resolve_follow_up"]

_HISTORY_LIMIT: Final = 2  # questions that a follow-up may lean on
_FEW: Final = 2  # words that say something; with no more, a question may lean on what was asked before
_SOME: Final = 4  # such words; with more, a pronoun points at something in the question itself
_MANY: Final = 5  # such words; with more, "and ..." begins a question of its own
_EARLIER_TOKEN: Final = 0.6  # what a token of an earlier question counts for beside one of the last
_EARLIER_WHOLE: Final = 0.3  # what the whole conversation counts for beside the last question alone
_OPENS = re.compile(
    r"^(and|but|so|ok|okay|also|then|or|what about|how about|what if|why|for how)\b"
    r"|^(how (long|many|much|often|soon)|when|until when)\W*$",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(it|that|them|they|those|these|this|ones?|(?<!is )(?<!are )there|then|he|him|his|she|her|hers|its|their)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ResolvedQuestion:
    """A conversation's last question, and the earlier ones that it is read with; `text` is all of it.

    `sure` tells whether its words say that it is one question with them, or that it stands alone; else it is so short
    that it may be either.
    """

    question: str
    earlier: tuple[str, ...] = ()
    certain: bool = True

    @property
    def text(self) -> str:
        """What is searched for, as a visitor may read it."""
        return " ".join((*(one if one[-1] in ".?!" else f"{one}?" for one in self.earlier), self.question))

    def query(self, whole: Encoded, own: Encoded) -> Query:
        """Make the search of it, given the encoded `text` and `question`."""
        if not self.earlier:
            return Query.of(self.question, own)
        begins = len(self.text) - len(self.question)
        shares = np.where(whole.spans[:, 0] >= begins, 1, _EARLIER_TOKEN).astype(np.float32)
        vector = (1 - _EARLIER_WHOLE) * own.vector + _EARLIER_WHOLE * whole.vector
        words = ((self.question, 1 - _EARLIER_WHOLE), (self.text, _EARLIER_WHOLE))
        return Query(self.text, whole, shares, vector.astype(np.float32), words)


def resolve_follow_up(question: str, earlier: Sequence[str]) -> ResolvedQuestion:
    """Read a question with the conversation's earlier ones, oldest first, if it cannot be read by itself."""
    if not earlier or not _may_depend_on_history(question):
        return ResolvedQuestion(question)
    held = earlier[-_HISTORY_LIMIT:] if _may_depend_on_history(earlier[-1]) else earlier[-1:]
    return ResolvedQuestion(question, tuple(held), certain=_depends_on_history(question))


def _may_depend_on_history(question: str) -> bool:
    return _depends_on_history(question) or len(content_words(question)) <= _FEW


def _depends_on_history(question: str) -> bool:
    """Tell whether a question's words say that it goes on from the one before, or say nothing by themselves."""
    said = len(content_words(question))
    return not said or bool((_OPENS.search(question) and said <= _MANY) or (_POINTS.search(question) and said <= _SOME))
