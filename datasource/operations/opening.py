"""Which store keeps the texts of operations."""

from importlib.util import find_spec

from datasource.operations.memory import MemoryOperations
from datasource.operations.store import OperationStore
from errors import ErrorCode, GatewayError
from settings import Settings


def open_operations(settings: Settings) -> OperationStore | None:
    """The Redis of TRENDGATE_REDIS_URL or this process's memory; None where texts are not kept.

    Raises BadUserInput for a URL that cannot be used, UPSTREAM_UNAVAILABLE when a package is missing.
    """
    if not settings.persisted_queries:
        return None
    ttl_s = settings.persisted_queries_ttl_s
    if settings.redis_url is None:
        return MemoryOperations(max_bytes=settings.persisted_queries_max_bytes, ttl_s=ttl_s)
    if find_spec("redis") is None:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "What talks to a Redis is not installed.",
            hint="Install trendgate with the extra `redis`.",
        )
    from datasource.operations.shared import RedisOperations

    return RedisOperations.open(settings.redis_url.get_secret_value(), ttl_s=ttl_s)
