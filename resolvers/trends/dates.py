"""Dates as clients write them, a clock and a time zone become the instants between which events are read."""

import calendar
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import assert_never

from datasource import event_times
from errors import BadUserInput, Name
from resolvers.trends.query import InputPath, TrendDisplay, TrendInterval, TrendQuery

WHOLE_HISTORY = "all"
"""The `date_from` that means the first event of any series."""

DATE_FROM: InputPath = ("query", "date_from")
DATE_TO: InputPath = ("query", "date_to")

_HINT = "Use a date such as 2021-01-31, with or without a time, or a relative one: -7d, -1m, mStart, yStart."
_ABSOLUTE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|(?P<packed>\d{4}))?"
    r"(?:[T ](?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r" ?(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_RELATIVE = re.compile(r"-?(?P<number>\d{1,6})?(?P<unit>[hdwmqysMHDWQY])(?P<position>Start|End)?", re.ASCII)
_TODAY = ("today", "yesterday")
_DAY_END = time(23, 59, 59, 999999, fold=1)  # the later one, where the clocks repeat the hour before midnight
_YEARS = range(1900, 2300)  # what ClickHouse's DateTime64 holds
_WEEKS_OF_A_QUARTER = 13


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A date read against a clock: its instant in the project's time zone, and how the client wrote it."""

    instant: datetime
    is_relative: bool
    moved_by: str = ""
    """The unit of a relative date; '' when it is now itself."""
    number: int = 0

    @property
    def moved_by_hours(self) -> bool:
        """Whether a start at this date is cut to the hour instead of the day."""
        return self.moved_by == "h"


@dataclass(frozen=True, slots=True)
class DateRange:
    """The span of one period.

    `start` and `end` are the client's dates; events are read with read_from <= timestamp <= read_to, both of
    whole seconds.
    """

    start: datetime
    end: datetime
    read_from: datetime
    interval: TrendInterval

    @property
    def read_to(self) -> datetime:
        """The last whole second that is read."""
        return self.end.replace(microsecond=0)


def read_date(text: str, now: datetime, path: InputPath) -> ParsedDate:
    """Read one date. Wall times without an offset are in the time zone of `now`.

    Raises BadUserInput for a string that is neither a date nor a relative date.
    """
    date = _read(text, now, path)
    if date.instant.year not in _YEARS:
        raise BadUserInput(
            "{text!r} is outside the years {first} to {last}.",
            path=path,
            hint=_HINT,
            text=text,
            first=_YEARS[0],
            last=_YEARS[-1],
        )
    return date


def _read_bound(text: str, now: datetime, path: InputPath) -> ParsedDate:
    date = read_date(text, now, path)
    if not event_times.FIRST <= date.instant < event_times.END:
        raise BadUserInput(
            "{text!r} is outside 1970-01-02 to 2105-12-31 (UTC), the dates that events can have.",
            path=path,
            hint=_HINT,
            text=text,
        )
    return date


def read_range(query: TrendQuery, now: datetime, earliest: datetime | None = None) -> DateRange:
    """The query's period; `now` is in the project's time zone.

    The whole history begins at `earliest`, its first event, or else today, and no later than it ends. Raises
    BadUserInput for an invalid date, and for an end before the start.
    """
    exact = is_exact(query)
    interval = effective_interval(query)
    end = read_end(query, now)
    if query.date_from == WHOLE_HISTORY:
        first = start_of_day(now) if earliest is None else earliest.astimezone(now.tzinfo)
        parsed_start = ParsedDate(min(first, end), is_relative=False)
    else:
        parsed_start = read_start(query, now)
    start = parsed_start.instant
    if end.timestamp() < start.timestamp():
        raise BadUserInput(
            "The range ends ({end:%Y-%m-%d %H:%M:%S}) before it starts ({start:%Y-%m-%d %H:%M:%S}).",
            path=DATE_TO if query.date_to else DATE_FROM,
            hint="{date_from} must not be after {date_to}, which defaults to now.",
            start=start,
            end=end,
            date_from=Name("date_from"),
            date_to=Name("date_to"),
        )
    read_from = start if exact else widened_start(start, parsed_start, interval)
    return DateRange(start, end, read_from.replace(microsecond=0), interval)


def read_start(query: TrendQuery, now: datetime) -> ParsedDate:
    """Read `date_from`; a relative date is cut to its hour or day."""
    if query.date_from is None:
        return ParsedDate(start_of_day(now) - timedelta(days=7), is_relative=True, moved_by="d", number=7)
    date = _read_bound(query.date_from, now, DATE_FROM)
    if query.date_from.strip() in _TODAY:  # clients of trends expect the start of today for both
        return replace(date, instant=start_of_day(now))
    if not date.is_relative or is_exact(query) or effective_interval(query) is TrendInterval.MINUTE:
        return date
    cut = start_of_hour if date.moved_by_hours else start_of_day
    return replace(date, instant=cut(date.instant))


def read_end(query: TrendQuery, now: datetime) -> datetime:
    """Read `date_to`, moved to the end of its day, hour or minute by the interval."""
    if query.date_to is None and is_exact(query):
        return now
    date = ParsedDate(now, is_relative=True) if query.date_to is None else _read_bound(query.date_to, now, DATE_TO)
    if query.explicit_date:
        return date.instant
    interval = effective_interval(query)
    if interval not in (TrendInterval.HOUR, TrendInterval.MINUTE):
        return datetime.combine(date.instant.date(), _DAY_END, date.instant.tzinfo)
    if not date.is_relative:
        return date.instant
    last = date.instant.replace(second=59, microsecond=999999)
    return last.replace(minute=59) if interval is TrendInterval.HOUR else last


def is_exact(query: TrendQuery) -> bool:
    """Whether the dates are taken as instants, without rounding to whole buckets."""
    return query.explicit_date or query.display is TrendDisplay.BOLD_NUMBER


def effective_interval(query: TrendQuery) -> TrendInterval:
    """The interval by which the range is rounded: a display of one total has whole days."""
    return TrendInterval.DAY if query.display.is_total else query.interval


def widened_start(start: datetime, date: ParsedDate, interval: TrendInterval) -> datetime:
    """The instant from which events are read, so that the first bucket is whole for intervals that promise it."""
    match interval:
        case TrendInterval.MONTH:
            return start_of_day(start).replace(day=1)
        case TrendInterval.WEEK:
            return start_of_day(start)
        case TrendInterval.DAY:
            return start if date.is_relative and date.moved_by_hours else start_of_day(start)
        case TrendInterval.HOUR:
            return start if date.is_relative else start_of_hour(start)
        case TrendInterval.MINUTE:
            return start if date.is_relative else start_of_minute(start)
        case _:
            assert_never(interval)


def start_of_day(moment: datetime) -> datetime:
    """00:00 of the same day on the wall clock."""
    return datetime.combine(moment.date(), time.min, moment.tzinfo)


def start_of_hour(moment: datetime) -> datetime:
    """Minute 0 of the same hour on the wall clock, also of the second of two equal hours."""
    return moment.replace(minute=0, second=0, microsecond=0)


def start_of_minute(moment: datetime) -> datetime:
    """Second 0 of the same minute."""
    return moment.replace(second=0, microsecond=0)


def subtract_months(moment: datetime, months: int) -> datetime:
    """So many calendar months earlier at the same wall time; the day is clipped to the month's length."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(index, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def subtract_elapsed(moment: datetime, span: timedelta) -> datetime:
    """Subtract elapsed time, across changes of the clocks."""
    return (moment.astimezone(UTC) - span).astimezone(moment.tzinfo)


def _read(text: str, now: datetime, path: InputPath) -> ParsedDate:
    absolute = _ABSOLUTE.fullmatch(text.strip())
    if absolute:
        return ParsedDate(_absolute(absolute, now, text, path), is_relative=False)
    if text.strip() in _TODAY:
        return ParsedDate(now, is_relative=True)
    relative = _RELATIVE.fullmatch(text.strip())
    if not relative:
        raise BadUserInput("{text!r} is not a date.", path=path, hint=_HINT, text=text)
    number = int(relative["number"] or 0)
    return ParsedDate(
        _relative(relative, number, now, text, path),
        is_relative=True,
        moved_by=relative["unit"] if number else "",
        number=number,
    )


def _absolute(match: re.Match[str], now: datetime, text: str, path: InputPath) -> datetime:
    packed = match["packed"] or ""
    month, day = (packed[:2], packed[2:]) if packed else (match["month"] or "1", match["day"] or "1")
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]
    try:
        moment = datetime(
            int(match["year"]),
            int(month),
            int(day),
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            int(match["second"] or 0),
            int(fraction),
            tzinfo=_offset(match["offset"]) or now.tzinfo,
        )
        return moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError) as impossible:
        raise BadUserInput("{text!r} is not a valid date.", path=path, hint=_HINT, text=text) from impossible


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo


def _relative(match: re.Match[str], number: int, now: datetime, text: str, path: InputPath) -> datetime:
    try:
        moved = _moved(now, match["unit"], number)
    except (ValueError, OverflowError) as impossible:
        raise BadUserInput("{text!r} is too long ago.", path=path, hint=_HINT, text=text) from impossible
    if match["position"] is None:
        return moved
    return _at_start(moved, match["unit"]) if match["position"] == "Start" else _at_end(moved, match["unit"])


def _moved(now: datetime, unit: str, number: int) -> datetime:
    match unit:
        case "h":
            return subtract_elapsed(now, timedelta(hours=number))
        case "M":
            return subtract_elapsed(now, timedelta(minutes=number))
        case "s":
            return subtract_elapsed(now, timedelta(seconds=number))
        case "d":
            return now - timedelta(days=number)
        case "w":
            return now - timedelta(weeks=number)
        case "q":
            return now - timedelta(weeks=number * _WEEKS_OF_A_QUARTER)
        case "m":
            return subtract_months(now, number)
        case "y":
            return subtract_months(now, 12 * number)
        case _:  # capital letters are valid, and move nothing
            return now


def _at_start(moment: datetime, unit: str) -> datetime:
    match unit:
        case "h":
            return start_of_hour(moment)
        case "d":
            return start_of_day(moment)
        case "m":
            return moment.replace(day=1)
        case "y":
            return moment.replace(month=1, day=1)
        case _:
            return moment


def _at_end(moment: datetime, unit: str) -> datetime:
    match unit:
        case "h":
            return moment.replace(minute=59, second=59, microsecond=999999)
        case "d":
            return datetime.combine(moment.date(), _DAY_END, moment.tzinfo)
        case "m" | "y":  # the end of a year is the end of its current month: clients rely on it
            return moment.replace(day=calendar.monthrange(moment.year, moment.month)[1])
        case _:
            return moment
