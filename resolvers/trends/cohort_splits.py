"""Breakdowns by cohort: one statement for each cohort, since a person can be in several."""

from dataclasses import dataclass

from datasource.sql.tree import Expr, Named, Param
from errors import BadUserInput
from resolvers.trends.membership import cohort_id
from resolvers.trends.query import Breakdown, BreakdownType, TrendQuery
from resolvers.trends.surroundings import Surroundings

EVERYBODY = "all"
"""The breakdown value that is no cohort but everybody."""


@dataclass(frozen=True, slots=True)
class CohortSplit:
    """One value of the breakdown; the condition is None for everybody."""

    value: str
    condition: Expr | None

    @property
    def key(self) -> Named:
        """The value as a breakdown's column: it makes a cohort without events answer no row."""
        return Named(Param(self.value, "String"), "b0")


def split_by_cohorts(query: TrendQuery, around: Surroundings) -> tuple[CohortSplit, ...]:
    """The cohorts of the breakdown in the order given; none for breakdowns by anything else."""
    by_cohort = [breakdown for breakdown in query.breakdowns if breakdown.type is BreakdownType.COHORT]
    if not by_cohort:
        return ()
    if len(by_cohort) < len(query.breakdowns):
        raise BadUserInput(
            "Cohorts cannot be combined with other breakdowns.",
            path=by_cohort[0].path,
            hint="Break down by cohorts alone, or filter by the cohort.",
        )
    return tuple(_split(breakdown, around) for breakdown in by_cohort)


def joins_cohorts(query: TrendQuery) -> bool:
    """Several cohorts and not everybody: they are one breakdown of a series, ranked by size."""
    values = [breakdown.property for breakdown in query.breakdowns if breakdown.type is BreakdownType.COHORT]
    return len(values) > 1 and EVERYBODY not in values


def values_per_line(query: TrendQuery) -> int:
    """How many breakdown values a line has: one for each breakdown, but only one cohort."""
    is_by_cohort = any(breakdown.type is BreakdownType.COHORT for breakdown in query.breakdowns)
    return 1 if is_by_cohort else len(query.breakdowns)


def _split(breakdown: Breakdown, around: Surroundings) -> CohortSplit:
    if breakdown.property == EVERYBODY:
        return CohortSplit(EVERYBODY, None)
    cohort = around.cohorts.get(cohort_id(breakdown.property) or 0)
    if cohort is None:
        raise BadUserInput(
            f"There is no cohort {breakdown.property!r}.",
            path=breakdown.path,
            hint='Project.cohorts lists the cohorts you can use; "all" is everybody.',
        )
    return CohortSplit(str(cohort.id), cohort.member)
