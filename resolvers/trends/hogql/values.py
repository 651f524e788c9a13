"""Typed parts of an expression, and all conversions between the types.

Every number is a Float64 and every date with a time a DateTime64 in the project's time zone (or a DateTime where
ClickHouse rounds to one). All may be NULL. Functions therefore never get a type that ClickHouse rejects.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from sqlglot import exp

from datasource.sql.tree import Cast, Expr, Null, Number, Param, call, compare, equals
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError, quoted

INSTANT = "DateTime64(6, 'UTC')"
_YEARS = range(1900, 2300)


class ValueType(Enum):
    """What a part of an expression is, as messages say it."""

    STRING = "a string"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    DATE = "a date"
    SECOND = "a time in whole seconds"
    DATETIME = "a time"
    LIST = "a list"
    INTERVAL = "an interval"
    NOTHING = "null"


TIMES = (ValueType.DATE, ValueType.SECOND, ValueType.DATETIME)
"""From the coarsest to the finest."""


@dataclass(frozen=True, slots=True)
class Value:
    """A part of an expression.

    `number` reads the string of a property as a number, where that makes sense; `literal` is the value of a
    constant, or the unit of an interval; `identity` replaces the value where values are only distinguished.
    """

    expr: Expr
    type: ValueType
    node: exp.Expr
    number: Expr | None = None
    literal: str | float | bool | None = None
    identity: Expr | None = None


def string_literal(text: str, node: exp.Expr) -> Value:
    """A constant string."""
    return Value(Param(text, "String"), ValueType.STRING, node, literal=text)


def number_literal(number: float, node: exp.Expr) -> Value:
    """A constant number, which must be finite."""
    if not math.isfinite(number):
        raise HogQLError("the number is too large.", node)
    return Value(Param(number, "Float64"), ValueType.NUMBER, node, literal=number)


def number_result(integer: Expr, node: exp.Expr) -> Value:
    """A number that ClickHouse returns as an integer of some size."""
    return Value(call("toFloat64", integer), ValueType.NUMBER, node)


def as_string(value: Value) -> Expr:
    """The value as a string: true, 1.5, 2020-01-31."""
    match value.type:
        case ValueType.STRING:
            return value.expr
        case ValueType.BOOLEAN:
            return call("toString", Cast(value.expr, "Nullable(Bool)"))
        case ValueType.LIST:
            return call("toJSONString", value.expr)
        case ValueType.NOTHING:
            return Cast(Null(), "Nullable(String)")
        case ValueType.INTERVAL:
            raise type_error(value, ValueType.STRING)
        case _:
            return call("toString", value.expr)


def as_number(value: Value) -> Expr:
    """The value as a number. Raises HogQLError for a string that is not the value of a property."""
    match value.type:
        case ValueType.NUMBER:
            return value.expr
        case ValueType.BOOLEAN:
            return call("toFloat64", value.expr)
        case ValueType.NOTHING:
            return Cast(Null(), "Nullable(Float64)")
    if value.number is None:
        hint = "Convert a string with toFloat()." if value.type is ValueType.STRING else None
        raise type_error(
            value, ValueType.NUMBER, "Convert a time with toUnixTimestamp()." if value.type in TIMES else hint
        )
    return value.number


def as_integer(value: Value) -> Expr:
    """The value as an Int64 without its fraction; NULL where it does not fit."""
    if isinstance(value.literal, float):
        return Param(constant_integer(value), "Int64")
    return call("accurateCastOrNull", call("trunc", as_number(value)), Param("Int64", "String"))


def as_condition(value: Value) -> Expr:
    """The value as true or false: a number is true unless it is 0, a property when it is true."""
    match value.type:
        case ValueType.BOOLEAN:
            return value.expr
        case ValueType.NUMBER:
            return compare(value.expr, "!=", Number(0))
        case ValueType.NOTHING:
            return Cast(Null(), "Nullable(UInt8)")
    if value.number is None:
        raise type_error(value, ValueType.BOOLEAN, "Compare it with something: event = 'sign up'.")
    return call("ifNull", equals(value.expr, Param("true", "String")), Number(0))


def as_datetime(value: Value, context: CompileContext) -> Expr:
    """The value as a DateTime64(6) in the project's time zone; NULL for a string that is not a date."""
    match value.type:
        case ValueType.DATETIME:
            return value.expr
        case ValueType.DATE | ValueType.SECOND:
            return call("toDateTime64", value.expr, Number(6), context.zone)
        case ValueType.NOTHING:
            return Cast(Null(), f"Nullable({INSTANT})")
        case ValueType.STRING if isinstance(value.literal, str):
            return _parse_datetime(value, value.literal, context)
        case ValueType.STRING:
            return call("parseDateTime64BestEffortOrNull", value.expr, Number(6), context.zone)
    raise type_error(
        value,
        ValueType.DATETIME,
        "Convert a Unix timestamp with toDateTime()." if value.type is ValueType.NUMBER else None,
    )


def datetime_literal(moment: datetime, context: CompileContext) -> Expr:
    """A constant instant, in the project's time zone."""
    text = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return call("toTimeZone", Param(text, INSTANT), context.zone)


def constant_integer(value: Value, least: int = -(10**9), most: int = 10**9) -> int:
    """The value of a constant whole number. Raises HogQLError for anything else."""
    number = value.literal
    if not isinstance(number, float) or not number.is_integer() or not least <= number <= most:
        raise HogQLError(
            "expected a constant whole number from {least} to {most}.", value.node, least=least, most=most
        )
    return int(number)


def constant_string(value: Value) -> str:
    """The value of a constant string. Raises HogQLError for anything else."""
    if not isinstance(value.literal, str) or value.type is not ValueType.STRING:
        raise HogQLError("expected a string in quotes.", value.node)
    return value.literal


def unify(values: Sequence[Value], context: CompileContext) -> tuple[ValueType, list[Expr], list[Expr] | None]:
    """The type that all values have in common, the values as that type, and strings of properties also as numbers.

    Raises HogQLError when there is no such type.
    """
    present = [value for value in values if value.type is not ValueType.NOTHING]
    types = {value.type for value in present}
    invalid = next((value for value in present if value.type in (ValueType.LIST, ValueType.INTERVAL)), None)
    if invalid is not None:
        raise HogQLError(
            "{type} cannot be used here.",
            invalid.node,
            "Take an element of a list: list[1].",
            type=invalid.type.value,
        )
    if types <= {ValueType.STRING}:
        readable = all(value.type is ValueType.NOTHING or value.number is not None for value in values) and present
        return (
            ValueType.STRING,
            [as_string(v) for v in values],
            [as_number(v) for v in values] if readable else None,
        )
    if types == {ValueType.BOOLEAN}:
        return ValueType.BOOLEAN, [as_condition(value) for value in values], None
    if types <= set(TIMES):
        return _unify_times(values, types, context)
    if ValueType.NUMBER in types and all(_may_be_number(value) for value in present):
        return ValueType.NUMBER, [as_number(value) for value in values], None
    if types == {ValueType.STRING, ValueType.BOOLEAN} and all(
        v.number is not None for v in present if v.type is ValueType.STRING
    ):
        return ValueType.STRING, [as_string(value) for value in values], None
    raise _incompatible(present)


def type_error(value: Value, wanted: ValueType, hint: str | None = None) -> HogQLError:
    """The error of a value of another type."""
    return HogQLError(
        "expected {wanted}, not {type}.", value.node, hint, wanted=wanted.value, type=value.type.value
    )


def _unify_times(
    values: Sequence[Value], types: set[ValueType], context: CompileContext
) -> tuple[ValueType, list[Expr], list[Expr] | None]:
    if len(types) > 1:
        return ValueType.DATETIME, [as_datetime(value, context) for value in values], None
    type_ = types.pop()
    empty = Cast(Null(), "Nullable(Date32)" if type_ is ValueType.DATE else f"Nullable({INSTANT})")
    return type_, [empty if value.type is ValueType.NOTHING else value.expr for value in values], None


def _may_be_number(value: Value) -> bool:
    return value.type in (ValueType.NUMBER, ValueType.BOOLEAN) or value.number is not None


def _incompatible(present: Sequence[Value]) -> HogQLError:
    first = present[0]
    other = next((value for value in present if value.type is not first.type), first)
    return HogQLError(
        "{first} and {other} are incompatible.",
        other.node,
        "Convert one of them: toString(), toFloat(), toDate() or toDateTime().",
        first=first.type.value,
        other=other.type.value,
    )


def _parse_datetime(value: Value, text: str, context: CompileContext) -> Expr:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        raise HogQLError(
            "{text} is not a date.", value.node, "Write 2021-01-31 or 2021-01-31 10:30:00.", text=quoted(text)
        )
    return datetime_literal(moment if moment.tzinfo else moment.replace(tzinfo=context.timezone), context)
