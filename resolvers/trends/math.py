"""What is counted: each math becomes a query of one figure per key (breakdown values, bucket)."""

from dataclasses import dataclass

from datasource.clickhouse.sql import (
    Call,
    Column,
    Derived,
    Events,
    Expr,
    Named,
    Number,
    Param,
    Select,
    call,
    compare,
    every,
)
from datasource.events.layout import PERSON, SESSION_ID, group_key
from errors import BadUserInput
from resolvers.trends.properties import checked_group_index, number_field
from resolvers.trends.query import InputPath, Math, TrendMath

FIGURE = "figure"
"""The column that holds a query's figure."""

BUCKET = "bucket"
"""The key that holds the bucket's number; not there for displays of one total."""

_QUANTILES = {
    "MEDIAN": 0.5,
    "P75": 0.75,
    "P90": 0.9,
    "P95": 0.95,
    "P99": 0.99,
}
_PER_ACTOR = "_COUNT_PER_ACTOR"


@dataclass(frozen=True, slots=True)
class Rows:
    """The events that a series counts, and the keys by which it counts them."""

    keys: tuple[Named, ...]
    where: Expr | None

    @property
    def is_over_time(self) -> bool:
        """Whether the bucket is among the keys."""
        return any(key.name == BUCKET for key in self.keys)


def count_rows(math: Math, rows: Rows, path: InputPath, *, cumulative: bool = False) -> Select:
    """The query of `math` over the rows: the keys' columns, then FIGURE.

    `cumulative`: the figures will be summed over time, so an actor counts in its first bucket only.
    """
    actor = _actor(math, path)
    if actor is not None:
        return _count_actors(actor, rows, once=cumulative and rows.is_over_time)
    if math.kind.endswith(_PER_ACTOR):
        return _count_per_actor(math.kind, rows)
    return _aggregate_rows(_aggregate(math, path), rows)


def is_additive(math: Math) -> bool:
    """Whether figures of disjoint sets of events add up to the figure of all of them."""
    return math.kind in (TrendMath.TOTAL, TrendMath.SUM)


def _aggregate_rows(figure: Expr, rows: Rows) -> Select:
    return Select(
        columns=(*rows.keys, Named(figure, FIGURE)),
        source=Events(),
        where=rows.where,
        group_by=_names(rows.keys),
    )


def _aggregate(math: Math, path: InputPath) -> Expr:
    match math.kind:
        case TrendMath.TOTAL:
            return call("count")
        case TrendMath.UNIQUE_SESSION:  # events without a session count as one
            return call("uniqExact", SESSION_ID)
        case TrendMath.SUM | TrendMath.AVG | TrendMath.MIN | TrendMath.MAX:
            return _or_zero(call(math.kind.lower(), _property(math, path)))
        case TrendMath.MEDIAN | TrendMath.P75 | TrendMath.P90 | TrendMath.P95 | TrendMath.P99:
            return _or_zero(_quantile(math.kind, _property(math, path)))
        case other:
            raise BadUserInput(f"Math {other} is not supported yet.", path=(*path, "math"))


def _actor(math: Math, path: InputPath) -> Expr | None:
    """Who is counted by a math that counts actors; None for any other math."""
    if math.kind is TrendMath.UNIQUE_GROUP or (math.kind is TrendMath.DAU and math.group_type_index is not None):
        return group_key(checked_group_index(math.group_type_index, (*path, "mathGroupTypeIndex")))
    return PERSON if math.kind is TrendMath.DAU else None


def _count_actors(actor: Expr, rows: Rows, *, once: bool) -> Select:
    there = None if actor == PERSON else compare(actor, "!=", Param("", "String"))
    found = Rows(rows.keys, every(rows.where, there))
    if not once:
        return _aggregate_rows(call("uniqExact", actor), found)
    keys = tuple(key for key in found.keys if key.name != BUCKET)
    bucket = next(key for key in found.keys if key.name == BUCKET)
    first = Select(
        columns=(*keys, Named(call("min", bucket.expr), BUCKET)),
        source=Events(),
        where=found.where,
        group_by=(*_names(keys), actor),
    )
    return _regroup(first, rows.keys, call("count"))


def _count_per_actor(kind: TrendMath, rows: Rows) -> Select:
    counts = Select(
        columns=(*rows.keys, Named(call("count"), "events")),
        source=Events(),
        where=rows.where,
        group_by=(*_names(rows.keys), PERSON),
    )
    name = kind.removesuffix(_PER_ACTOR)
    events = Column("events")
    figure = _quantile(name, events) if name in _QUANTILES else call(name.lower(), events)
    return _regroup(counts, rows.keys, figure)


def _regroup(query: Select, keys: tuple[Named, ...], figure: Expr) -> Select:
    return Select(
        columns=(*(Named(Column(key.name), key.name) for key in keys), Named(figure, FIGURE)),
        source=Derived(query, "counted"),
        group_by=_names(keys),
    )


def _property(math: Math, path: InputPath) -> Expr:
    if not math.property:
        raise BadUserInput(
            f"Math {math.kind} needs a property.",
            path=(*path, "mathProperty"),
            hint="Give the key of a property that holds numbers.",
        )
    field = number_field(math.property_type, math.property, math.group_type_index, path)
    if field is None:
        raise BadUserInput(
            f"Properties of type {math.property_type} are not supported here yet.",
            path=(*path, "mathPropertyType"),
        )
    return field


def _quantile(name: str, figures: Expr) -> Expr:
    # Inclusive: the rank is (n - 1) * p, linear between two values, however many there are.
    return Call("quantileExactInclusive", (figures,), (Number(_QUANTILES[name]),))


def _or_zero(figure: Expr) -> Expr:
    return call("ifNull", call("ifNotFinite", figure, Number(0)), Number(0))


def _names(keys: tuple[Named, ...]) -> tuple[Expr, ...]:
    return tuple(Column(key.name) for key in keys)
