"""Aggregate functions. With `If` at the end of its name, each takes a condition as its last argument."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from datasource.sql.tree import Call, Expr, Number
from resolvers.trends.hogql.errors import HogQLError
from resolvers.trends.hogql.values import TIMES, Value, ValueType, as_condition, as_number, as_string, type_error

_MEDIAN = 0.5
_EXACT_QUANTILE = "quantileExactInclusive"


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregate's call: `level` is the parameter of quantile(level)(x)."""

    name: str
    arguments: tuple[Value, ...]
    node: exp.Expr
    level: Value | None = None
    distinct: bool = False


Aggregate = Callable[[Aggregation, str, tuple[Expr, ...]], Value]
"""Builds the call, with a suffix of ClickHouse's name and last arguments: "If" and a condition."""


def aggregate(aggregation: Aggregation) -> Value | None:
    """The value of an aggregate, None for an unknown name. Raises HogQLError for invalid arguments."""
    name = aggregation.name.lower()
    if name in _AGGREGATES:
        return _applied(_AGGREGATES[name], aggregation, "", ())
    plain = name.removesuffix("if")
    if plain == name or plain not in _AGGREGATES:
        return None
    if not aggregation.arguments:
        raise HogQLError("{function}() needs a condition.", aggregation.node, function=aggregation.name)
    *values, condition = aggregation.arguments
    over = Aggregation(aggregation.name, tuple(values), aggregation.node, aggregation.level, aggregation.distinct)
    # A NULL condition would make the whole state nullable.
    where = Call("ifNull", (as_condition(condition), Number(0)))
    return _applied(_AGGREGATES[plain], over, "If", (where,))


def _applied(build: Aggregate, aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
    if aggregation.level is not None and build is not _quantile:
        raise HogQLError(
            "{function}() takes no parameter.",
            aggregation.node,
            "Only quantile(0.9)(x) does.",
            function=aggregation.name,
        )
    if aggregation.distinct and build is not _count:
        raise HogQLError(
            "{function}() takes no DISTINCT.",
            aggregation.node,
            "Only count(DISTINCT x) does.",
            function=aggregation.name,
        )
    return build(aggregation, suffix, last)


def _only(aggregation: Aggregation) -> Value:
    if len(aggregation.arguments) == 1:
        return aggregation.arguments[0]
    if aggregation.name.lower().endswith("if"):
        raise HogQLError(
            "{function}() takes a value and a condition.",
            aggregation.node,
            "For example sumIf(properties.price, event = 'paid').",
            function=aggregation.name,
        )
    raise HogQLError(
        "{function}() takes one argument.",
        aggregation.node,
        "For example avg(properties.price).",
        function=aggregation.name,
    )


def _count(aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
    if aggregation.distinct:
        return _uniq(aggregation, suffix, last)
    if not aggregation.arguments:
        return _number(f"count{suffix}", last, aggregation)
    return _number(f"count{suffix}", (_distinguished(_only(aggregation)), *last), aggregation)


def _uniq(aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
    return _number(f"uniqExact{suffix}", (_distinguished(_only(aggregation)), *last), aggregation)


def _numeric(name: str) -> Aggregate:
    def build(aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
        return _number(f"{name}{suffix}", (as_number(_only(aggregation)), *last), aggregation)

    return build


def _quantile(aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
    level = _MEDIAN if aggregation.level is None else _level(aggregation.level)
    expr = Call(f"{_EXACT_QUANTILE}{suffix}", (as_number(_only(aggregation)), *last), (Number(level),))
    return Value(Call("toFloat64", (expr,)), ValueType.NUMBER, aggregation.node)


def _median(aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
    return _quantile(aggregation, suffix, last)


def _pick(name: str) -> Aggregate:
    """min, max, any: also of times and strings; a property is read as a number where that makes sense."""

    def build(aggregation: Aggregation, suffix: str, last: tuple[Expr, ...]) -> Value:
        value = _only(aggregation)
        if value.type in TIMES:
            return Value(Call(f"{name}{suffix}", (value.expr, *last)), value.type, aggregation.node)
        if value.type is ValueType.STRING and (value.number is None or name == "any"):
            number = None if value.number is None else Call(f"{name}{suffix}", (value.number, *last))
            expr = Call(f"{name}{suffix}", (value.expr, *last))
            return Value(expr, ValueType.STRING, aggregation.node, number=number)
        return _number(f"{name}{suffix}", (as_number(value), *last), aggregation)

    return build


def _number(name: str, arguments: tuple[Expr, ...], aggregation: Aggregation) -> Value:
    return Value(Call("toFloat64", (Call(name, arguments),)), ValueType.NUMBER, aggregation.node)


def _distinguished(value: Value) -> Expr:
    if value.type is ValueType.INTERVAL:
        raise type_error(value, ValueType.STRING)
    if value.type is ValueType.NOTHING:
        return as_string(value)
    return value.identity or value.expr


def _level(level: Value) -> float:
    if not isinstance(level.literal, float) or not 0 <= level.literal <= 1:
        raise HogQLError(
            "expected a constant level from 0 to 1.", level.node, "For example quantile(0.9)(properties.price)."
        )
    return level.literal


_AGGREGATES: Mapping[str, Aggregate] = {
    "count": _count,
    **dict.fromkeys(("uniq", "uniqexact"), _uniq),
    **{name.lower(): _numeric(name) for name in ("sum", "avg", "stddevPop", "stddevSamp", "varPop", "varSamp")},
    **{name: _pick(name) for name in ("min", "max", "any")},
    "median": _median,
    **dict.fromkeys(("quantile", "quantileexact", "quantileexactinclusive"), _quantile),
}

AGGREGATE_NAMES = frozenset({*_AGGREGATES, *(f"{name}if" for name in _AGGREGATES)})
"""Every aggregate, in lower case."""
