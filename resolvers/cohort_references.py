"""The cohorts that filters and breakdowns refer to."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from datasource.metadata.records import CohortRecord, SavedRecord
from errors import BadUserInput, InputTooLarge, Place
from permissions.enforce import READ, check_object, controlled
from permissions.reach import ReachedProject
from permissions.resources import COHORT, Resource
from resolvers.context import RequestContext
from resolvers.trends.cohort_splits import ALL_USERS, cohort_id
from resolvers.trends.query import BreakdownType, Cohort, InputPath, PropertyFilter, PropertyType, TrendQuery

References = Mapping[int, InputPath]
"""Ids of cohorts or actions, each with the first input that refers to it."""

NO_REFERENCES: Final[References] = {}
MAX_REFERENCES: Final = 100
"""Cohorts of a trend, an action or a cohort: each is a subquery."""


def filtered_cohorts(filters: Iterable[PropertyFilter]) -> References:
    """The cohorts that filters refer to, without invalid ids, which the compiler rejects."""
    found: dict[int, InputPath] = {}
    for item in filters:
        if item.type is PropertyType.COHORT:
            values = item.value if isinstance(item.value, tuple) else (item.value,)
            for number in (cohort_id(value) for value in values if value is not None):
                if number is not None:
                    found.setdefault(number, (*item.path, "value"))
    return found


def breakdown_cohorts(query: TrendQuery) -> References:
    """The cohorts that the query breaks down by."""
    breakdowns = [item for item in query.breakdowns if item.type is BreakdownType.COHORT]
    named = ((cohort_id(item.property), item.path) for item in breakdowns if item.property != ALL_USERS)
    return {number: path for number, path in reversed(tuple(named)) if number is not None}


async def load_cohorts(
    context: RequestContext,
    project: ReachedProject,
    references: References,
    *,
    inherited: References = NO_REFERENCES,
) -> dict[int, Cohort]:
    """Load the cohorts that exist, as the compiler takes them.

    The caller must be able to read the cohorts that the query refers to, but not the `inherited` ones, which
    actions and the project's settings refer to. Raises FORBIDDEN, and BadUserInput for a cohort that is not
    calculated yet.
    """
    everything = {**inherited, **references}
    check_count(everything)
    records = await context.loaders.cohorts.load_many([(project.record.id, number) for number in everything])
    known = [record for record in records if record is not None]
    check_readable(project, COHORT, known, references)
    return calculated_cohorts(known, everything, unnamed=inherited.keys() - references.keys())


def check_count(references: References) -> None:
    """Raise InputTooLarge, at the first one too many, for more references than a query can have."""
    if len(references) > MAX_REFERENCES:
        raise InputTooLarge(
            "The query refers to {actual:,} cohorts; the limit is {limit:,}.",
            limit=MAX_REFERENCES,
            actual=len(references),
            unit="cohorts",
            path=[*references.values()][MAX_REFERENCES],
        )


def check_readable(
    project: ReachedProject, resource: Resource, records: Iterable[SavedRecord], references: References
) -> None:
    """Raises FORBIDDEN for the first referenced record that the caller cannot read."""
    for record in records:
        if record.id in references:
            check_object(project.policy, controlled(resource, record), READ, path=references[record.id])


def calculated_cohorts(
    records: Iterable[CohortRecord], references: References, *, unnamed: Collection[int] = ()
) -> dict[int, Cohort]:
    """The referenced records, as the compiler takes them. Raises BadUserInput for one that is not calculated yet.

    The error does not name the `unnamed` cohorts, which the caller may not be able to read.
    """
    known = {record.id: record for record in records if record.id in references}
    for record in known.values():
        if record.calculated_at is None:
            raise _not_calculated(record, references[record.id], is_named=record.id not in unnamed)
    return {
        record.id: Cohort(record.id, record.name, record.version, record.is_static) for record in known.values()
    }


def _not_calculated(record: CohortRecord, path: InputPath, *, is_named: bool) -> BadUserInput:
    if not is_named:
        return BadUserInput(
            "Cohort {id} has not been calculated yet.", id=record.id, path=path, hint=Place.CALCULATE_COHORT
        )
    return BadUserInput(
        "Cohort {id}, {name!r}, has not been calculated yet.",
        id=record.id,
        name=record.name,
        path=path,
        hint=Place.CALCULATE_COHORT,
    )
