"""How the field `Project.trend` gets its value."""

from itertools import chain

from datasource.clickhouse.progress import ProgressListener
from permissions.reach import ReachedProject
from resolvers.catalog import load_catalog
from resolvers.context import RequestContext
from resolvers.projects import trend_project
from resolvers.regexes import check_regexes, regexes_of
from resolvers.trends.compile import compile_trend
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult
from resolvers.trends.run import run_trend


async def resolve_trend(
    context: RequestContext,
    project: ReachedProject,
    query: TrendQuery,
    *,
    on_progress: ProgressListener | None = None,
) -> TrendResult:
    """Raises GatewayError for a question that cannot be answered, that names what the caller may not read, or that
    costs more than the request has left."""
    context.trend_budget.spend()
    return await run_trend(
        query,
        trend_project(project.record),
        now=context.now,
        engine=context.engine,
        limits=context.limits,
        layout=context.layout,
        catalog=await load_catalog(context, project, query),
        on_progress=on_progress,
    )


async def check_trend(context: RequestContext, project: ReachedProject, query: TrendQuery) -> None:
    """Raises BadUserInput for a question that could not be answered now; reads no event."""
    catalog = await load_catalog(context, project, query)
    compile_trend(query, trend_project(project.record), context.layout, now=context.now, catalog=catalog)
    filters = chain(query.filters.leaves(), *(series.filters.leaves() for series in query.series))
    await check_regexes(context, regexes_of(filters))
