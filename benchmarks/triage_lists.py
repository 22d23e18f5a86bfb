"""The lists of messages that triage is fitted and measured on: a message a line, under lines that start with `#`."""

import json
from pathlib import Path

from chatbot.answering.phrases import words_of

__all__ = ["LISTS", "PUBLIC", "messages", "public_questions"]

LISTS = Path("tests/answering/triage")
PUBLIC = ("stackfaq", "medquad_small", "covidqa_deepset", "pubmedqa_l", "clinc150_oos")


def messages(path: Path) -> list[str]:
    """Read a list, each message once however it is written."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    kept = {" ".join(words_of(line)): line for line in lines if line and not line.startswith("# ")}
    return list(kept.values())


def public_questions(folder: Path) -> dict[str, list[str]]:
    """Read the questions of the public collections, none of which tells of an emergency of the writer's own."""
    return {
        name: [json.loads(line)["text"] for line in (folder / name / "queries.jsonl").read_text("utf-8").splitlines()]
        for name in PUBLIC
    }
