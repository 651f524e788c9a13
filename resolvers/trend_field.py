"""How the field `Project.trend` gets its value."""

from dataclasses import replace
from itertools import chain

from datasource.clickhouse.engine import ProgressListener
from errors import BadUserInput
from permissions.reach import ReachedProject
from resolvers.catalog import load_catalog
from resolvers.context import RequestContext
from resolvers.projects import trend_project
from resolvers.regexes import check_regexes, regexes_of
from resolvers.trend_cache.key import cache_key
from resolvers.trend_cache.read_through import CachedTrend, Refresh
from resolvers.trend_cache.ttl import ttl
from resolvers.trends.catalog import Catalog
from resolvers.trends.compile import Plan, compile_trend, needs_first_event
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult
from resolvers.trends.run import run_trend


async def resolve_trend(
    context: RequestContext,
    project: ReachedProject,
    query: TrendQuery,
    *,
    refresh: Refresh = Refresh.CACHE_FIRST,
    on_progress: ProgressListener | None = None,
) -> CachedTrend:
    """The answer, which may be one that was kept for whoever asks the same. `on_progress`: see run_trend.

    Raises GatewayError for a question that cannot be answered, that names what the caller may not read, or that
    costs more than the request has left. All of that is found out before any kept answer is looked for.
    """
    context.trend_budget.spend()
    catalog = await load_catalog(context, project, query)

    async def compute(listener: ProgressListener | None) -> TrendResult:
        return await run_trend(
            query,
            trend_project(project.record),
            now=context.now,
            engine=context.engine,
            limits=context.limits,
            layout=context.layout,
            catalog=catalog,
            on_progress=listener,
        )

    plan = _plan_of_the_minute(context, project, query, catalog)
    if plan is None:
        return CachedTrend(await compute(on_progress), context.now, is_cached=False)
    return await context.answers.answer(
        cache_key((query, plan, project.record.data_version)),
        compute,
        now=context.now,
        lifetime=ttl(
            plan,
            context.now,
            is_told=context.layout.has_own_tables,
            is_changing=project.record.is_changing,
        ),
        refresh=refresh,
        on_progress=on_progress,
    )


def _plan_of_the_minute(
    context: RequestContext, project: ReachedProject, query: TrendQuery, catalog: Catalog
) -> Plan | None:
    """What the answer depends on but for the data: the same for all who ask this within one minute.

    A range over the whole history begins with the data, which have a version; any start will do here. None for a
    query that cannot be answered as of the minute's start; as of now it may be.
    """
    minute = context.now.replace(second=0, microsecond=0)
    asked = replace(query, date_from=query.date_to) if needs_first_event(query) else query
    try:
        return compile_trend(asked, trend_project(project.record), context.layout, now=minute, catalog=catalog)
    except BadUserInput:
        return None


async def check_trend(context: RequestContext, project: ReachedProject, query: TrendQuery) -> None:
    """Raises BadUserInput for a question that could not be answered now; reads no event."""
    catalog = await load_catalog(context, project, query)
    compile_trend(query, trend_project(project.record), context.layout, now=context.now, catalog=catalog)
    filters = chain(query.filters.leaves(), *(series.filters.leaves() for series in query.series))
    await check_regexes(context, regexes_of(filters))
