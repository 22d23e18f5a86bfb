"""Take out numbers that belong to a person: phones, cards, accounts, and the ids of states and insurers.

Numbers that are counted, paid, dated or measured stay in the text, because a question needs them.
"""

import math
import re
from itertools import pairwise
from typing import Final

__all__ = ["redact_numbers"]

# Units: a number before one of these counts or measures something, so it is not an id.
_UNIT: Final = (
    r"(?:%|\u00b0|(?:m|k|c|n|\u00b5)?m\b|(?:m|k|mc|\u00b5)?g\b|m?l\b|iu\b|units?\b|nm\b|hz\b|[mk]hz\b|cc\b|kcal\b|calories\b"
    r"|sec|min|h(?:ou)?rs?\b|days?\b|weeks?\b|wks?\b|months?\b|years?\b|yrs?\b|sessions?\b|treatments?\b|times\b|steps?\b"
    r"|people\b|patients\b|pounds?\b|euros?\b|dollars?\b|quid\b|usd\b|gbp\b|eur\b|needles?\b|pins?\b|am\b|pm\b)"
)
_MONEY: Final = r"[\u00a3$\u20ac\u20b9]\s?\d[\d,.]*"

# A number after a label of the first list is an id. The second list also needs "number", a colon or five digits.
_ALONE: Final = (
    r"(?:cvv2?|cvc2?|pin(?:\scode)?|otp|passcode|security\scode|sort(?:\scode)?|account|acct|acc\s?no|a/c|iban|passport|mrn"
    r"|ssn|social\ssecurity|national\sinsurance|nino?|nhs|nhi|ppsn?|bupa|vhi|laya|aviva|axa|h\s?&\s?c|chart|eircode|policy|membership|member|patient|hospital|medicare|medicaid"
    r"|driv(?:ing|er'?s)\slicen[cs]e|zip(?:\scode)?|post(?:al\s)?code|plz)"
)
_REFERENCE: Final = (
    r"(?:booking|reference|ref|confirmation|order|invoice|case|claim|customer|client|insurance|card|id|identity|file|"
    r"appointment|tax|licen[cs]e|permit|visa)"
)
_NUMBER_WORD: Final = r"(?:(?:number|num|nr|no|id|ref(?:erence)?|code)\b\.?|\#|\u2116)"
_JOIN: Final = r"\s?(?:(?:is|was|of)\b|[:=\#-])?\s?"
_GROUPED: Final = (
    r"(?:[A-Z]\s)?[A-Z0-9]{2,}(?:[\s/-]{1,3}[A-Z0-9]*\d[A-Z0-9]*){0,6}"
    r"(?:-[A-Z]{1,3}\b|\s(?-i:[A-Z]{1,2})\b(?!\s[A-Z]))?"
)
_LABELLED: Final = re.compile(
    rf"(?P<post>\bpost\s?code\b{_JOIN})(?P<dutch>\d{{4}}\s?[A-Z]{{2}}\b)"
    rf"|(?P<before>\b{_ALONE}\b\s?{_NUMBER_WORD}?{_JOIN})(?P<secret>(?=(?:[\s/-]?[A-Z]*[\s/-]?\d){{3}}){_GROUPED})(?!\s?{_UNIT})"
    rf"|(?P<named>\b{_REFERENCE}\b\s?{_NUMBER_WORD}{_JOIN}|\b{_REFERENCE}\b\s?:\s?)"
    rf"(?P<thing>(?=(?:[\s-]?[A-Z]*\s?\d){{4}}){_GROUPED})(?!\s?{_UNIT})"
    rf"|(?P<ending>\b(?:end(?:ing|s)\s(?:in\s|with\s|on\s)?|last\s(?:four|4)(?:\s(?:digits|numbers))?\s(?:are\s|is\s)?))(?P<last>\d{{3,4}}\b)(?!\s?{_UNIT})"
    rf"|(?P<coded>\b{_REFERENCE}\b(?:\s{_NUMBER_WORD})?{_JOIN})(?P<code>(?-i:(?=(?:[A-Z/-]*\d){{3}}|[A-Z0-9-]*\d[\d-]*[A-Z])(?=[A-Z0-9-]*[A-Z])[A-Z0-9][A-Z0-9/-]{{4,19}}(?![\w/-])))"
    rf"|(?P<bare>\b{_REFERENCE}\b{_JOIN})(?P<long>(?=(?:-?[A-Z]*\d){{5}})[A-Z0-9][A-Z0-9-]{{4,}})(?!\s?{_UNIT})",
    re.IGNORECASE,
)
_YEAR_ONLY: Final = re.compile(r"(?:19|20)\d\d")

_NATIONAL: Final = re.compile(
    r"\b(?:[a-z]{2}\s{0,2}\d\d\s{0,2}\d\d\s{0,2}\d\d\s{0,2}[a-d]"  # United Kingdom: national insurance
    r"|\d[a-z][a-z0-9]\d-?[a-z][a-z0-9]\d-?[a-z]{2}\d\d"  # United States: Medicare
    r"|[a-z]{5}\d{4}[a-z]"  # India: tax
    r"|(?<![\d.]\b)\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)"  # a computer's address
    r"|[12]\s?\d\d\s?\d\d\s?\d[\dab]\s?\d{3}\s?\d{3}(?:\s?\d\d)?)\b",  # France: social security
    re.IGNORECASE,
)
# Plates of cars: after a word for them in any form, and the British ones of today with capitals anywhere.
_PLATE_FORM: Final = (
    r"(?:[a-z]{1,3}[\s-]?\d{1,5}[\s-]?[a-z]{1,3}|\d{1,4}[\s-]?[a-z]{1,3}[\s-]?\d{1,6}|[a-z]{2,3}[\s-]?\d{3,5})(?![\w-])"
)
_PLATE: Final = re.compile(
    r"(?P<before>(?i:\b(?:(?:(?:car|van|vehicle)(?:'s)?\s)?(?:reg(?:istration)?|number\splate|licen[cs]e\splate|plates?)|car|van|vehicle|motorbike)"
    rf"(?:\s(?:number|no|plate))?(?:\s(?:is|was)|\s?[:=,])?\s))(?i:{_PLATE_FORM})"
    r"|\b[A-Z]{2}\d{2}\s?[A-Z]{3}\b"
)
_EXPIRY: Final = re.compile(
    r"(?P<before>\bexp(?:iry|ires?|iration)?(?:\sdate)?\W{0,3}(?:is\s)?)\d\d\s?/\s?(?:20)?\d\d\b", re.IGNORECASE
)
_IBAN: Final = re.compile(
    r"\b[A-Z]{2}\d\d(?=(?:\s?[A-Z0-9])*?(?:\s?\d){6})(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?\b|"
    r"\b[a-z]{2}\d{2}[a-z0-9]{11,30}\b"
)
_MIXED: Final = re.compile(
    r"\b(?=(?:[a-z-]*\d){5})(?=[\d-]*[a-z])[a-z0-9]+(?:-(?=[a-z]*\d)[a-z0-9]+)*(?:-[a-z])?\b", re.IGNORECASE
)
_MEASURES: Final = re.compile(
    rf"\d{{1,3}}[a-z]{{0,4}}(?:-\d{{1,3}}[a-z]{{0,4}})*|\d{{1,2}}h\d\d(?:-\d{{1,2}}h\d\d)?|\d+{_UNIT}", re.IGNORECASE
)

_DATE: Final = r"(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?!\d)"
_CLOCK: Final = r"\d{1,2}[.:]\d\d(?:\s?[-\u2013]\s?\d{1,2}[.:]\d\d)?(?![.\d])(?!\s?\d{3})"
# Money, dates, times and measures match first and stay as they are. Only the named group has digits to decide on.
_RUN: Final = re.compile(
    rf"{_MONEY}|(?<![\d]){_DATE}(?:\s?[-\u2013]\s?{_DATE})?|(?<!\d){_CLOCK}|(?<!\w)\d+(?:[.,]\d+)?\s?{_UNIT}"
    r"|(?P<run>(?<![\w,])(?:\+\s?|\(\s?\+?|00\s?|o(?=\d{3}))?\d(?:[\s()./\u2013-]{0,4}\d){5,40}(?![\w,]\d))"
    r"(?:\s?(?:ext|extension|x)\b\.?\s?\d{1,6})?",
    re.IGNORECASE,
)
_PHONE_WORD: Final = re.compile(
    r"(?:phone|tel|telephone|mobile|moblie|mob|cell|call|ring|text|whatsapp|whats\sapp|number|contact|fax)\b\W{0,3}"
    r"(?:(?:me|us|back|no|number|is|on|at)\b\W{0,3}){0,4}$",
    re.IGNORECASE,
)
_DIGIT_WORD: Final = (
    r"(?:zero|oh|o|nought|naught|one|two|three|four|five|six|seven|eight|nine|double|triple|hundred|thousand)"
)
_SPOKEN: Final = re.compile(rf"\b{_DIGIT_WORD}(?:[\s,-]{{1,2}}{_DIGIT_WORD}){{6,40}}\b", re.IGNORECASE)


def redact_numbers(text: str) -> str:
    """Return the text with "[id]" or "[number]" in place of each number that belongs to a person."""
    text = _IBAN.sub("[id]", _NATIONAL.sub("[id]", text))
    text = _PLATE.sub(lambda match: f"{match['before'] or ''}[id]", text)
    text = _EXPIRY.sub(r"\g<before>[id]", text)
    text = _LABELLED.sub(_replace_labelled, text)
    text = _MIXED.sub(lambda match: match.group() if _MEASURES.fullmatch(match.group()) else "[id]", text)
    text = _RUN.sub(_replace_run, text)
    return _SPOKEN.sub("[number]", text)


def _replace_labelled(match: re.Match[str]) -> str:
    before = match["post"] or match["before"] or match["named"] or match["ending"] or match["coded"] or match["bare"]
    secret = match["dutch"] or match["secret"] or match["thing"] or match["last"] or match["code"] or match["long"]
    return match.group() if _YEAR_ONLY.fullmatch(secret) else f"{before}[id]"


def _replace_run(match: re.Match[str]) -> str:
    """Return "[number]" for a run of digits, or the run itself if it reads as amounts, years or ranges."""
    run = match["run"]
    if run is None:
        return match.group()
    groups = re.findall(r"\d+", run)
    digits = sum(map(len, groups))
    announced = _PHONE_WORD.search(match.string[max(0, match.start() - 40) : match.start()])
    if digits < (6 if announced else 7) or _is_amounts(run, groups):
        return match.group()
    return "[number]"


def _is_amounts(run: str, groups: list[str]) -> bool:
    run = run.lstrip("( ")
    if run[0] == "+":
        return False
    words = run.split()
    return (
        all(re.fullmatch(r"(?:19|20)\d\d", group) for group in groups)
        or (len(groups) == 1 and run.endswith("000"))
        or all(re.fullmatch(r"\d{1,3}(?:\.\d{1,3})?", word) and "." in run and run[0] != "0" for word in words)
        or all(re.fullmatch(r"\d{1,3}\.\d{1,2}(?:-\d{1,3}\.\d{1,2})?", word) for word in words)
        or all(re.fullmatch(r"\d{1,3}[/-]\d{1,3}", word) for word in words)
        or bool(re.fullmatch(r"[1-9]\d{0,2}(?: 000)+", run))
        or bool(re.fullmatch(r"[1-9]\d{2,4}/[1-9]\d{2,3}", run))
        or _is_scale(groups)
    )


def _is_scale(groups: list[str]) -> bool:
    """Return whether the numbers are steps of a scale, such as 10 20 30 40 or 1000-2000."""
    numbers = [int(group) for group in groups]
    rising = all(low < high for low, high in pairwise(numbers))
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return numbers[-1] < 100
    lengths = {len(group) for group in groups}
    if rising and len(numbers) > 3 and lengths == {3, 4} and groups[0][0] != "0":
        return True  # wavelengths, doses
    step = 3 if len(numbers) > 2 and max(numbers) < 1000 else 50
    return len(numbers) > 1 and groups[0][0] != "0" and rising and numbers[-1] < 100_000 and math.gcd(*numbers) >= step
