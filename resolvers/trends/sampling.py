"""Reading only some of the people, and scaling their figures up to all."""

from datasource.layouts.contract import PERSON
from datasource.sql.tree import Expr, Infix, Number, call, compare
from resolvers.trends.query import TrendMath

_SLICES = 1_000_000

_UNSCALED = frozenset(
    kind
    for kind in TrendMath
    if kind.endswith("_COUNT_PER_ACTOR") or kind in ("AVG", "MIN", "MAX", "MEDIAN", "P75", "P90", "P95", "P99")
)
"""Figures of a part of the people that are already estimates of everybody's."""


def sampled(factor: float) -> Expr | None:
    """The condition that a person is among the fraction that is read; always the same persons."""
    if factor == 1:
        return None
    slice_ = Infix("%", (call("cityHash64", PERSON), Number(_SLICES)))
    return compare(slice_, "<", Number(round(factor * _SLICES)))


def scale_up(figure: float, factor: float, math: TrendMath) -> float:
    """The figure of everybody, a whole number; unchanged for maths that are no sums over people."""
    if factor == 1 or math in _UNSCALED:
        return figure
    return float(round(figure / factor))
