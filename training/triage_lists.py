"""Reads the messages of the fit of triage: `training/triage/`, `training/sites/` and public collections."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "CALIBRATION",
    "HELD_OUT",
    "LISTS",
    "PUBLIC",
    "URGENT",
    "Message",
    "public_questions",
    "read_lists",
    "site_questions",
]

LISTS: Final = Path(__file__).parent / "triage"
HELD_OUT: Final = LISTS / "held-out"
CALIBRATION: Final = LISTS / "calibration"
PUBLIC: Final = ("stackfaq", "medquad_small", "covidqa_deepset", "pubmedqa_l", "clinc150_oos")
URGENT: Final = {"emergency", "today", "crisis", "urgent"}
"""Labels of messages that must alarm. `urgent` is any of the other three, `harmless` any of the labels not here."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its label, its style and its writer, who has a file of the same name."""

    label: str
    style: str
    text: str
    writer: str

    @property
    def urgent(self) -> bool:
        """Return whether the message must alarm."""
        return self.label in URGENT


def read_lists(folder: Path = LISTS) -> list[Message]:
    """Return the messages of the lists in a folder, each text once."""
    messages: dict[str, Message] = {}
    for path in sorted(folder.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                label, style, text = line.split("\t")
                messages.setdefault(text.strip(), Message(label, style, text.strip(), path.stem))
    return list(messages.values())


def site_questions(folders: Iterable[Path]) -> list[Message]:
    """Return the questions to made-up sites that stand alone, without those that are urgent or may be."""
    urgent = set((LISTS / "sites-urgent.txt").read_text("utf-8").splitlines())
    return [
        Message("harmless", row["kind"], row["question"], folder.name)
        for folder in folders
        for row in map(json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines())
        if not row.get("history") and row["question"] not in urgent
    ]


def public_questions(folder: Path) -> dict[str, list[str]]:
    """Return the questions of each public collection. None is an emergency of the writer."""
    return {
        name: [json.loads(line)["text"] for line in (folder / name / "queries.jsonl").read_text("utf-8").splitlines()]
        for name in PUBLIC
    }
