"""Take out postal addresses, as several countries write them, and postcodes.

A street or a town stays in the text without a number, the name of a house or words that announce a home.
"""

import re
from typing import Final

__all__ = ["redact_addresses"]

# The first two lists have words that only name streets. The words of the third also mean something else.
_STREET: Final = (
    r"(?:streets?|str|roads?|rd|avenue|aven?|lane|ln|crescent|cres|boulevard|blvd|terrace|highway|hwy|parkway|pkwy|mews"
    r"|turnpike|esplanade|promenade|bypass|alley)"
)
_STREET_NAME: Final = r"(?:embankment|broadway|kingsway|queensway|strand)"
_MAYBE: Final = (
    r"(?:st|drive|dr|close|cl|court|ct|way|place|pl|square|sq|park|green|grove|gardens?|gdns|hill|rise|row|walk|view|gate"
    r"|heights|circle|cir|trail|loop|path|quay|wharf|yard|common|fields?|meadows?|side|end|vale|villas?|cottages?|parade|bridge|pde)"
)
# One of these between a number and a word for a street shows that the number counts something.
_COUNTED: Final = (
    r"(?:min(?:ute)?s?|mins|hours?|hrs?|h|days?|weeks?|wks?|months?|years?|yrs?|sessions?|treatments?|times?|miles?|km|metres?"
    r"|meters?|m|mm|cm|ml|mg|g|kg|units?|people|visits?|areas?|different|good|best|better|great|nice|other|more|last|of|in"
    r"|on|at|to|is|are|was|were|my|your|our|and|or|for|from|with|after|before|about|until|i|you|it|we|do|did|does|can|could"
    r"|should|will|have|has|had|a|an|this|that|which|what|how|per|than|then|if|when|pm|am|so|but|not|no|first|second|long"
    r"|only|just|easy|safe|single|whole|separate|specific|small|big|large|full|wounds?|scars?|needles?|layers?|steps?"
    r"|percent|pounds?|euros?|dollars?|degrees|off|out|up|down|by|as|side)"
)
_HOUSE: Final = r"\d{1,5}\s?[a-h]?(?:\s?[-/]\s?\d{1,5}[a-h]?)?"
_FLAT: Final = (
    r"(?:\d{1,2}(?:st|nd|rd|th)\sfloor,?\s)?"
    r"(?:(?:flat|apartment|apt|suite|unit)\b\.?\s?(?:no\.?\s?)?\d{1,4}\s?[a-h]?\b,?\s)?"
)
_WORD: Final = rf"(?!{_COUNTED}\b)[^\W\d_][\w'\u2019.-]*|\d{{1,3}}(?:st|nd|rd|th)"
_AFTER: Final = r"(?:\.?(?:\s(?:n|s|e|w|ne|nw|se|sw|north|south|east|west)\b)?)"
_BEFORE: Final = (
    r"(?:\b(?:live|living|lives|based|address(?:\sis)?|located|stay(?:ing)?|home|house|moved|deliver(?:y|ed)?|send|sent|post(?:ed)?"
    r"|i'm|im|come|moving|collect|pick)\b[^\d\[\]]{0,25}?|\bno\b\.?\s?|\bnumber\s)"
)
_SURE: Final = re.compile(
    rf"(?<![\w.,/-]){_FLAT}\b{_HOUSE}\s?,?\s(?:(?:(?:{_WORD})\s){{1,4}}{_STREET}|{_STREET_NAME})\b(?:\s{_MAYBE}\b|\s{_STREET}\b)?{_AFTER}",
    re.IGNORECASE,
)
_ANNOUNCED_HOUSE: Final = re.compile(
    rf"(?P<before>{_BEFORE})(?P<place>{_FLAT}\b{_HOUSE}\s?,?\s(?:(?:{_WORD})\s){{0,4}}{_MAYBE}\b{_AFTER})",
    re.IGNORECASE,
)
# After words that announce an address, any name may be a street.
_ANNOUNCED_PLACE: Final = re.compile(
    r"(?P<before>(?i:\baddress(?:\sis|'s|\s?:)?|\b(?:live|lives|living|staying|stay)\sat)\s)"
    rf"(?:{_HOUSE}\s?,?\s(?:{_WORD})(?:\s[A-Z][\w'\u2019.-]*)*|(?:(?:{_WORD})\s){{1,3}}\d{{1,4}}[a-h]?\b(?!\s?[a-z]))"
    r"|(?P<sent>(?i:\b(?:send|post|deliver|ship|pick|collect|moved?|come|drive|driving|based|located)\b.{0,25}?"
    r"\b(?:to|from|at)\s))"
    rf"(?:{_HOUSE}\s?,?\s(?:[A-Z][\w'\u2019.-]+\b\s?){{2,4}}|(?:[A-Z][\w'\u2019-]+\s){{1,3}}\d{{1,4}}[a-h]?\b(?!\s?[a-z]))"
)
# Without such words, the street must be written as a name is, with capitals.
_NAMED: Final = re.compile(
    rf"(?<![\w.,/-])\b{_HOUSE}\s?,?\s(?!(?i:{_COUNTED})\b)(?:[A-Z][\w'\u2019.-]*\s){{1,4}}(?i:{_MAYBE})\b{_AFTER}"
    rf"|(?<![\w.,/-])\b{_HOUSE}\s?,?\s(?i:{_WORD})\s(?i:{_MAYBE})\b\.?(?=\s?,|\s[a-z]{{1,2}}\d|\s?\[|\sis\s(?:where|my|our)\b)"
    rf"|(?<![\w.,/-])\b\d{{1,4}},?\s[Tt]he\s(?i:{_MAYBE}|{_STREET})\b"
)
# A house with a name. Alone it may be a clinic's, so a street follows or a home is announced.
_NAMED_HOUSE: Final = (
    r"(?:[Tt]he\s)?(?:[A-Z][\w'\u2019-]*\s){1,3}"
    r"(?:Cottage|House|Lodge|Rectory|Farm|Barn|Manor|Hall|Villa|View|Mill|Vicarage|Forge|Cottages|Gables|Grange|Court|Oast"
    r"|Stables|Bungalow|Lea|Croft|Old\s\w+)"
)
_NAMED_STREET: Final = (
    r"(?:[A-Z][\w'\u2019-]*\s){1,3}(?:Street|Road|Lane|Avenue|Drive|Close|Way|Terrace|Park|Hill|Row)\b"
)
_UNNUMBERED: Final = re.compile(
    rf"\b{_NAMED_HOUSE},\s{_NAMED_STREET}"
    r"|(?P<before>\b(?i:i\slive|we\slive|my\saddress\sis|i\sstay)\s(?:(?i:at|on)\s|(?i:in)\s(?=[^,.?!]{1,40}(?:Cottage|House|Lodge|Rectory|Farm)\b))?)"
    rf"(?:{_NAMED_HOUSE}\b|{_NAMED_STREET})(?:,\s{_NAMED_STREET})?"
    r"|(?P<sent>\b(?i:post|send|deliver)\b[^.?!]{0,25}?\sto\s)"
    rf"(?:{_NAMED_HOUSE}|The\s[A-Z]\w+)(?:,\s{_NAMED_STREET})"
)
# A house and its street in small letters; and whatever follows words that announce an address, up to a comma or two.
_HOUSE_WORD: Final = (
    r"(?:cottage|house|lodge|rectory|farm|barn|manor|hall|villa|vicarage|forge|gables|grange|croft|bungalow)"
)
_SMALL_LETTERS: Final = re.compile(
    rf"\b(?:the\s)?(?:(?!at\b|in\b|my\b|our\b)[^\W\d_]+\s){{1,2}}{_HOUSE_WORD},\s(?:[^\W\d_]+\s){{1,2}}(?:{_STREET}|{_MAYBE})\b"
    rf"|(?P<before>\b(?:lives?|living|stay|staying)\s(?:on|at)\s)(?:(?!the\b|my\b|your\b|a\b)[^\W\d_]+\s){{1,2}}(?:{_STREET}|{_MAYBE})\b"
    rf"(?:,\s(?:[^\W\d_]+\s){{1,2}}(?:{_STREET}|{_MAYBE})\b)?"
    rf"|(?P<after>\b(?:(?:my|our|home|the)\s(?:home\s)?(?:address|house|home)(?:\sis)?(?:\s(?:called|named))?|(?:house|home)\sname(?:\sis)?|address)"
    r"\s?:?\s)(?-i:[A-Z][\w'\u2019-]*(?:,?\s(?:[A-Z][\w'\u2019-]*|na|the|of|and|le|la|y)){1,6})"
    rf"|(?P<at>\b(?:we'?re|i'?m|i\sam|we\sare|staying|living)\s(?:at|in)\s)(?-i:(?:The\s)?[A-Z][\w'\u2019-]*(?:\s[A-Z][\w'\u2019-]*){{0,3}},\s(?:[A-Z][\w'\u2019-]*\s){{1,3}})(?:{_STREET}|{_MAYBE})\b",
    re.IGNORECASE,
)
_TOWN_BEHIND: Final = re.compile(
    r"(?<=\[address\]),?\s(?:\d{4,5}\s[A-Z][\w-]+|[A-Z][a-z][\w-]+(?=[.?!,]|$|\s\[|,?\s[A-Z]{1,2}\d))"
)
_OWN_NAME: Final = r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*(?:\s[A-Z][^\W\d_]+)?"  # a street's own name
_ABROAD: Final = re.compile(
    r"\b(?:[^\W\d_]{2,}|[^\W\d_]+\s)(?i:stra(?:ß|ss)e|str\.|weg|platz|gasse|allee|straat|laan|plein|gracht|gatan|gade|vej)"
    r"\s\d{1,4}\s?[a-h]?\b"
    r"|\b\d{1,4}(?i:\s?(?:bis|ter))?,?\s(?i:rue|avenue|boulevard|place|chemin|impasse|all[ée]e)\s"
    rf"(?i:(?:de|du|des|la|le|les)\s|[dl]['\u2019])*{_OWN_NAME}"
    r"|\b(?i:calle|carrer|c/|avenida|avda|plaza|paseo|rua|viale|piazza|corso)\.?\s(?i:(?:de|del|la|el|los|las|da|do|di)\s)*"
    rf"{_OWN_NAME},?\s(?:n[º°o.]*\s?)?\d{{1,4}}\b"
    rf"|\b(?:[Vv]ia|Am|An der|Im)\s(?:(?:del|della|dei)\s)?(?=[A-Z]){_OWN_NAME},?\s\d{{1,4}}\b"
    rf"|\b(?i:rue|chauss[ée]e|ul\.)\s(?i:(?:de|du|des|la|le|les)\s|[dl]['\u2019])*{_OWN_NAME},?\s\d{{1,4}}\b"
    r"|\b(?i:p\.?\s?o\.?\s?box)\s\d+"
)
_FLAT_NUMBER: Final = (
    r"\b(?:flat|apartment|apt)\b\.?\s?(?:no\.?\s?)?\d{1,4}\s?[a-h]?\b"
    r"(?!\s?(?:mm|cm|m|ml|or|pounds?|euros?|quid|dollars?|percent|feet|%))"
)
_FLAT_ALONE: Final = re.compile(_FLAT_NUMBER, re.IGNORECASE)
_FLAT_IN_HOUSE: Final = re.compile(
    rf"{_FLAT_NUMBER},?\s(?:(?:on|in|at)\s)?(?:(?!{_COUNTED}\b)[^\W\d_]+\s){{1,2}}(?:{_STREET}|{_MAYBE}|{_HOUSE_WORD})\b",
    re.IGNORECASE,
)
_THE_HOUSES: Final = re.compile(
    r"(?P<before>\b(?:live|lives|living|stay|staying|home\sis|moved\sto|address\sis|come\s(?:round\s|over\s)?to|visit|send|deliver|post|collect)\s(?:(?:it|me|us)\s)?(?:at\s|in\s|on\s|to\s|from\s)?)\d{1,4},?\sthe\s[^\W\d_]{4,}",
    re.IGNORECASE,
)
_ROOM: Final = re.compile(
    r"(?P<before>\b[Ss]tay(?:ing)?\s(?:at|in)\s)[Rr]oom\s\d{1,4},?(?:\s(?:the\s)?[A-Z][\w'\u2019-]+){1,4}"
)
_NUMBERED_STREET: Final = re.compile(
    rf"\b\d{{1,5}}\s(?:(?:n|s|e|w|north|south|east|west)\.?\s)\d{{1,3}}(?:st|nd|rd|th)\s(?:{_STREET}|st|pl|ct)\b\.?",
    re.IGNORECASE,
)
_STATE: Final = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]"
    r"|W[AIVY])"
)
_POSTCODE: Final = re.compile(
    # The last two letters of a British postcode are never C, I, K, M, O or V, so "b12 3ml" is not one.
    r"\b(?:[a-z]{1,2}\d[a-z\d]?\s?(?!(?-i:1st|2nd|3rd|[04-9]th|\dhr)\b)\d[abd-hjlnp-uw-z]{2}"
    r"|[abceghj-nprstvxy]\d[abceghj-nprstv-z]\s?\d[abceghj-nprstv-z]\d"
    r"|(?:[ac-fhknprtv-y]\d\d|d6w)\s?(?=[a-z]*\d)(?=\d*[a-z])[ac-fhknprtv-y0-9]{4})\b",
    re.IGNORECASE,
)
_STATE_SMALL: Final = (  # in small letters, only those that are not words
    r"(?:a[krz]|c[at]|dc|fl|ga|k[sy]|m[dinst]|n[cdhjmvy]|ri|s[cd]|t[nx]|ut|v[at]|w[aivy])"
)
_ZIP: Final = re.compile(
    rf"(?:\b[A-Z][a-z]+\s?){{0,3}},?\s?\b(?:{_STATE}|{_STATE_SMALL})\s\d{{5}}(?:-\d{{4}})?\b"
    r"|\b(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT)\s\d{4}\b"
)


def redact_addresses(text: str) -> str:
    """Return the text with "[address]" for each house number with its street, and "[postcode]" for each postcode."""
    text = _FLAT_IN_HOUSE.sub("[address]", text)
    text = _UNNUMBERED.sub(lambda match: f"{match['before'] or match['sent'] or ''}[address]", text)
    text = _ABROAD.sub("[address]", text)
    text = _SURE.sub("[address]", text)
    text = _ANNOUNCED_HOUSE.sub(r"\g<before>[address]", text)
    text = _ANNOUNCED_PLACE.sub(lambda match: f"{match['before'] or match['sent']}[address]", text)
    text = _NAMED.sub("[address]", text)
    text = _THE_HOUSES.sub(r"\g<before>[address]", text)
    text = _ROOM.sub(r"\g<before>[address]", _NUMBERED_STREET.sub("[address]", text))
    text = _SMALL_LETTERS.sub(lambda match: f"{match['before'] or match['after'] or match['at'] or ''}[address]", text)
    text = _FLAT_ALONE.sub("[address]", text)
    text = _TOWN_BEHIND.sub("", text)
    return _ZIP.sub("[postcode]", _POSTCODE.sub("[postcode]", text))
