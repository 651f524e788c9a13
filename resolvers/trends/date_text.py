"""A date as clients write it becomes an instant."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput
from resolvers.trends.query import InputPath
from resolvers.trends.wall_clock import (
    end_of_day,
    end_of_month,
    first_of_day,
    real,
    start_of_hour,
    start_of_minute,
    start_of_week,
    subtract_days,
    subtract_elapsed,
    subtract_months,
)

HOURS, MINUTES, SECONDS, DAYS, WEEKS, MONTHS, QUARTERS, YEARS = "h", "M", "s", "d", "w", "m", "q", "y"
"""The units of relative dates."""

CLOCK_UNITS = (HOURS, MINUTES, SECONDS)
"""Units of elapsed time, which move the time of day."""

DATE_HINT = "Use a date such as 2021-01-31, with or without a time, or a relative one: -7d, -1m, mStart, yStart."
_ABSOLUTE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|(?P<packed>\d{4}))?"
    r"(?:[T ](?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r" ?(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_RELATIVE = re.compile(r"-?(?P<number>\d{1,6})?(?P<unit>[hdwmqysMHDWQY])(?P<position>Start|End)?", re.ASCII)
_TODAY, _YESTERDAY = "today", "yesterday"
_CAPITALS = "HDWQY"
_YEARS = range(1900, 2300)  # what ClickHouse's DateTime64 holds
_WEEKS_OF_A_QUARTER = 13
_MONTHS_OF_A_QUARTER = 3
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A date read against a clock: its instant in the project's time zone, and how the client wrote it.

    `has_time` says whether a time of day was meant: written, or reached by hours, minutes or seconds.
    """

    instant: datetime
    is_relative: bool
    unit: str = ""
    number: int = 0
    position: str | None = None
    has_time: bool = False

    @property
    def moved_by(self) -> str:
        """The unit by which a relative date lies before now; '' for a date that is not moved."""
        return self.unit if self.number else ""


def read_date(
    text: str,
    now: datetime,
    path: InputPath,
    week_start: WeekStartDay = WeekStartDay.SUNDAY,
    *,
    is_end: bool = False,
) -> ParsedDate:
    """Read one date. Wall times without an offset are in the time zone of `now`.

    `is_end`: `yesterday` and `today` are their last moment so far instead of their first. Raises BadUserInput for
    a string that is neither a date nor a relative date.
    """
    date = _read(text, now, path, week_start, is_end=is_end)
    if date.instant.year not in _YEARS:
        raise BadUserInput(
            "{text!r} is outside the years {first} to {last}.",
            path=path,
            hint=DATE_HINT,
            text=text,
            first=_YEARS[0],
            last=_YEARS[-1],
        )
    return date


def is_relative(text: str) -> bool:
    """Whether the string depends on the clock if it is a date."""
    return text.strip() in (_TODAY, _YESTERDAY) or _RELATIVE.fullmatch(text.strip()) is not None


def _read(text: str, now: datetime, path: InputPath, week_start: WeekStartDay, *, is_end: bool) -> ParsedDate:
    stripped = text.strip()
    absolute = _ABSOLUTE.fullmatch(stripped)
    if absolute:
        instant = _absolute(absolute, now, text, path)
        return ParsedDate(instant, is_relative=False, has_time=absolute["hour"] is not None)
    if stripped == _TODAY:
        return ParsedDate(now if is_end else first_of_day(now), is_relative=True)
    if stripped == _YESTERDAY:
        yesterday = subtract_days(now, 1)
        return ParsedDate(end_of_day(yesterday) if is_end else first_of_day(yesterday), is_relative=True)
    relative = _RELATIVE.fullmatch(stripped)
    if not relative:
        raise BadUserInput("{text!r} is not a date.", path=path, hint=DATE_HINT, text=text)
    return _relative(relative, now, text, path, week_start)


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
        return real(moment).astimezone(now.tzinfo)
    except (ValueError, OverflowError) as impossible:
        raise BadUserInput("{text!r} is not a valid date.", path=path, hint=DATE_HINT, text=text) from impossible


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo


def _relative(
    match: re.Match[str], now: datetime, text: str, path: InputPath, week_start: WeekStartDay
) -> ParsedDate:
    unit, position, number = match["unit"], match["position"], int(match["number"] or 0)
    if unit in _CAPITALS:
        raise BadUserInput(
            "{text!r} has an unknown unit.",
            path=path,
            hint="Units are small letters, such as in {small}.",
            text=text,
            small=match[0].replace(unit, unit.lower(), 1),
        )
    try:
        instant = _positioned(now, unit, number, position, week_start)
    except (ValueError, OverflowError) as impossible:
        raise BadUserInput("{text!r} is too long ago.", path=path, hint=DATE_HINT, text=text) from impossible
    return ParsedDate(instant, True, unit, number, position, has_time=unit in CLOCK_UNITS)


def _positioned(now: datetime, unit: str, number: int, position: str | None, week_start: WeekStartDay) -> datetime:
    if position is None:
        return move_back(now, unit, number)
    if unit == QUARTERS:  # calendar quarters, unlike the 13 weeks of a quarter without a position
        moment = subtract_months(now, number * _MONTHS_OF_A_QUARTER)
    else:
        moment = move_back(now, unit, number)
    at = _start_of if position == "Start" else _end_of
    return real(at(moment, unit, week_start))


def _start_of(moment: datetime, unit: str, week_start: WeekStartDay) -> datetime:
    match unit:
        case "s":
            return moment.replace(microsecond=0)
        case "M":
            return start_of_minute(moment)
        case "h":
            return start_of_hour(moment)
        case "d":
            return first_of_day(moment)
        case "w":
            return first_of_day(start_of_week(moment, week_start))
        case "m":
            return first_of_day(moment.replace(day=1))
        case "q":
            return first_of_day(moment.replace(month=_first_month_of_quarter(moment), day=1))
        case "y":
            return first_of_day(moment.replace(month=1, day=1))
        case _:
            raise ValueError(f"no unit {unit}")


def _end_of(moment: datetime, unit: str, week_start: WeekStartDay) -> datetime:
    match unit:
        case "s":
            return moment.replace(microsecond=999999)
        case "M":
            return moment.replace(second=59, microsecond=999999)
        case "h":
            return moment.replace(minute=59, second=59, microsecond=999999)
        case "d":
            return end_of_day(moment)
        case "w":
            return end_of_day(start_of_week(moment, week_start) + timedelta(days=6))
        case "m":
            return end_of_day(end_of_month(moment))
        case "q":
            last = _first_month_of_quarter(moment) + _MONTHS_OF_A_QUARTER - 1
            return end_of_day(end_of_month(moment.replace(month=last, day=1)))
        case "y":
            return end_of_day(moment.replace(month=12, day=31))
        case _:
            raise ValueError(f"no unit {unit}")


def _first_month_of_quarter(moment: datetime) -> int:
    return moment.month - (moment.month - 1) % _MONTHS_OF_A_QUARTER


def move_back(moment: datetime, unit: str, number: int) -> datetime:
    """The moment so many units earlier: by the calendar for days and longer, else by elapsed time.

    Raises ValueError or OverflowError where there are no such years.
    """
    match unit:
        case "h":
            return subtract_elapsed(moment, timedelta(hours=number))
        case "M":
            return subtract_elapsed(moment, timedelta(minutes=number))
        case "s":
            return subtract_elapsed(moment, timedelta(seconds=number))
        case "d":
            return real(subtract_days(moment, number))
        case "w":
            return real(moment - timedelta(weeks=number))
        case "q":
            return real(moment - timedelta(weeks=number * _WEEKS_OF_A_QUARTER))
        case "m":
            return real(subtract_months(moment, number))
        case "y":
            return real(subtract_months(moment, number * _MONTHS_OF_A_YEAR))
        case _:
            raise ValueError(f"no unit {unit}")
