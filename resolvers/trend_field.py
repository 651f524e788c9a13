"""How the field `Project.trend` gets its value."""

from collections.abc import Callable
from dataclasses import replace

from datasource.clickhouse.engine import ProgressListener
from permissions.reach import ReachedProject
from resolvers.context import RequestContext
from resolvers.projects import trend_project
from resolvers.saved_objects import load_saved_objects
from resolvers.trend_cache.cached_trend import CachedTrend
from resolvers.trend_cache.key import trend_key
from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_cache.ttl import ttl
from resolvers.trends.query import TrendQuery
from resolvers.trends.resolve import resolve
from resolvers.trends.results import TrendResult
from resolvers.trends.run import TrendSource, run_trend
from resolvers.trends.size import TrendSize, values_that_fit
from resolvers.trends.statements import prepare

Price = Callable[[TrendSize], int]


async def resolve_trend(
    context: RequestContext,
    project: ReachedProject,
    query: TrendQuery,
    *,
    price: Price,
    refresh: Refresh = Refresh.CACHE_FIRST,
    on_progress: ProgressListener | None = None,
) -> CachedTrend:
    """Return the trend, which may have been cached for another request. `on_progress`: see run_trend.

    `price` returns what an answer of a size costs. A cached trend costs as much as one that is computed.

    Raises GatewayError for a query that cannot be computed, that names what the caller may not read, or that costs
    more than the request has left.
    """
    context.budget.count_trend()
    # Access comes first: a cached trend must not be a way around it.
    saved_objects = await load_saved_objects(context, project, query)
    record = project.record
    resolved = resolve(query, trend_project(record), context.now)
    size = TrendSize.of(resolved)
    expected = price(size.within(context.settings.max_figures))
    context.budget.pay_trend(expected)

    async def compute(listener: ProgressListener | None) -> TrendResult:
        source = TrendSource(
            context.engine, context.layout, context.limits, max_figures=context.settings.max_figures
        )
        return await run_trend(resolved, source, saved_objects, on_progress=listener)

    trend = await context.stores.trend_cache.get(
        # A hit skips compiling and with it the validation: trend_key says why that is safe.
        trend_key(resolved, saved_objects, record.data_version),
        compute,
        now=context.now,
        ttl=ttl(
            resolved,
            context.now,
            has_invalidation=context.layout.has_own_tables,
            is_changing=record.is_changing,
        ),
        refresh=refresh,
        on_progress=on_progress,
    )
    if resolved.is_whole_history:  # whose length is known only now; the answer is not written yet
        context.budget.pay_trend(max(0, price(_size_of(trend.result, size)) - expected))
    return trend


def keep_values(context: RequestContext, project: ReachedProject, query: TrendQuery, most: int) -> TrendQuery:
    """Return the query with as many breakdown values as fit in the limit of figures, but not more than `most`."""
    if not query.breakdowns:
        return query
    resolved = resolve(query, trend_project(project.record), context.now)
    fitting = values_that_fit(resolved, context.settings.max_figures)
    return replace(query, breakdown_limit=max(query.breakdown_limit, min(most, fitting)))


async def check_trend(context: RequestContext, project: ReachedProject, query: TrendQuery) -> None:
    """Raise BadUserInput for a query that could not be computed now; no event is read."""
    saved_objects = await load_saved_objects(context, project, query)
    resolved = resolve(query, trend_project(project.record), context.now)
    await prepare(resolved, context.layout, saved_objects)


def _size_of(result: TrendResult, expected: TrendSize) -> TrendSize:
    buckets = max(1, len(result.days))
    return replace(expected, statements=result.statistics.queries, lines=len(result.series), buckets=buckets)
