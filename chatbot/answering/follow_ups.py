"""Follow-ups: a question that depends on earlier ones is searched together with them.

No question is rewritten. The earlier ones are read before the last one and weigh less. The weights and limits were
chosen on the follow-ups of `training/clinics`; `docs/answers.md` has the figures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from chatbot.indexing import Encoded, Query, content_words

__all__ = ["ResolvedQuestion", "asks_for_source", "has_no_subject", "resolve_follow_up"]

_HISTORY_LIMIT: Final = 2  # earlier questions that a follow-up is read with
_FEW: Final = 2  # content words: with no more, a question may be a follow-up, and its pronoun is its subject
_SOME: Final = 4  # content words: with more, a pronoun refers to something in the question itself
_MANY: Final = 5  # content words: with more, "and ..." begins a question of its own
_EARLIER_TOKEN: Final = 0.6  # weight of an earlier question's token; the last question's weigh 1
_EARLIER_WHOLE: Final = 0.3  # weight of all questions together; the last alone has the rest
_OPENS = re.compile(
    r"^(and|but|so|ok|okay|also|then|or|what about|how about|what if|why|for how)\b"
    r"|^(how (long|many|much|often|soon)|when|until when)\W*$",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(it|that|them|they|those|these|this|ones?|(?<!is )(?<!are )there|then|he|him|his|she|her|hers|its|their)\b",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"((and|but|so|oh|ok|okay|hm+|wait|no|well|sorry)\W+)*"
    r"(are you (\w+ )?sure( (about|of) (it|that|this))?|really( now)?|honestly|seriously"
    r"|is (it|that|this) (really )?(true|right|correct|so)|says who|who says( (so|that|it))?"
    r"|how do you know( (it|that|this))?|(what is|what\Ws) (the|your) source|source( please)?"
    r"|where (is|was|are) (it|that|this) (from|written)"
    r"|where (do|did|does) (it|that|this|they|you|(the|your) pages?) (say|says|get|find|read|come)"
    r"( (so|it|that|this))?( from)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ResolvedQuestion:
    """A conversation's last question with the earlier ones that it is read with.

    `certain` is False for a question so short that it may be a follow-up or stand alone.
    """

    question: str
    earlier: tuple[str, ...] = ()
    certain: bool = True

    @property
    def text(self) -> str:
        """All questions in one text, as the visitor is shown it."""
        return " ".join((*(text if text[-1] in ".?!" else f"{text}?" for text in self.earlier), self.question))

    def query(self, whole: Encoded, own: Encoded) -> Query:
        """Return the query for it; `whole` is the encoded `text`, `own` the encoded `question`."""
        if not self.earlier:
            return Query.of(self.question, own)
        begins = len(self.text) - len(self.question)
        weights = np.where(whole.spans[:, 0] >= begins, 1, _EARLIER_TOKEN).astype(np.float32)
        vector = (1 - _EARLIER_WHOLE) * own.vector + _EARLIER_WHOLE * whole.vector
        texts = ((self.question, 1 - _EARLIER_WHOLE), (self.text, _EARLIER_WHOLE))
        return Query(self.text, whole, weights, vector.astype(np.float32), texts)


def asks_for_source(question: str) -> bool:
    """Return whether the whole message doubts the last answer or asks where it stands, as "are you sure?" does."""
    return bool(_SOURCE.fullmatch(question.strip(" .!?")))


def has_no_subject(question: str) -> bool:
    """Return whether a question speaks of nothing but what a pronoun stands for, as "does it hurt?" does."""
    return bool(_POINTS.search(question)) and len(content_words(question)) <= _FEW


def resolve_follow_up(question: str, earlier: Sequence[str]) -> ResolvedQuestion:
    """Return a question with the earlier ones that it depends on; `earlier` is oldest first."""
    if not earlier or not _may_depend_on_history(question):
        return ResolvedQuestion(question)
    context = earlier[-_HISTORY_LIMIT:] if _may_depend_on_history(earlier[-1]) else earlier[-1:]
    return ResolvedQuestion(question, tuple(context), certain=_depends_on_history(question))


def _may_depend_on_history(question: str) -> bool:
    return _depends_on_history(question) or len(content_words(question)) <= _FEW


def _depends_on_history(question: str) -> bool:
    """Return whether a question opens like a follow-up, refers back by a pronoun, or has no content word."""
    words = len(content_words(question))
    return not words or bool(
        (_OPENS.search(question) and words <= _MANY) or (_POINTS.search(question) and words <= _SOME)
    )
