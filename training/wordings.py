"""The wordings that the project wrote: what clinics are asked, and each question in many wordings.

`intents.toml` and `reply_wordings.toml` hold the former, `paraphrases.txt` the latter. Each file says at its top how it
is laid out.
"""

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Paraphrase", "intents", "off_topic", "paraphrases", "places", "reply_wordings", "sample_intents", "topics"]

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


def reply_wordings() -> dict[str, list[str]]:
    """Return the wordings of `reply_wordings.toml` that ask for a clinic's reply, by kind of question."""
    kinds: dict[str, list[str]] = _read_reply_wordings()["replies"]
    return kinds


def off_topic() -> tuple[list[str], list[str]]:
    """Return subjects that are no matter of a clinic, and questions about such subjects."""
    table = _read_reply_wordings()["off_topic"]
    return table["subjects"], table["questions"]


def places() -> tuple[list[str], list[str], dict[str, list[str]]]:
    """Return names of clinics, names of other places, and wordings that fit either, by kind of question."""
    table = _read_reply_wordings()["places"]
    return table["clinics"], table["others"], table["wordings"]


def _read_reply_wordings() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "reply_wordings.toml").read_text("utf-8"))


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
