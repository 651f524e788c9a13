"""A plan meets the datasource: the only stage that waits."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from datasource.clickhouse.engine import Engine, Limits, ProgressListener, QueryResult
from datasource.layouts.contract import EventLayout
from datasource.layouts.native import NativeLayout
from datasource.sql.render import Statement, render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Query
from resolvers.trends.assemble import assemble
from resolvers.trends.catalog import Catalog
from resolvers.trends.compile import compile_trend, first_event, needs_first_event
from resolvers.trends.progress import TrendProgress
from resolvers.trends.query import TrendProject, TrendQuery
from resolvers.trends.results import Statistics, TrendResult
from telemetry.tracing import TRACER

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
    on_progress: ProgressListener | None = None,
) -> TrendResult:
    """Answer a trend as of `now`; its statements run at the same time. The catalog holds what the query mentions.

    `on_progress` hears on the event loop how far they are together. Raises BadUserInput for what cannot be asked,
    and GatewayError when ClickHouse refuses or fails.
    """
    layout = layout or NativeLayout()
    progress = TrendProgress(on_progress)
    asking = Asking(project, layout, engine, limits, progress)
    started = time.perf_counter()
    before: list[Answered] = []
    if needs_first_event(query):
        before.append(await asking.ask(first_event()))
    with TRACER.start_as_current_span("compile trend", record_exception=False, set_status_on_exception=False):
        plan = compile_trend(query, project, layout, now=now, first=_first(before), catalog=catalog)
    progress.expect(len(plan.parts))
    answers = await _together([asking.ask(part.query) for part in plan.parts])
    asked = [*before, *answers]
    return assemble(
        plan,
        [result for _, result in answers],
        sql=";\n\n".join(statement.describe() for statement, _ in asked),
        statistics=_statistics([result for _, result in asked], time.perf_counter() - started),
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """How the statements of one trend are asked."""

    project: TrendProject
    layout: EventLayout
    engine: Engine
    limits: Limits
    progress: TrendProgress

    async def ask(self, query: Query) -> Answered:
        """The statement that the query became, and its answer."""
        statement = render(scope_to_project(self.layout.lower(query), self.project.id))
        part = self.progress.begin()
        result = await self.engine.query(
            statement.text, statement.params, limits=self.limits, on_progress=part.listener
        )
        part.end(result)
        return statement, result


async def _together(asked: Sequence[Coroutine[Any, Any, Answered]]) -> list[Answered]:
    """All answers. Where one fails, the others are ended first: nobody waits for them any more."""
    tasks = [asyncio.ensure_future(each) for each in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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
