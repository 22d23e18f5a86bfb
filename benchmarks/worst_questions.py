"""Measures what the worst questions within the limits cost, beside an ordinary one.

    python -m benchmarks.worst_questions

Each kind of question is asked alone and after four earlier questions of its kind, in turn with the ordinary question,
in one run, so that whatever else the machine does slows both. The texts differ in every round, so that nothing is
remembered from the round before. The times are the processor's, and each ratio is a median over the rounds.
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
from chatbot.indexing import SentenceEncoder, build_index

ROOT: Final = Path(__file__).parents[1]
ORDINARY: Final = "how long does the redness last after a microneedling treatment?"  # 14 tokens
LENGTH: Final = 2_000  # characters; the longest question that is answered
EARLIER: Final = 4  # questions of a conversation that are looked at
BAR: Final = 5.0  # times an ordinary question
ROUNDS: Final = 7
SEED: Final = 20261126

Text = Callable[[random.Random], str]

__all__: list[str] = []


def main() -> None:
    """Ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times that each question is asked")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    options = parser.parse_args()
    with TemporaryDirectory() as index:
        encoder = SentenceEncoder()
        build_index(ROOT / "corpus", Path(index), encoder)
        bot = Chatbot(ROOT / "corpus", Path(index), encoder, load_clinic(ROOT / "clinic.toml"))
        _print_table(bot, options.kinds, options.rounds)


def worst(kind: str, seed: int, length: int = LENGTH) -> str:
    """Return a question of a kind, as long as the limit allows; each seed has its own."""
    return KINDS[kind](random.Random(seed))[:length].strip()


def _print_table(bot: Chatbot, kinds: Sequence[str], rounds: int) -> None:
    for _ in range(3):  # warm
        bot.ask(ORDINARY)
    print(f"ordinary: {bot.encoder.count_tokens(ORDINARY)} tokens; processor time; bar: {BAR:.0f} times")
    print(f"{'':32}{'ms':>8}{'ratio':>8}{'ms, after 4':>14}{'ratio':>8}")
    for kind in kinds:
        times = [_round(bot, kind, number) for number in range(rounds)]
        alone, after = (median(one[place] / one[0] for one in times) for place in (1, 2))
        over = "  over the bar" if max(alone, after) > BAR else ""
        alone_ms, after_ms = (median(one[place] for one in times) for place in (1, 2))
        print(f"{kind:32}{alone_ms:8.1f}{alone:8.2f}{after_ms:14.1f}{after:8.2f}{over}", flush=True)


def _round(bot: Chatbot, kind: str, number: int) -> tuple[float, float, float]:
    """Return the milliseconds of the ordinary question, of one of a kind, and of one after others of its kind."""
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


def _picked(words: str, between: str = " ") -> Text:
    """Return a text that draws from words at random."""
    known = words.split("|")
    return lambda chance: between.join(chance.choices(known, k=LENGTH))


def _repeated(words: str) -> Text:
    """Return a text that says one of some words again and again."""
    known = words.split("|")
    return lambda chance: f"{chance.choice(known)} " * LENGTH


def _misspelt(chance: random.Random) -> str:
    """Return words of an emergency with one letter wrong each: every one has to be looked up in every list."""
    words = ("breathe", "throat", "swollen", "bleeding", "unconscious", "suicide", "overdose", "seizure", "allergic")
    return " ".join(islice((_swapped(chance, word) for word in cycle(words)), LENGTH // 5))


def _swapped(chance: random.Random, word: str) -> str:
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
    "misspelt words of an emergency": _misspelt,
    "one word repeated": _repeated("redness|swelling|appointment|hello"),
    "words of an emergency": _picked("chest pain|can't breathe|bleeding|my throat|swelling|kill myself|overdose|now"),
    "ordinary words": _picked("is|redness|normal|after|the|treatment|how|long|swelling|my|face|and|price|book|when"),
    "short sentences": _picked("Why?|Is it?|My face.|It is red.|Help me.|And now?|Do I?|No.|So it hurts."),
    "commas": _picked("a,|red,|,|pain,|and,|so,"),
    "nothing but commas and letters": _picked("a|b|c", ","),
    "marks of sentences": _picked("a.|b?|c!|d;"),
    "Chinese": _chinese,
    "combining marks": _marks,
    "other languages": _picked("el|dolor|de|pecho|ich|habe|Schmerzen|je|ne|peux|pas|nao|consigo|boli|mnie|cara|und|et"),
}
"""Kinds of questions by name: from chance to a text of at least the limit."""


if __name__ == "__main__":
    main()
