"""A cache in a Redis that several gateways share."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from errors import BadUserInput, ErrorCode, GatewayError

if TYPE_CHECKING:  # the package is an optional extra
    from redis.asyncio import Redis

logger = logging.getLogger("trendgate.cache")

Reply = TypeVar("Reply")

TIMEOUT_S: Final = 0.25
"""A cache that takes longer than this costs more than it saves."""


class RedisCache:
    """One Redis client with a circuit breaker: after a failure, Redis is not used for `COOLDOWN_S`.

    Without the breaker, every request would wait for the timeout while Redis is down.
    """

    COOLDOWN_S: Final = 5.0

    def __init__(self, redis: "Redis", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._open_until = float("-inf")

    async def read(self, key: str, *, renew_ttl_s: float | None = None) -> bytes | None:
        if renew_ttl_s is None:
            found = await self._try(lambda: self._redis.get(key))
        else:
            found = await self._try(lambda: self._redis.getex(key, px=_milliseconds(renew_ttl_s)))
        return found if isinstance(found, bytes) else None

    async def write(self, key: str, value: bytes, ttl_s: float) -> None:
        await self._try(lambda: self._redis.set(key, value, px=_milliseconds(ttl_s)))

    async def close(self) -> None:
        await self._redis.aclose()

    async def _try(self, command: Callable[[], Awaitable[Reply]]) -> Reply | None:
        if self._clock() < self._open_until:
            return None
        try:
            return await command()
        except Exception as failure:  # network errors come in many types; a full Redis replies with an error
            self._open_until = self._clock() + self.COOLDOWN_S
            # Only the type: the message may contain the host or the user.
            logger.warning("Redis failed (%s); not using it for %g s", type(failure).__name__, self.COOLDOWN_S)
            return None


def connect_redis(url: str, *, timeout_s: float = TIMEOUT_S) -> "Redis":
    """Return a client that connects on first use.

    Raises BadUserInput for an invalid URL, UPSTREAM_UNAVAILABLE when the package `redis` is not installed.
    """
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as missing:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The Redis client is not installed.",
            hint="Install trendgate with the extra `redis`.",
        ) from missing
    retry = Retry(NoBackoff(), 1)  # for a connection that was closed while idle
    try:
        return Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=retry)
    except ValueError as invalid:
        raise BadUserInput(
            "TRENDGATE_REDIS_URL is not a valid Redis URL.",
            hint="Use redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path.",
        ) from invalid


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
