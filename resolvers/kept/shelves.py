"""Where kept answers lie: bytes under a key, for a while."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from cachetools import TLRUCache

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("trendgate")


class Shelf(Protocol):
    """Bytes under a key. Neither method ever raises: what cannot be kept or read is computed."""

    async def read(self, key: str) -> bytes | None:
        """None for what is not there, no longer, or cannot be read now."""
        ...

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """Keep it so long, if there is room."""
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class _Item:
    value: bytes
    seconds: float


class MemoryShelf:
    """Within this process, up to so many bytes; what was not used for longest makes room."""

    def __init__(self, max_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._items: TLRUCache[str, _Item] = TLRUCache(
            max_bytes, ttu=_use_by, timer=clock, getsizeof=lambda item: len(item.value) + _OVERHEAD
        )

    @property
    def size(self) -> int:
        """Bytes that are taken now."""
        self._items.expire()
        return int(self._items.currsize)

    async def read(self, key: str) -> bytes | None:
        """See Shelf.read."""
        item = self._items.get(key)
        return None if item is None else item.value

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """See Shelf.write."""
        if len(value) + _OVERHEAD <= self._items.maxsize:
            self._items[key] = _Item(value, seconds)

    async def close(self) -> None:
        """See Shelf.close."""
        self._items.clear()


_OVERHEAD: Final = 512
"""What an item takes besides its value, roughly."""


def _use_by(_: str, item: _Item, now: float) -> float:
    return now + item.seconds


class RedisShelf:
    """In a Redis that several gateways share. One that fails is left alone for a while."""

    REST_S: Final = 5.0

    def __init__(self, redis: "Redis", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._rests_until = float("-inf")

    async def read(self, key: str) -> bytes | None:
        """See Shelf.read."""
        if self._is_resting:
            return None
        try:
            found = await self._redis.get(key)
        except Exception as failure:  # whatever a network can do
            self._rest(failure)
            return None
        return found if isinstance(found, bytes) else None

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """See Shelf.write."""
        if self._is_resting:
            return
        try:
            await self._redis.set(key, value, px=max(1, int(seconds * 1000)))
        except Exception as failure:  # whatever a network can do
            self._rest(failure)

    async def close(self) -> None:
        """See Shelf.close."""
        await self._redis.aclose()

    @property
    def _is_resting(self) -> bool:
        return self._clock() < self._rests_until

    def _rest(self, failure: Exception) -> None:
        self._rests_until = self._clock() + self.REST_S
        logger.warning(
            "Redis does not answer, so nothing is kept for %g s: %s", self.REST_S, type(failure).__name__
        )
