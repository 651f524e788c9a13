"""The cache of trends: computed once for simultaneous requests, and stored for later ones."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final

from cachetools import LRUCache

from datasource.cache.contract import Cache
from datasource.cache.memory import MemoryCache
from datasource.clickhouse.engine import ProgressListener
from errors import ErrorCode, GatewayError
from resolvers.trend_cache.cached_trend import FORMAT, CachedTrend, dump, load
from resolvers.trend_cache.key import cache_key
from resolvers.trend_cache.single_flight import Flight, SingleFlight, Start
from resolvers.trends.results import TrendResult
from resolvers.worker import run_in_worker

_STARTERS_OWN: Final = (ErrorCode.RATE_LIMITED, ErrorCode.BAD_USER_INPUT)
"""Errors about the request that started a computation: its share of queries, the paths of its input."""

_BYTES_PER_VALUE: Final = 8
"""Roughly, in a document."""
_LOADED_BYTES: Final = 4 << 20
"""Documents whose trends stay loaded, in bytes as cached; a loaded trend takes several times as much."""


class Refresh(StrEnum):
    """Whether a cached trend may be returned."""

    CACHE_FIRST = "CACHE_FIRST"
    FORCE = "FORCE"


@dataclass(slots=True)
class Counts:
    """How many requests found a cached trend, started a computation, or joined one."""

    hits: int = 0
    misses: int = 0
    joined: int = 0


@dataclass(frozen=True, slots=True)
class _Loaded:
    trend: CachedTrend | None
    document_bytes: int


class TrendCache:
    """The trends of one installation, whose name separates them from others' in a shared cache."""

    def __init__(self, cache: Cache | None = None, *, installation: str = "") -> None:
        self._cache = cache or MemoryCache(0)
        self._prefix = f"trendgate:{FORMAT}:{cache_key(installation)[:16]}:"
        # By document, since only equal bytes are known to be the same trend. Dashboards read the same ones again.
        self._loaded: LRUCache[bytes, _Loaded] = LRUCache(
            _LOADED_BYTES, getsizeof=lambda each: each.document_bytes
        )
        self._flights: SingleFlight[CachedTrend] = SingleFlight()
        self.counts = Counts()

    @property
    def waiting(self) -> int:
        """How many requests are waiting for computations."""
        return self._flights.waiting

    @property
    def size(self) -> int | None:
        """Bytes of this process's memory in use; None where the cache is elsewhere."""
        return self._cache.size if isinstance(self._cache, MemoryCache) else None

    async def get(
        self,
        key: str,
        compute: Callable[[ProgressListener | None], Coroutine[Any, Any, TrendResult]],
        *,
        now: datetime,
        ttl: timedelta,
        refresh: Refresh = Refresh.CACHE_FIRST,
        on_progress: ProgressListener | None = None,
    ) -> CachedTrend:
        """Return the cached trend, or what `compute` returns as of `now`, which is then cached.

        With FORCE it is computed in any case, and replaces what was cached. Raises what `compute` raises; errors
        are never cached. `on_progress` is called while the trend is computed, whichever request started that.
        """
        is_forced = refresh is Refresh.FORCE
        cached = None if is_forced else await self._read(key)
        if cached is not None:
            self.counts.hits += 1
            return cached

        async def start(flight: Flight[CachedTrend]) -> CachedTrend:
            computed = CachedTrend(await compute(flight.notify if on_progress else None), now, is_cached=False)
            if flight.is_newest:
                document = await run_in_worker(partial(dump, computed), size=computed.result.size)
                await self._cache.write(self._prefix + key, document, ttl.total_seconds())
            return computed

        computed, has_joined = await self._run(key, start, is_forced=is_forced, listener=on_progress)
        self.counts.joined += has_joined
        self.counts.misses += not has_joined
        return computed

    async def _read(self, key: str) -> CachedTrend | None:
        document = await self._cache.read(self._prefix + key)
        if document is None:
            return None
        loaded = self._loaded.get(document)
        if loaded is None:
            trend = await run_in_worker(partial(load, document), size=len(document) // _BYTES_PER_VALUE)
            loaded = _Loaded(trend, len(document))
            if loaded.document_bytes <= self._loaded.maxsize:
                self._loaded[document] = loaded
        return loaded.trend

    async def _run(
        self, key: str, start: Start[CachedTrend], *, is_forced: bool, listener: ProgressListener | None
    ) -> tuple[CachedTrend, bool]:
        while True:
            is_joining = not is_forced and self._flights.has(key)
            try:
                return await self._flights.run(key, start, force=is_forced, listener=listener)
            except GatewayError as error:
                # Another request's share of queries, or the paths of its input, are none of this one's errors.
                if not is_joining or error.code not in _STARTERS_OWN:
                    raise
