"""Functions over many events; each takes a condition more when its name ends in `If`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from datasource.sql.tree import Call, Expr, Number
from resolvers.trends.hogql.errors import Refusal
from resolvers.trends.hogql.values import TIMES, Kind, Value, as_condition, as_number, as_text, unfit

_MEDIAN = 0.5
_EXACT_QUANTILE = "quantileExactInclusive"


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregate's call: `level` is the parameter of quantile(level)(x)."""

    name: str
    arguments: tuple[Value, ...]
    spot: exp.Expr
    level: Value | None = None
    distinct: bool = False


Aggregate = Callable[[Aggregation, str, tuple[Expr, ...]], Value]
"""Builds the call; given are also the ending of ClickHouse's name and the last arguments: "If" and a condition."""


def aggregate(aggregation: Aggregation) -> Value | None:
    """The value of an aggregate, None where there is none of that name. Raises Refusal for unfit arguments."""
    name = aggregation.name.lower()
    if name in _AGGREGATES:
        return _applied(_AGGREGATES[name], aggregation, "", ())
    plain = name.removesuffix("if")
    if plain == name or plain not in _AGGREGATES:
        return None
    if not aggregation.arguments:
        raise Refusal(f"{aggregation.name}() needs a condition.", aggregation.spot)
    *values, condition = aggregation.arguments
    over = Aggregation(aggregation.name, tuple(values), aggregation.spot, aggregation.level, aggregation.distinct)
    # A NULL condition would make the whole state nullable.
    where = Call("ifNull", (as_condition(condition), Number(0)))
    return _applied(_AGGREGATES[plain], over, "If", (where,))


def _applied(build: Aggregate, aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
    if aggregation.level is not None and build is not _quantile:
        raise Refusal(f"{aggregation.name}() takes no parameter.", aggregation.spot, "Only quantile(0.9)(x) does.")
    if aggregation.distinct and build is not _count:
        raise Refusal(f"{aggregation.name}() takes no DISTINCT.", aggregation.spot, "Only count(DISTINCT x) does.")
    return build(aggregation, ending, last)


def _only(aggregation: Aggregation) -> Value:
    if len(aggregation.arguments) != 1:
        raise Refusal(f"{aggregation.name}() aggregates one value.", aggregation.spot, "avg(properties.price)")
    return aggregation.arguments[0]


def _count(aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
    if aggregation.distinct:
        return _uniq(aggregation, ending, last)
    if not aggregation.arguments:
        return _figure(f"count{ending}", last, aggregation)
    return _figure(f"count{ending}", (_told_apart(_only(aggregation)), *last), aggregation)


def _uniq(aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
    return _figure(f"uniqExact{ending}", (_told_apart(_only(aggregation)), *last), aggregation)


def _numeric(name: str) -> Aggregate:
    def build(aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
        return _figure(f"{name}{ending}", (as_number(_only(aggregation)), *last), aggregation)

    return build


def _quantile(aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
    level = _MEDIAN if aggregation.level is None else _share(aggregation.level)
    made = Call(f"{_EXACT_QUANTILE}{ending}", (as_number(_only(aggregation)), *last), (Number(level),))
    return Value(Call("toFloat64", (made,)), Kind.NUMBER, aggregation.spot)


def _median(aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
    return _quantile(aggregation, ending, last)


def _picked(name: str) -> Aggregate:
    """min, max, any: of times and texts too; a property's value is read as a number where that makes sense."""

    def build(aggregation: Aggregation, ending: str, last: tuple[Expr, ...]) -> Value:
        value = _only(aggregation)
        if value.kind in TIMES:
            return Value(Call(f"{name}{ending}", (value.expr, *last)), value.kind, aggregation.spot)
        if value.kind is Kind.TEXT and (value.number is None or name == "any"):
            number = None if value.number is None else Call(f"{name}{ending}", (value.number, *last))
            made = Call(f"{name}{ending}", (value.expr, *last))
            return Value(made, Kind.TEXT, aggregation.spot, number=number)
        return _figure(f"{name}{ending}", (as_number(value), *last), aggregation)

    return build


def _figure(name: str, arguments: tuple[Expr, ...], aggregation: Aggregation) -> Value:
    return Value(Call("toFloat64", (Call(name, arguments),)), Kind.NUMBER, aggregation.spot)


def _told_apart(value: Value) -> Expr:
    if value.kind is Kind.INTERVAL:
        raise unfit(value, Kind.TEXT)
    if value.kind is Kind.NOTHING:
        return as_text(value)
    return value.identity or value.expr


def _share(level: Value) -> float:
    if not isinstance(level.literal, float) or not 0 <= level.literal <= 1:
        raise Refusal(
            "a level from 0 to 1 is needed here, written out.", level.spot, "quantile(0.9)(properties.price)"
        )
    return level.literal


_AGGREGATES: Mapping[str, Aggregate] = {
    "count": _count,
    **dict.fromkeys(("uniq", "uniqexact"), _uniq),
    **{name.lower(): _numeric(name) for name in ("sum", "avg", "stddevPop", "stddevSamp", "varPop", "varSamp")},
    **{name: _picked(name) for name in ("min", "max", "any")},
    "median": _median,
    **dict.fromkeys(("quantile", "quantileexact", "quantileexactinclusive"), _quantile),
}

AGGREGATE_NAMES = frozenset({*_AGGREGATES, *(f"{name}if" for name in _AGGREGATES)})
"""Every aggregate, in lower case."""
