from datasource.cache.memory import MemoryCache
from datasource.cache.redis import RedisCache
from resolvers.stores import open_caches
from settings import Settings


async def test_trends_and_persisted_queries_share_one_redis_client() -> None:
    trends, queries = open_caches(Settings.model_validate({"redis_url": "redis://127.0.0.1:1/0"}))
    assert isinstance(trends, RedisCache)
    assert queries is trends  # and with it the circuit breaker
    await trends.close()


async def test_memory_is_limited_for_each_purpose() -> None:
    settings = Settings.model_validate({"cache_bytes": 10_000, "persisted_queries_max_bytes": 2_000})
    trends, queries = open_caches(settings)
    assert isinstance(trends, MemoryCache)
    assert isinstance(queries, MemoryCache)
    for cache in (trends, queries):
        await cache.write("key", bytes(5_000), 60)
    assert await trends.read("key") is not None
    assert await queries.read("key") is None


async def test_cache_of_no_bytes_stores_nothing() -> None:
    trends, _ = open_caches(Settings.model_validate({"cache_bytes": 0}))
    await trends.write("key", b"", 60)
    assert await trends.read("key") is None
