import asyncio
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlglot import exp

from datasource.layouts.native import NativeLayout
from datasource.sql.render import Statement
from errors import ErrorCode, LimitExceeded
from resolvers.trends import hogql, statements
from resolvers.trends.compile import Plan, compile_trend
from resolvers.trends.hogql.grammar import parse
from resolvers.trends.query import (
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendMath,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.resolve import ResolvedTrend, resolve
from resolvers.trends.statements import describe, prepare, write_statement
from tests.support.clock import TREND, UTC_ZONE, local_now

LONG_EXPRESSION = " or ".join(f"properties.p{number} = 'x'" for number in range(100))


def resolved(query: TrendQuery) -> ResolvedTrend:
    return resolve(query, TrendProject(1, UTC_ZONE), local_now())


def of_hogql(*expressions: str) -> FilterGroup:
    return FilterGroup(children=tuple(PropertyFilter(text, type=PropertyType.HOGQL) for text in expressions))


def listing(count: int, *, operator: PropertyOperator = PropertyOperator.ICONTAINS) -> FilterGroup:
    values = tuple(f"v{number}" for number in range(count))
    return FilterGroup(children=(PropertyFilter("plan", values, operator),))


LARGE = replace(
    TREND, series=(EventSeries("a"), EventSeries("b")), compare=True, filters=of_hogql(LONG_EXPRESSION)
)


async def test_every_part_has_its_statement() -> None:
    prepared = await prepare(resolved(LARGE), NativeLayout())
    assert len(prepared.statements) == len(prepared.plan.parts) == 4
    assert ["b" in statement.params.values() for statement in prepared.statements] == [False, True] * 2


async def test_large_trend_is_compiled_on_another_thread_and_a_small_one_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[threading.Thread] = []

    def recording(*args: Any) -> Plan:
        threads.append(threading.current_thread())
        return compile_trend(*args)

    monkeypatch.setattr(statements, "compile_trend", recording)
    pattern = replace(TREND, filters=listing(1, operator=PropertyOperator.REGEX))
    expression = replace(TREND, filters=of_hogql("match(event, 'a{9}')"))
    for query in (TREND, replace(TREND, filters=listing(1_000)), LARGE, pattern, expression):
        await prepare(resolved(query), NativeLayout())
    assert [thread is threading.main_thread() for thread in threads] == [True, False, False, False, False]


async def test_event_loop_is_free_while_a_large_trend_is_compiled() -> None:
    series = tuple(EventSeries("a", filters=of_hogql(f"{LONG_EXPRESSION} or {number}")) for number in range(4))
    longest, last = 0.0, time.perf_counter()
    work = asyncio.ensure_future(prepare(resolved(replace(LARGE, series=series)), NativeLayout()))
    while not work.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    await work
    assert longest < 2


async def test_cancelled_preparation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[float] = []

    def slow(*args: Any) -> Statement:
        written.append(time.monotonic())
        time.sleep(0.05)
        return write_statement(*args)

    monkeypatch.setattr(statements, "write_statement", slow)
    query = replace(LARGE, series=(EventSeries("a"),) * 26)
    work = asyncio.ensure_future(prepare(resolved(query), NativeLayout()))
    await asyncio.sleep(0.5)
    assert not work.done()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    ended = time.monotonic()
    await asyncio.sleep(0.3)
    assert not [moment for moment in written if moment > ended + 0.1]


async def test_statement_that_clickhouse_would_not_read_is_rejected() -> None:
    group = FilterGroup(
        children=tuple(
            PropertyFilter(f"k{n}", each.value, each.operator)
            for n in range(5)
            for each in listing(1_000).leaves()
        )
    )
    with pytest.raises(LimitExceeded, match="The SQL of the query has") as caught:
        await prepare(resolved(replace(TREND, filters=group)), NativeLayout())
    assert caught.value.code is ErrorCode.QUERY_TOO_EXPENSIVE
    assert caught.value.details["limit"] == 250_000


async def test_statements_are_bounded_together() -> None:
    query = replace(TREND, series=(EventSeries("a"),) * 26, compare=True, filters=listing(1_000))
    with pytest.raises(LimitExceeded, match="The SQL of the trend has more than 2,000,000 characters") as caught:
        await prepare(resolved(query), NativeLayout())
    assert caught.value.details["unit"] == "characters"


async def test_equal_expressions_of_all_series_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    series = tuple(
        EventSeries(f"e{number}", Math(TrendMath.HOGQL, expression="sum(properties.n)"), of_hogql("event = 'a'"))
        for number in range(26)
    )
    parsed: list[str] = []

    def recording(text: str) -> exp.Expr:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(hogql, "parse", recording)
    await prepare(resolved(replace(TREND, series=series, compare=True)), NativeLayout())
    assert sorted(parsed) == ["event = 'a'", "sum(properties.n)"]


async def test_long_descriptions_of_statements_are_left_out() -> None:
    query = replace(TREND, series=(EventSeries("a"),) * 26, filters=listing(10_000, operator=PropertyOperator.IN))
    prepared = await prepare(resolved(query), NativeLayout())
    values = prepared.statements[0]
    assert describe(prepared.statements[:2]) == f"{values.describe()};\n\n{values.describe()}"
    many = describe(prepared.statements * 4)
    assert len(many) < 4_200_000
    assert many.endswith("more statements are left out because of their length.")
