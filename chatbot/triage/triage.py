"""Combine the word lists, the classifier and the small talk into one finding on a message."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import Final, Self

from chatbot.indexing import Encoded, Encoder
from chatbot.language import (
    COMMA,
    SENTENCE,
    PhraseGroups,
    Phrases,
    Speller,
    Word,
    is_english,
    is_everyday,
    masked,
    read_words,
)
from chatbot.records import Alarm, Level
from chatbot.triage.classifier import EmergencyClassifier, Thresholds, Verdict
from chatbot.triage.red_flags import LANGUAGES, FlagHit, RedFlags, Span, group_words
from chatbot.triage.small_talk import SmallTalk, SmallTalkReply
from chatbot.triage.wording import Wording

__all__ = ["BY_MEANING", "Finding", "Triage", "TriageEvidence", "gravest"]

BY_MEANING: Final = "described like an emergency"
"""The name of the classifier's rule, which stands where a flag's name does."""

_GRAVEST_FIRST: Final = (Level.EMERGENCY, Level.CRISIS, Level.TODAY)
_FEW: Final = 4  # words; in a message of at most so many, one word shows the language
_SHARE: Final = 0.25  # of the words of a longer message that must be of a language
_LETTERS: Final = 1_000  # that the classifier reads, over all segments of a message
_LETTERS_AGAIN: Final = 200  # that it reads of an earlier message whose finding was forgotten
_UNWELL: Final = 0.5  # probability of an emergency or a symptom from which a question is not practical
_REMEMBERED: Final = 4096  # messages whose finding is remembered
_SCANT: Final = 3  # words, with the mark of the sentence; a message of at most so many says little
_SCRIPTS: Final = {"zh": range(0x3400, 0xA000), "ar": range(0x0600, 0x0700)}

Encode = Callable[[Sequence[str]], list[Encoded]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of triage on a message.

    `language` is the one of `LANGUAGES` that the message seems to be in. `alarm` is the gravest one that it raised.
    `symptom`: the visitor describes a symptom of their own that is not a red flag. `person`: they ask for a human being
    and nothing else. `wants_person`: they ask for one, perhaps among other things. `all_clear`: they say that all is
    well. `practical`: they ask for prices, hours or bookings.
    """

    language: str = "en"
    alarm: Alarm | None = None
    symptom: bool = False
    person: bool = False
    wants_person: bool = False
    all_clear: bool = False
    practical: bool = False
    small_talk: SmallTalkReply | None = None


@dataclass(frozen=True, slots=True)
class TriageEvidence:
    """The evidence in a message, before any threshold: the hits of the English lists and a verdict on each segment.

    `words` are those of the message, and `corrected` the same without English misspellings. Spans count in the latter.
    """

    language: str
    words: Sequence[Word]
    corrected: Sequence[Word]
    signs: Sequence[FlagHit]
    verdicts: Mapping[Span, Verdict]

    def is_sentence(self, span: Span) -> bool:
        """Return whether a segment is one or more whole sentences, and not a clause."""
        start, end = span
        ends = end == len(self.corrected) or self.corrected[end].text == SENTENCE
        return ends and self.corrected[start].text == SENTENCE


class _Language:
    """The lists of one language, each read when a message first needs it."""

    def __init__(self, language: str, known: Callable[[str], bool]) -> None:
        self._language = language
        self._known = known

    @cached_property
    def flags(self) -> RedFlags:
        return RedFlags.standard(self._language)

    @cached_property
    def small_talk(self) -> SmallTalk:
        return SmallTalk.standard(self._language, self._known)

    @cached_property
    def function_words(self) -> frozenset[str]:
        return frozenset(self._wording.phrases("function_words"))

    @cached_property
    def _flag_words(self) -> frozenset[str]:
        return group_words(self._language)

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.flags.vocabulary, self._known)

    @cached_property
    def _phrases(self) -> PhraseGroups:
        person = self._wording.phrases("person_phrases")
        return PhraseGroups(
            {
                "all_clear": self._wording.phrases("all_clear_phrases"),
                "practical": self._wording.phrases("practical_phrases"),
                "person": person,
                "person_alone": [*person, *self._wording.phrases("person_words")],
            }
        )

    @cached_property
    def _person_fillers(self) -> Phrases:
        return Phrases(["_", *self._wording.phrases("person_fillers")])

    @property
    def _wording(self) -> Wording:
        return Wording.standard(self._language)

    def owns(self, word: str, *, english: bool) -> bool:
        """Return whether a word is of this language, and not English; `english` is what `is_english` says of it."""
        return word in self.function_words or (not english and word in self._flag_words)

    def corrected(self, words: Sequence[Word]) -> list[Word]:
        return [Word(part, word.start, word.end) for word in words for part in self._speller.corrections(word.text)]

    def read(self, plain: Sequence[str]) -> "_Phrased":
        """Return what the fixed phrases in the words of a message say, without marks."""
        found = self._phrases.find(plain)
        all_clear, alone = found.get("all_clear", ()), found.get("person_alone", ())
        beside = len(plain) - sum(end - start for start, end in all_clear)
        return _Phrased(
            all_clear=bool(all_clear),
            only_all_clear=bool(all_clear) and beside <= _FEW,
            practical="practical" in found,
            person="person" in found,
            only_person=bool(alone) and set(self._person_fillers.mask(masked(plain, alone))) <= {"_"},
        )


@dataclass(frozen=True, slots=True)
class _Phrased:
    """What the fixed phrases in a message say: an all-clear, a practical question, a wish for a person.

    `only_all_clear`: at most `_FEW` words stand beside an all-clear. `only_person`: the wish for a person is all.
    """

    all_clear: bool
    only_all_clear: bool
    practical: bool
    person: bool
    only_person: bool


class Triage:
    """Reads messages by the word lists of every language, and English ones also by meaning."""

    def __init__(self, encoder: Encoder | None, classifier: EmergencyClassifier | None) -> None:
        """Use the classifier if it was fitted for the encoder; without one, read by words alone."""
        self._encoder = encoder
        self._key = token_bytes(32)
        self._remembered: dict[bytes, Finding] = {}
        self._lock = Lock()
        self.classifier = classifier if encoder and classifier and classifier.serves(encoder) else None

    @classmethod
    def standard(cls, encoder: Encoder | None = None) -> Self:
        """Return the triage that comes with Footnote; without an encoder, it reads by words alone."""
        return cls(encoder, EmergencyClassifier.fitted() if encoder else None)

    def read(self, question: str, encode: Encode | None = None) -> Finding:
        """Return the finding on a cleaned message; `encode` may replace the encoder's method, to share its work.

        The finding is remembered for `read_again`, under a keyed hash and never under the message's words.
        """
        finding = self._read(question, encode, _LETTERS)
        self._remember(self._hash(question), finding)
        return finding

    def read_again(self, question: str) -> Finding:
        """Return the finding on an earlier message of a conversation; one that was forgotten is read only in part."""
        key = self._hash(question)
        with self._lock:
            finding = self._remembered.get(key)
        if finding is None:
            finding = self._read(question, None, _LETTERS_AGAIN)
            self._remember(key, finding)
        return finding

    def _hash(self, question: str) -> bytes:
        return blake2b(question.encode("utf-8", "surrogatepass"), key=self._key).digest()

    def _remember(self, key: bytes, finding: Finding) -> None:
        with self._lock:
            self._remembered[key] = finding
            if len(self._remembered) > _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))

    def _read(self, question: str, encode: Encode | None, letters: int) -> Finding:
        evidence = self.evidence(question, encode, letters)
        words, lists = evidence.words, self._languages[evidence.language]
        corrected = evidence.corrected if evidence.language == "en" else lists.corrected(words)
        phrased = lists.read(_without_marks(corrected))
        small_talk = lists.small_talk.read([word.text for word in words])
        alarms = [*self._by_words(evidence)]
        # The meaning of a fixed phrase is known, so that the classifier could only be wrong about it.
        if not (small_talk or phrased.only_person or phrased.only_all_clear):
            alarms += self._by_meaning(evidence)
        whole = evidence.verdicts.get((0, len(evidence.corrected)))
        return Finding(
            evidence.language,
            gravest(alarms),
            symptom=bool(whole and whole.symptom >= self._thresholds.symptom),
            person=phrased.only_person,
            wants_person=phrased.person,
            all_clear=phrased.all_clear,
            practical=phrased.practical and not (whole and whole.urgent + whole.symptom >= _UNWELL),
            small_talk=small_talk,
        )

    def load_languages(self) -> None:
        """Read the lists of all languages now, of which each is otherwise read when a message first needs it."""
        words = read_words("help")
        for language, lists in self._languages.items():
            self.alarms_in(language, words)
            lists.owns("help", english=False)
            lists.read(_without_marks(words))
            lists.small_talk.read(["help"])

    def evidence(self, question: str, encode: Encode | None = None, letters: int = _LETTERS) -> TriageEvidence:
        """Return the evidence in a message; the classifier reads segments of at most so many letters together."""
        words = read_words(question)
        language = self._language_of(words)
        # Words of another language must not be corrected to English ones.
        corrected = self._languages["en"].corrected(words) if language == "en" else words
        plain = [word.text for word in corrected]
        segments = self._languages[language].flags.segments(plain)
        texts = {span: text for span in segments if (text := _text(question, corrected, span))}
        if language == "en":  # the whole message as the search reads it, with its closing mark, is encoded once
            spoken = len(_spoken(corrected))
            texts |= {span: question for span in texts if len(_spoken(corrected[slice(*span)])) == spoken}
        signs = self._languages["en"].flags.alarms(plain)
        return TriageEvidence(language, words, corrected, signs, self._verdicts(texts, encode, letters))

    def parts(self, question: str) -> list[str]:
        """Return the sentences and clauses of a message; nothing if it is a single one."""
        words = read_words(question)
        flags = self._languages[self._language_of(words)].flags
        (_, *parts) = flags.segments([word.text for word in words])
        return [text for span in parts if (text := _text(question, words, span))]

    def clauses(self, question: str) -> list[str]:
        """Return the clauses of a message, in order."""
        words = read_words(question)
        segments = self._languages["en"].flags.segments([word.text for word in words])
        inner = [span for span in segments if not any(_within(other, span) for other in segments if other != span)]
        return [text for span in inner if (text := _text(question, words, span))]

    def _by_words(self, evidence: TriageEvidence) -> Iterator[Alarm]:
        """Yield the alarms of each language's list, but no English one whose segment means nothing urgent.

        A sure hit is dropped only if the classifier is almost certain.
        """
        for hit in evidence.signs:
            verdict = evidence.verdicts.get(hit.segment)
            threshold = self._thresholds.veto_always if hit.sure else self._thresholds.veto
            if verdict is None or verdict.urgent >= threshold:
                yield hit.alarm
        whole = evidence.verdicts.get((0, len(evidence.corrected)))
        if evidence.language == "en" and whole and whole.urgent < self._thresholds.veto:
            return
        for other in self._other_languages(evidence.words):
            yield from self.alarms_in(other, evidence.words, correct=evidence.language in {other, "en"})

    def alarms_in(self, language: str, words: Sequence[Word], *, correct: bool = True) -> list[Alarm]:
        """Return the alarms that the lists of one language raise, with misspelt words corrected if `correct`."""
        lists = self._languages[language]
        hits = lists.flags.alarms([word.text for word in (lists.corrected(words) if correct else words)])
        return [replace(hit.alarm, language=language) for hit in hits]

    def _by_meaning(self, evidence: TriageEvidence) -> Iterator[Alarm]:
        thresholds = self._thresholds
        says_much = evidence.language == "en" and len(evidence.corrected) > _SCANT
        for span, verdict in evidence.verdicts.items():
            clause = thresholds.part if says_much else 1.0
            sentence = thresholds.message if says_much else thresholds.scant
            if verdict.urgent >= (sentence if evidence.is_sentence(span) else clause):
                yield Alarm(verdict.level, BY_MEANING, evidence.language)

    def _verdicts(self, texts: Mapping[Span, str], encode: Encode | None, letters: int) -> dict[Span, Verdict]:
        """Return the classifier's verdicts on the segments of a message, up to a number of letters."""
        if self.classifier is None or self._encoder is None:
            return {}
        chosen = dict(_within_letters(texts, letters))
        encoded = (encode or self._encoder.encode_questions)(list(chosen.values()))
        return dict(zip(chosen, self.classifier.judge(encoded), strict=True))

    def _language_of(self, words: Sequence[Word]) -> str:
        """Return the language that the script and the small words of a message show; English if they show none."""
        letters = "".join(word.text for word in words if word.text[0].isalpha())
        for language, script in _SCRIPTS.items():
            if language in self._languages and sum(ord(letter) in script for letter in letters) > len(letters) / 2:
                return language
        plain = _without_marks(words)
        english = [is_english(word) for word in plain]
        counts = {
            language: sum(lists.owns(word, english=known) for word, known in zip(plain, english, strict=True))
            for language, lists in self._languages.items()
        }
        best = max(counts, key=lambda language: counts[language])
        enough = 1 if len(plain) <= _FEW else max(2, _SHARE * len(plain))
        if counts[best] < enough:
            return "en"
        own = self._languages[best]
        everyday = sum(is_everyday(word) and not own.owns(word, english=is_english(word)) for word in plain)
        return best if counts[best] > everyday else "en"

    def _other_languages(self, words: Sequence[Word]) -> list[str]:
        """Return the languages besides English that a message has words of."""
        texts = {word: is_english(word) for word in _without_marks(words)}
        return [
            language
            for language, lists in self._languages.items()
            if language != "en" and any(lists.owns(word, english=english) for word, english in texts.items())
        ]

    @property
    def _thresholds(self) -> Thresholds:
        return self.classifier.thresholds if self.classifier else Thresholds()

    @cached_property
    def _languages(self) -> Mapping[str, _Language]:
        def known_in_english(word: str) -> bool:
            return is_english(word) or (self._encoder is not None and self._encoder.count_tokens(word) == 1)

        return {
            language: _Language(language, known_in_english if language == "en" else is_english)
            for language in LANGUAGES
        }


def gravest(alarms: Iterable[Alarm]) -> Alarm | None:
    """Return the first alarm of the gravest level; None if there is none."""
    return min(alarms, key=lambda alarm: _GRAVEST_FIRST.index(alarm.level), default=None)


def _within_letters(texts: Mapping[Span, str], letters: int) -> Iterator[tuple[Span, str]]:
    """Yield texts from the beginning and the end in turn, without those that exceed the letters that are left.

    People write the most important words at the beginning or at the end.
    """
    spans = deque(texts)
    first = True
    while spans:
        span = spans.popleft() if first else spans.pop()
        first = not first
        if len(texts[span]) <= letters:
            letters -= len(texts[span])
            yield span, texts[span]


def _within(inner: Span, outer: Span) -> bool:
    return inner[0] >= outer[0] and inner[1] <= outer[1]


def _without_marks(words: Sequence[Word]) -> list[str]:
    return [word.text for word in _spoken(words)]


def _text(question: str, words: Sequence[Word], span: Span) -> str:
    inside = _spoken(words[slice(*span)])
    return question[inside[0].start : inside[-1].end] if inside else ""


def _spoken(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.text not in {SENTENCE, COMMA}]
