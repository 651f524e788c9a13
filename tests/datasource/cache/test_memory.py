from datasource.cache.memory import MemoryCache
from tests.datasource.cache.fake_clock import FakeClock


async def test_value_expires_after_its_ttl() -> None:
    clock = FakeClock()
    cache = MemoryCache(10_000, clock=clock)
    await cache.write("short", b"1", 10)
    await cache.write("long", b"2", 100)
    clock.now += 9.9
    assert await cache.read("short") == b"1"
    clock.now += 0.2
    assert (await cache.read("short"), await cache.read("long")) == (None, b"2")
    clock.now += 100
    assert await cache.read("long") is None
    assert cache.size == 0


async def test_reading_can_restart_the_ttl() -> None:
    clock = FakeClock()
    cache = MemoryCache(10_000, clock=clock)
    for key in ("used", "idle"):
        await cache.write(key, b"1", 10)
    clock.now += 8
    assert await cache.read("used", renew_ttl_s=10) == b"1"
    clock.now += 4
    assert (await cache.read("used"), await cache.read("idle")) == (b"1", None)
    clock.now += 8
    assert await cache.read("used") is None


async def test_least_recently_used_values_are_evicted() -> None:
    cache = MemoryCache(10_000)
    for number in range(20):
        await cache.write(str(number), bytes(1000), 60)
        await cache.read("0")  # in use all the time
    assert cache.size <= 10_000
    assert await cache.read("0") is not None
    assert await cache.read("1") is None
    assert await cache.read("19") is not None


async def test_number_of_small_values_is_bounded_too() -> None:
    cache = MemoryCache(100 * (1 + 512))
    for number in range(1_000):
        await cache.write(str(number), b"1", 60)
    assert [number for number in range(1_000) if await cache.read(str(number))] == [*range(900, 1_000)]


async def test_value_larger_than_the_cache_evicts_nothing() -> None:
    cache = MemoryCache(10_000)
    await cache.write("small", b"1", 60)
    await cache.write("large", bytes(10_000), 60)
    assert await cache.read("large") is None
    assert await cache.read("small") == b"1"


async def test_cache_without_room_stores_nothing() -> None:
    cache = MemoryCache(0)
    await cache.write("key", b"", 60)
    assert (await cache.read("key"), cache.size) == (None, 0)
