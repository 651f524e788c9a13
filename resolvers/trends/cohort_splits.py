"""Cohorts in a query: filters by membership, and breakdowns with a statement per cohort."""

from dataclasses import dataclass

from datasource.sql.tree import Expr, Named, Param, call, either
from errors import BadUserInput, Place
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    Cohort,
    InputPath,
    PropertyFilter,
    PropertyOperator,
    Scalar,
    TrendQuery,
)

ALL_USERS = "all"
"""The breakdown value that means all users instead of a cohort."""

_LONGEST_ID = 18
_IN = (PropertyOperator.IN, PropertyOperator.EXACT)
_NOT_IN = (PropertyOperator.NOT_IN, PropertyOperator.IS_NOT)


def membership(filter_: PropertyFilter, context: CompileContext) -> Expr | None:
    """The condition that a person is in any of a filter's cohorts; None, which is true, for an empty list."""
    if filter_.operator not in (*_IN, *_NOT_IN):
        raise BadUserInput(
            "{operator} does not work on cohorts.",
            path=(*filter_.path, "operator"),
            hint="Use {in_} or {not_in}.",
            operator=filter_.operator,
            in_=PropertyOperator.IN,
            not_in=PropertyOperator.NOT_IN,
        )
    path = (*filter_.path, "value")
    if filter_.value is None:
        raise BadUserInput("The id of a cohort is required.", path=path, hint=Place.COHORTS)
    ids = filter_.value if isinstance(filter_.value, tuple) else (filter_.value,)
    cohorts = dict.fromkeys(_find_cohort(id_, path, context).member for id_ in ids)
    inside = either(*cohorts)
    return inside and call("not", inside) if filter_.operator in _NOT_IN else inside


def cohort_id(value: Scalar) -> int | None:
    """The id in a client's value; None for a value that is not an id."""
    text = str(value)
    is_number = text.isascii() and text.isdecimal() and not isinstance(value, bool)
    return int(text) if is_number and len(text) <= _LONGEST_ID else None


def _find_cohort(id_: Scalar, path: InputPath, context: CompileContext) -> Cohort:
    cohort = context.cohorts.get(cohort_id(id_) or 0)
    if cohort is None:
        raise BadUserInput("There is no cohort {id!r}.", path=path, hint=Place.COHORTS, id=id_)
    return cohort


@dataclass(frozen=True, slots=True)
class CohortSplit:
    """One value of a breakdown by cohort; the condition is None for all users."""

    value: str
    condition: Expr | None

    @property
    def key(self) -> Named:
        """The value as a breakdown's column. With it, a cohort without events has no row."""
        return Named(Param(self.value, "String"), "b0")


def split_by_cohorts(query: TrendQuery, context: CompileContext) -> tuple[CohortSplit, ...]:
    """The cohorts of the breakdown in the query's order; none for other breakdowns.

    A person can be in several cohorts, so that each cohort needs a statement of its own.
    """
    by_cohort = _breakdowns_by_cohort(query)
    if by_cohort and len(by_cohort) < len(query.breakdowns):
        raise BadUserInput(
            "Cohorts cannot be combined with other breakdowns.",
            path=by_cohort[0].path,
            hint="Break down by cohorts only, or filter by the cohort.",
        )
    return tuple(_split(breakdown, context) for breakdown in by_cohort)


def joins_cohorts(query: TrendQuery) -> bool:
    """Whether the cohorts are ranked by size, as the values of one breakdown: several, without all users."""
    values = [breakdown.property for breakdown in _breakdowns_by_cohort(query)]
    return len(values) > 1 and ALL_USERS not in values


def values_per_row(query: TrendQuery) -> int:
    """The number of breakdown values of a series row: one for each breakdown, but only one cohort."""
    return 1 if _breakdowns_by_cohort(query) else len(query.breakdowns)


def _breakdowns_by_cohort(query: TrendQuery) -> list[Breakdown]:
    return [breakdown for breakdown in query.breakdowns if breakdown.type is BreakdownType.COHORT]


def _split(breakdown: Breakdown, context: CompileContext) -> CohortSplit:
    if breakdown.property == ALL_USERS:
        return CohortSplit(ALL_USERS, None)
    cohort = _find_cohort(breakdown.property, breakdown.path, context)
    return CohortSplit(str(cohort.id), cohort.member)
