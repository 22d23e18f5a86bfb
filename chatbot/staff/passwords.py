"""Passwords, kept as argon2id hashes in memory that is bounded.

Source: RFC 9106, and OWASP's parameters for 19 MiB. Two hashes at once take 38 MiB, however many people sign in.
"""

import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatbot.errors import AccountRefused

__all__ = ["SHORTEST", "hash_password", "is_password"]

SHORTEST: Final = 12
"""Characters of the shortest password; there is no rule on what it is made of."""

_LONGEST: Final = 256  # characters; more than anyone types, and quickly normalised
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two threads of their own, and no semaphore before many: each thread that ever hashed keeps its 19 MiB.
_HASHING: Final = ThreadPoolExecutor(2, "passwords")


def hash_password(password: str) -> str:
    """Hash a new password; raises `AccountRefused` for one that is too short or too long."""
    if not SHORTEST <= len(password) <= _LONGEST:
        raise AccountRefused(f"A password needs {SHORTEST} to {_LONGEST} characters: a few words in a row will do.")
    return _HASHING.submit(_HASHER.hash, _typed(password)).result()


def is_password(password: str, hashed: str | None) -> bool:
    """Tell whether a password is the one that was hashed; nobody's hash (None) takes the same time to refuse."""
    if len(password) > _LONGEST:
        return False
    return _HASHING.submit(_verified, hashed or _nobody(), _typed(password)).result() and hashed is not None


def _verified(hashed: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _typed(password: str) -> bytes:
    """Give a password as bytes that are the same whichever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobody() -> str:
    return _HASHING.submit(_HASHER.hash, secrets.token_bytes(16)).result()
