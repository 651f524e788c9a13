"""A cache in the memory of this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from cachetools import TLRUCache

_OVERHEAD_BYTES: Final = 512
"""Roughly what an entry takes besides its value; it bounds the number of small entries too."""


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    ttl_s: float


class MemoryCache:
    """Holds at most `max_bytes`; the least recently used entries are evicted first."""

    def __init__(self, max_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: TLRUCache[str, _Entry] = TLRUCache(
            max_bytes, ttu=_expires_at, timer=clock, getsizeof=lambda entry: _size(entry.value)
        )

    @property
    def size(self) -> int:
        """Bytes in use."""
        self._entries.expire()
        return int(self._entries.currsize)

    async def read(self, key: str, *, renew_ttl_s: float | None = None) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if renew_ttl_s is not None:
            self._entries[key] = replace(entry, ttl_s=renew_ttl_s)
        return entry.value

    async def write(self, key: str, value: bytes, ttl_s: float) -> None:
        # A value larger than the whole cache would evict everything else and still not fit.
        if _size(value) <= self._entries.maxsize:
            self._entries[key] = _Entry(value, ttl_s)

    async def close(self) -> None:
        self._entries.clear()


def _size(value: bytes) -> int:
    return len(value) + _OVERHEAD_BYTES


def _expires_at(_: str, entry: _Entry, now: float) -> float:
    return now + entry.ttl_s
