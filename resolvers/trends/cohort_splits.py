"""Breakdowns by cohort: one statement for each cohort, since a person can be in several."""

from dataclasses import dataclass

from datasource.sql.tree import Expr, Named, Param, call, either
from errors import BadUserInput
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    Cohort,
    PropertyFilter,
    PropertyOperator,
    Scalar,
    TrendQuery,
)

_IN = (PropertyOperator.IN, PropertyOperator.EXACT)
_NOT_IN = (PropertyOperator.NOT_IN, PropertyOperator.IS_NOT)


def membership(filter_: PropertyFilter, context: CompileContext) -> Expr | None:
    """The condition; of several cohorts, being in any of them counts. None, which is true, for an empty list."""
    if filter_.operator not in (*_IN, *_NOT_IN):
        raise BadUserInput(
            f"{filter_.operator} says nothing about a cohort.",
            path=(*filter_.path, "operator"),
            hint="Use IN or NOT_IN.",
        )
    if filter_.value is None:
        raise BadUserInput("The id of a cohort is needed.", path=(*filter_.path, "value"))
    ids = filter_.value if isinstance(filter_.value, tuple) else (filter_.value,)
    cohorts = [_cohort(id_, filter_, context) for id_ in ids]
    inside = either(*(cohort.member for cohort in cohorts))
    return inside and call("not", inside) if filter_.operator in _NOT_IN else inside


def cohort_id(value: Scalar) -> int | None:
    """The id that a client's value names; None for what is no id."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and not isinstance(value, bool) else None


def _cohort(value: Scalar, filter_: PropertyFilter, context: CompileContext) -> Cohort:
    known = context.cohorts.get(cohort_id(value) or 0)
    if known is None:
        raise BadUserInput(
            f"There is no cohort {value!r}.",
            path=(*filter_.path, "value"),
            hint="Project.cohorts lists the cohorts you can use.",
        )
    return known


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


def split_by_cohorts(query: TrendQuery, context: CompileContext) -> tuple[CohortSplit, ...]:
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
    return tuple(_split(breakdown, context) for breakdown in by_cohort)


def joins_cohorts(query: TrendQuery) -> bool:
    """Several cohorts and not everybody: they are one breakdown of a series, ranked by size."""
    values = [breakdown.property for breakdown in query.breakdowns if breakdown.type is BreakdownType.COHORT]
    return len(values) > 1 and EVERYBODY not in values


def values_per_row(query: TrendQuery) -> int:
    """How many breakdown values a line has: one for each breakdown, but only one cohort."""
    is_by_cohort = any(breakdown.type is BreakdownType.COHORT for breakdown in query.breakdowns)
    return 1 if is_by_cohort else len(query.breakdowns)


def _split(breakdown: Breakdown, context: CompileContext) -> CohortSplit:
    if breakdown.property == EVERYBODY:
        return CohortSplit(EVERYBODY, None)
    cohort = context.cohorts.get(cohort_id(breakdown.property) or 0)
    if cohort is None:
        raise BadUserInput(
            f"There is no cohort {breakdown.property!r}.",
            path=breakdown.path,
            hint='Project.cohorts lists the cohorts you can use; "all" is everybody.',
        )
    return CohortSplit(str(cohort.id), cohort.member)
