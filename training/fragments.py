"""Short harmless messages: small talk, keywords, everyday questions and letters at random."""

import random
import string
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from chatbot.clinic import load_clinic
from chatbot.language import everyday_words
from chatbot.triage import LANGUAGES
from chatbot.triage.red_flags import group_words
from training.triage_lists import Message
from training.wordings import paraphrases, topics

__all__ = ["fragments"]

SINGLE = 500  # English words that stand alone
MASHED = 150  # messages of letters at random
CLINIC = Path(__file__).parents[1] / "clinic.toml"


def fragments(seed: int = 0) -> list[Message]:
    """Return the messages, each text once, all labelled ordinary."""
    chance = random.Random(seed)
    texts = [*_phrases(), *_questions(chance), *_words(chance), *(_random_keys(chance) for _ in range(MASHED))]
    return [Message("ordinary", "fragment", text, "fragments") for text in dict.fromkeys(texts)]


def _phrases() -> Iterator[str]:
    """Yield the small talk of each language, and its phrases that ask for a person or say that all is well."""
    for language in LANGUAGES:
        folder = files("chatbot.triage")
        talk = tomllib.loads((folder / "small_talk" / f"{language}.toml").read_text("utf-8"))
        wording = tomllib.loads((folder / "wording" / f"{language}.toml").read_text("utf-8"))
        phrases = [phrase for kind in talk["kinds"] for phrase in kind["phrases"]]
        phrases += [phrase for key, value in wording.items() if key.endswith("_phrases") for phrase in value]
        yield from (phrase for phrase in [*phrases, wording["not_an_emergency"]] if "*" not in phrase)


def _questions(chance: random.Random) -> Iterator[str]:
    """Yield everyday questions to clinics, and their subjects alone."""
    subjects = topics()
    yield from subjects
    for paraphrase in paraphrases():
        if paraphrase.text[0].isalpha():
            yield paraphrase.text.replace("{}", chance.choice(subjects))
    for reply in load_clinic(CLINIC).replies:
        yield from reply.examples


def _words(chance: random.Random) -> Iterator[str]:
    """Yield everyday words that are no sign of an emergency."""
    signs = group_words("en")
    plain = [word for word in everyday_words() if len(word) > 3 and word not in signs]
    yield from chance.sample(sorted(plain), SINGLE)


def _random_keys(chance: random.Random) -> str:
    row = chance.choice(("asdfghjkl", "qwertyuiop", "zxcvbnm", string.ascii_lowercase, string.digits))
    return "".join(chance.choices(row, k=chance.randint(2, 9)))
