"""Functions of dates and times, all of them in the project's time zone."""

import re
from collections.abc import Mapping
from datetime import timedelta

from sqlglot import exp

from datasource.sql.tree import Call, Expr, Number, Param, call, compare
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal, quoted
from resolvers.trends.hogql.functions import Build, Function, Invocation, moment, plain
from resolvers.trends.hogql.values import (
    Kind,
    Value,
    as_moment,
    as_number,
    instant,
    number_result,
    unfit,
    whole_literal,
    written_text,
)
from resolvers.trends.query import WeekStartDay

_UNITS = {name: name.title() for name in ("second", "minute", "hour", "day", "week", "month", "quarter", "year")}
_LONGEST_INTERVAL = 100_000
_ROUNDED_TO = {
    "Second": Kind.MOMENT,  # ClickHouse keeps the finer type here
    **dict.fromkeys(("Minute", "FiveMinutes", "TenMinutes", "FifteenMinutes", "Hour", "Day"), Kind.SECOND),
}
_FORMAT = re.compile(r"([^%]|%[aAbcCdDeFfgGhHiIjklmMnpQrRsStTuVwWyYz%])*", re.DOTALL)
_SUNDAY_WEEKS, _MONDAY_WEEKS = 0, 1
_WEEK_MODES = 9


def interval(amount: Value, unit: str, spot: exp.Expr) -> Value:
    """So many units; the amount is written out."""
    name = _unit(unit, spot)
    figure = whole_literal(amount, -_LONGEST_INTERVAL, _LONGEST_INTERVAL)
    return Value(call(f"toInterval{name}", Param(figure, "Int64")), Kind.INTERVAL, spot, literal=name)


def shift(time: Value, sign: str, by: Value, around: CompileContext) -> Value:
    """A time earlier or later; a date stays one when it moves by whole days."""
    if by.kind is not Kind.INTERVAL:
        hint = "Write timestamp - INTERVAL 7 DAY, or dateDiff('day', a, b)."
        raise unfit(by, Kind.INTERVAL, hint)
    stays = time.kind is Kind.DATE and by.literal not in ("Second", "Minute", "Hour")
    if stays or time.kind is Kind.SECOND:
        return Value(compare(time.expr, sign, by.expr), time.kind, time.spot)
    return Value(compare(as_moment(time, around), sign, by.expr), Kind.MOMENT, time.spot)


def unit_name(value: Value) -> str:
    """A unit that stands as an argument, in quotes or bare."""
    return written_text(value)


def is_unit(text: str) -> bool:
    """Whether the text names a unit of time."""
    return text.lower().removesuffix("s") in _UNITS


def _unit(text: str, spot: exp.Expr) -> str:
    name = _UNITS.get(text.lower().removesuffix("s"))
    if name is None:
        raise Refusal(f"{quoted(text)} is no unit of time.", spot, f"Choose one of {', '.join(_UNITS)}.")
    return name


def _now(invocation: Invocation) -> Value:
    return Value(instant(invocation.around.now, invocation.around), Kind.MOMENT, invocation.spot)


def _day(days_ago: int) -> Build:
    def build(invocation: Invocation) -> Value:
        around = invocation.around
        date = around.now.astimezone(around.timezone).date() - timedelta(days=days_ago)
        return Value(Param(date.isoformat(), "Date32"), Kind.DATE, invocation.spot)

    return build


def _to_date(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    time = _unix_time(value, invocation.around) if value.kind is Kind.NUMBER else value
    made = call("toDate32", as_moment(time, invocation.around))
    return Value(made, Kind.DATE, invocation.spot)


def _to_moment(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    if value.kind is Kind.NUMBER:
        return _unix_time(value, invocation.around)
    return Value(as_moment(value, invocation.around), Kind.MOMENT, invocation.spot)


def _from_unix(invocation: Invocation) -> Value:
    return _unix_time(invocation.arguments[0], invocation.around)


def _unix_time(value: Value, around: CompileContext) -> Value:
    microseconds = call("trunc", compare(as_number(value), "*", Number(1_000_000)))
    whole = call("accurateCastOrNull", microseconds, Param("Int64", "String"))
    return Value(call("fromUnixTimestamp64Micro", whole, around.zone), Kind.MOMENT, value.spot)


def _start(unit: str) -> Build:
    def build(invocation: Invocation) -> Value:
        first, *mode = invocation.arguments
        given = whole_literal(mode[0], 0, _WEEK_MODES) if mode else None
        return _start_of(first, unit, invocation, given)

    return build


def _truncate(invocation: Invocation) -> Value:
    unit, time = invocation.arguments
    return _start_of(time, _unit(unit_name(unit), unit.spot), invocation)


def _start_of(time: Value, unit: str, invocation: Invocation, mode: int | None = None) -> Value:
    at = as_moment(time, invocation.around)
    kind = _ROUNDED_TO.get(unit, Kind.DATE)
    if unit == "Week":
        sunday = invocation.around.week_start is WeekStartDay.SUNDAY
        first_day = _SUNDAY_WEEKS if sunday else _MONDAY_WEEKS
        return Value(call("toStartOfWeek", at, Number(first_day if mode is None else mode)), kind, invocation.spot)
    return Value(call(f"toStartOf{unit}", at), kind, invocation.spot)


def _start_of_interval(invocation: Invocation) -> Value:
    time, by = invocation.arguments
    if by.kind is not Kind.INTERVAL:
        raise unfit(by, Kind.INTERVAL, "toStartOfInterval(timestamp, INTERVAL 15 MINUTE)")
    if not _is_positive(by.expr):
        raise Refusal("the interval is not longer than nothing.", by.spot)
    at = as_moment(time, invocation.around)
    kind = Kind.SECOND if by.literal in ("Second", "Minute", "Hour", "Day") else Kind.DATE
    return Value(call("toStartOfInterval", at, by.expr), kind, invocation.spot)


def _is_positive(interval_: Expr) -> bool:
    match interval_:
        case Call(args=(Param(int() as amount),)):
            return amount > 0
    return False


def _difference(invocation: Invocation) -> Value:
    unit, start, end = invocation.arguments
    name = Param(_unit(unit_name(unit), unit.spot).lower(), "String")
    around = invocation.around
    made = call("dateDiff", name, as_moment(start, around), as_moment(end, around), around.zone)
    return number_result(made, invocation.spot)


def _shifted(sign: str, unit: str | None = None) -> Build:
    def build(invocation: Invocation) -> Value:
        around = invocation.around
        if unit is not None:
            time, amount = invocation.arguments
            return shift(time, sign, interval(amount, unit, amount.spot), around)
        if len(invocation.arguments) == 2:
            time, by = invocation.arguments
            return shift(time, sign, by, around)
        name, amount, time = invocation.arguments
        return shift(time, sign, interval(amount, unit_name(name), name.spot), around)

    return build


def _interval_of(unit: str) -> Build:
    return lambda invocation: interval(invocation.arguments[0], unit, invocation.spot)


def _formatted(invocation: Invocation) -> Value:
    time, form = invocation.arguments
    written = written_text(form)
    if not _FORMAT.fullmatch(written):
        raise Refusal(
            f"{quoted(written)} is no format of a time.", form.spot, "Write something like '%Y-%m-%d %H:%i'."
        )
    made = call("formatDateTime", as_moment(time, invocation.around), Param(written, "String"))
    return Value(made, Kind.TEXT, invocation.spot)


def _unix(invocation: Invocation) -> Value:
    at = as_moment(invocation.arguments[0], invocation.around)
    return number_result(call("toUnixTimestamp64Second", at), invocation.spot)


def _part(name: str) -> Function:
    return plain(name, moment, result=Kind.NUMBER)


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

MOMENTS: Mapping[str, Function] = {
    "now": Function(0, 0, _now),
    "today": Function(0, 0, _day(0)),
    "yesterday": Function(0, 0, _day(1)),
    "todate": Function(1, 1, _to_date),
    "todateornull": Function(1, 1, _to_date),
    **{
        name: Function(1, 1, _to_moment)
        for name in ("todatetime", "todatetimeornull", "parsedatetimebesteffort", "parsedatetimebesteffortornull")
    },
    "fromunixtimestamp": Function(1, 1, _from_unix),
    "tounixtimestamp": Function(1, 1, _unix),
    **{name.lower(): _part(name) for name in _PARTS},
    **{f"tostartof{unit.lower()}": Function(1, 1, _start(unit)) for unit in _STARTS},
    "tostartofweek": Function(1, 2, _start("Week")),
    "tomonday": plain("toMonday", moment, result=Kind.DATE),
    "tolastdayofmonth": plain("toLastDayOfMonth", moment, result=Kind.DATE),
    "tostartofisoyear": plain("toStartOfISOYear", moment, result=Kind.DATE),
    "tostartofinterval": Function(2, 2, _start_of_interval),
    **{name: Function(2, 2, _truncate) for name in ("datetrunc", "date_trunc")},
    **{name: Function(3, 3, _difference) for name in ("datediff", "date_diff")},
    **{name: Function(2, 3, _shifted("+")) for name in ("dateadd", "date_add")},
    **{name: Function(2, 3, _shifted("-")) for name in ("datesub", "date_sub")},
    **{f"add{unit}s".lower(): Function(2, 2, _shifted("+", unit)) for unit in _UNITS.values()},
    **{f"subtract{unit}s".lower(): Function(2, 2, _shifted("-", unit)) for unit in _UNITS.values()},
    **{f"tointerval{name}": Function(1, 1, _interval_of(unit)) for name, unit in _UNITS.items()},
    "formatdatetime": Function(2, 2, _formatted),
}
"""Functions of dates and times."""

UNIT_FIRST = frozenset(
    {"datetrunc", "date_trunc", "datediff", "date_diff", "dateadd", "date_add", "datesub", "date_sub"}
)
"""Functions whose first argument may be a bare unit: dateDiff(day, a, b)."""
