"""What comes before any search: words that sound like an emergency, and words that ask nothing."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

from chatbot.answering.meaning import Meaning
from chatbot.answering.phrases import COMMA, SENTENCE, Phrases, Speller, words_of
from chatbot.answering.red_flags import RedFlags
from chatbot.answering.spelling import is_english
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

        A word that is English or that `encoder` has a token of its own for is no misspelling.
        It reads by meaning as well if the encoder is the one that this was fitted for: another's vectors say nothing.
        """
        flags, meaning = RedFlags.standard(), Meaning.fitted() if encoder else None
        trusted = meaning if encoder and meaning and meaning.fingerprint == encoder.fingerprint else None

        def known(word: str) -> bool:
            return is_english(word) or (encoder is not None and encoder.length(word) == 1)

        return cls(flags, Speller(flags.vocabulary, known), trusted, _SmallTalk.standard(known))

    def read(self, question: str, encoded: Encoded | None = None) -> Finding | None:
        """Tell what a message is before it is a question; without `encoded`, its vectors, words alone are read."""
        words = words_of(question)
        if flag := self._flag(self.spelling.correct(words), encoded):
            return Finding(Outcome.URGENT, flag)
        return self.small_talk.read(words)

    def asks(self, question: str) -> bool:
        """Tell whether all of a message asks in general or tells of the past."""
        return self._asks(self.spelling.correct(words_of(question)))

    def _asks(self, words: Sequence[str]) -> bool:
        return all(self.flags.ordinary(words)[1:])

    def _flag(self, words: Sequence[str], encoded: Encoded | None) -> str | None:
        if flag := self.flags.find(words):
            return flag
        if self.meaning is None or encoded is None:
            return None
        return _BY_MEANING if self.meaning.alarms(encoded.vector, self._asks(words)) else None


class _SmallTalk:
    """The kinds of `small_talk.toml`: a message is one of them if nothing but its phrases and fillers is there."""

    def __init__(self, told: dict[str, Any], known: Callable[[str], bool]) -> None:
        self._fillers = Phrases(told["fillers"])
        self._kinds = [(kind["name"], kind["reply"], Phrases(kind["phrases"])) for kind in told["kinds"]]
        self._spelling = Speller((phrase for kind in told["kinds"] for phrase in kind["phrases"]), known)

    @classmethod
    def standard(cls, known: Callable[[str], bool]) -> Self:
        return cls(tomllib.loads(files("chatbot.answering").joinpath("small_talk.toml").read_text("utf-8")), known)

    def read(self, words: Sequence[str]) -> Finding | None:
        """Give the first kind of which a message holds a phrase, if all of the message is small talk."""
        said = [word for word in self._spelling.correct(words) if word not in {SENTENCE, COMMA}]
        left, found = said, None
        for name, reply, phrases in self._kinds:
            if phrases.find(left):
                found = found or Finding(Outcome.REPLY, name, reply)
                left = phrases.taken_out(left)
        return found if set(self._fillers.taken_out(left)) <= {"_"} else None
