"""Sampling: reading the events of some persons, and scaling values up to all persons."""

from math import isinf
from typing import assert_never

from datasource.layouts.contract import PERSON
from datasource.sql.tree import Expr, Infix, Number, call, compare
from resolvers.trends.query import TrendMath

_SLICES = 1_000_000


def sampled(factor: float) -> Expr | None:
    """The condition that a person is in the sample, which is always the same; None for all persons."""
    if factor == 1:
        return None
    slice_ = Infix("%", (call("cityHash64", PERSON), Number(_SLICES)))
    return compare(slice_, "<", Number(round(factor * _SLICES)))


def scale_up(value: float, factor: float, math: TrendMath) -> float:
    """Estimate the value of all persons, a whole number, from that of a sample."""
    if factor == 1 or not _is_sum(math):
        return value
    scaled = value / factor
    return scaled if isinf(scaled) else float(round(scaled))


def _is_sum(math: TrendMath) -> bool:
    # The other maths give the same for a sample as for all persons.
    match math:
        case (
            TrendMath.TOTAL
            | TrendMath.DAU
            | TrendMath.WEEKLY_ACTIVE
            | TrendMath.MONTHLY_ACTIVE
            | TrendMath.UNIQUE_SESSION
            | TrendMath.UNIQUE_GROUP
            | TrendMath.FIRST_TIME_FOR_USER
            | TrendMath.FIRST_MATCHING_EVENT_FOR_USER
            | TrendMath.SUM
            | TrendMath.HOGQL
        ):
            return True
        case (
            TrendMath.AVG
            | TrendMath.MIN
            | TrendMath.MAX
            | TrendMath.MEDIAN
            | TrendMath.P75
            | TrendMath.P90
            | TrendMath.P95
            | TrendMath.P99
            | TrendMath.AVG_COUNT_PER_ACTOR
            | TrendMath.MIN_COUNT_PER_ACTOR
            | TrendMath.MAX_COUNT_PER_ACTOR
            | TrendMath.MEDIAN_COUNT_PER_ACTOR
            | TrendMath.P75_COUNT_PER_ACTOR
            | TrendMath.P90_COUNT_PER_ACTOR
            | TrendMath.P95_COUNT_PER_ACTOR
            | TrendMath.P99_COUNT_PER_ACTOR
        ):
            return False
        case _:
            assert_never(math)
