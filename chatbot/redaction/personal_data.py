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
    (?P<before>\be-?mail(?:\saddress)?(?:'?s|\sis|\s?:)?\s)(?!is\s)[\w.+'-]+\s[\w.+'-]+@\S+
    | (?<![\w.+'-])
    (?: {_LOCAL} \s?\(?@\)?\s? {_LABEL} (?:\s?[.,]\s?{_TOP}\b|\.{_LABEL}){{1,6}}  # jane@example.com, jane @ x.com
      | (?=[^@\s]*[a-z]) {_LOCAL} @ (?=[\w-]*[a-z]) {_LABEL}                        # jane@examplecom
      | {_LOCAL} \s? [\[(] \s?at\s? [\])] \s? {_LABEL}                              # jane (at) example (dot) com
        (?:\s? (?:\.|[\[(]\s?dot\s?[\])]|\sdot\s) \s? {_LABEL}){{0,6}}
      | {_LOCAL} (?:\sdot\s{_LABEL}){{0,4}} \s at \s                                # jane at example dot com
        {_LABEL} (?:\sdot\s{_LABEL}){{0,5}} \sdot\s{_TOP}\b
      | {_LOCAL} \s at \s {_PROVIDER}\.[\w.]{{2,10}}+                               # jane at gmail.com
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
    r"[?#=@]|/[^/]{20,}|/(?=[^/]*\d)(?=[^/]*[a-z])[\w~.-]{10,}|/(?=[^/]*\d{5})[\w-]+", re.IGNORECASE
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
_YEAR_WORDS: Final = (
    rf"(?:nineteen[\s-](?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]{_UNITS})?|{_UNITS})"
    rf"|two\sthousand(?:\s(?:and\s)?{_UNITS})?)\b"
)
_YEAR_AFTER: Final = rf"(?:,?\s(?:in\s)?(?:{_YEAR}|'?\d\d|{_YEAR_WORDS})(?!\d))?"
_BIRTH_IN_WORDS: Final = re.compile(
    rf"(?P<before>{_BORN}[^\d\[\]]{{0,20}}?\b)"
    rf"(?:(?:the\s)?(?:(?:{_ORDINAL})\s(?:day\s)?(?:of\s)?|{_DAY}\sday\sof\s){_MONTH}{_YEAR_AFTER}"
    rf"|{_MONTH}\s(?:the\s)?(?:{_ORDINAL}){_YEAR_AFTER}|{_YEAR_WORDS})",
    re.IGNORECASE,
)
_BARE_DATE: Final = re.compile(rf"(?<![\d/.-]){_FULL_DATE}", re.IGNORECASE)
_SHORT_DATE: Final = re.compile(r"(?<![\d/.-])(?<!\d )\d{1,2}([/.])\d{1,2}\1(\d\d)(?![\d/.-])(?! \d)")
# Years. An older date is taken for a birth: treatments that people ask about are newer, and few who ask are younger.
_RECENT: Final = 10

_INTRODUCED: Final = re.compile(
    r"(?P<before>\b(?:my|the)\s(?:full\s|first\s|last\s|sur)?name(?:\sis|'?s|:)\s*|\b(?:sur|full\s|first\s|last\s)?name\s?[:=]\s*"
    r"|\bmy\s(?:full\s|first\s|last\s)?names\s|\b(?:me\sllamo|mi\snombre\ses|ich\shei(?:\u00df|ss)e|mein\sname\sist"
    r"|je\sm'appelle|mi\schiamo)\s)(?P<rest>[^\W\d_].{0,80})",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(
    r"(?P<before>\b(?:(?:[Rr]egards|[Tt]hanks|[Tt]hank you|[Ss]incerely|[Cc]heers)[,.]?|(?:[Ll]ove|[Bb]est),)\s)"
    r"(?P<name>[^\W\d_a-z][^\W\d_]+(?:\s[^\W\d_a-z][^\W\d_]+)?)(?=[\s.!]*$)"
)
_CAPITALS: Final = r"(?=[\w'\u2019-]{0,40}[a-z\xdf-\xff])[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)?"
_FULL_NAME: Final = rf"{_CAPITALS}\s{_CAPITALS}(?:\s{_CAPITALS})?"
_SOME_NAME: Final = rf"{_CAPITALS}(?:\s{_CAPITALS}){{0,2}}"
_TITLE: Final = r"(?i:mrs|mr|ms|miss|mx)\b\.?\s"
_RELATION: Final = (
    r"(?i:daughter|son|husband|wife|partner|mum|mam|mom|mother|dad|father|brother|sister|child|baby|friend|girlfriend|girl|boy"
    r"|boyfriend)"
)
# Names in capitals, which other words than "my name is" introduce or follow.
_MENTIONED: Final = re.compile(
    rf"\b(?i:i\sam|i['\u2019]?m|this\sis|it['\u2019]?s|it\sis)\s(?P<titled>{_TITLE}{_SOME_NAME})"
    rf"|\b(?P<formal>{_TITLE}{_SOME_NAME})(?=\s(?:here|speaking|calling)\b)"
    rf"|\b(?i:this\sis|it['\u2019]?s|it\sis)\s(?P<here>{_SOME_NAME})(?=\s(?:here|speaking|again|calling)\b)"
    rf"|(?:^|[.,!]\s)(?P<first>{_FULL_NAME})(?=\s(?:here|speaking|calling)\b)"
    rf"|\b(?i:this\sis|i\sam|i['\u2019]?m)\s(?P<full>{_FULL_NAME})(?=[,.]|\s(?:and|from)\b)"
    rf"|\b(?i:this\sis)\s(?P<rang>{_CAPITALS})(?=,\s(?i:i|i'm|my|can)\b)"
    rf"|\b{_RELATION}\s(?:(?:is\s)?(?:called|named)\s)?(?P<relative>{_SOME_NAME})"
    rf"|\b(?i:his|her|their|son's|daughter's)\s(?i:name(?:\sis|['\u2019]s))\s(?P<whose>{_SOME_NAME})"
    rf"|\b(?i:i\sam|i['\u2019]?m)\scalled\s(?P<called>{_SOME_NAME})"
    rf"|\b(?i:patient(?:\sname)?\s?[:=]|name\s-)\s?(?P<labelled>{_FULL_NAME})"
    rf"|\b(?i:call\sme|know\sme\sas)\s(?P<nick>{_SOME_NAME})"
    rf"|\b(?i:under\sthe\sname(?:\sof)?|appointment\sis\sfor)\s(?P<booked>{_FULL_NAME})"
    r"|\b(?i:regards|wishes|thanks|thx|sincerely|faithfully|truly|cheers|signed)[,.]?(?:\s-)?\s"
    rf"(?P<signed>{_CAPITALS}(?:\s{_CAPITALS})?)[\s.!]*$"
    rf"|[?.!]\s*[-\u2013\u2014~]\s?(?P<dashed>{_CAPITALS}(?:\s{_CAPITALS})?)[\s.!]*$"
)
_NAME_WORD: Final = re.compile(r"(?:[^\W\d_]\.|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*)(?=[\s,.;:!?)]|$)")
_NAME_WORDS: Final = 4
_PARTICLES: Final = frozenset(
    {"al", "ben", "bin", "da", "dal", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le"}
    | {"bint", "ter", "ul", "van", "von", "zu"}
)
# Words after "my name is" that are not a name, or that end one.
_WORDS: Final = """
    a about after again age aged all already also although always am an and any are as ask at be because been before
    being between born botox but by called can cannot could date did do dob doctor does doing down dr each either
    email every everyone few filler for from get getting got guys had has have having he hello help her here hers hi
    his how however i i'd i'll i'm i've if im in into is it it's its ive just know last let like listed looking may
    me might mine missing misspelled more most much must my need needing needle needles never new no not now nurse
    of off on once one only or our out over pain patient phone please pls right same she should so some spelled
    spelt still such team than thanks that the their them then there these they this those to too two under until up
    us very want wanted wants was we were what when where which while who why will wish with would written wrong you
    your yours
"""
_NO_NAME: Final = frozenset(_WORDS.split())
# Capitalised words that stand where a name may stand, and are none.
_CAPITALISED: Final = """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december today tomorrow tonight yes english irish french german spanish polish italian portuguese
    arabic romanian ukrainian russian chinese hindi urdu turkish laser kids cash reception urgent hot cold great
    invisalign profhilo microneedling juvederm started said says got needs wants shingles diabetes covid asthma eczema
    acne type medical muslim catholic jewish hindu american british street road lane avenue square reception easter
    christmas blood test scan therapy removal hair positive negative botox clinic hospital spectrum syndrome thinks
    googled ma'am sir cheers ok okay lovely good bye
"""
_SMALL: Final = re.compile(r"(?<!\w)[a-z]{2,}")  # Without a word in small letters, capitals say nothing of names.
_NEVER_NAMES: Final = _NO_NAME | frozenset(_CAPITALISED.split())


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


def _without_names(text: str) -> str:
    names = [name for match in _INTRODUCED.finditer(text) if (name := _name(match["rest"]))]
    names += [match["name"] for match in _SIGNED.finditer(text) if match["name"].casefold() not in _NO_NAME]
    mentioned = _MENTIONED.finditer(text) if _SMALL.search(text) else ()
    for match in mentioned:
        name = match[match.lastgroup or 0]
        words = name.casefold().replace("\u2019", "'").split()
        if _NEVER_NAMES.isdisjoint([*words, *(word.removesuffix("'s") for word in words)]):
            names.append(name)
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text)
    return text


def _name(rest: str) -> str:
    """Return the name that a text begins with: words with capitals, or at most two in small letters; "" without one."""
    small = end = place = 0
    for _ in range(_NAME_WORDS):
        word = _NAME_WORD.match(rest, place)
        if word is None or word.group().casefold() in _NO_NAME:
            break
        particle = rest[0].isupper() and word.group().casefold().split("-")[0].split("'")[0] in _PARTICLES
        small += word.group()[0].islower() and not particle
        if small > (0 if rest[0].isupper() else 2):
            break
        end = word.end()
        place = end + 1
        if rest[end:place] != " ":
            break
    return rest[:end]


_RULES: Final[tuple[Callable[[str], str], ...]] = (
    _without_links,
    _without_emails,
    _without_births,
    redact_numbers,
    redact_addresses,
    _without_names,
)
