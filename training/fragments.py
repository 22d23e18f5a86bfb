"""Short harmless messages: what small talk, keywords, everyday questions and a hand on the keyboard look like."""

import random
import re
import string
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from chatbot.clinic import load_clinic
from chatbot.language import everyday_words
from chatbot.triage import LANGUAGES
from chatbot.triage.red_flags import RedFlags
from training.triage_lists import Message

__all__ = ["fragments"]

SINGLE = 500  # English words that stand alone
MASHED = 150  # messages of letters at random
BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def fragments(seed: int = 0) -> list[Message]:
    """Return the messages, each once; all are ordinary."""
    chance = random.Random(seed)
    texts = [*_phrases(), *_questions(chance), *_words(chance), *(_mashed(chance) for _ in range(MASHED))]
    return [Message("ordinary", "fragment", text, "fragments") for text in dict.fromkeys(texts)]


def _phrases() -> Iterator[str]:
    """Yield the small talk of each language, and its ways to ask for a person or to say that all is well."""
    for language in LANGUAGES:
        folder = files("chatbot.triage")
        talk = tomllib.loads((folder / "small_talk" / f"{language}.toml").read_text("utf-8"))
        wording = tomllib.loads((folder / "wording" / f"{language}.toml").read_text("utf-8"))
        phrases = [phrase for kind in talk["kinds"] for phrase in kind["phrases"]]
        phrases += [phrase for key, value in wording.items() if key.endswith("_phrases") for phrase in value]
        yield from (phrase for phrase in [*phrases, wording["not_an_emergency"]] if "*" not in phrase)


def _questions(chance: random.Random) -> Iterator[str]:
    """Yield everyday questions to clinics, and their subjects alone."""
    intents = tomllib.loads((BENCHMARKS / "intents.toml").read_text("utf-8"))
    topics = intents["topics"]
    yield from topics
    for line in (BENCHMARKS / "paraphrases.txt").read_text("utf-8").splitlines():
        if re.match(r"[^\W\d_]", line):
            yield line.replace("{}", chance.choice(topics))
    for route in load_clinic(Path("clinic.toml")).replies:
        yield from route.examples


def _words(chance: random.Random) -> Iterator[str]:
    signs = RedFlags.standard().plain_words
    plain = [word for word in everyday_words() if len(word) > 3 and word not in signs]
    yield from chance.sample(sorted(plain), SINGLE)


def _mashed(chance: random.Random) -> str:
    row = chance.choice(("asdfghjkl", "qwertyuiop", "zxcvbnm", string.ascii_lowercase, string.digits))
    return "".join(chance.choices(row, k=chance.randint(2, 9)))
