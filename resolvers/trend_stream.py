"""How the subscription `trend` gets its values: the same trend, and how far it is meanwhile."""

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
from resolvers.trend_field import resolve_trend
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult

FIRST_AFTER_S: Final = 0.1
"""When the first news are due; a trend that takes less is told by its result alone."""
PACE_S: Final = 0.2
"""The least time between two pieces of news about progress; the result does not wait."""


@dataclass(frozen=True, slots=True)
class TrendUpdate:
    """How far a trend is. Only the last one has the answer."""

    progress: Progress
    elapsed_s: float
    answer: CachedTrend | None = None


async def watch_trend(
    context: RequestContext, project: ReachedProject, query: TrendQuery
) -> AsyncGenerator[TrendUpdate, None]:
    """News while the trend is computed, of which those that come too fast are left out, and its result at last.

    Raises as `resolve_trend` does. Closing the generator ends the trend's queries.
    """
    started = time.perf_counter()
    latest, has_news = Progress(), asyncio.Event()
    has_news.set()  # that it waits for its turn is news, too

    def note(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        has_news.set()

    work = asyncio.create_task(resolve_trend(context, project, query, on_progress=note))
    work.add_done_callback(lambda _: has_news.set())
    try:
        await asyncio.wait([work], timeout=FIRST_AFTER_S)
        while not work.done():
            await has_news.wait()
            has_news.clear()
            if not work.done():
                yield TrendUpdate(latest, time.perf_counter() - started)
                await asyncio.wait([work], timeout=PACE_S)
        answer = work.result()
        yield TrendUpdate(_finished(latest, answer.result), time.perf_counter() - started, answer)
    finally:
        await _end(work)


def _finished(latest: Progress, result: TrendResult) -> Progress:
    """All of it, also where a trend ended before it could tell, or was computed for somebody else."""
    rows = max(latest.rows_read, result.statistics.rows_read)
    return Progress(rows, rows, max(latest.bytes_read, result.statistics.bytes_read))


async def _end(work: asyncio.Task[CachedTrend]) -> None:
    if not work.done():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
