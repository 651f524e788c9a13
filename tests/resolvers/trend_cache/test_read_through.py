import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from datasource.cache.redis import MemoryCache
from errors import ErrorCode, GatewayError
from resolvers.trend_cache.read_through import CachedTrend, Kept, Refresh, TrendCache, read, write
from resolvers.trends.query import TrendInterval, TrendMath
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult

NOW = datetime(2020, 1, 15, 13, 5, 1, 250_000, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)


def result_of(count: float) -> TrendResult:
    series = SeriesResult(
        label="Größe",
        order=0,
        event=None,
        math=TrendMath.TOTAL,
        data=(count, None),
        days=("2020-01-14", "2020-01-15"),
        labels=("14-Jan-2020", "15-Jan-2020"),
        count=count,
        breakdown_value=("a", "b"),
        compare_label=CompareLabel.PREVIOUS,
    )
    return TrendResult(
        series=(series,),
        days=series.days,
        labels=series.labels,
        interval=TrendInterval.DAY,
        date_from=NOW,
        date_to=NOW,
        timezone="UTC",
        has_more=True,
        sql="SELECT 1",
        statistics=Statistics(1.5, 2**40, 3, 1),
        breakdown_headers=("plan", "place"),
        cohort_names={"1": "Everybody"},
    )


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


async def ask(
    answers: TrendCache,
    compute: Counter,
    name: str = "a",
    *,
    now: datetime = NOW,
    refresh: Refresh = Refresh.CACHE_FIRST,
) -> CachedTrend:
    return await answers.answer(name, compute, now=now, lifetime=timedelta(minutes=5), refresh=refresh)


def counts(answers: TrendCache) -> tuple[int, int, int]:
    return answers.counts.hits, answers.counts.misses, answers.counts.joined


async def test_second_request_gets_the_kept_answer() -> None:
    answers, compute = TrendCache.in_memory(100_000), Counter()
    first = await ask(answers, compute)
    second = await ask(answers, compute, now=LATER)
    assert first == CachedTrend(result_of(1), NOW, is_cached=False)
    assert second == CachedTrend(result_of(1), NOW, is_cached=True)
    assert counts(answers) == (1, 1, 0)


async def test_requests_at_once_are_computed_once_and_none_is_cached() -> None:
    answers, compute = TrendCache.in_memory(100_000), Counter()
    got = await asyncio.gather(*(ask(answers, compute) for _ in range(3)))
    assert got == [CachedTrend(result_of(1), NOW, is_cached=False)] * 3
    assert counts(answers) == (0, 1, 2)


async def test_force_computes_and_replaces() -> None:
    answers, compute = TrendCache.in_memory(100_000), Counter()
    await ask(answers, compute)
    forced = await ask(answers, compute, now=LATER, refresh=Refresh.FORCE)
    assert forced == CachedTrend(result_of(2), LATER, is_cached=False)
    assert await ask(answers, compute) == CachedTrend(result_of(2), LATER, is_cached=True)


async def test_older_flight_does_not_replace_what_a_newer_one_computed() -> None:
    answers, compute = TrendCache.in_memory(100_000), Counter()
    slow = asyncio.Event()

    async def late(_: object) -> TrendResult:
        await slow.wait()
        return result_of(99)

    old = asyncio.create_task(answers.answer("a", late, now=NOW, lifetime=timedelta(minutes=5)))
    await asyncio.sleep(0)
    await ask(answers, compute, now=LATER, refresh=Refresh.FORCE)
    slow.set()
    assert (await old).result == result_of(99)
    assert (await ask(answers, compute)).result == result_of(1)


async def test_refusal_is_not_kept() -> None:
    answers = TrendCache.in_memory(100_000)
    compute = Counter(GatewayError(ErrorCode.TIMEOUT, "late"))
    for _ in range(2):
        with pytest.raises(GatewayError):
            await ask(answers, compute)
    assert compute.computed == 2


async def test_share_that_one_has_used_up_is_no_refusal_of_the_others() -> None:
    answers, ready = TrendCache.in_memory(100_000), asyncio.Event()
    compute = Counter()

    async def refuse(_: object) -> TrendResult:
        await ready.wait()
        raise GatewayError(ErrorCode.RATE_LIMITED, "Your share is used up.")

    first = asyncio.create_task(answers.answer("a", refuse, now=NOW, lifetime=timedelta(minutes=5)))
    await asyncio.sleep(0)
    others = [asyncio.create_task(ask(answers, compute)) for _ in range(2)]
    while answers.waiting < 3:  # noqa: ASYNC110 - nothing else tells it
        await asyncio.sleep(0)
    ready.set()
    with pytest.raises(GatewayError):
        await first
    assert [answer.result for answer in await asyncio.gather(*others)] == [result_of(1)] * 2
    assert compute.computed == 1


async def test_nothing_is_kept_without_room() -> None:
    answers, compute = TrendCache.in_memory(0), Counter()
    await ask(answers, compute)
    assert not (await ask(answers, compute)).is_cached


async def test_installations_that_share_a_store_do_not_share_answers() -> None:
    shelf = MemoryCache(100_000)
    one, other = TrendCache(shelf, installation="one"), TrendCache(shelf, installation="other")
    compute = Counter()
    await ask(one, compute)
    assert not (await ask(other, compute)).is_cached
    assert (await ask(one, compute)).is_cached


def test_what_was_written_is_read() -> None:
    kept = Kept(result_of(1.5), NOW)
    assert read(write(kept)) == kept


@pytest.mark.parametrize("document", [b"", b"{}", b"null", b"\x80\x04K\x01.", b'{"result": {}, "computed_at": 1}'])
def test_what_nobody_wrote_is_a_miss(document: bytes) -> None:
    assert read(document) is None


async def test_garbage_in_the_store_is_computed_over() -> None:
    shelf, compute = MemoryCache(100_000), Counter()
    answers = TrendCache(shelf)
    await ask(answers, compute)
    (key,) = shelf._items
    await shelf.write(key, b"garbage", 60)
    assert not (await ask(answers, compute)).is_cached
    assert (await ask(answers, compute)).is_cached
