import asyncio
from datetime import datetime, timedelta

import pytest

from datasource.cache.memory import MemoryCache
from errors import BadUserInput, ErrorCode, GatewayError
from resolvers.trend_cache.cached_trend import CachedTrend, dump
from resolvers.trend_cache.read_through import Refresh, TrendCache
from resolvers.trends.results import TrendResult
from tests.resolvers.trend_cache.trend_results import NOW, result_of

LATER = NOW + timedelta(seconds=5)
TTL = timedelta(minutes=5)


class Counter:
    def __init__(self, failure: Exception | None = None) -> None:
        self.computed = 0
        self.failure = failure

    async def __call__(self, _: object) -> TrendResult:
        self.computed += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return result_of(self.computed)


def cache_of(max_bytes: int = 100_000) -> TrendCache:
    return TrendCache(MemoryCache(max_bytes))


async def get(
    cache: TrendCache,
    compute: Counter,
    key: str = "a",
    *,
    now: datetime = NOW,
    refresh: Refresh = Refresh.CACHE_FIRST,
) -> CachedTrend:
    return await cache.get(key, compute, now=now, ttl=TTL, refresh=refresh)


def counts(cache: TrendCache) -> tuple[int, int, int]:
    return cache.counts.hits, cache.counts.misses, cache.counts.joined


async def test_second_request_gets_the_cached_trend() -> None:
    cache, compute = cache_of(), Counter()
    first = await get(cache, compute)
    second = await get(cache, compute, now=LATER)
    assert first == CachedTrend(result_of(1), NOW, is_cached=False)
    assert second == CachedTrend(result_of(1), NOW, is_cached=True)
    assert counts(cache) == (1, 1, 0)


async def test_cached_trend_is_loaded_once_as_long_as_its_document_is_the_same() -> None:
    cache, compute = cache_of(), Counter()
    await get(cache, compute)
    second, third = await get(cache, compute), await get(cache, compute)
    assert second is third
    await get(cache, compute, refresh=Refresh.FORCE)
    assert (await get(cache, compute)).result == result_of(2)


async def test_loaded_trends_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    document = len(dump(CachedTrend(result_of(1), NOW, is_cached=False)))
    monkeypatch.setattr("resolvers.trend_cache.read_through._LOADED_BYTES", 3 * document + 2)
    cache, compute = cache_of(), Counter()
    for key in "abcdefg":
        await get(cache, compute, key)
        await get(cache, compute, key)
    assert len(cache._loaded) == 3
    assert [(await get(cache, compute, key)).result for key in "abc"] == [result_of(n) for n in (1, 2, 3)]


async def test_simultaneous_requests_are_computed_once_and_none_is_cached() -> None:
    cache, compute = cache_of(), Counter()
    got = await asyncio.gather(*(get(cache, compute) for _ in range(3)))
    assert got == [CachedTrend(result_of(1), NOW, is_cached=False)] * 3
    assert counts(cache) == (0, 1, 2)


async def test_force_computes_and_replaces() -> None:
    cache, compute = cache_of(), Counter()
    await get(cache, compute)
    forced = await get(cache, compute, now=LATER, refresh=Refresh.FORCE)
    assert forced == CachedTrend(result_of(2), LATER, is_cached=False)
    assert await get(cache, compute) == CachedTrend(result_of(2), LATER, is_cached=True)


async def test_older_computation_does_not_replace_the_result_of_a_newer_one() -> None:
    cache, compute = cache_of(), Counter()
    slow = asyncio.Event()

    async def late(_: object) -> TrendResult:
        await slow.wait()
        return result_of(99)

    old = asyncio.create_task(cache.get("a", late, now=NOW, ttl=TTL))
    await asyncio.sleep(0)
    await get(cache, compute, now=LATER, refresh=Refresh.FORCE)
    slow.set()
    assert (await old).result == result_of(99)
    assert (await get(cache, compute)).result == result_of(1)


async def test_errors_are_not_cached() -> None:
    cache, compute = cache_of(), Counter(GatewayError(ErrorCode.TIMEOUT, "late"))
    for _ in range(2):
        with pytest.raises(GatewayError):
            await get(cache, compute)
    assert compute.computed == 2


@pytest.mark.parametrize(
    "error",
    [GatewayError(ErrorCode.RATE_LIMITED, "Your share is used up."), BadUserInput("no", path=("events", 3))],
)
async def test_errors_about_the_starting_request_are_not_raised_to_others(error: GatewayError) -> None:
    cache, ready = cache_of(), asyncio.Event()
    compute = Counter()

    async def fail(_: object) -> TrendResult:
        await ready.wait()
        raise error

    first = asyncio.create_task(cache.get("a", fail, now=NOW, ttl=TTL))
    await asyncio.sleep(0)
    others = [asyncio.create_task(get(cache, compute)) for _ in range(2)]
    while cache.waiting < 3:  # noqa: ASYNC110 - nothing else signals it
        await asyncio.sleep(0)
    ready.set()
    with pytest.raises(GatewayError):
        await first
    assert [trend.result for trend in await asyncio.gather(*others)] == [result_of(1)] * 2
    assert compute.computed == 1


async def test_nothing_is_cached_without_room() -> None:
    cache, compute = TrendCache(), Counter()
    await get(cache, compute)
    assert not (await get(cache, compute)).is_cached


async def test_installations_that_share_a_cache_do_not_share_trends() -> None:
    shared = MemoryCache(100_000)
    one, other = TrendCache(shared, installation="one"), TrendCache(shared, installation="other")
    compute = Counter()
    await get(one, compute)
    assert not (await get(other, compute)).is_cached
    assert (await get(one, compute)).is_cached


async def test_unreadable_document_is_replaced() -> None:
    stored, compute = MemoryCache(100_000), Counter()
    cache = TrendCache(stored)
    await get(cache, compute)
    (key,) = stored._entries
    await stored.write(key, b"garbage", 60)
    assert not (await get(cache, compute)).is_cached
    assert (await get(cache, compute)).is_cached
