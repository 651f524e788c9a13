from collections.abc import Mapping
from dataclasses import dataclass

from datasource.metadata import insights
from datasource.metadata.records import InsightRecord
from permissions.enforce import WRITE, require_caller
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from resolvers.context import RequestContext
from resolvers.saved import SavedResource
from resolvers.trend_field import check_trend
from resolvers.trends.query import TrendQuery

SAVED_INSIGHTS = SavedResource(INSIGHT, insights.INSIGHT_REPOSITORY, lambda context: context.loaders.insights)


@dataclass(frozen=True, slots=True)
class InsightQuery:
    """A trend query, and the JSON that the client sent for it, which is what is stored."""

    raw: Mapping[str, object]
    query: TrendQuery


async def create_insight(
    context: RequestContext, project: ReachedProject, *, name: str, description: str, query: InsightQuery
) -> InsightRecord:
    """Raises BadUserInput for a query that could not run now, with a path below ("query",)."""
    await check_trend(context, project, query.query)
    record = await insights.create_insight(
        context.store,
        project_id=project.record.id,
        name=name,
        description=description,
        query=query.raw,
        created_by=require_caller(context).user_id,
        now=context.now,
    )
    return SAVED_INSIGHTS.refresh(context, (project.record.id, record.id), record)


async def update_insight(
    context: RequestContext,
    project: ReachedProject,
    insight_id: str,
    *,
    name: str | None,
    description: str | None,
    query: InsightQuery | None,
) -> InsightRecord:
    """Change what is not None. Raises as `SavedResource.load` and `create_insight` do."""
    insight = await SAVED_INSIGHTS.load(context, project, insight_id, to=WRITE)
    key = (project.record.id, insight.id)
    if query is not None:
        await check_trend(context, project, query.query)
    stored = None if query is None else query.raw
    record = await insights.update_insight(
        context.store, key, name=name, description=description, query=stored, now=context.now
    )
    return SAVED_INSIGHTS.refresh(context, key, record)
