"""How saved insights are found and changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from datasource.metadata import insights
from datasource.metadata.records import InsightRecord, SavedPage
from permissions.enforce import READ, WRITE, require_caller
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from resolvers.context import RequestContext
from resolvers.ids import read_id
from resolvers.saved import PageRequest, list_saved, no_such, open_saved
from resolvers.trend_field import check_trend
from resolvers.trends.query import TrendQuery


@dataclass(frozen=True, slots=True)
class SentQuery:
    """A trend query as JSON, the way a client sent it, and what it asks."""

    sent: Mapping[str, object]
    question: TrendQuery


async def load_insight(
    context: RequestContext, project: ReachedProject, insight_id: str, to: str = READ
) -> InsightRecord:
    """The insight, when the caller may read or, for "write", change it.

    Raises FORBIDDEN, and NOT_FOUND for an id that is malformed, unknown, deleted or of another project.
    """
    number = read_id(insight_id)
    record = None if number is None else await context.insights.load((project.record.id, number))
    return open_saved(project, INSIGHT, record, to)


async def list_insights(
    context: RequestContext, project: ReachedProject, wanted: PageRequest
) -> SavedPage[InsightRecord]:
    """Those of the project's insights that the caller finds listed; see `list_saved`."""
    return await list_saved(context, project, INSIGHT, insights.list_insights, wanted)


async def create_insight(
    context: RequestContext, project: ReachedProject, *, name: str, description: str, query: SentQuery
) -> InsightRecord:
    """Raises BadUserInput for a query that could not run now, with a path below ("query",)."""
    await check_trend(context, project, query.question)
    record = await insights.create_insight(
        context.store,
        project_id=project.record.id,
        name=name,
        description=description,
        query=query.sent,
        created_by=require_caller(context).user_id,
        now=context.now,
    )
    context.insights.prime((project.record.id, record.id), record, force=True)
    return record


async def update_insight(
    context: RequestContext,
    project: ReachedProject,
    insight_id: str,
    *,
    name: str | None,
    description: str | None,
    query: SentQuery | None,
) -> InsightRecord:
    """Changes what is not None. Raises as `load_insight` and `create_insight` do."""
    key = (project.record.id, (await load_insight(context, project, insight_id, to=WRITE)).id)
    if query is not None:
        await check_trend(context, project, query.question)
    record = await insights.update_insight(
        context.store,
        key,
        name=name,
        description=description,
        query=None if query is None else query.sent,
        now=context.now,
    )
    context.insights.prime(key, record, force=True)
    if record is None:
        raise no_such(INSIGHT)
    return record


async def delete_insight(context: RequestContext, project: ReachedProject, insight_id: str) -> None:
    """Raises as `load_insight` does, so also the second time."""
    record = await load_insight(context, project, insight_id, to=WRITE)
    key = (project.record.id, record.id)
    actor = require_caller(context).actor
    if not await insights.delete_insight(context.store, key, now=context.now, actor=actor):
        raise no_such(INSIGHT)
    context.insights.prime(key, None, force=True)
    context.projects.clear(project.record.id)
