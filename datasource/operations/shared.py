"""Operations in a Redis, for all servers that share it."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from datasource.operations.store import hash_operation

Answer = TypeVar("Answer")

logger = logging.getLogger("trendgate")

_PREFIX = "trendgate:operation:"


class RedisOperations:
    """Forgets what nobody has used for `ttl_s`; how much room there is, is up to the Redis.

    One that cannot be reached knows nothing and keeps nothing; requests go on without it.
    """

    def __init__(self, client: Redis, *, ttl_s: int) -> None:
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
    try:
        return await call
    except RedisError as failure:
        # Its message could name the host, or more.
        logger.warning("the Redis of TRENDGATE_REDIS_URL does not do its work (%s)", type(failure).__name__)
        return None
