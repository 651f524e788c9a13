"""Maths: each becomes a query of one value per key (breakdown values, bucket)."""

from dataclasses import replace

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
from resolvers.trends.active_users import WINDOW_DAYS, count_active
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.first_time import count_first_times
from resolvers.trends.hogql import math_expression
from resolvers.trends.properties import checked_group_index, number_field
from resolvers.trends.query import InputPath, Math, PropertyType, TrendInterval, TrendMath
from resolvers.trends.selection import BUCKET, FIGURE, EventSelection, kept, names

_QUANTILES = {"MEDIAN": 0.5, "P75": 0.75, "P90": 0.9, "P95": 0.95, "P99": 0.99}
_VALUE = "value"
_PER_ACTOR = "_COUNT_PER_ACTOR"
_PROPERTY_MATHS = ("SUM", "AVG", "MIN", "MAX", *_QUANTILES)
_FIRSTS = (TrendMath.FIRST_TIME_FOR_USER, TrendMath.FIRST_MATCHING_EVENT_FOR_USER)
_LONGEST_WINDOWED = {
    TrendMath.WEEKLY_ACTIVE: (TrendInterval.WEEK, TrendInterval.MONTH),
    TrendMath.MONTHLY_ACTIVE: (TrendInterval.MONTH,),
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
    if math.kind in _FIRSTS:
        return count_first_times(rows, matching=math.kind is TrendMath.FIRST_MATCHING_EVENT_FOR_USER)
    if math.kind.endswith(_PER_ACTOR):
        return _count_per_actor(math.kind, rows)
    if math.property_type is PropertyType.SESSION and math.kind in _PROPERTY_MATHS:
        return _aggregate_sessions(math, rows, path)
    actor = _actor(math, path)
    if actor is None:
        return rows.select(Named(_aggregate(math, rows, path), FIGURE))
    there = rows if actor == PERSON else rows.also(compare(actor, "!=", Param("", "String")))
    if math.kind in WINDOW_DAYS:
        return count_active(actor, there, WINDOW_DAYS[math.kind])
    if cumulative and rows.buckets is not None:
        return _count_once(actor, there)
    return there.select(Named(call("uniqExact", actor), FIGURE))


def _aggregate(math: Math, rows: EventSelection, path: InputPath) -> Expr:
    match math.kind:
        case TrendMath.TOTAL:
            return call("count")
        case TrendMath.UNIQUE_SESSION:  # events without a session count as one
            return call("uniqExact", SESSION_ID)
        case TrendMath.HOGQL:
            return _expression(math, rows.around, path)
        case _:
            return _aggregate_values(math, _property(math, path), path)


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


def _aggregate_values(math: Math, values: Expr, path: InputPath) -> Expr:
    match math.kind:
        case TrendMath.SUM | TrendMath.AVG | TrendMath.MIN | TrendMath.MAX:
            return _or_zero(call(math.kind.lower(), values))
        case TrendMath.MEDIAN | TrendMath.P75 | TrendMath.P90 | TrendMath.P95 | TrendMath.P99:
            return _or_zero(_quantile(math.kind, values))
        case _:
            raise BadUserInput(
                "The math {kind} does not work on properties of sessions.", path=(*path, "math"), kind=math.kind
            )


def _actor(math: Math, path: InputPath) -> Expr | None:
    """The actor that a math counts; None for a math that counts something else."""
    if math.kind is not TrendMath.UNIQUE_GROUP and math.kind not in (TrendMath.DAU, *WINDOW_DAYS):
        return None
    if math.kind is TrendMath.UNIQUE_GROUP or math.group_type_index is not None:
        return group_key(checked_group_index(math.group_type_index, (*path, "math_group_type_index")))
    return PERSON


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
    name = kind.removesuffix(_PER_ACTOR)
    events = Column("events")
    figure = _or_zero(_quantile(name, events)) if name in _QUANTILES else call(name.lower(), events)
    return _regroup(counts, rows.keys, figure)


def _aggregate_sessions(math: Math, rows: EventSelection, path: InputPath) -> Select:
    """Aggregate one value per session, in each bucket and breakdown value."""
    value = Named(call("any", _property(math, path)), _VALUE)
    sessions = rows.select(value, by=(SESSION_ID,))
    return _regroup(sessions, rows.keys, _aggregate_values(math, Column(_VALUE), path))


def _regroup(query: Select, keys: tuple[Named, ...], figure: Expr) -> Select:
    return Select(
        columns=(*kept(keys), Named(figure, FIGURE)),
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


def _quantile(name: str, figures: Expr) -> Expr:
    # Inclusive: the rank is (n - 1) * p, linear between two values, however many there are.
    return Call("quantileExactInclusive", (figures,), (Number(_QUANTILES[name]),))


def _or_zero(figure: Expr) -> Expr:
    return call("ifNull", call("ifNotFinite", figure, Number(0)), Number(0))
