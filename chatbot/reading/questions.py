"""The one rule for "this asks": a question mark in any script, or a word such as "Q:" before the question."""

import re
from typing import Final

__all__ = ["GREEK", "answer_label", "asks", "question_label", "question_words"]

# Of every script that has one.
_MARKS: Final = frozenset(
    "?\u061f\u1367\u1945\u203d\u2047\u2048\u2049\u2753\u2754\u2cfa\u2cfb\u2e2e\u2e54\ua60f\ua6f7\ufe16\ufe56\uff1f"
    "\U00011143\U0001e95f"
)
_AFTER_MARKS: Final = " \t\r\n\u00a0!\uff01.\u2026\"'\u2019\u201d\u00bb\u203a\u300d\u300f)]\uff09*_\ufe0f"
_ARMENIAN: Final = "\u055e"  # it stands on the vowel that is stressed, anywhere in the question
_GREEK_MARKS: Final = frozenset(";\u037e")
GREEK: Final = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")
"""A letter after which a semicolon asks."""

_NUMBER: Final = r"(?:[ \t\u00a0]*\d{1,3})?"
_COLON: Final = r"[ \t\u00a0]*[:\uff1a][ \t\u00a0]*"
_STOP: Final = r"[.)](?:[ \t\u00a0]+|$)"
_QUESTION_WORDS: Final = (
    "q question frage pregunta domanda pergunta vraag fråga spørgsmål spørsmål pytanie otázka kérdés "
    "întrebare soru kysymys вопрос питання ερώτηση 問題 问题 問 问 質問 질문 문 سؤال السؤال שאלה प्रश्न pertanyaan"
).replace(" ", "|")
_ANSWER_WORDS: Final = (
    "a answer ans antwort respuesta réponse risposta resposta antwoord svar odpowiedź odpověď válasz "
    "răspuns cevap vastaus ответ відповідь απάντηση 答案 答 回答 답변 답 جواب الجواب תשובה उत्तर jawaban"
).replace(" ", "|")
_LETTER: Final = r"[^\W\d_]"  # as "F:" and "A:" in German, "P:" and "R:" in Spanish
_QUESTION: Final = re.compile(rf"(?:{_QUESTION_WORDS}){_NUMBER}(?:{_COLON}|{_STOP})", re.IGNORECASE)
_ANSWER: Final = re.compile(rf"(?:{_ANSWER_WORDS}|{_LETTER}){_NUMBER}{_COLON}", re.IGNORECASE)
_STOPPED_ANSWER: Final = re.compile(rf"(?:{_ANSWER_WORDS}){_NUMBER}{_STOP}", re.IGNORECASE)
_SHORT: Final = re.compile(rf"{_LETTER}{_NUMBER}{_COLON}")


def asks(text: str) -> bool:
    """Return whether a line or a sentence asks."""
    return bool(_QUESTION.match(text.lstrip()) or _is_marked(text))


def _is_marked(text: str) -> bool:
    last = text.rstrip(_AFTER_MARKS)[-1:]
    return last in _MARKS or _ARMENIAN in text or (last in _GREEK_MARKS and bool(GREEK.search(text)))


def question_label(text: str) -> int:
    """Return the length of the label that a text begins with, such as "Q: "; 0 where it has none or does not ask.

    One letter is a label only before what has a question mark, because "D: 10 mg" is a dose of vitamin D.
    """
    match = _QUESTION.match(text) or (_SHORT.match(text) if _is_marked(text) else None)
    return match.end() if match else 0


def answer_label(text: str, *, stopped: bool = False) -> int:
    """Return the length of the label that the answer to a question begins with, such as "A: "; 0 without one.

    `stopped` allows "A. " too, which is a label where the question has one, and a person's initial elsewhere.
    """
    match = _ANSWER.match(text) or (_STOPPED_ANSWER.match(text) if stopped else None)
    return match.end() if match else 0


def question_words(text: str) -> str:
    """Return a question as a heading has it: on one line, without its label."""
    return " ".join(text[question_label(text) :].split())
