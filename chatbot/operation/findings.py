"""Findings: what the doctor says of an installation, each with its cure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

__all__ = ["Finding", "Severity", "worst"]


class Severity(StrEnum):
    """How much a finding matters, as its level says."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence on one subject, and what to do about it; the cure is empty where nothing is to be done."""

    level: Severity
    subject: str
    message: str
    cure: str = ""

    @classmethod
    def ok(cls, subject: str, message: str) -> Self:
        """Return a finding that needs nobody."""
        return cls(Severity.OK, subject, message)

    @classmethod
    def warning(cls, subject: str, message: str, cure: str) -> Self:
        """Return a finding for somebody to look at, which may be on purpose or can wait; visitors are answered."""
        return cls(Severity.WARNING, subject, message, cure)

    @classmethod
    def error(cls, subject: str, message: str, cure: str) -> Self:
        """Return a finding that keeps visitors or staff from what they need."""
        return cls(Severity.ERROR, subject, message, cure)


def worst(findings: Iterable[Finding]) -> Severity:
    """Return the gravest severity of some findings; OK for none."""
    order = list(Severity)
    return max((finding.level for finding in findings), key=order.index, default=Severity.OK)
