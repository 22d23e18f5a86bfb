"""Measures how much longer the worst questions within the limits take than an ordinary one.

    python -m benchmarks.worst_questions

Each kind of question is asked alone and after four earlier questions of its kind. The ordinary question is asked in
turn with them, so that other load on the machine slows both. The texts differ in every round, so that no cache helps.
The times are processor times, and each ratio is a median over the rounds.
"""

import argparse
import random
import string
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import build_index, load_encoder

ROOT: Final = Path(__file__).parents[1]
ORDINARY: Final = "how long does the redness last after a microneedling treatment?"  # 14 tokens
LENGTH: Final = 2_000  # characters of the longest question that is answered
EARLIER: Final = 4  # earlier questions that the chatbot reads
BAR: Final = 5.0  # times an ordinary question
ROUNDS: Final = 7
SEED: Final = 20261126

Text = Callable[[random.Random], str]

__all__: list[str] = []


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times that each question is asked")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    options = parser.parse_args()
    with TemporaryDirectory() as index:
        encoder = load_encoder()
        build_index(ROOT / "corpus", Path(index), encoder)
        bot = Chatbot(ROOT / "corpus", Path(index), encoder, load_clinic(ROOT / "clinic.toml"))
        _print_table(bot, options.kinds, options.rounds)


def worst(kind: str, seed: int, length: int = LENGTH) -> str:
    """Return a question of a kind, as long as the limit allows, a different one for each seed."""
    return KINDS[kind](random.Random(seed))[:length].strip()


def _print_table(bot: Chatbot, kinds: Sequence[str], rounds: int) -> None:
    for _ in range(3):  # warm
        bot.ask(ORDINARY)
    print(f"ordinary: {bot.encoder.count_tokens(ORDINARY)} tokens; processor time; bar: {BAR:.0f} times")
    print(f"{'':32}{'ms':>8}{'ratio':>8}{'ms, after 4':>14}{'ratio':>8}")
    for kind in kinds:
        times = [_round(bot, kind, number) for number in range(rounds)]
        alone, after = (median(row[place] / row[0] for row in times) for place in (1, 2))
        over = "  over the bar" if max(alone, after) > BAR else ""
        alone_ms, after_ms = (median(row[place] for row in times) for place in (1, 2))
        print(f"{kind:32}{alone_ms:8.1f}{alone:8.2f}{after_ms:14.1f}{after:8.2f}{over}", flush=True)


def _round(bot: Chatbot, kind: str, number: int) -> tuple[float, float, float]:
    """Return the milliseconds of the ordinary question, of a question of the kind, and of one after four others."""
    texts = [worst(kind, SEED + 10 * number + place) for place in range(EARLIER + 2)]
    return (
        _milliseconds(bot, ORDINARY, ()),
        _milliseconds(bot, texts[0], ()),
        _milliseconds(bot, texts[1], texts[2:]),
    )


def _milliseconds(bot: Chatbot, question: str, history: Sequence[str]) -> float:
    start = time.process_time()
    bot.ask(question, history)
    return 1e3 * (time.process_time() - start)


def _letters(chance: random.Random, least: int, most: int) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(least, most)))


def _unknown_words(least: int, most: int) -> Text:
    return lambda chance: " ".join(_letters(chance, least, most) for _ in range(LENGTH // least))


def _random_words(words: str, between: str = " ") -> Text:
    """Return a maker of texts of words drawn at random."""
    known = words.split("|")
    return lambda chance: between.join(chance.choices(known, k=LENGTH))


def _repeated_word(words: str) -> Text:
    """Return a maker of texts that repeat a word drawn at random."""
    known = words.split("|")
    return lambda chance: f"{chance.choice(known)} " * LENGTH


def _misspelt_words(chance: random.Random) -> str:
    """Return misspelt words of an emergency, each of which triage has to compare with every list."""
    words = ("breathe", "throat", "swollen", "bleeding", "unconscious", "suicide", "overdose", "seizure", "allergic")
    return " ".join(islice((_misspell(chance, word) for word in cycle(words)), LENGTH // 5))


def _misspell(chance: random.Random, word: str) -> str:
    place = chance.randrange(1, len(word) - 1)
    return word[:place] + chance.choice(string.ascii_lowercase) + word[place + 1 :]


def _chinese(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x4E00, 0x9FA0)) for _ in range(LENGTH))


def _marks(chance: random.Random) -> str:
    return "".join("a" + chr(chance.randrange(0x300, 0x340)) * 9 for _ in range(LENGTH // 10))


KINDS: Final[Mapping[str, Text]] = {
    "unknown words": _unknown_words(5, 9),
    "short unknown words": _unknown_words(3, 4),
    "long runs of unknown letters": _unknown_words(40, 60),
    "one run of letters": lambda chance: _letters(chance, LENGTH, LENGTH),
    "misspelt words of an emergency": _misspelt_words,
    "one word repeated": _repeated_word("redness|swelling|appointment|hello"),
    "words of an emergency": _random_words(
        "chest pain|can't breathe|bleeding|my throat|swelling|kill myself|overdose|now"
    ),
    "ordinary words": _random_words(
        "is|redness|normal|after|the|treatment|how|long|swelling|my|face|and|price|book|when"
    ),
    "short sentences": _random_words("Why?|Is it?|My face.|It is red.|Help me.|And now?|Do I?|No.|So it hurts."),
    "commas": _random_words("a,|red,|,|pain,|and,|so,"),
    "nothing but commas and letters": _random_words("a|b|c", ","),
    "marks of sentences": _random_words("a.|b?|c!|d;"),
    "Chinese": _chinese,
    "combining marks": _marks,
    "other languages": _random_words(
        "el|dolor|de|pecho|ich|habe|Schmerzen|je|ne|peux|pas|nao|consigo|boli|mnie|cara|und|et"
    ),
}
"""Makers of texts by kind of question. Each text is at least as long as the limit."""


if __name__ == "__main__":
    main()
