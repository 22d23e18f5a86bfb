"""Messages as typed on a phone: letters swapped, dropped and doubled, punctuation and apostrophes left out."""

import random
import re

__all__ = ["misspell"]

MAX_SLIPS = 3  # letters mistyped


def misspell(text: str, chance: random.Random) -> str:
    """Return a text mistyped in at most three places, and often without capitals and punctuation."""
    if chance.random() < 0.6:
        text = text.lower()
    if chance.random() < 0.6:
        text = re.sub(r"['\u2019]", "", text)
    if chance.random() < 0.5:
        text = " ".join(re.sub(r"[.,!?;:-]", " ", text).split())
    for _ in range(chance.randint(0, MAX_SLIPS)):
        text = _mistype(text, chance)
    return text


def _mistype(text: str, chance: random.Random) -> str:
    """Swap, drop or double a letter at a random place, unless there is none."""
    if len(text) < 4:
        return text
    place = chance.randrange(1, len(text) - 1)
    a, b = text[place], text[place + 1]
    if not (a.isalpha() and b.isalpha()):
        return text
    new = chance.choice((b + a, a, b, a + a + b))
    return text[:place] + new + text[place + 2 :]
