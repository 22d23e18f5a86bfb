"""Take out the names of people who introduce themselves or others, sign, or are booked for.

A name that is only mentioned stays: "is Dr Patel in on Monday?" is a question about the clinic. Where words announce a
name, whatever follows is one. Elsewhere a capital or the list `names.txt` decides, and something that stands before or
behind it. training/names.py makes that list.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["redact_names"]

_LISTS: Final = Path(__file__).parent / "names.txt"

_RELATION: Final = (
    r"(?i:(?:mother|father|sister|brother|son|daughter)[\s-]in[\s-]law|daughter|son|husband|wife|partner|mum|mam|mom|mother|dad|father|brother|sister|child|baby|friend|girlfriend|girl|boy"
    r"|boyfriend|nan|nana|gran|granny|grandma|grandmother|grandad|grandpa|grandfather|grandson|granddaughter|aunt|auntie"
    r"|uncle|cousin|niece|nephew|neighbou?r|carer|fianc[e\u00e9]e?|toddler|twins?|stepson|stepdaughter|rep|kids?|flatmate|housemate|roommate|colleague|boss|student"
    r"|employee|guardian|godson|goddaughter|ex|mate|client|interpreter|little\sone)\b"
)
_OF_NAMES: Final = (
    r"(?:full|first|last|maiden|booking|account|married|birth|family|given|patient|customer|client|sur|middle)\s?"
)
# After these, whatever follows is a name.
_INTRODUCED: Final = re.compile(
    rf"(?:\b(?:my|the|our)\s(?:{_OF_NAMES}|child'?s\s|baby'?s\s)?name(?:\sis|'?s|:)\s*(?:spelt\s)?"
    rf"|\b(?:{_OF_NAMES})?name\s?[:=]\s*|\b{_OF_NAMES}name(?:\sis\s|'s\s|,\s|\s)|^(?:\w+\W{{1,3}})?names?(?:\sis)?\s"
    rf"|\b{_RELATION}(?:'?s)?\s(?:(?:is|was|are)\s)?(?:called|named|names?(?:\sis|'?s))\s"
    r"|\bmy\s(?:full\s|first\s|last\s)?names\s|\b(?:me\sllamo|mi\snombre\ses|ich\shei(?:\u00df|ss)e|mein\sname\sist"
    r"|je\sm'appelle|mi\schiamo|nazywam\ssi[e\u0119])\s)(?=(?P<rest>[^\W\d_].{0,80}))",
    re.IGNORECASE,
)
# "my nephew X needs": other words than a name may stand there too.
_RELATIVE: Final = re.compile(
    rf"\b(?:my|our)\s(?:(?:little|eldest|youngest|older|younger|big|late|own)\s)?{_RELATION},?\s(?P<name>[^\W\d_]{{3,}})"
    r"(?=,?\s(?:has|needs|is|was|wants|had|got|gets|can|could|would|will|who|fell|takes|swallowed|cut|broke|keeps|suffers)\b)",
    re.IGNORECASE,
)
_AFTER_RELATIVES: Final = """
    already also always both care dentist doctor either even ever friend gp group here herself himself just kin
    later law maybe members never now nurse often once only person sometimes soon still surgeon then there today
    tonight too who yesterday
"""
_NEVER_RELATIVES: Final = frozenset(_AFTER_RELATIVES.split())
_SIGNED: Final = re.compile(
    r"(?P<before>\b(?:(?:[Rr]egards|[Tt]hanks|[Tt]hank you|[Ss]incerely|[Cc]heers)[,.]?|(?:[Ll]ove|[Bb]est),)\s)"
    r"(?P<name>[^\W\d_a-z][^\W\d_]+(?:\s[^\W\d_a-z][^\W\d_]+)?)(?=[\s.!]*$)"
)
_CAPITALS: Final = r"(?=[\w'\u2019-]{0,40}[a-z\xdf-\xff])[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)?"
_FULL_NAME: Final = rf"{_CAPITALS}\s{_CAPITALS}(?:\s{_CAPITALS})?"
_SOME_NAME: Final = rf"{_CAPITALS}(?:\s{_CAPITALS}){{0,2}}"
_TITLE: Final = r"(?i:mrs|mr|ms|miss|mx)\b\.?\s"
# Names in capitals, which other words than "my name is" introduce or follow.
_MENTIONED: Final = re.compile(
    rf"\b(?i:i\sam|i['\u2019]?m|this\sis|it['\u2019]?s|it\sis)\s(?P<titled>{_TITLE}{_SOME_NAME})"
    rf"|\b(?P<formal>{_TITLE}{_SOME_NAME})(?=\s(?:here|speaking|calling)\b)"
    rf"|\b(?i:this\sis|it['\u2019]?s|it\sis)\s(?P<here>{_SOME_NAME})(?=\s(?:here|speaking|again|calling)\b)"
    rf"|(?:^|[.,!]\s)(?P<first>{_FULL_NAME})(?=\s(?:here|speaking|calling)\b)"
    rf"|\b(?i:this\sis|i\sam|i['\u2019]?m)\s(?P<full>{_FULL_NAME})(?=[,.]|\s(?:and|from)\b)"
    rf"|\b(?i:this\sis)\s(?P<rang>{_CAPITALS})(?=,\s(?i:i|i'm|my|can)\b)"
    rf"|\b(?:(?<=[Mm]y\s)|(?![A-Z])){_RELATION}(?:\s(?:(?:is\s)?(?:called|named)\s)?|,\s(?=\w+,))"
    rf"(?P<relative>{_SOME_NAME})(?:\sand\s(?P<other>{_SOME_NAME}))?"
    rf"|\b(?i:his|her|their|son's|daughter's)\s(?i:name(?:\sis|\swas|['\u2019]s))\s(?P<whose>{_SOME_NAME})"
    rf"|\b(?i:i\sam|i['\u2019]?m)\scalled\s(?P<called>{_SOME_NAME})"
    rf"|\b(?i:patient(?:\sname)?\s?[:=]|name\s-|patient\sis)\s?(?P<labelled>{_FULL_NAME})"
    rf"|\b(?i:call\sme|calls\sme|knows?\sme\sas|go\sby)\s(?P<nick>{_SOME_NAME})"
    rf"|\b(?i:under\sthe\sname(?:\sof)?|in\sthe\sname\sof|appointment\sis\sfor|on\sbehalf\sof|speaking\sis)\s(?P<booked>{_SOME_NAME})"
    rf"|\b(?i:(?:is|be|it|book(?:ed|ing)?(?:\sin)?|put|reserv(?:ed|ation)|appointment|filed)\s(?:under|as))\s"
    rf"(?P<under>{_SOME_NAME})"
    rf"|\b(?i:(?:file|records?|notes|chart|results?|appointment|form|letter|prescription|referral)\s(?:of|for))\s(?P<filed>{_FULL_NAME})"
    rf"|\b(?i:(?:message|note|one|sent|love|regards)\s(?:from|by))\s(?P<sender>{_SOME_NAME})"
    rf"|(?:^|[.!]\s)(?P<entry>{_FULL_NAME})(?=,?\s(?i:dob\b|d\.o\.b|born\b|date\sof\sbirth|\(?\[(?:number|birth|email|id)|aged?\s\d))"
    rf"|\b(?i:look\sup|pull\sup)\s(?P<searched>{_FULL_NAME})"
    rf"|\b(?i:mum|mother|mom|dad|father|parent|wife|husband|son|daughter|sister|brother|partner)\s(?:of|to)\s(?P<kin>{_SOME_NAME})"
    rf"|\b(?i:(?:hi|hello|hey|hiya|morning|afternoon|evening)(?:\s(?:all|there|guys|team|both|folks|everyone))?)[,.!]?\s(?P<hailed>{_CAPITALS})(?=\s(?:here|again)\b(?:[,.!]|$))"
    rf"|(?:^|[.!]\s)(?P<caller>{_CAPITALS})(?=\shere,?\s\(?\[(?:number|email))"
    rf"|\b(?i:please|thanks|thank\syou|know|soon|back|advance|help|time)[.!]\s(?P<last>{_CAPITALS}(?:\s{_CAPITALS})?)[\s.!]*$"
    rf"|\b(?i:i['\u2019]?m|i\sam|this\sis)\s(?P<alone>{_CAPITALS})(?=,\s|\sfrom\b|\sand\s(?i:i|i'm|my|we)\b)"
    r"|\b(?i:regards|wishes|thanks|thx|sincerely|faithfully|truly|yours|respectfully|cheers|signed|ta|love|soon|best)[,.]?(?:\s-)?\s"
    rf"(?P<signed>(?:[A-Z]\.\s?)?{_CAPITALS}(?:\s{_CAPITALS})?)[\s.!]*$"
    rf"|(?:^|[?.!]\s*)[-\u2013\u2014~]\s?(?P<dashed>{_CAPITALS}(?:\s{_CAPITALS})?)[\s.!]*$"
)
# Where a name of the list may stand, written with capitals or not. What must stand behind it is in `_BEHIND`.
_TITLES: Final = r"(?:(?:mrs|mr|ms|miss|mx)\b\.?\s)?"
_PLACES: Final = re.compile(
    rf"\b(?P<self>(?:i\sam|i'?m|this\sis|it'?s|it\sis|me)[,:]?\s(?:(?:big|little|old|wee|young|just|only)\s)?{_TITLES}(?:(?:dr|doctor|prof|professor)\b\.?\s)?)"
    rf"|\b(?P<named>(?:called|named|calls?\sme|known?\s(?:me\s)?as|go(?:es)?\sby|sono|(?:message|sent|love|regards)\sfrom)[:]?\s{_TITLES})"
    rf"|\b(?P<greeting>(?:hi|hello|hey|hiya|morning|afternoon|evening|there|guys)[,.!]?\s{_TITLES})"
    rf"|\b(?P<relation>{_RELATION}(?:'?s\sname)?(?:,|\s\(|\sis)?\s?(?:called\s|named\s)?{_TITLES})(?=[^\W\d_])"
    rf"|\b(?P<whose>(?:his|her|their|the|my)\snames?(?:\sis|'?s)?\s)"
    r"|\b(?P<booked>(?:book(?:ing|ed)?|appointment|check|referral|results?|letter|prescription|file|record|form|look|put|slot)"
    rf"\s(?:\w+\s){{0,2}}?(?:for|under|as|in|says)\s{_TITLES}|(?:under|on\sbehalf\sof|in\sthe\sname\sof|patient|client|account\sname"
    rf"|name'?s?|surname|speaking\sis|for\smy\s\w+,|you\sknow\sme\sas)\s{_TITLES})"
    rf"|(?P<start>(?:^|[.!?,(]\s?){_TITLES})(?=[^\W\d_])",
    re.IGNORECASE,
)
_PAUSE: Final = re.compile(r"[,.!?)]|$")
_AND: Final = re.compile(r"\s(?:and|&)\s")
_LEADING_TITLE: Final = re.compile(_TITLE)
_ENDS_WITH_TITLE: Final = re.compile(rf"{_TITLE}$")
_HERE: Final = r"\s(?:here|speaking|again|calling)\b"
_CLAUSE: Final = (
    r"[,.!?(\[]|$|\s[(\[]|\s(?:and|from|here|i|i'?m|im|can|could|my|we|just|again|speaking|calling|with|wondering|who|you|but|mum|mom|dad|mother|father|wife|husband"
    r"|ive|i've|on|about|need|want|wanted|looking|the|is|was|have|had|got|do|did|does|are|how|what|when|would|re)\b"
)
_BEHIND: Final = {
    "self": re.compile(_CLAUSE, re.IGNORECASE),
    "greeting": re.compile(_CLAUSE, re.IGNORECASE),
    "start": re.compile(
        rf"{_HERE}|,?\s\d\d\b(?!\s?\w*\s(?:weeks?|days?|months?|sessions?))|,?\s\(?\[(?:number|email|birth\sdate|id)\]",
        re.IGNORECASE,
    ),
}
_CLOSING: Final = re.compile(
    r"(?:\b(?:regards|wishes|thanks|thank\syou|thx|ta|sincerely|faithfully|truly|yours|respectfully|cheers|signed|love|best|x+o?"
    r"|in\sadvance|from\syou|speak\ssoon|patient|forward)[,.!]?\s(?:-\s)?|[?.!,)]\s*[-\u2013\u2014~]?\s*|^[-\u2013\u2014~]?\s?)$",
    re.IGNORECASE,
)
# After these, whatever ends the text is a name. A dash alone before a name is as good.
_FORMAL: Final = re.compile(
    r"(?:\b(?:regards|sincerely|faithfully|truly|yours\s\w{4,12}|(?:best|warm|kind)(?:est)?\swishes)[,.]?\s(?:-\s)?)"
    r"(?P<name>(?:[^\W\d_](?:[\w'\u2019-]{0,30})\.?\s?){1,4})$"
    r"|^[-\u2013\u2014~]\s?(?P<alone>(?-i:[^\W\d_a-z][^\W\d_]{2,30}(?:\s[^\W\d_a-z][^\W\d_]{1,30})?))$",
    re.IGNORECASE,
)
# What is no part of a signature's name: a style before it, initials, full stops.
_STYLE: Final = re.compile(
    r"^(?:the\s)?(?:dr|prof|rev|fr|father|sir|dame|lady|captain|judge)\b|\b\w\b|\.", re.IGNORECASE
)
_KISSES: Final = re.compile(r"(?:\s+x+)?[\s.!]*$", re.IGNORECASE)
_NAME_WORD: Final = re.compile(r"(?:[^\W\d_]\.|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*)(?=[\s,.;:!?)(]|$)")
_NAME_WORDS: Final = 4
_PARTICLES: Final = frozenset(
    {"al", "ben", "bin", "da", "dal", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le"}
    | {"bint", "ter", "ul", "van", "von", "zu"}
)
# Words after "my name is" that are not a name, or that end one.
_WORDS: Final = """
    a about after again age aged all already also although always am an and any are as ask at badge be because
    been before being between born botox but by called can cannot change changed correct could date did different
    do dob doctor does doing down dr each either email every everyone few field filler for from get getting got
    guys had has have having he hello help her here hers hi his how however i i'd i'll i'm i've if im in into is
    it it's its ive just know last let like listed looking may me might mine missing misspelled more most much
    must my need needed needing needle needles never new no not now nurse of off on once one only or our out over
    pain patient phone please pls required right same she should so some spelled spelt still such tag tags team
    than thanks that the their them then there these they this those to too two under until up us very want wanted
    wants was we were what when where which while who why will wish with would written wrong you your yours
"""
_NO_NAME: Final = frozenset(_WORDS.split())
# Capitalised words that stand where a name may stand, and are none.
_CAPITALISED: Final = """
    acne afro american april arabic asian asthma august autistic avenue baby birth black blind blonde blood botox
    british buddhist bye cash catholic caucasian celiac celtic cheers child chinese christmas clinic coeliac cold
    covid czech deaf december diabetes diabetic dutch easter eczema english february fitzpatrick french friday
    german good googled got great greek hair hindi hindu hospital hot invisalign irish italian january
    jewish july june juvederm kids lane laser lovely ma'am march medical microneedling monday muslim needs
    negative november october ok okay polish portuguese positive pregnant profhilo reception removal road romanian
    russian said saturday says scan scots september shingles sikh sir spanish spectrum square started street
    sunday swiss syndrome test thai therapy thinks thursday today tomorrow tonight tuesday turkish type ukrainian
    urdu urgent vegan vegetarian wants wednesday welsh white yes
"""
_SMALL: Final = re.compile(r"(?<!\w)[a-z]{2,}")  # Without a word in small letters, capitals say nothing of names.
_NEVER_NAMES: Final = _NO_NAME | frozenset(_CAPITALISED.split())


@cache
def _known(part: str) -> frozenset[str]:
    """Return the names of a part of the list: "first", "last", or "weak", first names that are ordinary words too."""
    parts = dict(re.findall(r"\[(\w+)\]\n([^\[]*)", _LISTS.read_text("utf-8")))
    return frozenset(parts[part].split())


def redact_names(text: str) -> str:
    """Return the text with "[name]" for each name that something marks as a person's, wherever it stands."""
    names = [name for match in _INTRODUCED.finditer(text) if (name := _announced(match["rest"]))]
    names += [match["name"] for match in _SIGNED.finditer(text) if match["name"].casefold() not in _NO_NAME]
    mentioned = _MENTIONED.finditer(text) if _SMALL.search(text) else ()
    for match in mentioned:
        names += [name for name in match.groupdict().values() if name and _is_no_word(name) and not _is_people(name)]
    for match in _RELATIVE.finditer(text):
        name = match["name"]
        if _is_no_word(name) and name.casefold() not in _NEVER_RELATIVES and not name.casefold().endswith("ly"):
            names.append(name)
    names += _listed(text)
    for name in sorted(set(names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text)
    return text


def _is_people(name: str) -> bool:
    """Return whether a word names a people or a belief, such as Scottish, Lebanese or Austrian."""
    return bool(re.fullmatch(r"\w+(?:ish|ese|ian|ean|ist)", name, re.IGNORECASE))


def _is_no_word(name: str) -> bool:
    """Return whether none of the words is one that stands where a name may stand."""
    words = name.casefold().replace("\u2019", "'").split()
    return _NEVER_NAMES.isdisjoint([*words, *(word.removesuffix("'s") for word in words)])


def _listed(text: str) -> Iterator[str]:
    """Yield the names of the list that stand where a name may stand."""
    for match in _PLACES.finditer(text):
        if match["relation"] and match.group()[0].isupper() and not text[: match.start()].endswith(("my ", "My ")):
            continue  # Sister Agnes, Child Health
        title = _ENDS_WITH_TITLE.search(match.group())
        name = _listed_name(text, match.end(), titled=title is not None)
        end = match.end() + len(name)
        if not name or not _is_marked(text, match.lastgroup or "", name, end, titled=title is not None):
            continue
        yield f"{title.group() if title else ''}{name}"
        further = _AND.match(text, end)
        if further and (second := _listed_name(text, further.end())):
            yield second
    yield from _signature(text)


def _is_marked(text: str, kind: str, name: str, end: int, *, titled: bool) -> bool:
    """Return whether what stands before a name, how it is written and what follows make it a person's."""
    if kind not in _BEHIND or _BEHIND[kind].match(text, end):
        return True
    if kind == "start":
        return " " in name and name[0].isupper() and bool(_PAUSE.match(text, end))
    return titled or name[0].isupper() or not _is_listed(name.split(maxsplit=1)[0], "weak")


def _signature(text: str) -> Iterator[str]:
    """Yield the name of the list that a text ends with, if a greeting or the end of a sentence stands before it."""
    ending = _KISSES.search(text)
    end = ending.start() if ending else len(text)
    starts = [word.start() for word in re.finditer(r"[^\s]+", text[:end])][-3:]
    formal = _FORMAL.search(text[:end])
    if formal:
        name = (formal["name"] or formal["alone"]).strip()
        if _is_no_word(_STYLE.sub(" ", name)):
            yield name
    for start in starts:
        name = _listed_name(text, start)
        if start + len(name) == end and _CLOSING.search(text[max(0, start - 40) : start]):
            yield name


def _listed_name(text: str, place: int, *, titled: bool = False) -> str:
    """Return the name at a place that begins with a first name of the list, or any surname after a title."""
    first = _NAME_WORD.match(text, place)
    if first is None or not (titled or _is_listed(first.group(), "first")) or not _is_no_word(first.group()):
        return ""
    end = first.end()
    for _ in range(_NAME_WORDS - 1):
        word = _NAME_WORD.match(text, end + 1)
        if word is None or text[end] != " " or not _is_no_word(word.group()):
            break
        if not (word.group()[0].isupper() or _is_listed(word.group(), "last") or _is_listed(word.group(), "first")):
            break
        end = word.end()
    return text[place:end].removesuffix("'s").removesuffix("\u2019s")


def _is_listed(word: str, part: str) -> bool:
    """Return whether a word, or each part of one with a hyphen, is a name of the list."""
    folded = word.casefold().replace("\u2019", "'").removesuffix("'s")
    parts = folded.split("-")
    if part == "first" and len(parts) == 1 and len(folded) > 5 and folded.endswith("ie"):
        parts = [folded[:-2]]  # Dougie
    return folded in _known(part) or all(one in _known(part) for one in parts)


def _announced(rest: str) -> str:
    """Return the name that a text begins with: words with capitals, or at most two in small letters; "" without one."""
    title = _LEADING_TITLE.match(rest)
    start = title.end() if title else 0
    small, end, place = 0, 0, start
    for _ in range(_NAME_WORDS):
        word = _NAME_WORD.match(rest, place)
        if word is None or word.group().casefold() in _NO_NAME:
            break
        particle = word.group().casefold().split("-")[0].split("'")[0] in _PARTICLES
        small += word.group()[0].islower() and not particle
        if small > (0 if rest[start : start + 1].isupper() else 2):
            break
        end = word.end()
        place = end + 1
        if rest[end:place] != " ":
            break
    return rest[:end]
