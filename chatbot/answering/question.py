"""What a visitor typed, made safe to work with: counted before anything costs time, then cleaned."""

import json
import re
import unicodedata
from typing import Final, NoReturn

from chatbot.errors import QuestionEmpty, QuestionTooLong, RequestError

__all__ = ["LONGEST", "clean_question", "read_json", "read_question"]

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


def read_question(body: bytes) -> tuple[str, list[str]]:
    """Read a JSON object with `question` and perhaps `history`, earlier questions; raises `RequestError`.

    Other keys are ignored.
    """
    fields = read_json(body)
    if not isinstance(fields, dict) or not isinstance(question := fields.get("question"), str):
        raise RequestError('This holds no question: write {"question": "..."}.')
    history = fields.get("history", [])
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise RequestError('The history is no list of questions: write {"question": "...", "history": ["..."]}.')
    return question, history


def read_json(body: bytes) -> object:
    """Parse JSON in UTF-8 without a key twice, without `NaN`, and not nested too deeply; raises `RequestError`.

    Source: RFC 8259. The parser's own message is left out, because it may quote the whole of a giant number.
    """
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RequestError("This is not JSON: write one object in UTF-8.") from None


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise RequestError("A key of the JSON stands twice: write each once.")
    return table


def _refuse_constant(_text: str) -> NoReturn:
    raise ValueError


def _too_long() -> QuestionTooLong:
    return QuestionTooLong(f"The question is longer than {LONGEST:,} characters: ask it in a sentence or two.")
