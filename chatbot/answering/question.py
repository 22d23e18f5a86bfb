"""What a visitor typed, made safe to work with: counted before anything costs time, then cleaned."""

import json
import re
import unicodedata
from typing import Final

from chatbot.errors import QuestionEmpty, QuestionTooLong, RequestError

__all__ = ["LONGEST", "clean_question", "read_request"]

LONGEST: Final = 2000
"""Characters of the longest question: a story told in full, and no more."""

_MOST_BYTES: Final = 4 * LONGEST
# Format (zero-width, bidirectional), control, surrogate, private and unassigned characters print nothing. The joiners
# of emoji and of Indic and Persian script go with them: no search reads them.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean_question(text: str) -> str:
    """Give a question without what cannot be seen, its white space made single.

    Raises `QuestionTooLong` and `QuestionEmpty`. Bytes are counted first, because Unicode normalisation takes time that
    grows with the square of some texts' length, and characters again after, because it can lengthen a text.
    """
    if len(text) > _MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise _too_long()
    seen = "".join(" " if unicodedata.category(one) in _UNSEEN and one.isspace() else one for one in text)
    seen = "".join(one for one in seen if unicodedata.category(one) not in _UNSEEN)
    question = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", seen)).strip()
    if len(question) > LONGEST:
        raise _too_long()
    if not question:
        raise QuestionEmpty("The question is empty: type a few words.")
    return question


def read_request(line: bytes) -> tuple[str, list[str]]:
    """Read a line of a batch: a JSON object with `question` and perhaps `history`; raises `RequestError`."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise RequestError("The line is no JSON: write one object a line, in UTF-8.") from None
    question = told.get("question") if isinstance(told, dict) else None
    if not isinstance(question, str):
        raise RequestError('The line holds no question: write {"question": "..."}.')
    history = told.get("history") or []
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise RequestError('The history is no list of questions: write {"question": "...", "history": ["..."]}.')
    return question, history


def _too_long() -> QuestionTooLong:
    return QuestionTooLong(f"The question is longer than {LONGEST:,} characters: ask it in a sentence or two.")
