"""The Redis that several servers share, as the settings name it."""

from typing import TYPE_CHECKING, Final

from errors import BadUserInput, ErrorCode, GatewayError

if TYPE_CHECKING:
    from redis.asyncio import Redis

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
