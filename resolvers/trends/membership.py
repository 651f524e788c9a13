"""Filters of type COHORT: whether the event's person is, or is not, in a cohort."""

from datasource.sql.tree import Expr, call, either
from errors import BadUserInput
from resolvers.trends.query import Cohort, PropertyFilter, PropertyOperator, Scalar
from resolvers.trends.surroundings import Surroundings

_IN = (PropertyOperator.IN, PropertyOperator.EXACT)
_NOT_IN = (PropertyOperator.NOT_IN, PropertyOperator.IS_NOT)


def membership(filter_: PropertyFilter, around: Surroundings) -> Expr | None:
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
    cohorts = [_cohort(id_, filter_, around) for id_ in ids]
    inside = either(*(cohort.member for cohort in cohorts))
    return inside and call("not", inside) if filter_.operator in _NOT_IN else inside


def cohort_id(value: Scalar) -> int | None:
    """The id that a client's value names; None for what is no id."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and not isinstance(value, bool) else None


def _cohort(value: Scalar, filter_: PropertyFilter, around: Surroundings) -> Cohort:
    known = around.cohorts.get(cohort_id(value) or 0)
    if known is None:
        raise BadUserInput(
            f"There is no cohort {value!r}.",
            path=(*filter_.path, "value"),
            hint="Project.cohorts lists the cohorts you can use.",
        )
    return known
