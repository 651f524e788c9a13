import asyncio
import logging

import pytest

from datasource.cache.redis import MemoryCache, RedisCache, connect_redis
from errors import BadUserInput
from tests.support.redis_server import running_redis


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_memory_keeps_until_the_time_is_over() -> None:
    clock = Clock()
    shelf = MemoryCache(10_000, clock=clock)
    await shelf.write("short", b"1", 10)
    await shelf.write("long", b"2", 100)
    clock.now += 9.9
    assert await shelf.read("short") == b"1"
    clock.now += 0.2
    assert (await shelf.read("short"), await shelf.read("long")) == (None, b"2")
    clock.now += 100
    assert await shelf.read("long") is None
    assert shelf.size == 0


async def test_memory_has_an_end() -> None:
    shelf = MemoryCache(10_000)
    for number in range(20):
        await shelf.write(str(number), bytes(1000), 60)
        await shelf.read("0")  # in use all the time
    assert shelf.size <= 10_000
    assert await shelf.read("0") is not None
    assert await shelf.read("1") is None
    assert await shelf.read("19") is not None


async def test_what_is_too_large_is_not_kept_and_takes_nobodys_place() -> None:
    shelf = MemoryCache(10_000)
    await shelf.write("small", b"1", 60)
    await shelf.write("large", bytes(10_000), 60)
    assert await shelf.read("large") is None
    assert await shelf.read("small") == b"1"


async def test_redis_keeps_for_every_gateway_until_the_time_is_over() -> None:
    with running_redis() as server:
        one, other = (RedisCache(connect_redis(server.url)) for _ in range(2))
        await one.write("key", b"\x00value", 600)
        assert await other.read("key") == b"\x00value"
        await one.write("key", b"\x00value", 0.2)
        async with asyncio.timeout(60):
            while await other.read("key") is not None:  # noqa: ASYNC110 - Redis has no event for it
                await asyncio.sleep(0.01)
        await one.close()
        await other.close()


async def test_redis_that_fails_is_left_alone_for_a_while_and_then_used_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    with running_redis() as server:
        clock = Clock()
        shelf = RedisCache(connect_redis(server.url), clock=clock)
        await shelf.write("key", b"1", 60)
        server.stop()
        for _ in range(20):
            assert await shelf.read("key") is None
            await shelf.write("key", b"2", 60)
        assert len(caplog.records) == 1
        server.start()
        clock.now += RedisCache.REST_S
        await shelf.write("key", b"3", 60)
        assert await shelf.read("key") == b"3"
        await shelf.close()


async def test_redis_that_accepts_and_is_silent_costs_a_moment_once() -> None:
    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client leaves
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        shelf = RedisCache(connect_redis(f"redis://127.0.0.1:{port}/0", timeout_s=0.5))
        async with asyncio.timeout(20):
            for _ in range(100):
                assert await shelf.read("key") is None
        await shelf.close()


def test_url_that_is_none_is_refused() -> None:
    with pytest.raises(BadUserInput, match="TRENDGATE_REDIS_URL"):
        connect_redis("localhost:6379")
