"""Take personal data out of what a visitor typed, before it is written anywhere.

Taken out: e-mail addresses, links that open something personal, dates of birth, phone, card, account and id numbers,
house addresses, postcodes, and the names of people who introduce themselves or others, or sign. A word for the kind,
such as "[email]", stands in their place, so that the rest can still be read.

Not taken out: names that are only mentioned, streets and towns that nothing marks as a home, ages, symptoms and
treatments, and data in a form that no rule knows. So the result may still identify somebody. docs/privacy.md has
measured rates.

The rules look at the form and at the words around it, and compute no check digits. A card number with a typing error is
still somebody's card number.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from chatbot.redaction.identifiers import redact_numbers
from chatbot.redaction.names import redact_names
from chatbot.redaction.postal import redact_addresses

__all__ = ["redact"]

_LOCAL: Final = r"[\w.+'-]{1,64}+(?:\s\.\s[\w.+'-]{1,64}+)?"
_LABEL: Final = r"[\w-]{1,63}+"
_TOP: Final = (
    r"(?:com|org|net|edu|gov|info|biz|eu|uk|ie|de|at|ch|fr|es|it|pt|nl|be|lu|dk|se|no|fi|pl|cz|ro|hu|gr|us|ca|mx|br|au|nz"
    r"|in|pk|za|ng|ke|sg|hk|jp|kr|cn|tr|ru|ua|il|ae|sa|me|io|co)"
)
_PROVIDER: Final = (
    r"(?:g(?:oogle)?mail|yahoo|hotmail|outlook|live|msn|icloud|me|aol|proton(?:mail)?|gmx|web|btinternet|sky|talktalk)"
)
_EMAIL: Final = re.compile(
    rf"""
    # my email is jane doe@example.com
    (?P<before>\b(?:e-?mail(?:\saddress)?(?:'?s|\sis|\s?:)?|(?:send|reply|write|mail|e-?mail|contact)\s(?:it\s|them\s|me\s)?(?:to|at|on))\s)
    (?!is\s|me\s)[\w.+'-]+\s[\w.+'-]+(?:@\S+|\sat\s(?:\w+\sdot\s\w+|\w+\.\w[\w.]*))
    | (?<![\w.+'-])
    (?: {_LOCAL} \s?\(?@\)?\s? {_LABEL} (?:\s?[.,]\s?{_TOP}\b|\.{_LABEL}){{1,6}}  # jane@example.com, jane @ x.com
      | (?=[^@\s]*[a-z]) {_LOCAL} @ (?=[\w-]*[a-z]) {_LABEL}                        # jane@examplecom
      | {_LOCAL} \s? [\[(] \s?at\s? [\])] \s? {_LABEL}                              # jane (at) example (dot) com
        (?:\s? (?:\.|[\[(]\s?dot\s?[\])]|\sdot\s) \s? {_LABEL}){{0,6}}
      | {_LOCAL} (?:\sdot\s{_LABEL}){{0,4}} \s at \s                                # jane at example dot com
        {_LABEL} (?:\sdot\s{_LABEL}){{0,5}} \sdot\s{_TOP}\b
      | {_LOCAL} \s at \s {_PROVIDER}\.[\w.]{{2,10}}+                               # jane at gmail.com
      | {_LOCAL} (?:\s(?:dot|underscore|dash|hyphen)\s{_LABEL}){{0,4}}       # jane underscore k at the rate
        \s at \s (?:the\srate\s(?:of\s)?)? {_LABEL} (?:\sdot\s{_LABEL}){{0,3}} \sdot\s{_TOP}\b
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,11}://\S++|(?<![\w@.-])www\.\S++|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?:/|\?)\S*+",
    re.IGNORECASE,
)
# A link with one of these may open something personal: a query, a fragment, a password, a long name with digits.
_PERSONAL_LINK: Final = re.compile(
    r"^(?:[\w-]{1,20}\.)?(?:imgur|drive|photos|dropbox|we\.tl|wetransfer|1drv|onedrive|icloud|flickr|instagram|facebook|fb|linkedin|tiktok"
    r"|x\.com|twitter|t\.me|wa\.me|snapchat)\b|[?#=@]|/[^/]{20,}|/(?=[^/]*\d)(?=[^/]*[a-z])[\w~.-]{10,}|/(?=[^/]*\d{5})[\w-]+",
    re.IGNORECASE,
)

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre"
    r"|januar|februar|m\u00e4rz|mai|juni|juli|oktober|dezember"
    r"|janvier|f[\u00e9e]vrier|mars|avril|juin|juillet|ao[\u00fbu]t|septembre|octobre|novembre|d[\u00e9e]cembre"
    r"|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre)\b\.?"
)
_MONTH_GLUED: Final = _MONTH.replace(r"\b", "")
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|\.)?"
_WEEKDAY: Final = r"(?:(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]?\s)?"
_YEAR: Final = r"(?:19|20)\d\d"
_FULL_DATE: Final = (
    rf"{_WEEKDAY}(?:\d{{1,2}}\s?[./-]\s?\d{{1,2}}\s?[./-]\s?{_YEAR}|\d{{1,2}}\s\d{{1,2}}\s{_YEAR}"
    rf"|{_YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}"
    rf"|{_DAY}[\s/.-]?(?:of\s|de\s)?{_MONTH_GLUED},?[\s/.-]?(?:de\s|del\s)?{_YEAR}|{_MONTH}\s?{_DAY},?\s{_YEAR})(?!\d)"
)
_ANY_DATE: Final = (
    rf"(?:{_FULL_DATE}|\d{{1,2}}\s?[./ -]\s?\d{{1,2}}\s?[./ -]\s?\d{{2}}(?!\d)|\d{{8}}(?!\d)|\d{{6}}(?!\d)"
    rf"|{_DAY}[\s/.-]?(?:of\s|de\s)?{_MONTH_GLUED}(?:,?[\s/.-]?'?\d\d(?!\d))?|{_MONTH}\s?{_DAY}(?:,?\s'?\d\d)?(?!\d)"
    rf"|{_MONTH}\sthe\s{_DAY}(?:,?\s(?:{_YEAR}|'?\d\d))?(?!\d)"
    rf"|{_MONTH},?\s'?(?:{_YEAR}|\d\d)(?!\d))"
)
_BIRTH_WORD: Final = r"(?:date\s?of\s?birth|d\.?\s?o\.?\s?b\b\.?|birth\s?-?da(?:y|te)|b-?day|geburtsdatum)"
_BORN: Final = rf"(?:{_BIRTH_WORD}|\bd\.?o\.?b(?=\d)|\bborn|birth\syear|year\sof\sbirth|\(b\.|\bgeboren|\bn[ée]e?\sle)"
_BIRTH: Final = re.compile(
    rf"(?P<before>{_BORN}[^\d\[\]]{{0,20}}?\b)(?:(?<![\d]){_ANY_DATE})"
    rf"|(?P<glued>\bd\.?o\.?b\.?:?)\d{{6,8}}\b"
    rf"|(?P<year>(?:\bborn|birth|dob)\b[^\d\[\]]{{0,12}}){_YEAR}\b"
    rf"|(?<!\d){_ANY_DATE}(?=[^\w\[\]]{{0,3}}(?:(?:is|was)\s)?(?:my|her|his|our|the)?\s?(?:\w{{1,12}}\s)?{_BIRTH_WORD})",
    re.IGNORECASE,
)
_ORDINAL: Final = (
    r"(?:(?:twenty|thirty)[\s-])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth"
)
_UNITS: Final = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)"
)
_TENS: Final = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_YEAR_WORDS: Final = (
    rf"(?:nineteen[\s-](?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]{_UNITS})?|{_UNITS})"
    rf"|two\sthousand(?:\s(?:and\s)?{_UNITS})?)\b"
)
_YEAR_AFTER: Final = rf"(?:,?\s(?:in\s)?(?:{_YEAR}|'?\d\d|{_YEAR_WORDS}|{_TENS}(?:[\s-]{_UNITS})?)(?!\d))?"
_BIRTH_IN_WORDS: Final = re.compile(
    rf"(?P<before>{_BORN}[^\d\[\]]{{0,20}}?\b)"
    rf"(?:(?:the\s)?(?:(?:{_ORDINAL})\s(?:day\s)?(?:of\s)?|{_DAY}\sday\sof\s){_MONTH}{_YEAR_AFTER}"
    rf"|{_MONTH}\s(?:the\s)?(?:{_ORDINAL}){_YEAR_AFTER}|{_YEAR_WORDS}"
    # the first of the second eighty nine
    rf"|(?:the\s)?(?:{_ORDINAL})\sof\s(?:the\s)?(?:{_ORDINAL}),?\s(?:{_YEAR_WORDS}|{_TENS}(?:[\s-]{_UNITS})?)"
    rf"|(?:{_UNITS}|{_TENS}(?:[\s-]{_UNITS})?)\s(?:{_UNITS})\s(?:{_YEAR_WORDS}|{_TENS}(?:[\s-]{_UNITS})?))\b",
    re.IGNORECASE,
)
_BARE_DATE: Final = re.compile(rf"(?<![\d/.-]){_FULL_DATE}", re.IGNORECASE)
_SHORT_DATE: Final = re.compile(r"(?<![\d/.-])(?<!\d )\d{1,2}([/.])\d{1,2}\1(\d\d)(?![\d/.-])(?! \d)")
# Years. An older date is taken for a birth: treatments that people ask about are newer, and few who ask are younger.
_RECENT: Final = 10

# A name on a social network, after the network's, or with its sign.
_NETWORK: Final = (
    r"(?:insta(?:gram)?|snap(?:chat)?|tik\s?tok|twitter|facebook|fb|telegram|skype|linked\s?in|threads|youtube|discord|signal"
    r"|messenger|bluesky|whats\s?app)"
)
_HANDLE: Final = re.compile(
    rf"(?P<before>\b(?:{_NETWORK}(?:\s(?:handle|name|account|id|profile|page))?(?:\s?[:=]\s?|\s(?:is|as|under|@|at)\s|\s)"
    rf"|(?:handle|username|user\sname)(?:\s?:\s?|\sis\s)))"
    rf"(?P<handle>(?=[\w.:-]*[\d_]|[\w:-]*[.:]\w)[a-z@][\w.:-]{{2,40}}\w|@[\w.]{{3,40}})"
    rf"|(?P<named>\b(?:my|our|her|his)\s{_NETWORK}(?:\s(?:handle|name|account|id))?(?:\sis\s|\s?[:=]\s?))(?!on\b|not\b|down\b|private\b|public\b)[\w.]{{4,40}}"
    r"|(?<![\w@.])@[a-z_][\w.]{2,40}\w"
    r"|\b(?:facebook|instagram|linkedin|twitter|tiktok|x|fb)\.com/\S{2,80}",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return the text with a word in brackets in place of each personal detail that a rule finds; see the module."""
    for rule in _RULES:
        text = rule(text)
    return text


def _without_links(text: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        link = match.group().rstrip(".,;:!?)>]\"'")
        place = link.partition("://")[2] or link
        return f"[link]{match.group()[len(link) :]}" if _PERSONAL_LINK.search(place) else match.group()

    return _LINK.sub(replacement, text)


def _without_emails(text: str) -> str:
    return _EMAIL.sub(lambda match: f"{match['before'] or ''}[email]", text)


def _without_births(text: str) -> str:
    text = _BIRTH_IN_WORDS.sub(r"\g<before>[birth date]", text)
    text = _BIRTH.sub(lambda match: f"{match['before'] or match['glued'] or match['year'] or ''}[birth date]", text)
    this_year = datetime.now(UTC).year

    def full_date(match: re.Match[str]) -> str:
        (year,) = re.findall(rf"(?<!\d){_YEAR}(?!\d)|(?<=[a-z.]){_YEAR}", match.group(), re.IGNORECASE)[-1:]
        return "[birth date]" if int(year) <= this_year - _RECENT else match.group()

    def short_date(match: re.Match[str]) -> str:
        return "[birth date]" if int(match[2]) > this_year % 100 + 1 else match.group()

    return _SHORT_DATE.sub(short_date, _BARE_DATE.sub(full_date, text))


def _without_handles(text: str) -> str:
    def replacement(match: re.Match[str]) -> str:
        # The clinic's own is no secret.
        if re.search(r"\b(?:your|ur)\b[^.?!]{0,25}$", text[max(0, match.start() - 40) : match.start()], re.IGNORECASE):
            return match.group()
        return f"{match['before'] or match['named'] or ''}[handle]"

    return _HANDLE.sub(replacement, text)


_RULES: Final[tuple[Callable[[str], str], ...]] = (
    _without_links,
    _without_emails,
    _without_handles,
    _without_births,
    redact_numbers,
    redact_addresses,
    redact_names,
)
