"""Find red flags by words, unless their clause asks in general, is about the past or denies them.

Each sentence and each clause is judged by itself, and the whole message too, so that words beside an emergency never
silence it. `red_flags/<language>.toml` has the words, and says how they are read.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Self

from chatbot.language import PhraseGroups, Phrases, distinct_words, masked
from chatbot.records import Alarm, Level
from chatbot.triage.clauses import Clauses, Span, sentences

__all__ = ["LANGUAGES", "FlagHit", "RedFlags", "Span", "group_words"]

LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "pl", "ar", "zh")
"""The languages with lists of red flags, by ISO 639-1 code."""

_WITHIN: Final = 13  # words over which the parts of a sign may spread
_BEHIND: Final = 3  # words between two parts of an ordered sign, at most
_GROUPS: Final = ("general", "past", "now", "strong", "feelings", "negation")
_STRING: Final = re.compile(r"""#[^\n]*|"([^"\n]*)"(?!\s*=)|'([^'\n]*)'(?!\s*=)""")

Found = Mapping[str, list[Span]]
"""Where each word group stands; a group that stands nowhere is left out."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """Names of word groups that must stand together, in order or not."""

    parts: tuple[str, ...]
    ordered: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(tuple(re.split(r" [+>] ", text)), " > " in text)

    def occurrences(self, found: Found) -> Iterator[list[Span]]:
        """Yield each occurrence of the sign: the spans of its parts, without overlap."""
        if not all(part in found for part in self.parts):
            return
        for first in found[self.parts[0]]:
            spans = [first]
            for part in self.parts[1:]:
                near = [span for span in _around(found[part], first) if self._fits(span, spans)]
                if not near:
                    break
                spans.append(min(near, key=lambda span: abs(span[0] - first[0])))
            else:
                yield spans

    def _fits(self, span: Span, before: list[Span]) -> bool:
        if self.ordered and not 0 <= span[0] - before[-1][1] <= _BEHIND:
            return False
        return all(span[0] >= end or span[1] <= start for start, end in before)


def _around(spans: list[Span], first: Span) -> list[Span]:
    low = bisect_left(spans, (first[0] - _WITHIN,))
    high = bisect_left(spans, (first[0] + _WITHIN,))
    return [span for span in spans[low:high] if max(span[1], first[1]) - min(span[0], first[0]) <= _WITHIN]


@dataclass(frozen=True, slots=True)
class _Flag:
    """One red flag. A general question, the past or a denial silences `signs`, and so does a word group in `unless`.

    Nothing silences `always`. The classifier overrules the signs of a `trusted` flag only if it is almost certain.
    """

    name: str
    level: Level
    signs: tuple[_Sign, ...]
    always: tuple[_Sign, ...]
    unless: tuple[str, ...]
    trusted: bool

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> Self:
        return cls(
            table["name"],
            Level(table["level"]),
            tuple(_Sign.parse(sign) for sign in table.get("signs", ())),
            tuple(_Sign.parse(sign) for sign in table.get("always", ())),
            tuple(table.get("unless", ())),
            bool(table.get("trusted")),
        )


@dataclass(frozen=True, slots=True)
class FlagHit:
    """An alarm and the segment that raised it; `sure` if the sign is trusted or one that nothing silences."""

    alarm: Alarm
    segment: Span
    sure: bool


class RedFlags:
    """The red flags of one language, which a clinician signs off."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        framing = table["framing"]
        self._ignore = Phrases(table["ignore"])
        self._groups = PhraseGroups(table["words"])
        self._framing = PhraseGroups({name: framing[name] for name in _GROUPS})
        self._unreal = frozenset(framing["unreal"])
        self._clauses = Clauses(framing)
        self._flags = [_Flag.parse(flag) for flag in table["flags"]]
        self._flags_of: dict[str, set[int]] = {}
        for number, flag in enumerate(self._flags):
            for sign in (*flag.always, *flag.signs):
                self._flags_of.setdefault(sign.parts[0], set()).add(number)
        self.vocabulary = [phrase for phrases in table["words"].values() for phrase in phrases]
        self.vocabulary += table.get("known", ())

    @classmethod
    def standard(cls, language: str = "en") -> Self:
        """Return the flags that come with Footnote in one of `LANGUAGES`."""
        return cls(tomllib.loads(_text_of(language)))

    def segments(self, words: Sequence[str]) -> list[Span]:
        """Return the spans that are judged by themselves: the message, its sentences and its clauses."""
        return self._clauses.segments(words)

    def alarms(self, words: Sequence[str]) -> list[FlagHit]:
        """Return the alarms in the words of a message, as `words_of` returns them, segment by segment."""
        read = self._ignore.mask(words)
        found = self._groups.find(read)
        if not found:
            return []
        negations = self._framing.find(read).get("negation", [])
        return [hit for span in self.segments(words) for hit in self._in_segment(read, span, found, negations)]

    def _in_segment(
        self, words: Sequence[str], segment: Span, found: Found, negations: Sequence[Span]
    ) -> Iterator[FlagHit]:
        inside = {
            group: within
            for group, spans in found.items()
            if (within := [span for span in spans if span[0] >= segment[0] and span[1] <= segment[1]])
        }
        numbers = sorted({number for group in inside for number in self._flags_of.get(group, ())})
        silent = self.is_hypothetical_or_past(words, segment) if numbers else []
        for flag in (self._flags[number] for number in numbers):
            alarm = Alarm(flag.level, flag.name)
            if any(True for sign in flag.always for _ in sign.occurrences(inside)):
                yield FlagHit(alarm, segment, sure=True)
            elif not any(group in inside for group in flag.unless):
                occurrences = (spans for sign in flag.signs for spans in sign.occurrences(inside))
                if any(self._counts(spans, silent, segment, negations) for spans in occurrences):
                    yield FlagHit(alarm, segment, sure=flag.trusted)

    @staticmethod
    def _counts(spans: list[Span], silent: list[bool], segment: Span, negations: Sequence[Span]) -> bool:
        return not all(silent[start - segment[0]] for start, _ in spans) and not _is_denied(spans, negations)

    def is_hypothetical_or_past(self, words: Sequence[str], segment: Span) -> list[bool]:
        """Return for each word of a segment whether its sentence asks in general or is about the past.

        A sentence that also says that it is happening now does not count as such.
        """
        part = words[slice(*segment)]
        found = self._framing.find(part)
        general = {end - 1 for _, end in found.get("general", ())}
        past = {end - 1 for _, end in found.get("past", ())}
        feelings = found.get("feelings")
        sure = self._framing.find(masked(part, feelings)) if feelings else found
        now = {start for start, _ in sure.get("now", ()) if not start or part[start - 1] not in self._unreal}
        strong = {start for start, _ in found.get("strong", ())}
        silent: list[bool] = []
        for start, end in sentences(part):
            inside = set(range(start, end))
            silences = (inside & past and not inside & strong) or (inside & general and not inside & (now | strong))
            silent += [bool(silences)] * (end - start)
        return silent


def _is_denied(spans: list[Span], negations: Sequence[Span]) -> bool:
    """Return whether a negation stands before a sign, as in "no fever", and is not part of it, as in "no air"."""
    own = {word for start, end in spans for word in range(start, end)}
    starts = {start for start, _ in spans}
    return any(end in starts and not own & set(range(start, end)) for start, end in negations)


def _text_of(language: str) -> str:
    return (files("chatbot.triage") / "red_flags").joinpath(f"{language}.toml").read_text("utf-8")


def group_words(language: str) -> frozenset[str]:
    """Return the words of a language's word groups, each once.

    They are read from the strings of the file's `[words]`, in a tenth of the time that it takes to parse the file.
    """
    text = _text_of(language)
    _, found, section = text.partition("\n[words]\n")
    section = section.partition("\n[")[0]
    if not found or "\\" in section:  # written in another way, or with escapes
        return distinct_words(phrase for phrases in tomllib.loads(text)["words"].values() for phrase in phrases)
    return distinct_words(double or single for double, single in _STRING.findall(section))
