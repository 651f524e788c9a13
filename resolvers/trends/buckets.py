"""The time axis: which buckets a range has, how ClickHouse numbers them, how clients receive them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Expr, Infix, Number, Param, call, compare
from errors import BadUserInput
from resolvers.trends.dates import DateRange
from resolvers.trends.intervals import CLOCK_INTERVALS, MINUTES_OF, MONTHS_OF, length_in_words
from resolvers.trends.query import TrendInterval
from resolvers.trends.wall_clock import (
    elapsed,
    is_repeated,
    skipped_days,
    start_of_day,
    start_of_minutes,
    start_of_months,
    start_of_week,
    subtract_days,
    subtract_elapsed,
    subtract_months,
)

MAX_BUCKETS = 20_000
"""More than a chart can show; a year of hours has fewer, and so have two weeks of minutes."""

_EPOCH = date(1970, 1, 1)
_DAYS_OF_A_WEEK = 7
_LONGEST_WINDOW = timedelta(days=31)  # of active users, before the first bucket
_SECONDS = {interval: 60 * minutes for interval, minutes in MINUTES_OF.items()}
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Axis:
    """The starts of buckets, for programs and for people; both are empty for displays of one total."""

    days: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of one period: `count` of them, beginning with the one that starts at `first`.

    Compiling needs no more than that; `starts` and `axis` take time in proportion to the count.
    """

    interval: TrendInterval
    first: datetime
    count: int
    timezone: ZoneInfo
    moved_by: timedelta = timedelta()
    """How much earlier than calendar buckets these are: a compared period can be moved by less than a bucket."""

    @classmethod
    def of(cls, range_: DateRange, timezone: ZoneInfo, week_start: WeekStartDay) -> "Buckets":
        """Return every bucket from the one with the range's start to the one with its end.

        Raises BadUserInput for more than MAX_BUCKETS.
        """
        first = bucket_start(range_.start, range_.interval, week_start)
        count = count_buckets(range_, range_.interval, week_start)
        if count > MAX_BUCKETS:
            raise BadUserInput(
                "The range has more than {most:,} buckets of {length}.",
                path=("query", "interval"),
                hint="Use a longer interval or a shorter range.",
                most=MAX_BUCKETS,
                length=length_in_words(range_.interval),
            )
        return cls(range_.interval, first, count, timezone)

    def earlier(self, span: timedelta) -> "Buckets":
        """Return as many buckets, an elapsed time earlier."""
        if self.interval in CLOCK_INTERVALS:
            return replace(self, first=subtract_elapsed(self.first, span))
        return replace(self, moved_by=self.moved_by + span)

    def index(self, moment: Expr) -> Expr:
        """Return the number, from 0, of the bucket with an instant of the range; `moment` is a DateTime."""
        if self.interval in CLOCK_INTERVALS:
            return call("intDiv", self._elapsed(moment), Number(_SECONDS[self.interval]))
        day = self._local_day(moment)
        months = MONTHS_OF.get(self.interval)
        if months is not None:
            number = _minus(call("toRelativeMonthNum", day), self.first.year * 12 + self.first.month)
            number = number if months == 1 else call("intDiv", number, Number(months))
        elif self.interval is TrendInterval.WEEK:
            number = call("intDiv", self._days(day), Number(_DAYS_OF_A_WEEK))
        else:
            number = self._days(day)
        # Clocks that go back across midnight show the next day for a moment: it belongs to the last bucket.
        return call("least", number, Number(self.count - 1)) if is_repeated(self._next_start()) else number

    def tick(self, moment: Expr) -> Expr:
        """Return the number of the step by which windows slide; before the first bucket, it is negative.

        Steps are buckets for intervals of elapsed time, days for all longer ones.
        """
        if self.interval not in CLOCK_INTERVALS:
            return self._days(self._local_day(moment))
        # Division cuts towards zero, which would make one step of the two around the first start.
        steps = call("floor", Infix("/", (self._elapsed(moment), Number(_SECONDS[self.interval]))))
        return call("toInt64", steps)

    def are_whole_hours(self) -> bool:
        """Whether every border between two buckets is a whole hour of UTC."""
        match self.interval:
            case (
                TrendInterval.MINUTE
                | TrendInterval.FIVE_MINUTES
                | TrendInterval.FIFTEEN_MINUTES
                | TrendInterval.THIRTY_MINUTES
            ):
                return False
            case TrendInterval.HOUR:  # elapsed hours: every border is as far from the hour as the first
                return self.count == 1 or _is_whole_hour(self.first)
            case _:
                return all(map(_is_whole_hour, self.starts()[1:]))

    def starts(self) -> tuple[datetime, ...]:
        """Return the start of each bucket in the project's time zone."""
        seconds = _SECONDS.get(self.interval)
        if seconds is None:
            starts = self._calendar_starts()
            return tuple(subtract_elapsed(start, self.moved_by) for start in starts) if self.moved_by else starts
        # The same steps; a year of hours is worth the shorter way.
        origin = int(self.first.timestamp())
        instants = range(origin, origin + self.count * seconds, seconds)
        return tuple(datetime.fromtimestamp(instant, self.timezone) for instant in instants)

    def axis(self, range_: DateRange) -> "Axis":
        """Return the starts as clients receive them. Labels of weeks are clipped to the range."""
        starts = self.starts()
        if self.moved_by:  # the day that a moved bucket is of is the one whose events it has
            starts = tuple(max(start, range_.start, key=datetime.timestamp) for start in starts)
        return Axis(
            days=tuple(map(self._day, starts)), labels=tuple(self._label(start, range_) for start in starts)
        )

    def _elapsed(self, moment: Expr) -> Expr:
        return _minus(call("toUnixTimestamp", moment), int(self.first.timestamp()))

    def _local_day(self, moment: Expr) -> Expr:
        if self.moved_by:
            moment = Infix("+", (moment, call("toIntervalSecond", Number(int(self.moved_by.total_seconds())))))
        return call("toDate", moment, Param(self.timezone.key, "String"))

    def _days(self, day: Expr) -> Expr:
        first = self.first.date()
        days = _minus(call("toInt32", day), (first - _EPOCH).days)
        for skipped in self._skipped_days(first - _LONGEST_WINDOW):
            after = compare(day, ">", Param(f"{skipped}", "Date"))
            days = _minus(Infix("-", (days, after)), -1 if skipped < first else 0)
        return days

    def _calendar_starts(self) -> tuple[datetime, ...]:
        months = MONTHS_OF.get(self.interval)
        if months is not None:
            return tuple(subtract_months(self.first, -number * months) for number in range(self.count))
        length = _DAYS_OF_A_WEEK if self.interval is TrendInterval.WEEK else 1
        skipped = self._skipped_days(self.first.date())
        starts = (self.first + timedelta(days=number * length) for number in range(self.count + len(skipped)))
        return tuple(start for start in starts if start.date() not in skipped) if skipped else tuple(starts)

    def _skipped_days(self, since: date) -> tuple[date, ...]:
        """Return the days up to the last bucket that have none; weeks and months count them."""
        if self.interval is not TrendInterval.DAY:
            return ()
        return skipped_days(since, subtract_days(self.first, 1 - self.count).date(), self.timezone)

    def _next_start(self) -> datetime:
        """Return where the bucket after the last one would start."""
        months = MONTHS_OF.get(self.interval)
        if months is not None:
            return subtract_months(self.first, -self.count * months)
        if self.interval is TrendInterval.WEEK:
            return self.first + timedelta(weeks=self.count)
        return subtract_days(self.first, -self.count)

    def _day(self, start: datetime) -> str:
        day = f"{start.year:04}-{start.month:02}-{start.day:02}"
        return (
            f"{day} {start.hour:02}:{start.minute:02}:{start.second:02}"
            if self.interval in CLOCK_INTERVALS
            else day
        )

    def _label(self, start: datetime, range_: DateRange) -> str:
        if self.interval in CLOCK_INTERVALS:
            return f"{start.day}-{_MONTHS[start.month]} {start.hour:02}:{start.minute:02}"
        if self.interval is TrendInterval.YEAR:
            return f"{start.year:04}"
        if self.interval is TrendInterval.QUARTER:
            return f"Q{(start.month + 2) // 3} {start.year:04}"
        if self.interval is TrendInterval.MONTH:
            return f"{_MONTHS[start.month]} {start.year:04}"
        if self.interval is TrendInterval.DAY:
            return _day_label(start.date())
        first = max(start.date(), range_.start.date())
        last = max(first, min(start.date() + timedelta(days=6), range_.end.date()))
        return _span_label(first, last)


def bucket_start(moment: datetime, interval: TrendInterval, week_start: WeekStartDay) -> datetime:
    """Return the start of the bucket with an instant, on the wall clock of its time zone."""
    match interval:
        case (
            TrendInterval.MINUTE
            | TrendInterval.FIVE_MINUTES
            | TrendInterval.FIFTEEN_MINUTES
            | TrendInterval.THIRTY_MINUTES
            | TrendInterval.HOUR
        ):
            return start_of_minutes(moment, MINUTES_OF[interval])
        case TrendInterval.DAY:
            return start_of_day(moment)
        case TrendInterval.WEEK:
            return start_of_week(moment, week_start)
        case TrendInterval.MONTH | TrendInterval.QUARTER | TrendInterval.YEAR:
            return start_of_months(moment, MONTHS_OF[interval])
        case _:
            assert_never(interval)


def count_buckets(range_: DateRange, interval: TrendInterval, week_start: WeekStartDay) -> int:
    """Count the buckets from the one with the range's start to the one with its end."""
    first, end = bucket_start(range_.start, interval, week_start), range_.end
    if interval in CLOCK_INTERVALS:
        return elapsed(first, end) // timedelta(seconds=_SECONDS[interval]) + 1
    months = MONTHS_OF.get(interval)
    if months is not None:
        return ((end.year - first.year) * 12 + end.month - first.month) // months + 1
    days = (end.date() - first.date()).days
    if interval is TrendInterval.WEEK:
        return days // _DAYS_OF_A_WEEK + 1
    return days + 1 - len(skipped_days(first.date(), end.date(), first.tzinfo))


def _is_whole_hour(moment: datetime) -> bool:
    utc = moment.astimezone(UTC)
    return (utc.minute, utc.second) == (0, 0)


def _minus(left: Expr, right: int) -> Expr:
    return Infix("-", (left, Number(right)))


def _day_label(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month]}-{day.year:04}"


def _span_label(first: date, last: date) -> str:
    if first == last:
        return _day_label(first)
    if first.year != last.year:
        return f"{_day_label(first)} – {_day_label(last)}"  # noqa: RUF001 (the dash is part of the format)
    if first.month != last.month:
        return f"{first.day}-{_MONTHS[first.month]} – {last.day}-{_MONTHS[last.month]}"  # noqa: RUF001
    return f"{first.day}–{last.day} {_MONTHS[last.month]}"  # noqa: RUF001


def read_starts(days: Sequence[str], timezone: ZoneInfo, interval: TrendInterval) -> list[datetime]:
    """Return the instants of the strings in `Axis.days`."""
    walls = [datetime.fromisoformat(day) for day in days]
    seconds = _SECONDS.get(interval)
    if seconds is None or not walls:
        return [wall.replace(tzinfo=timezone) for wall in walls]
    # Clocks can show a time twice, but only one of the two is as many steps before the last start.
    to_last = timedelta(seconds=seconds * (len(walls) - 1))
    first, again = (walls[0].replace(tzinfo=timezone, fold=fold) for fold in (0, 1))
    is_first = subtract_elapsed(first, -to_last).replace(tzinfo=None, fold=0) == walls[-1]
    origin = int((first if is_first else again).timestamp())
    instants = range(origin, origin + len(walls) * seconds, seconds)
    return [datetime.fromtimestamp(instant, timezone) for instant in instants]
