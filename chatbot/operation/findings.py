"""Findings: what the doctor says of an installation, each with its cure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Severity", "look", "ok", "worst", "wrong"]


class Severity(StrEnum):
    """How much a finding matters, as its level says."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence on one subject, and what to do about it; the cure is empty where nothing is to be done."""

    level: Severity
    subject: str
    message: str
    cure: str = ""


def ok(subject: str, message: str) -> Finding:
    """Return a finding that needs nobody."""
    return Finding(Severity.OK, subject, message)


def look(subject: str, message: str, cure: str) -> Finding:
    """Return a finding that somebody should look at; visitors are answered."""
    return Finding(Severity.LOOK, subject, message, cure)


def wrong(subject: str, message: str, cure: str) -> Finding:
    """Return a finding that keeps visitors or staff from what they need."""
    return Finding(Severity.WRONG, subject, message, cure)


def worst(findings: Iterable[Finding]) -> Severity:
    """Return the gravest severity of some findings; OK for none."""
    order = list(Severity)
    return max((finding.level for finding in findings), key=order.index, default=Severity.OK)
