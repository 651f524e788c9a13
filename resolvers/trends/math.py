"""Maths: each becomes a query of one value per key (breakdown values, bucket)."""

from dataclasses import replace
from typing import assert_never

from datasource.layouts.contract import PERSON, SESSION_ID, group_key
from datasource.sql.tree import (
    Call,
    Column,
    Derived,
    Expr,
    Named,
    Number,
    Param,
    Select,
    call,
    compare,
)
from errors import BadUserInput, Name
from resolvers.trends.active_users import WINDOW_DAYS, count_active, select_in_windows
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.first_time import count_first_times, select_first_times
from resolvers.trends.hogql import math_expression
from resolvers.trends.intervals import MONTHS_OF
from resolvers.trends.properties import checked_group_index, number_field
from resolvers.trends.query import InputPath, Math, PropertyType, TrendInterval, TrendMath
from resolvers.trends.selection import BUCKET, FIGURE, EventSelection, inherited, names

_QUANTILES = {"MEDIAN": 0.5, "P75": 0.75, "P90": 0.9, "P95": 0.95, "P99": 0.99}
_VALUE = "value"
_LONGEST_WINDOWED = {
    TrendMath.WEEKLY_ACTIVE: (TrendInterval.WEEK, *MONTHS_OF),
    TrendMath.MONTHLY_ACTIVE: tuple(MONTHS_OF),
}


def effective_math(math: Math, interval: TrendInterval) -> Math:
    """The math that is computed: a window that is no longer than the interval counts plain unique users."""
    if interval in _LONGEST_WINDOWED.get(math.kind, ()):
        return replace(math, kind=TrendMath.DAU)
    return math


def count_rows(math: Math, rows: EventSelection, path: InputPath, *, cumulative: bool = False) -> Select:
    """The query of `math` over the rows: the keys' columns, then FIGURE.

    `cumulative`: the values will be summed over time, so that an actor counts in its first bucket only.
    """
    match math.kind:
        case TrendMath.TOTAL:
            return rows.select(Named(call("count"), FIGURE))
        case TrendMath.UNIQUE_SESSION:  # events without a session count as one
            return rows.select(Named(call("uniqExact", SESSION_ID), FIGURE))
        case TrendMath.HOGQL:
            return rows.select(Named(_expression(math, rows.context, path), FIGURE))
        case TrendMath.DAU | TrendMath.WEEKLY_ACTIVE | TrendMath.MONTHLY_ACTIVE | TrendMath.UNIQUE_GROUP:
            return _count_actors(math, rows, path, cumulative=cumulative)
        case TrendMath.FIRST_TIME_FOR_USER:
            return count_first_times(rows, matching=False)
        case TrendMath.FIRST_MATCHING_EVENT_FOR_USER:
            return count_first_times(rows, matching=True)
        case (
            TrendMath.SUM
            | TrendMath.AVG
            | TrendMath.MIN
            | TrendMath.MAX
            | TrendMath.MEDIAN
            | TrendMath.P75
            | TrendMath.P90
            | TrendMath.P95
            | TrendMath.P99
        ):
            return _aggregate_property(math, rows, path)
        case (
            TrendMath.AVG_COUNT_PER_ACTOR
            | TrendMath.MIN_COUNT_PER_ACTOR
            | TrendMath.MAX_COUNT_PER_ACTOR
            | TrendMath.MEDIAN_COUNT_PER_ACTOR
            | TrendMath.P75_COUNT_PER_ACTOR
            | TrendMath.P90_COUNT_PER_ACTOR
            | TrendMath.P95_COUNT_PER_ACTOR
            | TrendMath.P99_COUNT_PER_ACTOR
        ):
            return _count_per_actor(math.kind, rows)
        case _:
            assert_never(math.kind)


def select_counted(columns: tuple[Named, ...], math: Math, rows: EventSelection, path: InputPath) -> Select:
    """The columns of those events that enter a figure of count_rows."""
    start = None
    match math.kind:
        case TrendMath.FIRST_TIME_FOR_USER:
            return select_first_times(columns, rows, matching=False)
        case TrendMath.FIRST_MATCHING_EVENT_FOR_USER:
            return select_first_times(columns, rows, matching=True)
        case TrendMath.DAU | TrendMath.WEEKLY_ACTIVE | TrendMath.MONTHLY_ACTIVE | TrendMath.UNIQUE_GROUP:
            _, rows = _actors(math, rows, path)
            if math.kind in WINDOW_DAYS:
                return select_in_windows(columns, rows, WINDOW_DAYS[math.kind])
        case _ if math.kind.endswith("_COUNT_PER_ACTOR"):
            start = rows.range.start
    return Select(columns=columns, source=rows.events(start), where=rows.where(start))


def _actors(math: Math, rows: EventSelection, path: InputPath) -> tuple[Expr, EventSelection]:
    """What is counted, and the rows that have one."""
    if math.kind is not TrendMath.UNIQUE_GROUP and math.group_type_index is None:
        return PERSON, rows
    group = group_key(checked_group_index(math.group_type_index, (*path, "math_group_type_index")))
    return group, rows.also(compare(group, "!=", Param("", "String")))


def _count_actors(math: Math, rows: EventSelection, path: InputPath, *, cumulative: bool) -> Select:
    actor, rows = _actors(math, rows, path)
    if math.kind in WINDOW_DAYS:
        return count_active(actor, rows, WINDOW_DAYS[math.kind])
    if cumulative and rows.buckets is not None:
        return _count_once(actor, rows)
    return rows.select(Named(call("uniqExact", actor), FIGURE))


def _expression(math: Math, context: CompileContext, path: InputPath) -> Expr:
    path = (*path, "math_expression")
    if not math.expression:
        raise BadUserInput(
            "The math {kind} needs {name}.",
            path=path,
            hint="For example avg(properties.price).",
            kind=math.kind,
            name=Name("math_expression"),
        )
    return math_expression(math.expression, path, context)


def _count_once(actor: Expr, rows: EventSelection) -> Select:
    first = Select(
        columns=(*rows.values, *(Named(call("min", key.expr), BUCKET) for key in rows.keys if key.name == BUCKET)),
        source=rows.events(),
        where=rows.where(),
        group_by=(*names(rows.values), actor),
    )
    return _regroup(first, rows.keys, call("count"))


def _count_per_actor(kind: TrendMath, rows: EventSelection) -> Select:
    # From the start of the range itself: other maths also read the rest of its first bucket.
    counts = rows.select(Named(call("count"), "events"), start=rows.range.start, by=(PERSON,))
    name = kind.removesuffix("_COUNT_PER_ACTOR")
    events = Column("events")
    if name in _QUANTILES:  # NaN where there are no persons
        value = call("ifNotFinite", _quantile(name, events), Number(0))
    else:
        value = call(name.lower(), events)
    return _regroup(counts, rows.keys, value)


def _aggregate_property(math: Math, rows: EventSelection, path: InputPath) -> Select:
    field = _property(math, path)
    if math.property_type is not PropertyType.SESSION:
        return rows.select(Named(_aggregate(math.kind, field), FIGURE))
    # A session has one value, however many events: it counts once in each bucket and breakdown value.
    sessions = rows.select(Named(call("any", field), _VALUE), by=(SESSION_ID,))
    return _regroup(sessions, rows.keys, _aggregate(math.kind, Column(_VALUE)))


def _aggregate(kind: TrendMath, values: Expr) -> Expr:
    # NULL where there are no numbers. An infinite sum stays what it is: no number, rather than 0.
    return call("ifNull", _quantile(kind, values) if kind in _QUANTILES else call(kind.lower(), values), Number(0))


def _regroup(query: Select, keys: tuple[Named, ...], value: Expr) -> Select:
    return Select(
        columns=(*inherited(keys), Named(value, FIGURE)),
        source=Derived(query, "counted"),
        group_by=names(keys),
    )


def _property(math: Math, path: InputPath) -> Expr:
    if not math.property:
        raise BadUserInput(
            "The math {kind} needs {name}.",
            path=(*path, "math_property"),
            hint="Give the key of a property whose values are numbers.",
            kind=math.kind,
            name=Name("math_property"),
        )
    field = number_field(math.property_type, math.property, math.group_type_index, path)
    if field is None:
        raise BadUserInput(
            "Maths do not support properties of type {type_}.",
            path=(*path, "math_property_type"),
            type_=math.property_type,
        )
    return field


def _quantile(name: str, values: Expr) -> Expr:
    # Inclusive: the rank is (n - 1) * p, linear between two values.
    return Call("quantileExactInclusive", (values,), (Number(_QUANTILES[name]),))
