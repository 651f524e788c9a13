"""Texts of operations by their hash, for clients that send the hash instead of the text."""

import hashlib
import re
from typing import Protocol

_HASH = re.compile(r"[0-9a-f]{64}")


class OperationStore(Protocol):
    """Keeps texts for a while. It may forget any of them at any time: a client then sends the text again.

    What it answers has the hash that was asked for, so nobody can put one text in the place of another.
    """

    async def get(self, sha256: str) -> str | None:
        """The text with that hash, None where there is none."""

    async def put(self, text: str) -> None:
        """Keep the text under its hash."""

    async def close(self) -> None:
        """Nothing is asked afterwards."""


def hash_operation(text: str) -> str:
    """SHA-256 of the text in UTF-8, in small hexadecimal digits, as clients compute it."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_hash(text: str) -> bool:
    return _HASH.fullmatch(text) is not None
