"""Breakdowns of numbers into bins of equal width."""

from collections.abc import Sequence

from datasource.sql.tree import (
    Column,
    Expr,
    Infix,
    Lambda,
    Named,
    Null,
    Number,
    Param,
    Scalar,
    Select,
    Source,
    call,
    equals,
)
from errors import BadUserInput
from resolvers.trends.properties import number_or_zero
from resolvers.trends.query import Breakdown, PropertyType

MOST_BINS = 1000

_EXTREMES = "extremes"
_VALUE, _LEAST, _MOST = Column("value"), Column("least"), Column("most")

_BEYOND_LAST = 0.01
"""How far above the largest value the last bin ends, so that it includes it."""


def binned_numbers(breakdowns: Sequence[Breakdown]) -> tuple[Named, ...]:
    """The numbers of which bins are made, as columns; none without histograms."""
    return tuple(
        Named(_number(breakdown), _number_name(index))
        for index, breakdown in enumerate(breakdowns)
        if breakdown.histogram_bin_count is not None
    )


def bin_extremes(breakdowns: Sequence[Breakdown], counted: Source) -> tuple[Named, ...]:
    """The smallest and the largest number of each histogram, for bin_label; `counted` has binned_numbers."""
    numbers = (Column(column.name) for column in binned_numbers(breakdowns))
    both = ((number, call("tuple", call("min", number), call("max", number))) for number in numbers)
    return tuple(
        Named(Scalar(Select((Named(extremes, _EXTREMES),), counted)), f"{_EXTREMES}_of_{number.name}")
        for number, extremes in both
    )


def bin_label(breakdown: Breakdown, index: int) -> Expr:
    """The bin of the property as "[low,high]", NULL for a value that is not a number.

    The bins divide the span between the extremes, which the whole query must define. `index` is that of the
    breakdown in the query.
    """
    bins = breakdown.histogram_bin_count or 0
    extremes = Column(f"{_EXTREMES}_of_{_number_name(index)}")
    known = (_number(breakdown), *(call("tupleElement", extremes, Number(n)) for n in (1, 2)))
    # A function of the three, because ClickHouse copies what an alias stands for to each place that refers to it.
    label = call("if", call("isNull", _VALUE), Null(), _label(bins))
    labels = call(
        "arrayMap",
        Lambda((_VALUE.name, _LEAST.name, _MOST.name), label),
        *(call("array", each) for each in known),
    )
    return call("arrayElement", labels, Number(1))


def _label(bins: int) -> Expr:
    width = Infix("/", (Infix("-", (_MOST, _LEAST)), Number(bins)))
    last = Number(bins - 1)
    nth = call("floor", Infix("/", (Infix("-", (_VALUE, _LEAST)), width)))
    number = call("if", equals(width, Number(0)), last, call("least", nth, last))
    start = _plus(_LEAST, Infix("*", (number, width)))
    end = _plus(_LEAST, Infix("*", (_plus(number, Number(1)), width)))
    beyond = call("if", equals(number, last), Number(_BEYOND_LAST), Number(0))
    parts = (_text("["), call("toString", start), _text(","), call("toString", _plus(end, beyond)), _text("]"))
    return call("concat", *parts)


def _number_name(index: int) -> str:
    return f"number{index}"


def _number(breakdown: Breakdown) -> Expr:
    bins = breakdown.histogram_bin_count or 0
    if not 1 <= bins <= MOST_BINS:
        raise BadUserInput(
            "A histogram has 1 to {most} bins, not {bins}.",
            path=(*breakdown.path, "histogram_bin_count"),
            most=MOST_BINS,
            bins=bins,
        )
    if breakdown.type.value not in PropertyType.__members__:
        raise _no_numbers(breakdown)
    type_ = PropertyType(breakdown.type.value)
    number = number_or_zero(type_, breakdown.property, breakdown.group_type_index, breakdown.path)
    if number is None:
        raise _no_numbers(breakdown)
    return number


def _no_numbers(breakdown: Breakdown) -> BadUserInput:
    return BadUserInput(
        "A histogram needs numbers, which breakdowns of type {type_} do not have.",
        path=(*breakdown.path, "histogram_bin_count"),
        type_=breakdown.type,
    )


def _plus(left: Expr, right: Expr) -> Expr:
    return Infix("+", (left, right))


def _text(text: str) -> Expr:
    return Param(text, "String")
