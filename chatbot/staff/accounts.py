"""Who may use the staff console, and to do what."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Account", "Role"]


class Role(StrEnum):
    """What an account may do: a reader sees everything and changes nothing."""

    READER = "reader"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the staff, by the name that they sign in with."""

    name: str
    role: Role
