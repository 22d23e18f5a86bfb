"""Messages that ask more than one thing: "How much is a peel, and does it hurt?"."""

import re
from typing import Final

__all__ = ["questions_in"]

_MOST: Final = 3  # questions that are answered each by itself
_ASKS: Final = (
    r"(?:how|what|when|where|who|which|why|can|could|do|does|did|is|are|am|will|would|should|may|must|have|has)\b"
)
_BETWEEN = re.compile(
    rf"\?+\s+(?:(?:and|also|plus)\s+)?(?={_ASKS})|,?\s+(?:and|also|plus)\s+(?={_ASKS})", re.IGNORECASE
)
_BEGINS = re.compile(_ASKS, re.IGNORECASE)


def questions_in(message: str) -> list[str]:
    """Return the questions of a message that consists of two or three; none of any other message.

    "Can I drive and is it sore" has two. "Cream and is it sore" has none, because its first part asks nothing.
    """
    questions = _BETWEEN.split(message)
    several = 1 < len(questions) <= _MOST and all(map(_BEGINS.match, questions))
    return [question.strip(" ,?") for question in questions] if several else []
