"""Loads the actions and cohorts that a trend mentions."""

from collections.abc import Collection, Iterator

from datasource.metadata.records import ProjectRecord
from permissions.reach import ReachedProject
from permissions.resources import ACTION
from resolvers.cohort_references import breakdown_cohorts, check_readable, filtered_cohorts, load_cohorts
from resolvers.context import RequestContext
from resolvers.projects import test_account_filters
from resolvers.stored_json import load_action
from resolvers.trends.actions import Action
from resolvers.trends.query import ActionSeries, InputPath, PropertyFilter, TrendQuery
from resolvers.trends.saved_objects import SavedObjects


async def load_saved_objects(context: RequestContext, project: ReachedProject, query: TrendQuery) -> SavedObjects:
    """Load the saved objects of a query. Missing ones are left out: the compiler reports them with their path.

    The caller must be able to read what the query itself mentions, but not what actions or the project's filters
    mention in turn. Raises FORBIDDEN, and BadUserInput for a cohort that was never calculated.
    """
    actions = await _load_actions(context, project, query)
    mentions = {**breakdown_cohorts(query), **filtered_cohorts(_own_filters(query))}
    inherited = filtered_cohorts(_inherited_filters(project.record, query, actions.values()))
    return SavedObjects(actions, await load_cohorts(context, project, mentions, inherited=inherited))


async def _load_actions(context: RequestContext, project: ReachedProject, query: TrendQuery) -> dict[int, Action]:
    mentions: dict[int, InputPath] = {}
    for series in query.series:
        if isinstance(series, ActionSeries):
            mentions.setdefault(series.action_id, (*series.path, "action_id"))
    records = await context.loaders.actions.load_many([(project.record.id, action_id) for action_id in mentions])
    known = [record for record in records if record is not None]
    check_readable(project, ACTION, known, mentions)
    return {record.id: load_action(record, mentions[record.id]) for record in known}


def _own_filters(query: TrendQuery) -> Iterator[PropertyFilter]:
    yield from query.filters.leaves()
    for series in query.series:
        yield from series.filters.leaves()


def _inherited_filters(
    project: ProjectRecord, query: TrendQuery, actions: Collection[Action]
) -> Iterator[PropertyFilter]:
    if query.filter_test_accounts:
        yield from test_account_filters(project)
    for action in actions:
        for step in action.steps:
            yield from step.properties
