"""What comes before any search: words that sound like an emergency, and words that ask nothing."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

from chatbot.answering.meaning import Meaning
from chatbot.answering.phrases import SENTENCE, Phrases, Speller, words_of
from chatbot.answering.red_flags import RedFlags
from chatbot.indexing import Encoded, Encoder
from chatbot.records import Outcome

__all__ = ["Finding", "Triage"]

_BY_MEANING = "described like an emergency"


@dataclass(frozen=True, slots=True)
class Finding:
    """What triage made of a message.

    `outcome` is `URGENT`, with the flag's `name` and no message, because the clinic has its own wording; or `REPLY`,
    with the kind of small talk and what is said to it.
    """

    outcome: Outcome
    name: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Triage:
    """Reads messages for red flags, by words and by meaning, and for small talk, by words."""

    flags: RedFlags
    spelling: Speller
    meaning: Meaning | None
    small_talk: "_SmallTalk"

    @classmethod
    def standard(cls, encoder: Encoder | None = None) -> Self:
        """Give the triage that comes with Footnote.

        It reads by meaning as well if `encoder` is the one that this was fitted for: another's vectors say nothing.
        """
        flags, meaning = RedFlags.standard(), Meaning.fitted() if encoder else None
        known = meaning if encoder and meaning and meaning.fingerprint == encoder.fingerprint else None
        return cls(flags, Speller(flags.vocabulary), known, _SmallTalk.standard())

    def read(self, question: str, encoded: Encoded | None = None) -> Finding | None:
        """Tell what a message is before it is a question; `encoded` is the message as the encoder read it.

        Without `encoded`, words alone are read, and each unknown one may be a misspelling.
        """
        if flag := self._flag(question, encoded):
            return Finding(Outcome.URGENT, flag)
        return self.small_talk.read(words_of(question), _known(question, encoded))

    def asks(self, question: str, encoded: Encoded | None = None) -> bool:
        """Tell whether all of a message asks in general or tells of the past."""
        return all(self.flags.ordinary(self._words(question, encoded))[1:])

    def _flag(self, question: str, encoded: Encoded | None) -> str | None:
        if flag := self.flags.find(self._words(question, encoded)):
            return flag
        if self.meaning is None or encoded is None:
            return None
        return _BY_MEANING if self.meaning.alarms(encoded.vector, self.asks(question, encoded)) else None

    def _words(self, question: str, encoded: Encoded | None) -> list[str]:
        return self.spelling.correct(words_of(question), _known(question, encoded))


def _known(question: str, encoded: Encoded | None) -> frozenset[str]:
    """Give the words of a message that the encoder has a token of their own for, so that they are no misspellings."""
    if encoded is None:
        return frozenset()
    pieces = ((question[:start][-1:], question[start:end], question[end : end + 1]) for start, end in encoded.spans)
    return frozenset(
        piece.casefold() for before, piece, after in pieces if not before.isalnum() and not after.isalnum()
    )


class _SmallTalk:
    """The kinds of `small_talk.toml`: a message is one of them if nothing but its phrases and fillers is there."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._fillers = Phrases(told["fillers"])
        self._kinds = [(kind["name"], kind["reply"], Phrases(kind["phrases"])) for kind in told["kinds"]]
        self._spelling = Speller(phrase for kind in told["kinds"] for phrase in kind["phrases"])

    @classmethod
    def standard(cls) -> Self:
        return cls(tomllib.loads(files("chatbot.answering").joinpath("small_talk.toml").read_text("utf-8")))

    def read(self, words: Sequence[str], known: frozenset[str]) -> Finding | None:
        """Give the first kind of which a message holds a phrase, if all of the message is small talk."""
        said = [word for word in self._spelling.correct(words, known) if word != SENTENCE]
        left, found = said, None
        for name, reply, phrases in self._kinds:
            if phrases.find(left):
                found = found or Finding(Outcome.REPLY, name, reply)
                left = phrases.taken_out(left)
        return found if set(self._fillers.taken_out(left)) <= {"_"} else None
