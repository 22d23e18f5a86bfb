"""Findings: what the doctor says of an installation, each with its cure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Level", "look", "ok", "worst", "wrong"]


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence on one subject, and what to do about it; the cure is empty where nothing is to be done."""

    level: Level
    subject: str
    message: str
    cure: str = ""


def ok(subject: str, message: str) -> Finding:
    """Return a finding that needs nobody."""
    return Finding(Level.OK, subject, message)


def look(subject: str, message: str, cure: str) -> Finding:
    """Return a finding that somebody should look at; visitors are answered."""
    return Finding(Level.LOOK, subject, message, cure)


def wrong(subject: str, message: str, cure: str) -> Finding:
    """Return a finding that keeps visitors or staff from what they need."""
    return Finding(Level.WRONG, subject, message, cure)


def worst(findings: Iterable[Finding]) -> Level:
    """Return the gravest level of some findings; OK for none."""
    levels = list(Level)
    return max((finding.level for finding in findings), key=levels.index, default=Level.OK)
