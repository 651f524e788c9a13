"""How saved insights are found and changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from datasource.metadata import insights
from datasource.metadata.records import InsightRecord, ProjectRecord, SavedPage
from errors import NotFound
from permissions.classes import require_caller
from resolvers.context import RequestContext
from resolvers.saved import check_page, not_found, read_id
from resolvers.trend_field import check_trend
from resolvers.trends.query import TrendQuery


@dataclass(frozen=True, slots=True)
class SentQuery:
    """A trend query as JSON, the way a client sent it, and what it asks."""

    sent: Mapping[str, object]
    question: TrendQuery


async def load_insight(context: RequestContext, project: ProjectRecord, insight_id: str) -> InsightRecord:
    """Raises NOT_FOUND for an id that is malformed, unknown, deleted or of another project."""
    number = read_id(insight_id)
    record = None if number is None else await context.insights.load((project.id, number))
    if record is None:
        raise _no_such_insight()
    return record


async def list_insights(
    context: RequestContext, project: ProjectRecord, *, first: int, after: int | None, search: str | None
) -> SavedPage[InsightRecord]:
    """The project's insights with an id greater than `after`; raises BadUserInput for arguments out of range."""
    text = check_page(first, search)
    return await insights.list_insights(context.store, project.id, first=first, after=after, search=text)


async def create_insight(
    context: RequestContext, project: ProjectRecord, *, name: str, description: str, query: SentQuery
) -> InsightRecord:
    """Raises BadUserInput for a query that could not run now, with a path below ("query",)."""
    await check_trend(context, project, query.question)
    record = await insights.create_insight(
        context.store,
        project_id=project.id,
        name=name,
        description=description,
        query=query.sent,
        created_by=require_caller(context).user.id,
        now=context.now,
    )
    context.insights.prime((project.id, record.id), record, force=True)
    return record


async def update_insight(
    context: RequestContext,
    project: ProjectRecord,
    insight_id: str,
    *,
    name: str | None,
    description: str | None,
    query: SentQuery | None,
) -> InsightRecord:
    """Changes what is not None. Raises as `load_insight` and `create_insight` do."""
    key = (project.id, (await load_insight(context, project, insight_id)).id)
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
        raise _no_such_insight()
    return record


async def delete_insight(context: RequestContext, project: ProjectRecord, insight_id: str) -> None:
    """Raises NOT_FOUND as `load_insight` does, so also the second time."""
    number = read_id(insight_id)
    if number is None or not await insights.delete_insight(context.store, (project.id, number), now=context.now):
        raise _no_such_insight()
    context.insights.prime((project.id, number), None, force=True)


def _no_such_insight() -> NotFound:
    return not_found("insight", "The field Project.insights lists those that are.")
