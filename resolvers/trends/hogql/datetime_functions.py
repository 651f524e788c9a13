"""Functions of dates and times, all of them in the project's time zone."""

import re
from collections.abc import Mapping
from datetime import timedelta

from sqlglot import exp

from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Call, Expr, Infix, Number, Param, call, compare
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError, quoted
from resolvers.trends.hogql.functions import Build, Function, Invocation, instant, plain
from resolvers.trends.hogql.values import (
    Value,
    ValueType,
    as_datetime,
    as_number,
    constant_integer,
    constant_string,
    datetime_literal,
    number_result,
    type_error,
)

_UNITS = {name: name.title() for name in ("second", "minute", "hour", "day", "week", "month", "quarter", "year")}
_LONGEST_INTERVAL = 100_000
_ROUNDED_TO = {
    "Second": ValueType.DATETIME,  # ClickHouse keeps the finer type here
    **dict.fromkeys(("Minute", "FiveMinutes", "TenMinutes", "FifteenMinutes", "Hour", "Day"), ValueType.SECOND),
}
_FORMAT = re.compile(r"([^%]|%[aAbcCdDeFfgGhHiIjklmMnpQrRsStTuVwWyYz%])*", re.DOTALL)
_WEEK_MODE = {WeekStartDay.SUNDAY: 0, WeekStartDay.MONDAY: 1}
_WEEK_MODES = 9


def interval(amount: Value, unit: str, node: exp.Expr) -> Value:
    """An interval of a constant number of units."""
    name = _unit(unit, node)
    number = constant_integer(amount, -_LONGEST_INTERVAL, _LONGEST_INTERVAL)
    return Value(call(f"toInterval{name}", Param(number, "Int64")), ValueType.INTERVAL, node, literal=name)


def shift(time: Value, sign: str, by: Value, context: CompileContext) -> Value:
    """Move a time by an interval; a date stays one when it moves by whole days."""
    if by.type is not ValueType.INTERVAL:
        hint = "Write timestamp - INTERVAL 7 DAY, or dateDiff('day', a, b)."
        raise type_error(by, ValueType.INTERVAL, hint)
    stays = time.type is ValueType.DATE and by.literal not in ("Second", "Minute", "Hour")
    if stays or time.type is ValueType.SECOND:
        return Value(compare(time.expr, sign, by.expr), time.type, time.node)
    return Value(compare(as_datetime(time, context), sign, by.expr), ValueType.DATETIME, time.node)


def unit_name(value: Value) -> str:
    """The unit that an argument names, in quotes or bare."""
    return constant_string(value)


def is_unit(text: str) -> bool:
    """Whether the text names a unit of time."""
    return text.lower().removesuffix("s") in _UNITS


def _unit(text: str, node: exp.Expr) -> str:
    name = _UNITS.get(text.lower().removesuffix("s"))
    if name is None:
        raise HogQLError(
            "{text} is not a unit of time.", node, "Choose one of {units}.", text=quoted(text), units=tuple(_UNITS)
        )
    return name


def _now(invocation: Invocation) -> Value:
    return Value(datetime_literal(invocation.context.now, invocation.context), ValueType.DATETIME, invocation.node)


def _day(days_ago: int) -> Build:
    def build(invocation: Invocation) -> Value:
        context = invocation.context
        date = context.now.astimezone(context.timezone).date() - timedelta(days=days_ago)
        return Value(Param(date.isoformat(), "Date32"), ValueType.DATE, invocation.node)

    return build


def _to_date(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    time = _unix_time(value, invocation.context) if value.type is ValueType.NUMBER else value
    expr = call("toDate32", as_datetime(time, invocation.context))
    return Value(expr, ValueType.DATE, invocation.node)


def _to_datetime(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    if value.type is ValueType.NUMBER:
        return _unix_time(value, invocation.context)
    return Value(as_datetime(value, invocation.context), ValueType.DATETIME, invocation.node)


def _from_unix(invocation: Invocation) -> Value:
    return _unix_time(invocation.arguments[0], invocation.context)


def _unix_time(value: Value, context: CompileContext) -> Value:
    microseconds = call("trunc", compare(as_number(value), "*", Number(1_000_000)))
    whole = call("accurateCastOrNull", microseconds, Param("Int64", "String"))
    return Value(call("fromUnixTimestamp64Micro", whole, context.zone), ValueType.DATETIME, value.node)


def _start(unit: str) -> Build:
    def build(invocation: Invocation) -> Value:
        first, *mode = invocation.arguments
        given = constant_integer(mode[0], 0, _WEEK_MODES) if mode else None
        return _start_of(first, unit, invocation, given)

    return build


def _truncate(invocation: Invocation) -> Value:
    unit, time = invocation.arguments
    return _start_of(time, _unit(unit_name(unit), unit.node), invocation)


def _start_of(time: Value, unit: str, invocation: Invocation, mode: int | None = None) -> Value:
    at = as_datetime(time, invocation.context)
    kind = _ROUNDED_TO.get(unit, ValueType.DATE)
    if unit == "Week":
        return Value(_start_of_week(at, invocation.context.week_start, mode), kind, invocation.node)
    return Value(call(f"toStartOf{unit}", at), kind, invocation.node)


def _start_of_week(at: Expr, week_start: WeekStartDay, mode: int | None) -> Expr:
    if mode is None and week_start not in _WEEK_MODE:
        # ClickHouse's own weeks begin on Sunday or Monday only.
        into_week = Infix("+", (call("toDayOfWeek", at), Number(6 - week_start.weekday)))
        return call("subtractDays", call("toDate32", at), call("modulo", into_week, Number(7)))
    return call("toStartOfWeek", at, Number(_WEEK_MODE[week_start] if mode is None else mode))


def _start_of_interval(invocation: Invocation) -> Value:
    time, by = invocation.arguments
    if by.type is not ValueType.INTERVAL:
        raise type_error(by, ValueType.INTERVAL, "For example toStartOfInterval(timestamp, INTERVAL 15 MINUTE).")
    if not _is_positive(by.expr):
        raise HogQLError("the interval must be positive.", by.node)
    at = as_datetime(time, invocation.context)
    kind = ValueType.SECOND if by.literal in ("Second", "Minute", "Hour", "Day") else ValueType.DATE
    return Value(call("toStartOfInterval", at, by.expr), kind, invocation.node)


def _is_positive(interval_: Expr) -> bool:
    match interval_:
        case Call(args=(Param(int() as amount),)):
            return amount > 0
    return False


def _date_difference(invocation: Invocation) -> Value:
    unit, start, end = invocation.arguments
    name = Param(_unit(unit_name(unit), unit.node).lower(), "String")
    context = invocation.context
    expr = call("dateDiff", name, as_datetime(start, context), as_datetime(end, context), context.zone)
    return number_result(expr, invocation.node)


def _shift(sign: str, unit: str | None = None) -> Build:
    def build(invocation: Invocation) -> Value:
        context = invocation.context
        if unit is not None:
            time, amount = invocation.arguments
            return shift(time, sign, interval(amount, unit, amount.node), context)
        if len(invocation.arguments) == 2:
            time, by = invocation.arguments
            return shift(time, sign, by, context)
        name, amount, time = invocation.arguments
        return shift(time, sign, interval(amount, unit_name(name), name.node), context)

    return build


def _interval_of(unit: str) -> Build:
    return lambda invocation: interval(invocation.arguments[0], unit, invocation.node)


def _format_time(invocation: Invocation) -> Value:
    time, form = invocation.arguments
    written = constant_string(form)
    if not _FORMAT.fullmatch(written):
        raise HogQLError(
            "{text} is not a format of times.",
            form.node,
            "For example '%Y-%m-%d %H:%i'.",
            text=quoted(written),
        )
    expr = call("formatDateTime", as_datetime(time, invocation.context), Param(written, "String"))
    return Value(expr, ValueType.STRING, invocation.node)


def _unix(invocation: Invocation) -> Value:
    at = as_datetime(invocation.arguments[0], invocation.context)
    return number_result(call("toUnixTimestamp64Second", at), invocation.node)


def _part(name: str) -> Function:
    return plain(name, instant, result=ValueType.NUMBER)


_PARTS = (
    *("toYear", "toQuarter", "toMonth", "toDayOfYear", "toDayOfMonth", "toDayOfWeek", "toHour", "toMinute"),
    *("toSecond", "toISOWeek", "toISOYear", "toYYYYMM", "toYYYYMMDD", "toYYYYMMDDhhmmss"),
)
_STARTS = (
    "Second",
    "Minute",
    "FiveMinutes",
    "TenMinutes",
    "FifteenMinutes",
    "Hour",
    "Day",
    "Month",
    "Quarter",
    "Year",
)

DATETIME_FUNCTIONS: Mapping[str, Function] = {
    "now": Function(0, 0, _now),
    "today": Function(0, 0, _day(0)),
    "yesterday": Function(0, 0, _day(1)),
    "todate": Function(1, 1, _to_date),
    "todateornull": Function(1, 1, _to_date),
    **{
        name: Function(1, 1, _to_datetime)
        for name in ("todatetime", "todatetimeornull", "parsedatetimebesteffort", "parsedatetimebesteffortornull")
    },
    "fromunixtimestamp": Function(1, 1, _from_unix),
    "tounixtimestamp": Function(1, 1, _unix),
    **{name.lower(): _part(name) for name in _PARTS},
    **{f"tostartof{unit.lower()}": Function(1, 1, _start(unit)) for unit in _STARTS},
    "tostartofweek": Function(1, 2, _start("Week")),
    "tomonday": plain("toMonday", instant, result=ValueType.DATE),
    "tolastdayofmonth": plain("toLastDayOfMonth", instant, result=ValueType.DATE),
    "tostartofisoyear": plain("toStartOfISOYear", instant, result=ValueType.DATE),
    "tostartofinterval": Function(2, 2, _start_of_interval),
    **{name: Function(2, 2, _truncate) for name in ("datetrunc", "date_trunc")},
    **{name: Function(3, 3, _date_difference) for name in ("datediff", "date_diff")},
    **{name: Function(2, 3, _shift("+")) for name in ("dateadd", "date_add")},
    **{name: Function(2, 3, _shift("-")) for name in ("datesub", "date_sub")},
    **{f"add{unit}s".lower(): Function(2, 2, _shift("+", unit)) for unit in _UNITS.values()},
    **{f"subtract{unit}s".lower(): Function(2, 2, _shift("-", unit)) for unit in _UNITS.values()},
    **{f"tointerval{name}": Function(1, 1, _interval_of(unit)) for name, unit in _UNITS.items()},
    "formatdatetime": Function(2, 2, _format_time),
}
"""Functions of dates and times."""

UNIT_FIRST = frozenset(
    {"datetrunc", "date_trunc", "datediff", "date_diff", "dateadd", "date_add", "datesub", "date_sub"}
)
"""Functions whose first argument may be a bare unit: dateDiff(day, a, b)."""
