"""The range of a trend: the instants between which events are read."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from datasource import event_times
from datasource.metadata.records import WeekStartDay
from errors import BadUserInput, Name
from resolvers.trends.date_text import DATE_HINT, DAYS, HOURS, MINUTES, ParsedDate, read_date
from resolvers.trends.intervals import CLOCK_INTERVALS, MINUTES_OF, MONTHS_OF, length_in_words
from resolvers.trends.query import InputPath, TrendDisplay, TrendInterval, TrendQuery
from resolvers.trends.wall_clock import (
    end_of_day,
    first_of_day,
    real,
    start_of_hour,
    start_of_minutes,
    start_of_months,
    subtract_days,
    subtract_elapsed,
)

WHOLE_HISTORY = "all"
"""The `date_from` that means the first event of any series."""

DATE_FROM: InputPath = ("query", "date_from")
DATE_TO: InputPath = ("query", "date_to")

_DEFAULT_DAYS = 7
_TICK = timedelta(microseconds=1)  # the resolution of events


@dataclass(frozen=True, slots=True)
class DateRange:
    """The span of one period.

    `start` and `end` are the client's dates; events are read with read_from <= timestamp <= read_to, both of
    whole seconds. An event at `before` or later belongs to the period that follows.
    """

    start: datetime
    end: datetime
    read_from: datetime
    interval: TrendInterval
    before: datetime | None = None

    @property
    def read_to(self) -> datetime:
        """The last whole second that is read, or the last moment before the period that follows."""
        last = self.end.replace(microsecond=0)
        if self.before is None or last.timestamp() < self.before.timestamp():
            return last
        return subtract_elapsed(self.before, _TICK)


def read_range(
    query: TrendQuery,
    now: datetime,
    week_start: WeekStartDay = WeekStartDay.SUNDAY,
    *,
    earliest: datetime | None = None,
) -> DateRange:
    """The query's period; `now` is in the project's time zone.

    The whole history begins at `earliest`, its first event, or else today, and no later than it ends. Raises
    BadUserInput for an invalid date, and for an end before the start.
    """
    interval = effective_interval(query)
    end = read_end(query, now, week_start)
    parsed_start = read_start(query, now, week_start, earliest=earliest)
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
    read_from = start if is_exact(query) else widened_start(start, parsed_start, interval)
    return DateRange(start, end, read_from.replace(microsecond=0), interval)


def read_start(
    query: TrendQuery,
    now: datetime,
    week_start: WeekStartDay = WeekStartDay.SUNDAY,
    *,
    earliest: datetime | None = None,
) -> ParsedDate:
    """Read `date_from`; a relative date is cut to its hour or day. For `earliest`, see read_range."""
    if query.date_from == WHOLE_HISTORY:
        first = first_of_day(now) if earliest is None else earliest.astimezone(now.tzinfo)
        end = read_end(query, now, week_start)
        return ParsedDate(min(first, end, key=datetime.timestamp), is_relative=False)
    if query.date_from is None:
        first = first_of_day(subtract_days(now, _DEFAULT_DAYS))
        return ParsedDate(first, is_relative=True, unit=DAYS, number=_DEFAULT_DAYS)
    date = _read_bound(query.date_from, now, DATE_FROM, week_start)
    interval = effective_interval(query)
    if not date.is_relative or is_exact(query) or _counts_minutes(interval):
        return date
    _check_minutes(query.date_from, date, interval, DATE_FROM)
    if date.moved_by == HOURS:
        return replace(date, instant=real(start_of_hour(date.instant)))
    # A unit without a number, such as hStart, has lost its time of day; minutes and seconds still count back.
    return replace(date, instant=first_of_day(date.instant), has_time=date.has_time and date.number > 0)


def read_end(query: TrendQuery, now: datetime, week_start: WeekStartDay = WeekStartDay.SUNDAY) -> datetime:
    """Read `date_to`, moved to the end of its day, or of its bucket for hours and shorter intervals."""
    if query.date_to is None and is_exact(query):
        return now
    date = ParsedDate(now, is_relative=True)
    if query.date_to is not None:
        date = _read_bound(query.date_to, now, DATE_TO, week_start, is_end=True)
    if query.explicit_date:
        return date.instant
    interval = effective_interval(query)
    if interval not in CLOCK_INTERVALS:
        _check_minutes(query.date_to, date, interval, DATE_TO)
        return end_of_day(date.instant)
    if not date.is_relative:
        return date.instant
    minutes = MINUTES_OF[interval]
    first = start_of_minutes(date.instant, minutes)
    return first.replace(minute=first.minute + minutes - 1, second=59, microsecond=999999)


def _read_bound(
    text: str, now: datetime, path: InputPath, week_start: WeekStartDay, *, is_end: bool = False
) -> ParsedDate:
    date = read_date(text, now, path, week_start, is_end=is_end)
    if not event_times.FIRST <= date.instant < event_times.END:
        raise BadUserInput(
            "{text!r} is outside 1970-01-02 to 2105-12-31 (UTC), the dates that events can have.",
            path=path,
            hint=DATE_HINT,
            text=text,
        )
    return date


def is_exact(query: TrendQuery) -> bool:
    """Whether the dates are taken as instants, without rounding to whole buckets."""
    return query.explicit_date or query.display is TrendDisplay.BOLD_NUMBER


def effective_interval(query: TrendQuery) -> TrendInterval:
    """The interval that rounds the range: displays of one total have whole days, except by the clock."""
    if query.display.is_total and query.interval not in CLOCK_INTERVALS:
        return TrendInterval.DAY
    return query.interval


def widened_start(start: datetime, date: ParsedDate, interval: TrendInterval) -> datetime:
    """The instant from which events are read, so that the first bucket is whole for intervals that promise it."""
    match interval:
        case TrendInterval.MONTH | TrendInterval.QUARTER | TrendInterval.YEAR:
            return first_of_day(start_of_months(start, MONTHS_OF[interval]))
        case TrendInterval.WEEK:
            return first_of_day(start)
        case TrendInterval.DAY:
            return start if date.moved_by == HOURS else first_of_day(start)
        case (
            TrendInterval.MINUTE
            | TrendInterval.FIVE_MINUTES
            | TrendInterval.FIFTEEN_MINUTES
            | TrendInterval.THIRTY_MINUTES
            | TrendInterval.HOUR
        ):
            return start if date.is_relative else real(start_of_minutes(start, MINUTES_OF[interval]))
        case _:
            assert_never(interval)


def _counts_minutes(interval: TrendInterval) -> bool:
    return interval in CLOCK_INTERVALS and interval is not TrendInterval.HOUR


def _check_minutes(text: str | None, date: ParsedDate, interval: TrendInterval, path: InputPath) -> None:
    """Reject a date in minutes where only days count: it would mean today, and most likely months are meant."""
    if text is None or date.unit != MINUTES or interval in CLOCK_INTERVALS:
        return
    raise BadUserInput(
        "{text!r} counts minutes, which an interval of {length} does not distinguish.",
        path=path,
        hint="For months write {months}.",
        text=text,
        length=length_in_words(interval),
        months=text.strip().replace(MINUTES, "m"),
    )
