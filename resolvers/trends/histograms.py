"""Breakdowns of numbers into bins of equal width."""

from datasource.layouts.contract import session_number
from datasource.sql.tree import (
    Alias,
    Column,
    Expr,
    Infix,
    Named,
    Null,
    Number,
    Param,
    Scalar,
    Select,
    call,
    equals,
)
from errors import BadUserInput
from resolvers.trends.properties import number_field
from resolvers.trends.query import Breakdown, PropertyType
from resolvers.trends.selection import EventSelection

MOST_BINS = 1000

_BEYOND_LAST = 0.01
"""How far above the largest value the last bin ends, so that it includes it."""


def bin_label(breakdown: Breakdown, index: int, rows: EventSelection) -> Expr:
    """The bin of the property as "[low,high]", NULL for a value that is not a number.

    The bins divide the span between the smallest and the largest value of the rows. `index` is that of the
    breakdown in the query, which keeps its names apart.
    """
    bins = breakdown.histogram_bin_count or 0
    if not 1 <= bins <= MOST_BINS:
        raise BadUserInput(
            "A histogram has 1 to {most} bins, not {bins}.",
            path=(*breakdown.path, "histogram_bin_count"),
            most=MOST_BINS,
            bins=bins,
        )
    value, least, width, number = (f"{name}{index}" for name in ("value", "least", "width", "bin"))
    extremes = _extremes(_number(breakdown), rows)
    low = Alias(call("tupleElement", extremes, Number(1)), least)
    span = Infix("-", (call("tupleElement", extremes, Number(2)), low))
    named = call(
        "tuple",  # defines the names that the label uses
        Alias(_number(breakdown), value),
        Alias(Infix("/", (span, Number(bins))), width),
        Alias(_nth_bin(Column(value), Column(least), Column(width), bins), number),
    )
    label = _label(Column(least), Column(width), Column(number), bins)
    return call("if", call("isNull", call("tupleElement", named, Number(1))), Null(), label)


def _nth_bin(value: Expr, least: Expr, width: Expr, bins: int) -> Expr:
    last = Number(bins - 1)
    nth = call("floor", Infix("/", (Infix("-", (value, least)), width)))
    return call("if", equals(width, Number(0)), last, call("least", nth, last))


def _label(least: Expr, width: Expr, number: Expr, bins: int) -> Expr:
    start = _plus(least, Infix("*", (number, width)))
    end = _plus(least, Infix("*", (_plus(number, Number(1)), width)))
    beyond = call("if", equals(number, Number(bins - 1)), Number(_BEYOND_LAST), Number(0))
    parts = (_text("["), call("toString", start), _text(","), call("toString", _plus(end, beyond)), _text("]"))
    return call("concat", *parts)


def _number(breakdown: Breakdown) -> Expr:
    if breakdown.type.value not in PropertyType.__members__:
        raise _no_numbers(breakdown)
    type_ = PropertyType(breakdown.type.value)
    field = number_field(type_, breakdown.property, breakdown.group_type_index, breakdown.path)
    if field is None:
        raise _no_numbers(breakdown)
    if field == session_number("$session_duration"):  # an event without a session has one of length 0
        return call("ifNull", field, Number(0))
    return field


def _no_numbers(breakdown: Breakdown) -> BadUserInput:
    return BadUserInput(
        "A histogram needs numbers, which breakdowns of type {type_} do not have.",
        path=(*breakdown.path, "histogram_bin_count"),
        type_=breakdown.type,
    )


def _extremes(value: Expr, rows: EventSelection) -> Expr:
    both = call("tuple", call("min", value), call("max", value))
    return Scalar(Select(columns=(Named(both, "extremes"),), source=rows.events(), where=rows.where()))


def _plus(left: Expr, right: Expr) -> Expr:
    return Infix("+", (left, right))


def _text(text: str) -> Expr:
    return Param(text, "String")
