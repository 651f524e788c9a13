"""TrendCache of trends: computed once for all who ask at the same time, and kept for those who ask later."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from datasource.cache.redis import Cache, MemoryCache
from datasource.clickhouse.engine import ProgressListener
from errors import ErrorCode, GatewayError
from resolvers.trend_cache.key import cache_key
from resolvers.trend_cache.single_flight import Flight, SingleFlight, Start
from resolvers.trends.results import TrendResult


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the instant as of which it was computed."""

    result: TrendResult
    computed_at: datetime


_ADAPTER: TypeAdapter[Kept] = TypeAdapter(Kept)


def write(kept: Kept) -> bytes:
    """JSON."""
    return _ADAPTER.dump_json(kept)


def read(document: bytes) -> Kept | None:
    """None for anything that `write` has not written."""
    try:
        return _ADAPTER.validate_json(document)
    except ValidationError:
        return None


FORMAT: Final = 1
"""Of keys and documents: another one makes everything that was kept unknown."""


class Refresh(StrEnum):
    """Whether an answer that was computed earlier will do."""

    CACHE_FIRST = "CACHE_FIRST"
    FORCE = "FORCE"


@dataclass(frozen=True, slots=True)
class CachedTrend:
    """A result, the instant as of which it was computed, and whether that was for an earlier request."""

    result: TrendResult
    computed_at: datetime
    is_cached: bool


@dataclass(slots=True)
class Counts:
    """How requests got their answers."""

    hits: int = 0
    misses: int = 0
    joined: int = 0


class TrendCache:
    """The kept answers of one installation, whose name keeps them apart from others' in a shared store."""

    def __init__(self, shelf: Cache | None = None, *, installation: str = "") -> None:
        self._shelf = shelf
        self._prefix = f"trendgate:{FORMAT}:{cache_key(installation)[:16]}:"
        self._flights: SingleFlight[Kept] = SingleFlight()
        self.counts = Counts()

    @classmethod
    def in_memory(cls, max_bytes: int, *, installation: str = "") -> "TrendCache":
        """Kept by this process alone; 0 bytes keep nothing, and what is under way is shared all the same."""
        return cls(MemoryCache(max_bytes) if max_bytes else None, installation=installation)

    @property
    def waiting(self) -> int:
        """How many requests wait for these."""
        return self._flights.waiting

    @property
    def bytes_kept(self) -> int | None:
        """What they take in this process; None where they are kept elsewhere or not at all."""
        return self._shelf.size if isinstance(self._shelf, MemoryCache) else None

    async def answer(
        self,
        name: str,
        compute: Callable[[ProgressListener | None], Coroutine[Any, Any, TrendResult]],
        *,
        now: datetime,
        lifetime: timedelta,
        refresh: Refresh = Refresh.CACHE_FIRST,
        on_progress: ProgressListener | None = None,
    ) -> CachedTrend:
        """The kept answer of that name, or what `compute` comes to as of `now`, which is then kept.

        FORCE computes in any case, and what it comes to takes the place of what was kept. Raises what `compute`
        raises, to all who wait for it; a refusal is never kept. `on_progress` hears how far it is;
        who joins a computation does where the one that started it does.
        """
        is_forced = refresh is Refresh.FORCE
        kept = None if is_forced else await self._find(name)
        if kept is not None:
            self.counts.hits += 1
            return CachedTrend(kept.result, kept.computed_at, is_cached=True)

        async def fly(flight: Flight[Kept]) -> Kept:
            computed = Kept(await compute(flight.tell if on_progress else None), now)
            if flight.is_newest:
                await self._keep(name, computed, lifetime)
            return computed

        computed, is_joined = await self._join(name, fly, is_forced=is_forced, listener=on_progress)
        self.counts.joined += is_joined
        self.counts.misses += not is_joined
        return CachedTrend(computed.result, computed.computed_at, is_cached=False)

    async def _join(
        self, name: str, fly: Start[Kept], *, is_forced: bool, listener: ProgressListener | None
    ) -> tuple[Kept, bool]:
        while True:
            is_joining = not is_forced and self._flights.has(name)
            try:
                return await self._flights.join(name, fly, anew=is_forced, listener=listener)
            except GatewayError as refusal:
                # Whoever started it has used up a share of their own, which is no reason to refuse the others.
                if not is_joining or refusal.code is not ErrorCode.RATE_LIMITED:
                    raise

    async def close(self) -> None:
        """Free what the store holds."""
        if self._shelf is not None:
            await self._shelf.close()

    async def _find(self, name: str) -> Kept | None:
        document = None if self._shelf is None else await self._shelf.read(self._prefix + name)
        return None if document is None else read(document)

    async def _keep(self, name: str, kept: Kept, lifetime: timedelta) -> None:
        if self._shelf is not None:
            await self._shelf.write(self._prefix + name, write(kept), lifetime.total_seconds())
