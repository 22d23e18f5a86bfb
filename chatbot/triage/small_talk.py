"""Small talk: messages that ask nothing of the pages, and what is said to them."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Self

from chatbot.language import COMMA, SENTENCE, Phrases, Speller

__all__ = ["Reply", "SmallTalk"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The kind of small talk that a message is, and what is said to it."""

    kind: str
    message: str


class SmallTalk:
    """The kinds of `small_talk/<language>.toml`: a message is one if nothing but its phrases and fillers is there."""

    def __init__(self, table: Mapping[str, Any], known: Callable[[str], bool]) -> None:
        self._fillers = Phrases(["_", *table["fillers"]])
        self._kinds = [(Reply(kind["name"], kind["reply"]), Phrases(kind["phrases"])) for kind in table["kinds"]]
        self._spelling = Speller((phrase for kind in table["kinds"] for phrase in kind["phrases"]), known)

    @classmethod
    def standard(cls, language: str, known: Callable[[str], bool]) -> Self:
        """Return the small talk that comes with Footnote; a word that is `known` is no misspelling."""
        folder = files("chatbot.triage") / "small_talk"
        return cls(tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")), known)

    def read(self, words: Sequence[str]) -> Reply | None:
        """Return the first kind of which a message holds a phrase, if all of the message is small talk."""
        left = [word for word in self._spelling.correct(words) if word not in {SENTENCE, COMMA}]
        found: Reply | None = None
        for reply, phrases in self._kinds:
            if phrases.find(left):
                found = found or reply
                left = phrases.mask(left)
        return found if set(self._fillers.mask(left)) <= {"_"} else None
