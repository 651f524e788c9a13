"""What a trend mentions of what the project has saved."""

from collections.abc import Collection, Iterator

from datasource.metadata.records import ProjectRecord
from resolvers.action_steps import read_action
from resolvers.context import RequestContext
from resolvers.mentions import load_cohorts, mentioned_cohorts, split_cohorts
from resolvers.projects import test_account_filters
from resolvers.trends.actions import Action
from resolvers.trends.catalog import Catalog
from resolvers.trends.query import ActionSeries, InputPath, PropertyFilter, TrendQuery


async def load_catalog(context: RequestContext, project: ProjectRecord, query: TrendQuery) -> Catalog:
    """What is not there is not in the catalog: the compiler refuses its mention, which it can name.

    Raises BadUserInput for a cohort that has no members yet.
    """
    actions = await _load_actions(context, project, query)
    mentions = {**split_cohorts(query), **mentioned_cohorts(_filters(project, query, actions.values()))}
    return Catalog(actions, await load_cohorts(context, project.id, mentions))


async def _load_actions(context: RequestContext, project: ProjectRecord, query: TrendQuery) -> dict[int, Action]:
    mentions: dict[int, InputPath] = {}
    for series in query.series:
        if isinstance(series, ActionSeries):
            mentions.setdefault(series.action_id, (*series.path, "actionId"))
    records = await context.actions.load_many([(project.id, action_id) for action_id in mentions])
    return {record.id: read_action(record, mentions[record.id]) for record in records if record is not None}


def _filters(project: ProjectRecord, query: TrendQuery, actions: Collection[Action]) -> Iterator[PropertyFilter]:
    yield from query.filters.leaves()
    for series in query.series:
        yield from series.filters.leaves()
    if query.filter_test_accounts:
        yield from test_account_filters(project)
    for action in actions:
        for step in action.steps:
            yield from step.filters.leaves()
