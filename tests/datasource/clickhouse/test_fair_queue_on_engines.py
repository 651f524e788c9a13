"""Many clients at once on real engines: who runs, who waits, and who is rejected."""

import asyncio

import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine, Limits, QueryResult
from datasource.clickhouse.fair_queue import QueueLimits
from errors import ErrorCode, GatewayError
from telemetry.request import KEY_ID
from tests.datasource.clickhouse.queued_engines import KINDS, folder_of, open_queue, until
from tests.support.native_server import Backend

ENDLESS = "SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)"
WIDE = Limits(seconds=600, rows_to_read=10**15)


async def query(engine: Engine, key: str, text: str = "SELECT sleep(0.01) AS s") -> QueryResult:
    """Query as a request with this key does."""
    KEY_ID.set(key)
    return await engine.query(text, limits=WIDE)


@pytest.mark.parametrize("kind", KINDS)
async def test_two_hundred_queries_of_two_keys_all_succeed(
    kind: str, backend: Backend, embedded: EmbeddedEngine
) -> None:
    limits = QueueLimits(per_key=2)
    async with open_queue(kind, backend, folder_of(embedded), concurrency=4, limits=limits) as engine:
        tasks = [asyncio.create_task(query(engine, "ab"[n % 2], f"SELECT {n} AS n")) for n in range(200)]
        answers = await asyncio.gather(*tasks)
    assert [answer.columns for answer in answers] == [([n],) for n in range(200)]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_key_never_runs_more_than_its_share(
    kind: str, backend: Backend, embedded: EmbeddedEngine
) -> None:
    limits = QueueLimits(per_key=2)
    async with open_queue(kind, backend, folder_of(embedded), concurrency=4, limits=limits) as engine:
        endless = [asyncio.create_task(query(engine, "many", ENDLESS)) for _ in range(6)]
        await until(engine, running=2, waiting=4)
        assert (await query(engine, "few", "SELECT 1 AS x")).columns == ([1],)
        for task in endless:
            task.cancel()
        await asyncio.wait(endless)


@pytest.mark.parametrize("kind", KINDS)
async def test_full_queue_rejects_some_and_loses_none(
    kind: str, backend: Backend, embedded: EmbeddedEngine
) -> None:
    limits = QueueLimits(per_key=2, max_waiting=40)
    async with open_queue(kind, backend, folder_of(embedded), concurrency=4, limits=limits) as engine:
        many = [asyncio.create_task(query(engine, "many")) for _ in range(190)]
        await asyncio.sleep(0)
        few = [asyncio.create_task(query(engine, "few")) for _ in range(10)]
        answers = await asyncio.gather(*many, return_exceptions=True)
        assert len(await asyncio.gather(*few)) == 10
        assert (await query(engine, "many")).row_count == 1
    rejected = [answer for answer in answers if isinstance(answer, GatewayError)]
    answered = [answer for answer in answers if isinstance(answer, QueryResult)]
    assert len(rejected) + len(answered) == 190
    assert answered
    assert {each.code for each in rejected} == {ErrorCode.RATE_LIMITED}
    assert all(each.details["limit"] == 40 and each.details["keyRunning"] == 2 for each in rejected)


@pytest.mark.parametrize("kind", KINDS)
async def test_key_with_many_statements_does_not_delay_another(
    kind: str, backend: Backend, embedded: EmbeddedEngine
) -> None:
    limits = QueueLimits(per_key=2)
    async with open_queue(kind, backend, folder_of(embedded), concurrency=2, limits=limits) as engine:
        ended: list[str] = []

        async def query_and_record(key: str) -> None:
            await query(engine, key)
            ended.append(key)

        endless = [asyncio.create_task(query(engine, "many", ENDLESS)) for _ in range(2)]
        await until(engine, running=2, waiting=0)
        waiting = [asyncio.create_task(query_and_record("many")) for _ in range(60)]
        await until(engine, running=2, waiting=60)
        waiting.append(asyncio.create_task(query_and_record("few")))
        await until(engine, running=2, waiting=61)
        endless[0].cancel()
        await asyncio.gather(*waiting)
        assert ended[0] == "few"
        endless[1].cancel()
        await asyncio.wait(endless)


@pytest.mark.parametrize("kind", KINDS)
async def test_busy_engine_answers_pings_and_a_cancelled_query_leaves_the_queue(
    kind: str, backend: Backend, embedded: EmbeddedEngine
) -> None:
    limits = QueueLimits(per_key=1, max_waiting=1)
    async with open_queue(kind, backend, folder_of(embedded), concurrency=1, limits=limits) as engine:
        running = asyncio.create_task(query(engine, "a", ENDLESS))
        await until(engine, running=1, waiting=0)
        waiting = asyncio.create_task(query(engine, "a", ENDLESS))
        await until(engine, running=1, waiting=1)
        await asyncio.wait_for(engine.ping(), 60)
        waiting.cancel()
        await until(engine, running=1, waiting=0)
        next_one = asyncio.create_task(query(engine, "a", "SELECT 1 AS x"))
        await until(engine, running=1, waiting=1)
        running.cancel()
        assert (await next_one).columns == ([1],)


@pytest.mark.parametrize("kind", KINDS)
async def test_closing_the_engine_rejects_queued_queries(
    kind: str, backend: Backend, embedded: EmbeddedEngine
) -> None:
    async with open_queue(kind, backend, folder_of(embedded), concurrency=1, limits=QueueLimits()) as engine:
        tasks = [asyncio.create_task(query(engine, "a", ENDLESS)) for _ in range(3)]
        await until(engine, running=1, waiting=2)
        await engine.close()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, GatewayError)]
    assert codes == [ErrorCode.CANCELLED, ErrorCode.UPSTREAM_UNAVAILABLE, ErrorCode.UPSTREAM_UNAVAILABLE]
