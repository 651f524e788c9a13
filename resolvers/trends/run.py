"""A plan meets the datasource: the only stage that waits."""

import asyncio
import time
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime

from datasource.clickhouse.engine import Engine, Limits, QueryResult
from datasource.clickhouse.render import Statement, render
from datasource.clickhouse.scope import scope_to_project
from datasource.clickhouse.sql import Query
from datasource.events.layout import EventLayout
from datasource.events.native_layout import NativeLayout
from resolvers.trends.assemble import assemble
from resolvers.trends.catalog import Catalog
from resolvers.trends.compile import compile_trend, first_event, needs_first_event
from resolvers.trends.query import TrendProject, TrendQuery
from resolvers.trends.results import Statistics, TrendResult

Answered = tuple[Statement, QueryResult]


async def run_trend(
    query: TrendQuery,
    project: TrendProject,
    *,
    now: datetime,
    engine: Engine,
    limits: Limits,
    layout: EventLayout | None = None,
    catalog: Catalog | None = None,
) -> TrendResult:
    """Answer a trend as of `now`; its statements run at the same time. The catalog holds what the query mentions.

    Raises BadUserInput for what cannot be asked, and GatewayError when ClickHouse refuses or fails.
    """
    layout = layout or NativeLayout()
    started = time.perf_counter()
    before: list[Answered] = []
    if needs_first_event(query):
        before.append(await _ask(first_event(), project, layout, engine, limits))
    plan = compile_trend(query, project, layout, now=now, first=_first(before), catalog=catalog)
    answers = await _all(_ask(part.query, project, layout, engine, limits) for part in plan.parts)
    asked = [*before, *answers]
    return assemble(
        plan,
        [result for _, result in answers],
        sql=";\n\n".join(statement.described() for statement, _ in asked),
        statistics=_statistics([result for _, result in asked], time.perf_counter() - started),
    )


async def _ask(
    query: Query, project: TrendProject, layout: EventLayout, engine: Engine, limits: Limits
) -> Answered:
    statement = render(scope_to_project(layout.lower(query), project.id))
    return statement, await engine.query(statement.text, statement.params, limits=limits)


async def _all(asked: Iterable[Coroutine[object, object, Answered]]) -> list[Answered]:
    """Their answers at the same time. When one fails, the others are of no use and end."""
    tasks = [asyncio.ensure_future(each) for each in asked]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise


def _first(before: Sequence[Answered]) -> datetime | None:
    for _, result in before:
        first, events = (column[0] for column in result.columns)
        if events and isinstance(first, float | int):
            return datetime.fromtimestamp(first, UTC)
    return None


def _statistics(results: Sequence[QueryResult], elapsed: float) -> Statistics:
    return Statistics(
        elapsed_ms=elapsed * 1000,
        rows_read=sum(result.rows_read for result in results),
        bytes_read=sum(result.bytes_read for result in results),
        queries=len(results),
    )
