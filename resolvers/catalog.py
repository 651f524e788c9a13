"""What a trend mentions of what the project has saved."""

from datasource.metadata.records import ProjectRecord
from resolvers.action_steps import read_action
from resolvers.context import RequestContext
from resolvers.trends.actions import Action
from resolvers.trends.catalog import Catalog
from resolvers.trends.query import ActionSeries, InputPath, TrendQuery


async def load_catalog(context: RequestContext, project: ProjectRecord, query: TrendQuery) -> Catalog:
    """What is not there is not in the catalog: the compiler refuses its mention, which it can name."""
    return Catalog(actions=await _load_actions(context, project, query))


async def _load_actions(context: RequestContext, project: ProjectRecord, query: TrendQuery) -> dict[int, Action]:
    mentions: dict[int, InputPath] = {}
    for series in query.series:
        if isinstance(series, ActionSeries):
            mentions.setdefault(series.action_id, (*series.path, "actionId"))
    records = await context.actions.load_many([(project.id, action_id) for action_id in mentions])
    return {record.id: read_action(record, mentions[record.id]) for record in records if record is not None}
