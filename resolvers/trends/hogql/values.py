"""Parts of an expression with what they are: the one place that converts between kinds.

Every number is a Float64 and every date with a time is a DateTime64 in the project's time zone (or a DateTime
where ClickHouse rounds to one), NULL being possible anywhere; so functions never meet a type that they refuse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlglot import exp

from datasource.sql.tree import Cast, Expr, Null, Number, Param, call, compare, equals
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal, quoted

INSTANT = "DateTime64(6, 'UTC')"
_YEARS = range(1900, 2300)


class Kind(StrEnum):
    TEXT = "a text"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    DATE = "a date"
    SECOND = "a time in whole seconds"
    MOMENT = "a time"
    LIST = "a list"
    INTERVAL = "an interval"
    NOTHING = "null"


TIMES = (Kind.DATE, Kind.SECOND, Kind.MOMENT)
"""From the coarsest to the finest."""


@dataclass(frozen=True, slots=True)
class Value:
    """A part of an expression.

    `number` is how a text that is a property's value reads as a number, where that makes sense; `literal` is the
    value of a constant, and the unit of an interval; `identity` stands for the value where values are only told
    apart.
    """

    expr: Expr
    kind: Kind
    spot: exp.Expr
    number: Expr | None = None
    literal: str | float | bool | None = None
    identity: Expr | None = None


def text_literal(text: str, spot: exp.Expr) -> Value:
    """A constant text."""
    return Value(Param(text, "String"), Kind.TEXT, spot, literal=text)


def number_literal(figure: float, spot: exp.Expr) -> Value:
    """A constant number, which must be finite."""
    if not math.isfinite(figure):
        raise Refusal("the number is too large.", spot)
    return Value(Param(figure, "Float64"), Kind.NUMBER, spot, literal=figure)


def number_result(integer: Expr, spot: exp.Expr) -> Value:
    """A number that ClickHouse answers as an integer of some size."""
    return Value(call("toFloat64", integer), Kind.NUMBER, spot)


def as_text(value: Value) -> Expr:
    """The value as text: true, 1.5, 2020-01-31."""
    match value.kind:
        case Kind.TEXT:
            return value.expr
        case Kind.BOOLEAN:
            return call("toString", Cast(value.expr, "Nullable(Bool)"))
        case Kind.LIST:
            return call("toJSONString", value.expr)
        case Kind.NOTHING:
            return Cast(Null(), "Nullable(String)")
        case Kind.INTERVAL:
            raise unfit(value, Kind.TEXT)
        case _:
            return call("toString", value.expr)


def as_number(value: Value) -> Expr:
    """The value as a number. Raises Refusal for a text that is not a property's."""
    match value.kind:
        case Kind.NUMBER:
            return value.expr
        case Kind.BOOLEAN:
            return call("toFloat64", value.expr)
        case Kind.NOTHING:
            return Cast(Null(), "Nullable(Float64)")
    if value.number is None:
        hint = "toFloat() reads a text as a number." if value.kind is Kind.TEXT else None
        raise unfit(
            value, Kind.NUMBER, "toUnixTimestamp() makes a number of a time." if value.kind in TIMES else hint
        )
    return value.number


def as_whole(value: Value) -> Expr:
    """The value as an Int64, its fraction cut off; NULL where it is beyond one."""
    if isinstance(value.literal, float):
        return Param(whole_literal(value), "Int64")
    return call("accurateCastOrNull", call("trunc", as_number(value)), Param("Int64", "String"))


def as_condition(value: Value) -> Expr:
    """The value as true or false: a number unless it is 0, a property when it is true."""
    match value.kind:
        case Kind.BOOLEAN:
            return value.expr
        case Kind.NUMBER:
            return compare(value.expr, "!=", Number(0))
        case Kind.NOTHING:
            return Cast(Null(), "Nullable(UInt8)")
    if value.number is None:
        raise unfit(value, Kind.BOOLEAN, "Compare it with something: event = 'sign up'.")
    return call("ifNull", equals(value.expr, Param("true", "String")), Number(0))


def as_moment(value: Value, around: CompileContext) -> Expr:
    """The value as a DateTime64(6) in the project's time zone; NULL for a text that is none."""
    match value.kind:
        case Kind.MOMENT:
            return value.expr
        case Kind.DATE | Kind.SECOND:
            return call("toDateTime64", value.expr, Number(6), around.zone)
        case Kind.NOTHING:
            return Cast(Null(), f"Nullable({INSTANT})")
        case Kind.TEXT if isinstance(value.literal, str):
            return _written_moment(value, value.literal, around)
        case Kind.TEXT:
            return call("parseDateTime64BestEffortOrNull", value.expr, Number(6), around.zone)
    raise unfit(
        value, Kind.MOMENT, "toDateTime() reads a number as Unix time." if value.kind is Kind.NUMBER else None
    )


def instant(moment: datetime, around: CompileContext) -> Expr:
    """A constant instant in the project's time zone."""
    text = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return call("toTimeZone", Param(text, INSTANT), around.zone)


def whole_literal(value: Value, least: int = -(10**9), most: int = 10**9) -> int:
    """The value of a whole number that is written out."""
    figure = value.literal
    if not isinstance(figure, float) or not figure.is_integer() or not least <= figure <= most:
        raise Refusal(f"a whole number from {least} to {most} is needed here, written out.", value.spot)
    return int(figure)


def written_text(value: Value) -> str:
    """The value of a text that is written out."""
    if not isinstance(value.literal, str) or value.kind is not Kind.TEXT:
        raise Refusal("a text in quotes is needed here.", value.spot)
    return value.literal


def agree(values: Sequence[Value], around: CompileContext) -> tuple[Kind, list[Expr], list[Expr] | None]:
    """The kind that all values can be, the values as that kind, and texts of properties as numbers too.

    Raises Refusal when they have no kind in common.
    """
    present = [value for value in values if value.kind is not Kind.NOTHING]
    kinds = {value.kind for value in present}
    odd = next((value for value in present if value.kind in (Kind.LIST, Kind.INTERVAL)), None)
    if odd is not None:
        raise Refusal(f"{odd.kind} cannot be used here.", odd.spot, "Choose an element of a list: list[1].")
    if kinds <= {Kind.TEXT}:
        readable = all(value.kind is Kind.NOTHING or value.number is not None for value in values) and present
        return Kind.TEXT, [as_text(v) for v in values], [as_number(v) for v in values] if readable else None
    if kinds == {Kind.BOOLEAN}:
        return Kind.BOOLEAN, [as_condition(value) for value in values], None
    if kinds <= set(TIMES):
        return _agree_on_time(values, kinds, around)
    if Kind.NUMBER in kinds and all(_may_be_number(value) for value in present):
        return Kind.NUMBER, [as_number(value) for value in values], None
    if kinds == {Kind.TEXT, Kind.BOOLEAN} and all(v.number is not None for v in present if v.kind is Kind.TEXT):
        return Kind.TEXT, [as_text(value) for value in values], None
    raise _no_agreement(present)


def unfit(value: Value, wanted: Kind, hint: str | None = None) -> Refusal:
    """The refusal of a value of another kind."""
    return Refusal(f"{wanted} is needed here, and this is {value.kind}.", value.spot, hint)


def _agree_on_time(
    values: Sequence[Value], kinds: set[Kind], around: CompileContext
) -> tuple[Kind, list[Expr], list[Expr] | None]:
    if len(kinds) > 1:
        return Kind.MOMENT, [as_moment(value, around) for value in values], None
    kind = kinds.pop()
    empty = Cast(Null(), "Nullable(Date32)" if kind is Kind.DATE else f"Nullable({INSTANT})")
    return kind, [empty if value.kind is Kind.NOTHING else value.expr for value in values], None


def _may_be_number(value: Value) -> bool:
    return value.kind in (Kind.NUMBER, Kind.BOOLEAN) or value.number is not None


def _no_agreement(present: Sequence[Value]) -> Refusal:
    first = present[0]
    other = next((value for value in present if value.kind is not first.kind), first)
    return Refusal(
        f"{first.kind} and {other.kind} do not go together.",
        other.spot,
        "Convert one of them: toString(), toFloat(), toDate() or toDateTime().",
    )


def _written_moment(value: Value, text: str, around: CompileContext) -> Expr:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        raise Refusal(f"{quoted(text)} is not a date.", value.spot, "Write 2021-01-31 or 2021-01-31 10:30:00.")
    return instant(moment if moment.tzinfo else moment.replace(tzinfo=around.timezone), around)
