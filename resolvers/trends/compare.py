"""The period to compare with: the one before, or an earlier one of the same length."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from errors import BadUserInput
from resolvers.trends.dates import (
    DATE_TO,
    WHOLE_HISTORY,
    DateRange,
    is_exact,
    read_date,
    read_start,
    widened_start,
)
from resolvers.trends.query import InputPath, TrendInterval, TrendQuery

COMPARE_TO: InputPath = ("query", "compare_to")


def previous_range(query: TrendQuery, current: DateRange, now: datetime) -> DateRange:
    """The compared period of the same length, read and rounded like the current one.

    It has the query's own interval, also where a display of one total gave the current period whole days.
    """
    interval = query.interval
    if query.compare_to is not None:
        start = _start_earlier(query.compare_to, current.start)
        end = start + _length(current)
    else:
        start, end = _period_before(query, current, now)
    read_from = start
    if not is_exact(query) and query.date_from != WHOLE_HISTORY:
        read_from = widened_start(start, read_start(query, now), interval)
    return replace(current, start=start, end=end, read_from=read_from.replace(microsecond=0), interval=interval)


def _start_earlier(text: str, start: datetime) -> datetime:
    date = read_date(text, start, COMPARE_TO)
    if not date.is_relative:
        raise BadUserInput(
            "{text!r} is not a relative date.", path=COMPARE_TO, hint="For example -1w, -1m or -1y.", text=text
        )
    return date.instant


def _length(current: DateRange) -> timedelta:
    return current.end.replace(tzinfo=None) - current.start.replace(tzinfo=None)


def _period_before(query: TrendQuery, current: DateRange, now: datetime) -> tuple[datetime, datetime]:
    length = _length(current)
    if query.interval is TrendInterval.MINUTE:
        return current.start - length, current.start
    start = _at(current.start - length, current.start.time())
    if query.interval is TrendInterval.HOUR:
        end = start + length
        last = current.end
        return start, end.replace(minute=last.minute, second=last.second, microsecond=last.microsecond)
    if _counts_whole_weeks(query, now):
        start += timedelta(days=1)
    return start, _at(start + length, current.end.time())


def _at(moment: datetime, clock: time) -> datetime:
    return datetime.combine(moment.date(), clock, moment.tzinfo)


def _counts_whole_weeks(query: TrendQuery, now: datetime) -> bool:
    """-7d up to now has eight days, today being the extra one, so weekdays line up only a day later."""
    if query.interval is not TrendInterval.DAY or query.date_from == WHOLE_HISTORY:
        return False
    start = read_start(query, now)
    in_weeks = start.is_relative and start.moved_by == "d" and start.number % 7 == 0
    ends_relative = query.date_to is not None and read_date(query.date_to, now, DATE_TO).is_relative
    return in_weeks and not ends_relative
