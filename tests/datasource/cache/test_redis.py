"""The cache in a real Redis."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from datasource.cache.persisted_queries import PersistedQueries, hash_operation
from datasource.cache.redis import RedisCache, connect_redis
from errors import BadUserInput
from tests.datasource.cache.fake_clock import FakeClock
from tests.support.redis_server import RedisServer, running_redis


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[Redis]:
    """Another client of the Redis, which is empty."""
    async with Redis.from_url(server.url) as client:
        await client.flushall()
        yield client


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def cache(
    server: RedisServer,
    client: Redis,  # noqa: ARG001 - empties it
    clock: FakeClock,
) -> AsyncIterator[RedisCache]:
    cache = RedisCache(connect_redis(server.url), clock=clock)
    yield cache
    await cache.close()


async def test_value_is_shared_until_its_ttl_ends(server: RedisServer, cache: RedisCache) -> None:
    other = RedisCache(connect_redis(server.url))
    await cache.write("key", b"\x00value", 0.2)
    assert await other.read("key") == b"\x00value"
    await asyncio.sleep(0.25)
    assert await other.read("key") is None
    await other.close()


async def test_reading_can_restart_the_ttl(cache: RedisCache, client: Redis) -> None:
    await cache.write("key", b"1", 10)
    await cache.read("key")
    assert await client.ttl("key") <= 10
    await cache.read("key", renew_ttl_s=100)
    assert 90 < await client.ttl("key") <= 100


async def test_circuit_breaker_opens_after_a_failure_and_closes_again(
    server: RedisServer, cache: RedisCache, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await cache.write("key", b"1", 60)
    server.stop()
    for _ in range(20):
        assert await cache.read("key") is None
        await cache.write("key", b"2", 60)
    assert len(caplog.records) == 1
    assert str(server.folder) not in caplog.text
    server.start()
    assert await cache.read("key") is None
    clock.now += RedisCache.COOLDOWN_S
    await cache.write("key", b"3", 60)
    assert await cache.read("key") == b"3"


async def test_circuit_breaker_is_shared_by_everything_that_uses_the_cache(
    cache: RedisCache, client: Redis, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    queries = PersistedQueries(cache, 60)
    await queries.store("{ a }")
    await client.lpush("another type", "1")
    assert await cache.read("another type") is None  # Redis replies with an error
    assert await queries.find(hash_operation("{ a }")) is None
    assert len(caplog.records) == 1
    clock.now += RedisCache.COOLDOWN_S
    assert await queries.find(hash_operation("{ a }")) == "{ a }"


async def test_full_redis_is_a_failure_like_any_other(
    cache: RedisCache, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await client.config_set("maxmemory", "1")
    await cache.write("key", b"1", 60)
    await client.config_set("maxmemory", "0")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_silent_redis_costs_one_timeout() -> None:
    connections = 0

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read()  # until the client disconnects
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        cache = RedisCache(connect_redis(f"redis://127.0.0.1:{port}/0", timeout_s=0.05), clock=FakeClock())
        for _ in range(100):
            assert await cache.read("key") is None
        await cache.close()
    assert connections == 2  # the client retries once, in case a connection was closed while idle


@pytest.mark.parametrize("url", ["localhost:6379", "http://user:secret@host"])
def test_invalid_url_is_rejected_without_repeating_it(url: str) -> None:
    with pytest.raises(BadUserInput, match="TRENDGATE_REDIS_URL") as error:
        connect_redis(url)
    assert "secret" not in error.value.message


def test_modules_can_be_imported_without_the_redis_package() -> None:
    program = "import sys; sys.modules['redis'] = None; import datasource.cache.redis, resolvers.stores"
    subprocess.run([sys.executable, "-c", program], check=True)
