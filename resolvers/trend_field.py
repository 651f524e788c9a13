"""How the field `Project.trend` gets its value."""

from datasource.metadata.records import ProjectRecord
from resolvers.context import RequestContext
from resolvers.projects import trend_project
from resolvers.trends.query import TrendQuery
from resolvers.trends.results import TrendResult
from resolvers.trends.run import run_trend


async def resolve_trend(context: RequestContext, project: ProjectRecord, query: TrendQuery) -> TrendResult:
    """Raises GatewayError for a question that cannot be answered, or costs more than the request has left."""
    context.trend_budget.spend()
    return await run_trend(
        query, trend_project(project), now=context.now, engine=context.engine, limits=context.limits
    )
