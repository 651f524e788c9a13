"""Operations in a real Redis."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from datasource.cache.memory import MemoryOperations, open_operations
from datasource.cache.persisted_queries import hash_operation
from datasource.cache.redis import RedisOperations, connect_redis
from errors import BadUserInput
from settings import Settings
from tests.support.redis_server import RedisServer, running_redis

A, B = "{ a }", "query É { é }"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[Redis]:
    """What somebody else sees of the Redis, which is empty."""
    async with Redis.from_url(server.url) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def store(server: RedisServer, client: Redis) -> AsyncIterator[RedisOperations]:  # noqa: ARG001 - empties it
    store = RedisOperations(connect_redis(server.url), ttl_s=100)
    yield store
    await store.close()


async def test_text_is_found_by_its_hash_on_every_server(server: RedisServer, store: RedisOperations) -> None:
    await store.put(A)
    await store.put(B)
    other = RedisOperations(connect_redis(server.url), ttl_s=100)
    assert await other.get(hash_operation(A)) == A
    assert await other.get(hash_operation(B)) == B
    assert await other.get("a" * 64) is None
    await other.close()


async def test_time_of_a_text_starts_anew_when_it_is_used(store: RedisOperations, client: Redis) -> None:
    await store.put(A)
    [key] = await client.keys("*")
    assert key == f"trendgate:operation:{hash_operation(A)}".encode()
    assert 90 < await client.ttl(key) <= 100
    await client.expire(key, 10)
    await store.get(hash_operation(A))
    assert 90 < await client.ttl(key) <= 100


@pytest.mark.parametrize("planted", [b"{ secret }", b"\xff\xfe", b""])
async def test_text_that_somebody_else_put_under_a_hash_is_not_answered(
    store: RedisOperations, client: Redis, planted: bytes
) -> None:
    await client.set(f"trendgate:operation:{hash_operation(A)}", planted)
    assert await store.get(hash_operation(A)) is None
    await store.put(A)
    assert await store.get(hash_operation(A)) == A


async def test_value_of_another_type_and_full_redis_are_as_good_as_nothing(
    store: RedisOperations, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await client.lpush(f"trendgate:operation:{hash_operation(A)}", "a")
    assert await store.get(hash_operation(A)) is None
    await client.config_set("maxmemory", "1")
    await store.put(B)
    await client.config_set("maxmemory", "0")
    assert await store.get(hash_operation(B)) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


async def test_redis_that_goes_away_is_done_without_and_used_again_when_it_is_back(
    server: RedisServer, store: RedisOperations, caplog: pytest.LogCaptureFixture
) -> None:
    await store.put(A)
    server.stop()
    await store.put(B)
    assert await store.get(hash_operation(A)) is None
    assert "does not do its work" in caplog.text
    assert str(server.folder) not in caplog.text
    server.start()
    await store.put(B)
    assert await store.get(hash_operation(B)) == B


def test_url_that_is_none_is_refused() -> None:
    with pytest.raises(BadUserInput, match="TRENDGATE_REDIS_URL") as refusal:
        open_operations(Settings.model_validate({"redis_url": "http://user:secret@host"}))
    assert "secret" not in refusal.value.message


async def test_settings_say_where_texts_are_kept(server: RedisServer) -> None:
    shared = open_operations(Settings.model_validate({"redis_url": server.url}))
    assert isinstance(shared, RedisOperations)
    await shared.close()
    assert isinstance(open_operations(Settings()), MemoryOperations)
    assert open_operations(Settings.model_validate({"redis_url": server.url, "persisted_queries": False})) is None
