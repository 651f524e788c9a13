"""Automatic persisted queries: documents by their SHA-256 hash."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from datasource.cache.contract import Cache

_HASH = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = "trendgate:operation:"


@dataclass(frozen=True, slots=True)
class PersistedQueries:
    """Documents that clients sent; one that is not used for `ttl_s` seconds expires.

    A document may be missing at any time: the client then sends it again.
    """

    cache: Cache
    ttl_s: float

    async def find(self, sha256: str) -> str | None:
        """Return the document with that hash, or None."""
        found = await self.cache.read(_PREFIX + sha256, renew_ttl_s=self.ttl_s)
        document = None if found is None else found.decode(errors="replace")
        # Others may write to a shared Redis: never run a document under a hash that is not its own.
        return document if document is not None and hash_operation(document) == sha256 else None

    async def store(self, document: str) -> None:
        """Store a document under its hash."""
        await self.cache.write(_PREFIX + hash_operation(document), document.encode(), self.ttl_s)


def hash_operation(document: str) -> str:
    """Return the SHA-256 of the document in UTF-8 as lower-case hexadecimal digits."""
    return hashlib.sha256(document.encode()).hexdigest()


def is_hash(value: str) -> bool:
    return _HASH.fullmatch(value) is not None
