"""Recognise small talk, which asks nothing of the pages, and find its reply."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

from chatbot.language import COMMA, SENTENCE, PhraseGroups, Phrases, Speller, masked

__all__ = ["SmallTalk", "SmallTalkReply"]


@dataclass(frozen=True, slots=True)
class SmallTalkReply:
    """A kind of small talk and the reply to it."""

    kind: str
    message: str


class SmallTalk:
    """The kinds in `small_talk/<language>.toml`; a message is one of them if it has only their phrases and fillers."""

    def __init__(self, table: Mapping[str, Any], known: Callable[[str], bool]) -> None:
        self._fillers = Phrases(["_", *table["fillers"]])
        self._kinds = [SmallTalkReply(kind["name"], kind["reply"]) for kind in table["kinds"]]
        self._phrases = PhraseGroups({kind["name"]: kind["phrases"] for kind in table["kinds"]})
        self._speller = Speller((phrase for kind in table["kinds"] for phrase in kind["phrases"]), known)

    @classmethod
    def standard(cls, language: str, known: Callable[[str], bool]) -> Self:
        """Return the small talk that comes with Footnote; `known` returns whether a word is correct as it is."""
        folder = files("chatbot.triage") / "small_talk"
        return cls(tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")), known)

    def read(self, words: Sequence[str]) -> SmallTalkReply | None:
        """Return the reply to the first kind that a message has a phrase of, or None if not all of it is small talk."""
        rest = [word for word in self._speller.correct(words) if word not in {SENTENCE, COMMA}]
        first: SmallTalkReply | None = None
        for reply in self._kinds if self._phrases.find(rest) else ():
            if spans := self._phrases.find(rest).get(reply.kind):
                first = first or reply
                rest = masked(rest, spans)
        return first if first and set(self._fillers.mask(rest)) <= {"_"} else None
