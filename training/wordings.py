"""The wordings that the project wrote: what clinics are asked (`intents.toml`), and each question in many wordings.

The latter lie in `paraphrases.txt`. Both files say at their top how they are laid out.
"""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Paraphrase", "intents", "paraphrases", "sample_intents", "topics"]

_FOLDER: Final = Path(__file__).parent
_SUBJECTS: Final = 10  # drawn for each wording that has a place for one


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """A wording of a question: its part ("fit" or "held"), the clinic that is asked, and the name of the question."""

    part: str
    clinic: str
    question: str
    text: str


def topics() -> list[str]:
    """Return the subjects that stand for `{}` in a wording."""
    return list(tomllib.loads((_FOLDER / "intents.toml").read_text("utf-8"))["topics"])


def intents(table: str) -> dict[str, list[str]]:
    """Return wordings by kind of question: of the table "replies" or "pages", by what answers them."""
    kinds: dict[str, list[str]] = tomllib.loads((_FOLDER / "intents.toml").read_text("utf-8"))[table]
    return kinds


def sample_intents(seed: int) -> list[tuple[str, str]]:
    """Return kinds and wordings of all intents, each wording with some subjects drawn at random."""
    chance, subjects = random.Random(seed), topics()
    return [
        (kind, text.format(subject))
        for kind, texts in (intents("replies") | intents("pages")).items()
        for text in texts
        for subject in chance.sample(subjects, _SUBJECTS if "{}" in text else 1)
    ]


def paraphrases() -> Iterator[Paraphrase]:
    """Yield the wordings in the order of the file."""
    part = clinic = question = ""
    for line in (_FOLDER / "paraphrases.txt").read_text("utf-8").splitlines():
        if line.startswith("% "):
            _, part, clinic = line.split()
        elif line.startswith("# "):
            question = line[2:]
        elif line and line[0] not in "%#;":
            yield Paraphrase(part, clinic, question, line)
