"""A resolved trend meets the datasource: compiled, executed, assembled. The only stage that waits."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from datasource.clickhouse.engine import Engine, Limits, ProgressListener, QueryResult
from datasource.layouts.contract import EventLayout
from datasource.sql.render import Statement
from resolvers.trends.assemble import assemble
from resolvers.trends.compile import Part, Plan, first_event
from resolvers.trends.progress import TrendProgress
from resolvers.trends.resolve import ResolvedTrend, resolve
from resolvers.trends.results import Statistics, TrendResult
from resolvers.trends.saved_objects import SavedObjects
from resolvers.trends.size import BYTES_PER_FIGURE, FigureCounter
from resolvers.trends.statements import describe, prepare, write_statement
from resolvers.worker import run_in_worker
from telemetry.tracing import TRACER

Executed = tuple[Statement, QueryResult]

MAX_FIGURES: Final = 1_000_000
_RESULT_BYTES: Final = 4 * 1024**2
"""Room for the names of lines in the result of a statement, whatever the limit of figures is."""
_STATEMENT: Final = 200
"""Figures that take as long as describing a statement with many values."""


@dataclass(frozen=True, slots=True)
class TrendSource:
    """Where trends are read: an engine with its limits, the layout of its tables, and the most figures."""

    engine: Engine
    layout: EventLayout
    limits: Limits
    max_figures: int = MAX_FIGURES


async def run_trend(
    resolved: ResolvedTrend,
    source: TrendSource,
    saved_objects: SavedObjects | None = None,
    *,
    on_progress: ProgressListener | None = None,
) -> TrendResult:
    """Compute a trend; its statements run at the same time. `saved_objects` holds what the query mentions.

    `on_progress` is called on the event loop with the sum over all statements. Raises BadUserInput for a query
    that cannot be compiled, QUERY_TOO_EXPENSIVE for one with too many figures, and
    GatewayError when ClickHouse rejects a statement or fails.
    """
    progress = TrendProgress(on_progress)
    execution = _Execution(source, progress)
    started = time.perf_counter()
    before: list[Executed] = []
    if resolved.is_whole_history:
        first = write_statement(first_event(resolved, saved_objects), source.layout, resolved.project.id)
        before.append(await execution.run(first))
        earliest = _first_event(before[0])
        resolved = resolve(resolved.query, resolved.project, resolved.now, first_event=earliest)
    with TRACER.start_as_current_span("compile trend", record_exception=False, set_status_on_exception=False):
        prepared = await prepare(resolved, source.layout, saved_objects)
    plan = prepared.plan
    progress.expect(len(prepared.statements))
    counter = FigureCounter(plan, source.max_figures)

    async def run_part(part: Part, statement: Statement) -> Executed:
        executed = await execution.run(statement)
        counter.add(part, executed[1])  # at once: the rows of all statements may be too many to hold
        return executed

    parts = zip(plan.parts, prepared.statements, strict=True)
    executed = [*before, *await _gather([run_part(part, statement) for part, statement in parts])]
    finish = partial(_finish, plan, executed, len(before), time.perf_counter() - started)
    return await run_in_worker(finish, size=counter.figures + len(executed) * _STATEMENT)


def _finish(plan: Plan, executed: Sequence[Executed], before: int, elapsed: float) -> TrendResult:
    """Assemble the result of a plan; the first `before` statements are not of its parts."""
    results = [result for _, result in executed]
    return assemble(
        plan,
        results[before:],
        sql=describe([statement for statement, _ in executed]),
        statistics=_statistics(results, elapsed),
    )


@dataclass(frozen=True, slots=True)
class _Execution:
    source: TrendSource
    progress: TrendProgress

    async def run(self, statement: Statement) -> Executed:
        """Return the statement and its result."""
        source = self.source
        progress = self.progress.begin()
        # The rows are counted once they are here, but what they may contain is limited before.
        limits = replace(source.limits, result_bytes=_RESULT_BYTES + source.max_figures * BYTES_PER_FIGURE)
        result = await source.engine.query(
            statement.text, statement.params, limits=limits, on_progress=progress.listener
        )
        progress.end(result)
        return statement, result


async def _gather(statements: Sequence[Coroutine[Any, Any, Executed]]) -> list[Executed]:
    """Return all results. When one fails, the others are cancelled first: their results are not needed."""
    tasks = [asyncio.ensure_future(each) for each in statements]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _first_event(executed: Executed) -> datetime | None:
    _, result = executed
    first, events = (column[0] for column in result.columns)
    return datetime.fromtimestamp(first, UTC) if events and isinstance(first, float | int) else None


def _statistics(results: Sequence[QueryResult], elapsed: float) -> Statistics:
    return Statistics(
        elapsed_ms=elapsed * 1000,
        rows_read=sum(result.rows_read for result in results),
        bytes_read=sum(result.bytes_read for result in results),
        queries=len(results),
    )
