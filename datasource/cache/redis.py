"""Operations in a Redis, for all servers that share it."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from cachetools import TLRUCache

from datasource.cache.persisted_queries import hash_operation
from errors import BadUserInput, ErrorCode, GatewayError

if TYPE_CHECKING:
    from redis.asyncio import Redis

logger = logging.getLogger("trendgate.cache")


class Cache(Protocol):
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


class MemoryCache:
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
        """See Cache.read."""
        item = self._items.get(key)
        return None if item is None else item.value

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """See Cache.write."""
        if len(value) + _OVERHEAD <= self._items.maxsize:
            self._items[key] = _Item(value, seconds)

    async def close(self) -> None:
        """See Cache.close."""
        self._items.clear()


_OVERHEAD: Final = 512
"""What an item takes besides its value, roughly."""


def _use_by(_: str, item: _Item, now: float) -> float:
    return now + item.seconds


class RedisCache:
    """In a Redis that several gateways share. One that fails is left alone for a while."""

    REST_S: Final = 5.0

    def __init__(self, redis: "Redis", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._rests_until = float("-inf")

    async def read(self, key: str) -> bytes | None:
        """See Cache.read."""
        if self._is_resting:
            return None
        try:
            found = await self._redis.get(key)
        except Exception as failure:  # whatever a network can do
            self._rest(failure)
            return None
        return found if isinstance(found, bytes) else None

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """See Cache.write."""
        if self._is_resting:
            return
        try:
            await self._redis.set(key, value, px=max(1, int(seconds * 1000)))
        except Exception as failure:  # whatever a network can do
            self._rest(failure)

    async def close(self) -> None:
        """See Cache.close."""
        await self._redis.aclose()

    @property
    def _is_resting(self) -> bool:
        return self._clock() < self._rests_until

    def _rest(self, failure: Exception) -> None:
        self._rests_until = self._clock() + self.REST_S
        logger.warning(
            "Redis does not answer, so nothing is kept for %g s: %s", self.REST_S, type(failure).__name__
        )


TIMEOUT_S: Final = 0.25
"""Whoever waits longer had better do without."""


def connect_redis(url: str, *, timeout_s: float = TIMEOUT_S) -> "Redis":
    """A client, which connects when it is used first.

    Raises BadUserInput for a URL that is none, UPSTREAM_UNAVAILABLE when what talks to Redis is not installed.
    """
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as missing:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "What talks to a Redis is not installed.",
            hint="Install trendgate with the extra `redis`.",
        ) from missing
    once_more = Retry(NoBackoff(), 1)  # for a connection that was closed while nobody used it
    try:
        client = Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=once_more)
    except ValueError as unreadable:
        raise BadUserInput(
            "TRENDGATE_REDIS_URL is no URL of a Redis.",
            hint="redis://user:password@host:6379/0, or rediss:// for TLS, or unix:///path.",
        ) from unreadable
    return client


Answer = TypeVar("Answer")

logger = logging.getLogger("trendgate.cache")

_PREFIX = "trendgate:operation:"


class RedisOperations:
    """Forgets what nobody has used for `ttl_s`; how much room there is, is up to the Redis.

    One that cannot be reached knows nothing and keeps nothing; requests go on without it.
    """

    def __init__(self, client: "Redis", *, ttl_s: int) -> None:
        self._client = client
        self._ttl_s = ttl_s

    async def get(self, sha256: str) -> str | None:
        """See OperationStore. Others may write into the Redis, so what it answers is checked."""
        found = await _try(self._client.getex(_PREFIX + sha256, ex=self._ttl_s))
        text = found.decode(errors="replace") if isinstance(found, bytes) else None
        return text if text is not None and hash_operation(text) == sha256 else None

    async def put(self, text: str) -> None:
        """See OperationStore."""
        await _try(self._client.set(_PREFIX + hash_operation(text), text, ex=self._ttl_s))

    async def close(self) -> None:
        """See OperationStore."""
        await self._client.aclose()


async def _try(call: Awaitable[Answer]) -> Answer | None:
    from redis.exceptions import RedisError

    try:
        return await call
    except RedisError as failure:
        # Its message could name the host, or more.
        logger.warning("the Redis of TRENDGATE_REDIS_URL does not do its work (%s)", type(failure).__name__)
        return None
