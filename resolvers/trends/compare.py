"""The period to compare with: the current one, moved back by a step, with as many buckets."""

from dataclasses import replace
from datetime import datetime, timedelta

from datasource.metadata.records import WeekStartDay
from resolvers.trends.buckets import Buckets, bucket_start, count_buckets
from resolvers.trends.compare_step import Step, step_back
from resolvers.trends.date_text import ParsedDate
from resolvers.trends.dates import DateRange, is_exact, widened_start
from resolvers.trends.intervals import CLOCK_INTERVALS
from resolvers.trends.query import TrendInterval, TrendQuery
from resolvers.trends.wall_clock import at_time_of, elapsed, end_of_day, subtract_days, subtract_elapsed


def previous_period(
    query: TrendQuery, start: ParsedDate, current: DateRange, buckets: Buckets | None, week_start: WeekStartDay
) -> tuple[DateRange, Buckets | None]:
    """The range and the buckets of the compared period; `start` is the parsed date_from of the current one.

    It is read and rounded like the current one. Raises BadUserInput for an invalid compare_to.
    """
    step = step_back(query, start, current, week_start)
    earlier = step.back(current.start)
    moved = buckets and _moved_buckets(buckets, step, earlier, current, week_start)
    end = _moved_end(step, earlier, current, query.interval)
    if moved and moved.interval is TrendInterval.WEEK and not moved.moved_by:
        # Weeks a month ago begin on other weekdays: the period has as many of them, so it can be shorter.
        last = end_of_day(moved.first + timedelta(weeks=moved.count, days=-1))
        end = min(end, last, key=datetime.timestamp)
    follows = is_exact(query) and (query.compare_to is None or end.timestamp() <= current.start.timestamp())
    previous = replace(
        current,
        start=earlier,
        end=end,
        read_from=_read_from(query, start, earlier, current).replace(microsecond=0),
        before=current.read_from if follows else None,
    )
    return previous, moved


def _moved_buckets(
    buckets: Buckets, step: Step, earlier: datetime, current: DateRange, week_start: WeekStartDay
) -> Buckets:
    if step.span:
        return buckets.earlier(step.span)
    if buckets.interval in CLOCK_INTERVALS:
        return replace(buckets, first=subtract_elapsed(earlier, elapsed(buckets.first, current.start)))
    return replace(buckets, first=bucket_start(earlier, buckets.interval, week_start))


def _moved_end(step: Step, earlier: datetime, current: DateRange, interval: TrendInterval) -> datetime:
    if step.span or current.interval in CLOCK_INTERVALS:
        return subtract_elapsed(earlier, -elapsed(current.start, current.end))
    if step.months:
        return at_time_of(step.back(current.end).date(), current.end)
    if interval is TrendInterval.WEEK:
        day = earlier.date() + (current.end.date() - current.start.date())
    else:
        days = count_buckets(current, TrendInterval.DAY, WeekStartDay.SUNDAY)
        day = subtract_days(earlier, 1 - days).date()
    return at_time_of(day, current.end)


def _read_from(query: TrendQuery, start: ParsedDate, earlier: datetime, current: DateRange) -> datetime:
    if is_exact(query):
        return earlier
    if current.interval in CLOCK_INTERVALS:
        return subtract_elapsed(earlier, elapsed(current.read_from, current.start))
    return widened_start(earlier, start, current.interval)
