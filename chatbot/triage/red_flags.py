"""Red flags by words: signs that stand together, unless their clause asks in general, tells of the past or denies them.

Each sentence and each clause is judged by itself, and the message as a whole: what stands beside an emergency never
silences it. `red_flags/<language>.toml` holds the words; those files say how they are read.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Self

from chatbot.language import Phrases, words_of
from chatbot.records import Alarm, Level
from chatbot.triage.clauses import Clauses, Span, sentences

__all__ = ["LANGUAGES", "Found", "RedFlags", "Span"]

LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "pl", "ar", "zh")
"""Languages that there are red flags in, by their ISO 639-1 code."""

_WITHIN: Final = 13  # words that a sign's parts may stand in
_BEHIND: Final = 3  # words that may stand between the parts of an ordered sign
_GROUPS: Final = ("general", "past", "now", "strong", "feelings", "negation")

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
        """Yield each place where the sign stands: the stretches of its parts, none of which overlap."""
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
    """What is recognised: by signs that framing can silence, by signs that it cannot, unless other words are there.

    A `trusted` flag's signs are overruled by the classifier only where it is all but certain.
    """

    name: str
    level: Level
    signs: tuple[_Sign, ...]
    always: tuple[_Sign, ...]
    unless: tuple[str, ...]
    trusted: bool

    @classmethod
    def written(cls, table: Mapping[str, Any]) -> Self:
        return cls(
            table["name"],
            Level(table["level"]),
            tuple(_Sign.written(sign) for sign in table.get("signs", ())),
            tuple(_Sign.written(sign) for sign in table.get("always", ())),
            tuple(table.get("unless", ())),
            bool(table.get("trusted")),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """An alarm, the segment that raised it, and whether it did so by a sign that nothing silences or a trusted one."""

    alarm: Alarm
    segment: Span
    sure: bool


class RedFlags:
    """The flags of one language, which a clinician signs off."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        framing = table["framing"]
        self._aside = Phrases(table["aside"])
        self._groups = {name: Phrases(phrases) for name, phrases in table["words"].items()}
        self._framing = {name: Phrases(framing[name]) for name in _GROUPS}
        self._unreal = frozenset(framing["unreal"])
        self._clauses = Clauses(framing)
        self._flags = [_Flag.written(flag) for flag in table["flags"]]
        self.plain_words = {word for phrases in table["words"].values() for one in phrases for word in words_of(one)}
        self.vocabulary = [phrase for phrases in table["words"].values() for phrase in phrases]
        self.vocabulary += table.get("known", ())

    @classmethod
    def standard(cls, language: str = "en") -> Self:
        """Return the flags that come with Footnote in one of `LANGUAGES`."""
        folder = files("chatbot.triage") / "red_flags"
        return cls(tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")))

    def segments(self, words: Sequence[str]) -> list[Span]:
        """Return the stretches of words that are judged by themselves: the message, its sentences, its clauses."""
        return self._clauses.segments(words)

    def alarms(self, words: Sequence[str]) -> list[Found]:
        """Return the alarms that words (as `words_of` gives them, corrected) raise, segment by segment."""
        read = self._aside.mask(words)
        found: dict[str, list[Span]] = {}

        def find(group: str) -> list[Span]:
            if group not in found:
                found[group] = self._groups[group].find(read)
            return found[group]

        negated = self._framing["negation"].find(read)
        return [one for span in self.segments(words) for one in self._in_segment(read, span, find, negated)]

    def _in_segment(self, words: Sequence[str], segment: Span, find: Find, negated: list[Span]) -> Iterator[Found]:
        ordinary = self.is_hypothetical_or_past(words, segment)

        def inside(group: str) -> list[Span]:
            return [span for span in find(group) if span[0] >= segment[0] and span[1] <= segment[1]]

        for flag in self._flags:
            alarm = Alarm(flag.level, flag.name)
            if any(True for sign in flag.always for _ in sign.places(inside)):
                yield Found(alarm, segment, sure=True)
            elif not any(inside(group) for group in flag.unless):
                places = (place for sign in flag.signs for place in sign.places(inside))
                if any(self._counts(place, ordinary, segment, negated) for place in places):
                    yield Found(alarm, segment, sure=flag.trusted)

    @staticmethod
    def _counts(place: list[Span], ordinary: list[bool], segment: Span, negated: list[Span]) -> bool:
        return not all(ordinary[start - segment[0]] for start, _ in place) and not _denied(place, negated)

    def is_hypothetical_or_past(self, words: Sequence[str], segment: Span) -> list[bool]:
        """Tell of each word of a segment whether its sentence there asks in general or tells of the past.

        Nothing in such a sentence says that it is happening now.
        """
        part = words[slice(*segment)]
        general = {end - 1 for _, end in self._framing["general"].find(part)}
        past = {end - 1 for _, end in self._framing["past"].find(part)}
        sure = self._framing["feelings"].mask(part)
        now = {
            start for start, _ in self._framing["now"].find(sure) if not start or part[start - 1] not in self._unreal
        }
        strong = {start for start, _ in self._framing["strong"].find(part)}
        silenced: list[bool] = []
        for start, end in sentences(part):
            inside = set(range(start, end))
            ordinary = (inside & past and not inside & strong) or (inside & general and not inside & (now | strong))
            silenced += [bool(ordinary)] * (end - start)
        return silenced


def _denied(place: list[Span], negated: list[Span]) -> bool:
    """Tell whether a sign is said not to be there: "no fever", but not "no air"."""
    own = {word for start, end in place for word in range(start, end)}
    starts = {start for start, _ in place}
    return any(end in starts and not own & set(range(start, end)) for start, end in negated)
