"""Input checks: a request is parsed, and its question is measured and cleaned."""

import json
import re
import unicodedata
from typing import Final, NamedTuple, NoReturn

from chatbot.errors import QuestionEmpty, QuestionTooLong, RequestError

__all__ = ["LONGEST", "QuestionRequest", "clean_question", "read_json", "read_question"]

LONGEST: Final = 2000
"""The most characters that a question may have."""

_MAX_BYTES: Final = 4 * LONGEST
# Control, format (zero-width, bidirectional), surrogate, private and unassigned characters print nothing. The joiners
# of emoji and of Indic and Persian scripts are among them; the search does not need them.
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class QuestionRequest(NamedTuple):
    """A question, the earlier ones of its conversation, oldest first, and the id of the only page to search, if any."""

    question: str
    history: list[str]
    document: str | None = None


def clean_question(text: str) -> str:
    """Return a question in NFKC form without invisible characters, with single spaces.

    Raises `QuestionTooLong` and `QuestionEmpty`. Bytes are counted before the normalisation, whose time can grow with
    the square of the length. Characters are counted after it, because it can lengthen a text.
    """
    if len(text) > _MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
        raise _too_long()
    spaced = (" " if character.isspace() else character for character in text)
    visible = "".join(character for character in spaced if unicodedata.category(character) not in _INVISIBLE)
    question = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", visible)).strip()
    if len(question) > LONGEST:
        raise _too_long()
    if not question:
        raise QuestionEmpty("The question is empty: type a few words.")
    return question


def read_question(body: bytes) -> QuestionRequest:
    """Return the `question` of a JSON object and its optional `history` and `document`; raises `RequestError`.

    Other keys are ignored.
    """
    fields = read_json(body)
    if not isinstance(fields, dict) or not isinstance(question := fields.get("question"), str):
        raise RequestError('This holds no question: write {"question": "..."}.')
    history = fields.get("history", [])
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise RequestError('The history is no list of questions: write {"question": "...", "history": ["..."]}.')
    document = fields.get("document")
    if document is not None and not isinstance(document, str):
        raise RequestError('The document is no id of a page: write {"question": "...", "document": "..."}.')
    return QuestionRequest(question, history, document)


def read_json(body: bytes) -> object:
    """Return the value of JSON in UTF-8; raises `RequestError`, also for a repeated key, `NaN` and deep nesting.

    Source: RFC 8259. The parser's own message is left out, because it may quote a number of any length.
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
