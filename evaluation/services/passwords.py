"""Passwords: hashed with argon2id, refused when weak, changed by their owner, chosen anew with a ticket.

At least 12 and at most 200 characters of any kind; no rule asks for capitals or digits, and no password grows old (ASVS 6.2).
"""

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

hasher = PasswordHasher()
# Verified against when the username is unknown, so that a stranger learns nothing from the time an answer takes.
NOBODY = hasher.hash(secrets.token_hex(16))


def hashed(password: str) -> str:
    """What is stored of a password."""
    return hasher.hash(_composed(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password of a hash; without one it takes as long and is never right."""
    try:
        return hasher.verify(stored or NOBODY, _composed(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _composed(password: str) -> str:
    """The same letter typed with two keyboards is one letter (NFC); nothing else of a password is touched."""
    return unicodedata.normalize("NFC", password)
