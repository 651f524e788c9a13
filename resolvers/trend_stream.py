"""How the subscription `trend` gets its values: the progress of a trend, then its result."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from datasource.clickhouse.engine import Progress
from permissions.reach import ReachedProject
from resolvers.context import RequestContext
from resolvers.trend_cache.cached_trend import CachedTrend
from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_field import Price, resolve_trend
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult

FIRST_AFTER_S: Final = 0.1
"""When the first progress is due; a faster trend sends its result only."""
PACE_S: Final = 0.2
"""The least time between two updates of progress; the result does not wait."""


@dataclass(frozen=True, slots=True)
class TrendUpdate:
    """The progress of a trend; only the last update has the trend itself."""

    progress: Progress
    elapsed_s: float
    trend: CachedTrend | None = None


async def watch_trend(
    context: RequestContext,
    project: ReachedProject,
    query: TrendQuery,
    *,
    price: Price,
    refresh: Refresh = Refresh.CACHE_FIRST,
) -> AsyncGenerator[TrendUpdate, None]:
    """Yield updates while the trend is computed, not more often than every PACE_S, and then the trend.

    Raises as `resolve_trend` does. Closing the generator cancels the trend's queries.
    """
    started = time.perf_counter()
    latest, has_changed = Progress(), asyncio.Event()
    has_changed.set()  # the first update says that the trend is waiting in the queue

    def record(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        has_changed.set()

    work = asyncio.create_task(
        resolve_trend(context, project, query, price=price, refresh=refresh, on_progress=record)
    )
    work.add_done_callback(lambda _: has_changed.set())
    try:
        await asyncio.wait([work], timeout=FIRST_AFTER_S)
        while not work.done():
            await has_changed.wait()
            has_changed.clear()
            if not work.done():
                yield TrendUpdate(latest, time.perf_counter() - started)
                await asyncio.wait([work], timeout=PACE_S)
        trend = work.result()
        yield TrendUpdate(_finished(latest, trend.result), time.perf_counter() - started, trend)
    finally:
        await _cancel(work)


def _finished(latest: Progress, result: TrendResult) -> Progress:
    """Return the full progress, even of a trend that reported none or was computed for another request."""
    rows = max(latest.rows_read, result.statistics.rows_read)
    return Progress(rows, rows, max(latest.bytes_read, result.statistics.bytes_read))


async def _cancel(work: asyncio.Task[CachedTrend]) -> None:
    if not work.done():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
