"""How far back the period to compare with lies."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput, Name
from resolvers.trends.buckets import count_buckets
from resolvers.trends.date_text import (
    CLOCK_UNITS,
    DAYS,
    HOURS,
    MINUTES,
    MONTHS,
    QUARTERS,
    WEEKS,
    YEARS,
    ParsedDate,
    move_back,
    read_date,
)
from resolvers.trends.dates import DATE_TO, DateRange, is_exact
from resolvers.trends.intervals import CLOCK_INTERVALS, MINUTES_OF, MONTHS_OF, length_in_words
from resolvers.trends.query import InputPath, TrendInterval, TrendQuery
from resolvers.trends.wall_clock import (
    elapsed,
    real,
    start_of_day,
    subtract_days,
    subtract_elapsed,
    subtract_whole_months,
)

COMPARE_TO: InputPath = ("query", "compare_to")

_WHOLE_UNITS: Final = {1: "months, quarters or years", 3: "quarters or years", 12: "years"}
_MONTHS_HINTS: Final = {1: "For example -1m, -1q or -1y.", 3: "For example -1q or -1y.", 12: "For example -1y."}
_HINT: Final = "Give a number and a unit, for example -1w, -1m or -1y."
_COMPARE_TO: Final = re.compile(r"-?(?P<number>\d{1,6})(?P<unit>[hdwmqysMHDWQY])", re.ASCII)
_MONTHS: Final = {MONTHS: 1, QUARTERS: 3, YEARS: 12}
_SPANS: Final = {HOURS: timedelta(hours=1), MINUTES: timedelta(minutes=1), "s": timedelta(seconds=1)}
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_HOURS_OF_A_DAY: Final = 24
_DAYS_OF_A_WEEK: Final = 7
_LAST_SECOND: Final = 59
_FIRST_YEAR: Final = 1900  # as of other dates


@dataclass(frozen=True, slots=True)
class Step:
    """A step back: elapsed time, whole calendar months, or so many of another unit of dates."""

    span: timedelta = timedelta()
    months: int = 0
    unit: str = DAYS
    number: int = 0

    def back(self, moment: datetime) -> datetime:
        """Return the moment a step earlier. Raises ValueError or OverflowError where there are no such years."""
        if self.span:
            return subtract_elapsed(moment, self.span)
        if self.months:  # also from the last day of a month to the last day
            return real(subtract_whole_months(moment, self.months))
        return move_back(moment, self.unit, self.number)


def step_back(query: TrendQuery, start: ParsedDate, current: DateRange, week_start: WeekStartDay) -> Step:
    """Return the step from the current period to the previous one; `start` is the parsed date_from.

    Raises BadUserInput for an invalid compare_to.
    """
    if query.compare_to is not None:
        return _given_step(query.compare_to, query, current)
    if is_exact(query) and start.has_time and _is_less_than_a_day(current):
        return Step(span=_length(current))
    minutes = MINUTES_OF.get(query.interval)
    if minutes is not None and start.has_time:
        return Step(span=_span_before(timedelta(minutes=minutes), query, start, current, week_start))
    months = MONTHS_OF.get(query.interval)
    if months is not None:
        return Step(months=months * count_buckets(current, query.interval, week_start))
    days = _covering_days(query, start, current)
    if query.interval is TrendInterval.WEEK:
        return Step(unit=WEEKS, number=-(-days // _DAYS_OF_A_WEEK))
    return Step(number=max(1, days - 1) if _has_extra_day(query, start, current) else days)


def _given_step(text: str, query: TrendQuery, current: DateRange) -> Step:
    match = _COMPARE_TO.fullmatch(text.strip())
    number = int(match["number"]) if match else 0
    if match is None or number == 0:
        raise BadUserInput("{text!r} is not a step back in time.", path=COMPARE_TO, hint=_HINT, text=text)
    step = _read_step(match["unit"], number, query, text)
    try:
        is_too_long = step.back(current.start).year < _FIRST_YEAR
    except (ValueError, OverflowError):
        is_too_long = True
    if is_too_long:
        raise BadUserInput("{text!r} is too long ago.", path=COMPARE_TO, hint=_HINT, text=text)
    return step


def _read_step(unit: str, number: int, query: TrendQuery, text: str) -> Step:
    if unit.isupper() and unit != MINUTES:
        raise BadUserInput(
            "{text!r} has an unknown unit.",
            path=COMPARE_TO,
            hint="Units are small letters, such as in {small}.",
            text=text,
            small=text.strip().lower(),
        )
    counts_time = query.interval in CLOCK_INTERVALS or is_exact(query)
    if unit == MINUTES and not counts_time:
        raise BadUserInput(
            "{text!r} counts minutes, which an interval of {length} does not distinguish.",
            path=COMPARE_TO,
            hint="For months write {months}.",
            text=text,
            length=length_in_words(query.interval),
            months=text.strip().lower(),
        )
    months = MONTHS_OF.get(query.interval)
    if months is not None:
        return Step(months=_whole_months(unit, number, months, query.interval))
    if unit not in CLOCK_UNITS:
        return Step(unit=unit, number=number)
    if counts_time:
        return Step(span=number * _SPANS[unit])
    if unit == HOURS and number % _HOURS_OF_A_DAY == 0:
        return Step(number=number // _HOURS_OF_A_DAY)
    raise BadUserInput(
        "{text!r} is not a number of whole days, which an interval of {length} needs.",
        path=COMPARE_TO,
        hint="For example -1d.",
        text=text,
        length=length_in_words(query.interval),
    )


def _whole_months(unit: str, number: int, months: int, interval: TrendInterval) -> int:
    """The months of a step; buckets of several months correspond only if the step is a multiple of them."""
    step = number * _MONTHS.get(unit, 0)
    if step and step % months == 0:
        return step
    raise BadUserInput(
        "An interval of {length} can only be compared by whole {units}.",
        path=COMPARE_TO,
        hint=_MONTHS_HINTS[months],
        length=length_in_words(interval),
        units=Name(_WHOLE_UNITS[months]),
    )


def _span_before(
    bucket: timedelta, query: TrendQuery, start: ParsedDate, current: DateRange, week_start: WeekStartDay
) -> timedelta:
    """The buckets of elapsed time of the period, so that the previous one lies directly before it."""
    if is_exact(query):
        return -(-_length(current) // bucket) * bucket
    if start.moved_by == HOURS and start.number % _HOURS_OF_A_DAY == 0 and query.date_to is None:
        return timedelta(hours=start.number)  # the hour that has begun is extra: so the same hours correspond
    return count_buckets(current, query.interval, week_start) * bucket


def _has_extra_day(query: TrendQuery, start: ParsedDate, current: DateRange) -> bool:
    """-7d up to now has eight days, today being the extra one: weekdays correspond only a day later."""
    if query.interval is not TrendInterval.DAY or is_exact(query) or start.position is not None:
        return False
    in_weeks = start.moved_by == WEEKS or (start.moved_by == DAYS and start.number % _DAYS_OF_A_WEEK == 0)
    ends_relative = query.date_to is not None and read_date(query.date_to, current.end, DATE_TO).is_relative
    return in_weeks and not ends_relative


def _covering_days(query: TrendQuery, start: ParsedDate, current: DateRange) -> int:
    """The fewest whole days, at least one, that cover the period."""
    first, end = current.start, _whole_end(current) if is_exact(query) else current.end
    if not is_exact(query) and query.interval not in CLOCK_INTERVALS:
        first = start_of_day(first)
    days = count_buckets(current, TrendInterval.DAY, WeekStartDay.SUNDAY) - 1
    if subtract_days(first, -days).timestamp() < end.timestamp():
        days += 1
    if start.has_time:  # 24 hours are a day, also when it has 23 or 25
        days = min(days, -(-elapsed(first, end) // _DAY))
    return max(1, days)


def _is_less_than_a_day(current: DateRange) -> bool:
    next_day = real(subtract_days(current.start, -1))
    return _length(current) < min(_DAY, elapsed(current.start, next_day))


def _length(current: DateRange) -> timedelta:
    """The length of an exact period, in whole seconds as events are read; at least one."""
    start = current.start.replace(microsecond=0)
    return max(_SECOND, elapsed(start, _whole_end(current)))


def _whole_end(current: DateRange) -> datetime:
    """The end. Of a period that begins with a minute, 12:59:59 ends at 13:00: its last second is included."""
    end = current.end.replace(microsecond=0)
    is_last = end.second == _LAST_SECOND and current.start.second == 0
    return subtract_elapsed(end, -_SECOND) if is_last else end
