"""What a message is before it is a question: an emergency, a symptom, a wish for a person, small talk."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import Final, Self

from chatbot.indexing import Encoded, Encoder
from chatbot.language import COMMA, SENTENCE, Phrases, Speller, Word, is_english, is_everyday, read_words
from chatbot.records import Alarm, Level
from chatbot.triage.classifier import EmergencyClassifier, Thresholds, Verdict
from chatbot.triage.red_flags import LANGUAGES, Found, RedFlags, Span
from chatbot.triage.small_talk import Reply, SmallTalk
from chatbot.triage.wording import Wording

__all__ = ["BY_MEANING", "Evidence", "Finding", "Triage", "gravest"]

BY_MEANING: Final = "described like an emergency"
"""The name of the rule that no list of words has: the classifier's."""

_GRAVEST_FIRST: Final = (Level.EMERGENCY, Level.CRISIS, Level.TODAY)
_FEW: Final = 4  # words; in a message of no more, one word tells the language
_SHARE: Final = 0.25  # of a longer message's words that must be a language's own
_LETTERS: Final = 1_000  # of the segments of a message that the classifier reads
_LETTERS_AGAIN: Final = 200  # of those of an earlier message that was not read before
_UNWELL: Final = 0.5  # probability of an emergency or a symptom from which on a question is no practical one
_REMEMBERED: Final = 4096  # messages whose finding is remembered
_SCANT: Final = 3  # words, the mark of the sentence among them, of which none says much
_SCRIPTS: Final = {"zh": range(0x3400, 0xA000), "ar": range(0x0600, 0x0700)}

Encode = Callable[[Sequence[str]], list[Encoded]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What triage makes of a message.

    `alarm` is the gravest thing in it. `symptom` tells that somebody describes a symptom of their own which is no red
    flag, `person` that they ask for a human being and nothing else, `wants_person` that they ask for one beside what
    they ask; `all_clear` that they say all is well, `practical` that they ask for prices, hours or bookings.
    `language` is one of `LANGUAGES`: the one that the message is in, as far as words tell.
    """

    language: str = "en"
    alarm: Alarm | None = None
    symptom: bool = False
    person: bool = False
    wants_person: bool = False
    all_clear: bool = False
    practical: bool = False
    small_talk: Reply | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is seen in a message before thresholds: the signs of the English lists, and what each segment means.

    `words` is the message as it is, `corrected` with its English misspellings corrected; spans count in the latter.
    """

    language: str
    words: Sequence[Word]
    corrected: Sequence[Word]
    signs: Sequence[Found]
    verdicts: Mapping[Span, Verdict]

    def is_sentence(self, span: Span) -> bool:
        """Tell whether a segment is one or more whole sentences, and no clause."""
        start, end = span
        ends = end == len(self.corrected) or self.corrected[end].text == SENTENCE
        return ends and self.corrected[start].text == SENTENCE


class _Language:
    """All that is read in one language."""

    def __init__(self, language: str, known: Callable[[str], bool]) -> None:
        self.flags = RedFlags.standard(language)
        self.speller = Speller(self.flags.vocabulary, known)
        self.small_talk = SmallTalk.standard(language, known)
        wording = Wording.standard(language)
        self.all_clear = Phrases(wording.phrases("all_clear_phrases"))
        self.practical = Phrases(wording.phrases("practical_phrases"))
        self.person = Phrases(wording.phrases("person_phrases"))
        self.person_alone = Phrases([*wording.phrases("person_phrases"), *wording.phrases("person_words")])
        self.person_fillers = Phrases(["_", *wording.phrases("person_fillers")])
        self.function_words = frozenset(wording.phrases("function_words"))

    def owns(self, word: str) -> bool:
        """Tell whether a word is this language's, and not English."""
        return word in self.function_words or (word in self.flags.plain_words and not is_english(word))

    def corrected(self, words: Sequence[Word]) -> list[Word]:
        return [Word(part, word.start, word.end) for word in words for part in self.speller.corrections(word.text)]

    def says_no_more(self, said: Sequence[str]) -> bool:
        """Tell whether a message is an all-clear and hardly a word beside it."""
        return len(said) - sum(end - start for start, end in self.all_clear.find(said)) <= _FEW

    def asks_for_a_person_alone(self, said: Sequence[str]) -> bool:
        if not self.person_alone.find(said):
            return False
        return set(self.person_fillers.mask(self.person_alone.mask(said))) <= {"_"}


class Triage:
    """Reads messages by the word lists of every language, and in English by meaning as well."""

    def __init__(self, encoder: Encoder | None, classifier: EmergencyClassifier | None) -> None:
        """Read by words alone without a classifier; one that was fitted for another encoder is left out."""
        self._encoder = encoder
        self._key = token_bytes(32)
        self._remembered: dict[bytes, Finding] = {}
        self._lock = Lock()
        self.classifier = classifier if encoder and classifier and classifier.serves(encoder) else None

    @classmethod
    def standard(cls, encoder: Encoder | None = None) -> Self:
        """Return the triage that comes with Footnote; without an encoder, words alone are read."""
        return cls(encoder, EmergencyClassifier.fitted() if encoder else None)

    def read(self, question: str, encode: Encode | None = None) -> Finding:
        """Tell what a cleaned message is before it is a question; `encode` is the encoder's, or one that remembers.

        What it came to is remembered for `read_again`, by a keyed hash and never by its words.
        """
        finding = self._read(question, encode, _LETTERS)
        self._remember(self._hashed(question), finding)
        return finding

    def read_again(self, question: str) -> Finding:
        """Read a message of a conversation that was most likely read before; another one is read in brief."""
        key = self._hashed(question)
        with self._lock:
            finding = self._remembered.get(key)
        if finding is None:
            finding = self._read(question, None, _LETTERS_AGAIN)
            self._remember(key, finding)
        return finding

    def _hashed(self, question: str) -> bytes:
        return blake2b(question.encode("utf-8", "surrogatepass"), key=self._key).digest()

    def _remember(self, key: bytes, finding: Finding) -> None:
        with self._lock:
            self._remembered[key] = finding
            if len(self._remembered) > _REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))

    def _read(self, question: str, encode: Encode | None, letters: int) -> Finding:
        evidence = self.evidence(question, encode, letters)
        words, verdicts, own = evidence.words, evidence.verdicts, self._languages[evidence.language]
        said = [word.text for word in own.corrected(words) if word.text not in {SENTENCE, COMMA}]
        small_talk, person = own.small_talk.read([word.text for word in words]), own.asks_for_a_person_alone(said)
        all_clear = own.all_clear.find(said)
        alarms = [*self._by_words(evidence)]
        if not (small_talk or person or (all_clear and own.says_no_more(said))):  # fixed phrases mean what they say
            alarms += self._by_meaning(evidence)
        whole = verdicts.get((0, len(evidence.corrected)))
        return Finding(
            evidence.language,
            gravest(alarms),
            symptom=bool(whole and whole.symptom >= self._thresholds.symptom),
            person=person,
            wants_person=bool(own.person.find(said)),
            all_clear=bool(all_clear),
            practical=bool(own.practical.find(said)) and not (whole and whole.urgent + whole.symptom >= _UNWELL),
            small_talk=small_talk,
        )

    def evidence(self, question: str, encode: Encode | None = None, letters: int = _LETTERS) -> Evidence:
        """Return what the word lists and the classifier see in a message, before thresholds; of a long one, a part."""
        words = read_words(question)
        language = self._language_of(words)
        # Another language's words are no misspelt English ones.
        corrected = self._languages["en"].corrected(words) if language == "en" else words
        plain = [word.text for word in corrected]
        segments = self._languages[language].flags.segments(plain)
        texts = {span: text for span in segments if (text := _text(question, corrected, span))}
        signs = self._languages["en"].flags.alarms(plain)
        return Evidence(language, words, corrected, signs, self._verdicts(texts, encode, letters))

    def parts(self, question: str) -> list[str]:
        """Return the sentences and clauses that a message has, if it is more than one."""
        words = read_words(question)
        flags = self._languages[self._language_of(words)].flags
        (_, *parts) = flags.segments([word.text for word in words])
        return [text for span in parts if (text := _text(question, words, span))]

    def clauses(self, question: str) -> list[str]:
        """Return the clauses of a message that say something by themselves, in order."""
        words = read_words(question)
        segments = self._languages["en"].flags.segments([word.text for word in words])
        inner = [span for span in segments if not any(_within(other, span) for other in segments if other != span)]
        return [text for span in inner if (text := _text(question, words, span))]

    def _by_words(self, evidence: Evidence) -> Iterator[Alarm]:
        """Yield the alarms of each language's list; an English one is dropped where its segment means nothing urgent.

        A sign that no framing may silence is dropped only where the classifier is all but certain.
        """
        for found in evidence.signs:
            verdict = evidence.verdicts.get(found.segment)
            enough = self._thresholds.veto_always if found.sure else self._thresholds.veto
            if verdict is None or verdict.urgent >= enough:
                yield found.alarm
        whole = evidence.verdicts.get((0, len(evidence.corrected)))
        if evidence.language == "en" and whole and whole.urgent < self._thresholds.veto:
            return
        for other in self._likely(evidence.words):
            yield from self.alarms_in(other, evidence.words, correct=evidence.language in {other, "en"})

    def alarms_in(self, language: str, words: Sequence[Word], *, correct: bool = True) -> list[Alarm]:
        """Return the alarms that the word lists of one language raise, with misspelt words corrected or not."""
        one = self._languages[language]
        found = one.flags.alarms([word.text for word in (one.corrected(words) if correct else words)])
        return [replace(each.alarm, language=language) for each in found]

    def _by_meaning(self, evidence: Evidence) -> Iterator[Alarm]:
        thresholds = self._thresholds
        says_much = evidence.language == "en" and len(evidence.corrected) > _SCANT
        for span, verdict in evidence.verdicts.items():
            clause = thresholds.part if says_much else 1.0
            sentence = thresholds.message if says_much else thresholds.scant
            if verdict.urgent >= (sentence if evidence.is_sentence(span) else clause):
                yield Alarm(verdict.level, BY_MEANING, evidence.language)

    def _verdicts(self, texts: Mapping[Span, str], encode: Encode | None, letters: int) -> dict[Span, Verdict]:
        """Judge the segments of a message by their meaning, as many as so many letters have."""
        if self.classifier is None or self._encoder is None:
            return {}
        read = dict(_within_letters(texts, letters))
        encoded = (encode or self._encoder.encode_questions)(list(read.values()))
        return dict(zip(read, self.classifier.judge(encoded), strict=True))

    def _language_of(self, words: Sequence[Word]) -> str:
        """Tell which of the languages a message is in by its script and its small words; English if none."""
        letters = "".join(word.text for word in words if word.text[0].isalpha())
        for language, script in _SCRIPTS.items():
            if language in self._languages and sum(ord(letter) in script for letter in letters) > len(letters) / 2:
                return language
        said = [word.text for word in words if word.text not in {SENTENCE, COMMA}]
        counts = {language: sum(one.owns(word) for word in said) for language, one in self._languages.items()}
        best = max(counts, key=lambda language: counts[language])
        enough = 1 if len(said) <= _FEW else max(2, _SHARE * len(said))
        english = sum(is_everyday(word) and not self._languages[best].owns(word) for word in said)
        return best if counts[best] >= enough and counts[best] > english else "en"

    def _likely(self, words: Sequence[Word]) -> list[str]:
        """Return the other languages that a message has words of its own from."""
        said = [word.text for word in words]
        return [language for language, one in self._languages.items() if language != "en" and any(map(one.owns, said))]

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
    """Return the alarm of the gravest level, the first of these; None of none."""
    return min(alarms, key=lambda alarm: _GRAVEST_FIRST.index(alarm.level), default=None)


def _within_letters(texts: Mapping[Span, str], letters: int) -> Iterator[tuple[Span, str]]:
    """Yield texts from both ends in turn, the first first, as long as their letters last; the longer ones are left out.

    People say what matters most at the beginning or at the end.
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


def _text(question: str, words: Sequence[Word], span: Span) -> str:
    inside = [word for word in words[slice(*span)] if word.text not in {SENTENCE, COMMA}]
    return question[inside[0].start : inside[-1].end] if inside else ""
