import asyncio
import logging
import re

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
def instrumented(engine: Engine, reports: list[QueryReport]) -> InstrumentedEngine:
    return InstrumentedEngine(engine, reports.append, slow_s=60)


async def test_query_is_reported_with_its_cost(
    instrumented: InstrumentedEngine, reports: list[QueryReport]
) -> None:
    REQUEST.set(request := RequestInfo("abc"))
    result = await instrumented.query("SELECT number FROM numbers(10)")
    await asyncio.gather(*(instrumented.query("SELECT 1") for _ in range(2)))
    assert (reports[0].kind, reports[0].outcome, reports[0].rows_read) == ("query", "OK", result.rows_read)
    assert reports[0].seconds > 0
    assert request.queries == 3
    assert request.rows_read == sum(report.rows_read for report in reports)


async def test_failed_statement_is_reported_by_its_code(
    instrumented: InstrumentedEngine, reports: list[QueryReport]
) -> None:
    with pytest.raises(GatewayError):
        await instrumented.query("SELECT * FROM numbers(1000)", limits=Limits(rows_to_read=10))
    with pytest.raises(ClickHouseError):
        await instrumented.query("SELECT nope")
    with pytest.raises(GatewayError):
        await instrumented.command("DROP TABLE nope")
    assert [(report.kind, report.outcome) for report in reports] == [
        ("query", "QUERY_TOO_EXPENSIVE"),
        ("query", "INTERNAL"),
        ("command", "UPSTREAM_UNAVAILABLE"),
    ]


async def test_cancelled_query_is_reported(instrumented: InstrumentedEngine, reports: list[QueryReport]) -> None:
    task = asyncio.create_task(instrumented.query(ENDLESS, limits=Limits(seconds=60, rows_to_read=10**15)))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [report.outcome for report in reports] == ["CANCELLED"]


async def test_insert_is_reported(instrumented: InstrumentedEngine, reports: list[QueryReport]) -> None:
    await instrumented.command("CREATE OR REPLACE TABLE reported_rows (n UInt8) ENGINE = Memory")
    await instrumented.insert(
        "INSERT INTO reported_rows SELECT n FROM {batch}", pa.table({"n": pa.array([1], pa.uint8())})
    )
    await instrumented.command("DROP TABLE reported_rows")
    assert [report.kind for report in reports] == ["command", "insert", "command"]


async def test_slow_query_is_logged_without_its_text(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    await InstrumentedEngine(engine, lambda _: None, slow_s=0.05).query("SELECT sleep(0.1) AS secret")
    await InstrumentedEngine(engine, lambda _: None, slow_s=60).query("SELECT 1")
    [record] = [record for record in caplog.records if record.name == "trendgate.queries"]
    assert record.levelno == logging.WARNING
    assert re.search(r"\d\.\d s\b", record.getMessage())
    assert "secret" not in record.getMessage()
