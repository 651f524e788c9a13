"""Operations in the memory of this process."""

import time
from collections.abc import Callable

from cachetools import TTLCache

from datasource.cache.persisted_queries import OperationStore, hash_operation
from datasource.cache.redis import connect_redis
from settings import Settings

MAX_BYTES = 32 * 1024**2
TTL_S = 24 * 3600.0
_OVERHEAD_BYTES = 256
"""What an entry takes besides its text; so small texts are bounded in number too."""


class MemoryOperations:
    """Drops what was used longest ago when it is full, and what nobody has used for `ttl_s`."""

    def __init__(
        self, *, max_bytes: int = MAX_BYTES, ttl_s: float = TTL_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._texts: TTLCache[str, str] = TTLCache(max_bytes, ttl_s, timer=clock, getsizeof=_size)

    async def get(self, sha256: str) -> str | None:
        """See OperationStore."""
        text = self._texts.get(sha256)
        if text is not None:
            self._texts[sha256] = text  # its time starts anew
        return text

    async def put(self, text: str) -> None:
        """See OperationStore; a text larger than all the room is not kept."""
        if _size(text) <= self._texts.maxsize:
            self._texts[hash_operation(text)] = text

    async def close(self) -> None:
        """See OperationStore."""
        self._texts.clear()


def _size(text: str) -> int:
    return len(text.encode()) + _OVERHEAD_BYTES


def open_operations(settings: Settings) -> OperationStore | None:
    """The Redis of TRENDGATE_REDIS_URL or this process's memory; None where texts are not kept.

    Raises BadUserInput for a URL that cannot be used, UPSTREAM_UNAVAILABLE when a package is missing.
    """
    if not settings.persisted_queries:
        return None
    ttl_s = settings.persisted_queries_ttl_s
    if settings.redis_url is None:
        return MemoryOperations(max_bytes=settings.persisted_queries_max_bytes, ttl_s=ttl_s)
    client = connect_redis(settings.redis_url.get_secret_value())
    # Only now: it needs the package, whose absence has been explained.
    from datasource.cache.redis import RedisOperations

    return RedisOperations(client, ttl_s=ttl_s)
