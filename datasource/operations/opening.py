"""Which store keeps the texts of operations."""

from datasource.operations.memory import MemoryOperations
from datasource.operations.store import OperationStore
from datasource.shared_redis import connect_redis
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
    client = connect_redis(settings.redis_url.get_secret_value())
    # Only now: it needs the package, whose absence has been explained.
    from datasource.operations.shared import RedisOperations

    return RedisOperations(client, ttl_s=ttl_s)
