"""Messages as they are typed on a phone: letters swapped, dropped and doubled, marks and apostrophes left out."""

import random
import re

__all__ = ["misspelt"]

MOST = 3  # letters that are mistyped


def misspelt(text: str, chance: random.Random) -> str:
    """Return a text mistyped in one to three places, and often without capitals and marks."""
    if chance.random() < 0.6:
        text = text.lower()
    if chance.random() < 0.6:
        text = re.sub(r"['\u2019]", "", text)
    if chance.random() < 0.5:
        text = " ".join(re.sub(r"[.,!?;:-]", " ", text).split())
    for _ in range(chance.randint(0, MOST)):
        text = _mistyped(text, chance)
    return text


def _mistyped(text: str, chance: random.Random) -> str:
    if len(text) < 4:
        return text
    place = chance.randrange(1, len(text) - 1)
    a, b = text[place], text[place + 1]
    if not (a.isalpha() and b.isalpha()):
        return text
    new = chance.choice((b + a, a, b, a + a + b))
    return text[:place] + new + text[place + 2 :]
