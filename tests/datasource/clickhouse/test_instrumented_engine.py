"""What an engine tells of its work."""

import asyncio
import logging

import pyarrow as pa
import pytest

from datasource.clickhouse.engine import Engine, Limits
from datasource.clickhouse.errors import ClickHouseError
from datasource.clickhouse.instrumented_engine import InstrumentedEngine
from errors import GatewayError
from telemetry.request import REQUEST, QueryReport, RequestInfo

ENDLESS = "SELECT sum(sipHash64(number)) AS s FROM numbers(1000000000000)"


@pytest.fixture
def reports() -> list[QueryReport]:
    return []


@pytest.fixture
def observed(engine: Engine, reports: list[QueryReport]) -> InstrumentedEngine:
    return InstrumentedEngine(engine, reports.append, slow_s=60)


async def test_answer_is_told_with_what_it_cost(observed: InstrumentedEngine, reports: list[QueryReport]) -> None:
    REQUEST.set(origin := RequestInfo("abc"))
    result = await observed.query("SELECT number FROM numbers(10)")
    await asyncio.gather(*(observed.query("SELECT 1") for _ in range(2)))
    assert (reports[0].kind, reports[0].outcome, reports[0].rows_read) == ("query", "OK", result.rows_read)
    assert reports[0].seconds > 0
    assert origin.queries == 3
    assert origin.rows_read == sum(report.rows_read for report in reports)


async def test_refusals_and_failures_are_told_by_code(
    observed: InstrumentedEngine, reports: list[QueryReport]
) -> None:
    with pytest.raises(GatewayError):
        await observed.query("SELECT * FROM numbers(1000)", limits=Limits(rows_to_read=10))
    with pytest.raises(ClickHouseError):
        await observed.query("SELECT nope")
    with pytest.raises(GatewayError):
        await observed.command("DROP TABLE nope")
    assert [(report.kind, report.outcome) for report in reports] == [
        ("query", "QUERY_TOO_EXPENSIVE"),
        ("query", "INTERNAL"),
        ("command", "UPSTREAM_UNAVAILABLE"),
    ]


async def test_cancelled_query_is_told(observed: InstrumentedEngine, reports: list[QueryReport]) -> None:
    task = asyncio.create_task(observed.query(ENDLESS, limits=Limits(seconds=60, rows_to_read=10**15)))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [report.outcome for report in reports] == ["CANCELLED"]


async def test_insert_is_told(observed: InstrumentedEngine, reports: list[QueryReport]) -> None:
    await observed.command("CREATE OR REPLACE TABLE told (n UInt8) ENGINE = Memory")
    await observed.insert("INSERT INTO told SELECT n FROM {batch}", pa.table({"n": pa.array([1], pa.uint8())}))
    await observed.command("DROP TABLE told")
    assert [report.kind for report in reports] == ["command", "insert", "command"]


async def test_slow_query_is_logged_without_its_text(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    slow = InstrumentedEngine(engine, lambda _: None, slow_s=0.05)
    await slow.query("SELECT sleep(0.1) AS secret")
    await slow.query("SELECT 1")
    [record] = [record for record in caplog.records if record.name == "trendgate.queries"]
    assert record.levelno == logging.WARNING
    assert "0.1 s" in record.getMessage()
    assert "secret" not in record.getMessage()
