"""The cohorts that filters and breakdowns mention."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from datasource.metadata.records import CohortRecord, SavedRecord
from errors import BadUserInput
from permissions.enforce import READ, check_object, controlled
from permissions.reach import ReachedProject
from permissions.resources import COHORT, Resource
from resolvers.context import RequestContext
from resolvers.trends.cohort_splits import ALL_USERS, cohort_id
from resolvers.trends.query import BreakdownType, Cohort, InputPath, PropertyFilter, PropertyType, TrendQuery

Mentions = Mapping[int, InputPath]
"""Ids of cohorts or actions, each with the first place that names it."""

NOTHING: Final[Mentions] = {}


def mentioned_cohorts(filters: Iterable[PropertyFilter]) -> Mentions:
    """Those of filters; what is no id is left out, since the compiler refuses it."""
    found: dict[int, InputPath] = {}
    for item in filters:
        if item.type is PropertyType.COHORT:
            values = item.value if isinstance(item.value, tuple) else (item.value,)
            for number in (cohort_id(value) for value in values if value is not None):
                if number is not None:
                    found.setdefault(number, (*item.path, "value"))
    return found


def split_cohorts(query: TrendQuery) -> Mentions:
    """Those of the breakdown."""
    splits = [item for item in query.breakdowns if item.type is BreakdownType.COHORT]
    named = ((cohort_id(item.property), item.path) for item in splits if item.property != ALL_USERS)
    return {number: path for number, path in reversed(tuple(named)) if number is not None}


async def load_cohorts(
    context: RequestContext, project: ReachedProject, mentions: Mentions, *, inherited: Mentions = NOTHING
) -> dict[int, Cohort]:
    """The cohorts that there are, as the compiler takes them.

    Those that the client mentions must be readable for the caller; `inherited` ones come with what the client
    mentions, and belong to it. Raises FORBIDDEN, and BadUserInput for a cohort without members yet.
    """
    everything = {**inherited, **mentions}
    records = await context.loaders.cohorts.load_many([(project.record.id, number) for number in everything])
    known = [record for record in records if record is not None]
    check_readable(project, COHORT, known, mentions)
    return readable_cohorts(known, everything, unnamed=inherited.keys() - mentions.keys())


def check_readable(
    project: ReachedProject, resource: Resource, records: Iterable[SavedRecord], mentions: Mentions
) -> None:
    """Raises FORBIDDEN for the first mentioned record that the caller may not read."""
    for record in records:
        if record.id in mentions:
            check_object(project.policy, controlled(resource, record), READ, path=mentions[record.id])


def readable_cohorts(
    records: Iterable[CohortRecord], mentions: Mentions, *, unnamed: Collection[int] = ()
) -> dict[int, Cohort]:
    """The mentioned ones of the records. Raises BadUserInput for one that was never calculated.

    `unnamed` are those whose names the caller need not know.
    """
    known = {record.id: record for record in records if record.id in mentions}
    for record in known.values():
        if record.calculated_at is None:
            name = "" if record.id in unnamed else f", {record.name!r},"
            raise BadUserInput(
                f"The cohort {record.id}{name} has no members yet: it was never calculated.",
                path=mentions[record.id],
                hint="The mutation cohortCalculate does so.",
            )
    return {
        record.id: Cohort(record.id, record.name, record.version, record.is_static) for record in known.values()
    }
