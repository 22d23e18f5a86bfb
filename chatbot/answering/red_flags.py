"""Red flags by words: signs that stand together, unless the sentence asks in general or tells of the past."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Self

from chatbot.answering.phrases import SENTENCE, Phrases

__all__ = ["RedFlags"]

_WITHIN: Final = 13  # words that a sign's parts may stand in
_BEHIND: Final = 3  # words that may stand between the parts of an ordered sign
_GROUPS: Final = ("general", "past", "now", "strong", "feelings", "negation")

Span = tuple[int, int]
Find = Callable[[str], list[Span]]


@dataclass(frozen=True, slots=True)
class _Sign:
    """Groups of words that must stand together, in order or not."""

    parts: tuple[str, ...]
    ordered: bool

    @classmethod
    def written(cls, text: str) -> Self:
        return cls(tuple(re.split(r" [+>] ", text)), " > " in text)

    def places(self, find: Find) -> Iterator[list[Span]]:
        """Give each place where the sign stands: the stretches of its parts, none of which overlap."""
        if not all(find(part) for part in self.parts):
            return
        for first in find(self.parts[0]):
            place = [first]
            for part in self.parts[1:]:
                near = [span for span in _around(find(part), first) if self._fits(span, place)]
                if not near:
                    break
                place.append(min(near, key=lambda span: abs(span[0] - first[0])))
            else:
                yield place

    def _fits(self, span: Span, place: list[Span]) -> bool:
        if self.ordered and not 0 <= span[0] - place[-1][1] <= _BEHIND:
            return False
        return all(span[0] >= end or span[1] <= start for start, end in place)


def _around(spans: list[Span], first: Span) -> list[Span]:
    low = bisect_left(spans, (first[0] - _WITHIN,))
    high = bisect_left(spans, (first[0] + _WITHIN,))
    return [span for span in spans[low:high] if max(span[1], first[1]) - min(span[0], first[0]) <= _WITHIN]


@dataclass(frozen=True, slots=True)
class _Flag:
    """What is recognised: by signs that framing can silence, by signs that it cannot, unless other words are there."""

    name: str
    signs: tuple[_Sign, ...]
    always: tuple[_Sign, ...]
    unless: tuple[str, ...]


class RedFlags:
    """The flags of `red_flags.toml`, which a clinician signs off; that file says how they are read."""

    def __init__(self, told: dict[str, Any]) -> None:
        framing = told["framing"]
        self._aside = Phrases(told["aside"])
        self._groups = {name: Phrases(phrases) for name, phrases in told["words"].items()}
        self._framing = {name: Phrases(framing[name]) for name in _GROUPS}
        self._unreal = frozenset(framing["unreal"])
        self.vocabulary = [phrase for phrases in told["words"].values() for phrase in phrases]
        self._flags = [
            _Flag(
                flag["name"],
                tuple(_Sign.written(sign) for sign in flag.get("signs", ())),
                tuple(_Sign.written(sign) for sign in flag.get("always", ())),
                tuple(flag.get("unless", ())),
            )
            for flag in told["flags"]
        ]

    @classmethod
    def standard(cls) -> Self:
        """Give the flags that come with Footnote."""
        return cls(tomllib.loads(files("chatbot.answering").joinpath("red_flags.toml").read_text("utf-8")))

    def find(self, words: Sequence[str]) -> str | None:
        """Give the name of the first flag that words (as `words_of` gives them, corrected) raise."""
        read = self._aside.taken_out(words)
        found: dict[str, list[Span]] = {}

        def find(group: str) -> list[Span]:
            if group not in found:
                found[group] = self._groups[group].find(read)
            return found[group]

        ordinary = self.ordinary(read)
        negated = self._framing["negation"].find(read)
        for flag in self._flags:
            if any(find(group) for group in flag.unless):
                continue
            if any(True for sign in flag.always for _ in sign.places(find)):
                return flag.name
            for sign in flag.signs:
                for place in sign.places(find):
                    if not all(ordinary[start] for start, _ in place) and not _denied(place, negated):
                        return flag.name
        return None

    def ordinary(self, words: Sequence[str]) -> list[bool]:
        """Tell of each word whether its sentence asks in general or tells of the past, and of nothing that is now."""
        general = {end - 1 for _, end in self._framing["general"].find(words)}
        past = {end - 1 for _, end in self._framing["past"].find(words)}
        sure = self._framing["feelings"].taken_out(words)
        now = {
            start for start, _ in self._framing["now"].find(sure) if not start or words[start - 1] not in self._unreal
        }
        strong = {start for start, _ in self._framing["strong"].find(words)}
        told: list[bool] = []
        for start, end in _sentences(words):
            inside = set(range(start, end))
            silenced = (inside & past and not inside & strong) or (inside & general and not inside & (now | strong))
            told += [bool(silenced)] * (end - start)
        return told


def _sentences(words: Sequence[str]) -> Iterator[Span]:
    starts = [place for place, word in enumerate(words) if word == SENTENCE]
    yield from zip(starts, [*starts[1:], len(words)], strict=True)


def _denied(place: list[Span], negated: list[Span]) -> bool:
    """Tell whether a sign is said not to be there: "no fever", but not "no air"."""
    own = {word for start, end in place for word in range(start, end)}
    starts = {start for start, _ in place}
    return any(end in starts and not own & set(range(start, end)) for start, end in negated)
