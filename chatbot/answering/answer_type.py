"""The type of answer that a question asks for, and whether a passage holds one: a time, a number or a price.

It is evidence that likeness of words cannot give: all words of a question can be met where its answer is missing.
Source: the answer types of question answering (E. Voorhees, "The TREC-8 Question Answering Track Report", 1999).
"""

import re
from enum import IntEnum
from typing import Final

__all__ = ["AnswerType", "match_answer_type"]

_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty"
    r"|hundred|half|dozen|few|several|couple|single|once|twice|every|daily|weekly|monthly|yearly)\b"
)
_TIME = (
    r"\b(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|mornings?|evenings?|overnight|immediate(?:ly)?"
    r"|straight ?away|today|tomorrow|daily|weekly|monthly|yearly|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|am|pm)\b"
)
_PRICE = (
    r"[$\u00a3\u20ac]|\b(?:prices?|priced|costs?|fees?|free|pay|paid|charged?|charges|insur\w+|discounts?|finance)\b"
)

_TYPES: Final = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(holds, re.IGNORECASE))
    for asks, holds in (
        (r"\bhow much (?:is|are|does|do|would|will|for)\b|\b(?:cost|price|fee|charge|expensive|cheap)", _PRICE),
        (r"\bhow (?:long|soon|quick|quickly|fast|often|early|late)\b|\bwhen\b|\bwhat time\b", _TIME),
        (r"\bhow many (?:second|minute|hour|day|week|month|year)", _TIME),
        (r"\bhow (?:many|much)\b|\bwhat (?:percent|dose|number|age)|\bhow (?:old|far|big|deep)\b", _NUMBER),
    )
)


class AnswerType(IntEnum):
    """Whether a text holds the type of answer that a question asks for; the numbers are the gate's signal."""

    PRESENT = 1
    ABSENT = -1
    NOT_ASKED = 0


def match_answer_type(question: str, text: str) -> AnswerType:
    """Return whether a text holds a time, number or price where a question asks for one."""
    for asks, holds in _TYPES:
        if asks.search(question):
            return AnswerType.PRESENT if holds.search(text) else AnswerType.ABSENT
    return AnswerType.NOT_ASKED
