"""The time axis: which buckets a range has, how ClickHouse numbers them, how clients receive them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Expr, Infix, Number, Param, call
from errors import BadUserInput
from resolvers.trends.dates import DateRange, start_of_day, start_of_hour, start_of_minute
from resolvers.trends.query import TrendInterval

MAX_BUCKETS = 20_000
"""More than a chart can show; a year of hours has fewer, and so have two weeks of minutes."""

_EPOCH = date(1970, 1, 1)
_SECONDS = {TrendInterval.HOUR: 3600, TrendInterval.MINUTE: 60}
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

    @classmethod
    def of(cls, range_: DateRange, timezone: ZoneInfo, week_start: WeekStartDay) -> "Buckets":
        """Return every bucket from the one with the range's start to the one with its end.

        Raises BadUserInput for more than MAX_BUCKETS.
        """
        first = bucket_start(range_.start, range_.interval, week_start)
        count = _count(first, range_.end, range_.interval)
        if count > MAX_BUCKETS:
            raise BadUserInput(
                "The range has more than {most:,} buckets of one {interval}.",
                path=("query", "interval"),
                hint="Use a longer interval or a shorter range.",
                most=MAX_BUCKETS,
                interval=range_.interval.lower(),
            )
        return cls(range_.interval, first, count, timezone)

    def index(self, moment: Expr) -> Expr:
        """Return the number, from 0, of the bucket with an instant of the range; `moment` is a DateTime."""
        first = self.first
        if self.interval in _SECONDS:
            elapsed = _minus(call("toUnixTimestamp", moment), int(first.timestamp()))
            return call("intDiv", elapsed, Number(_SECONDS[self.interval]))
        day = call("toDate", moment, Param(self.timezone.key, "String"))
        if self.interval is TrendInterval.MONTH:
            return _minus(call("toRelativeMonthNum", day), first.year * 12 + first.month)
        days = _minus(call("toInt32", day), (first.date() - _EPOCH).days)
        return days if self.interval is TrendInterval.DAY else call("intDiv", days, Number(7))

    def by_tick(self) -> "Buckets":
        """Return the axis in the steps by which windows slide: days for all longer intervals."""
        return self if self.interval in _SECONDS else replace(self, interval=TrendInterval.DAY)

    def are_whole_hours(self) -> bool:
        """Whether every border between two buckets is a whole hour of UTC."""
        match self.interval:
            case TrendInterval.MINUTE:
                return False
            case TrendInterval.HOUR:  # elapsed hours: every border is as far from the hour as the first
                return self.count == 1 or self.first.astimezone(UTC).minute == 0
            case _:
                return all(start.astimezone(UTC).minute == 0 for start in self.starts()[1:])

    def starts(self) -> tuple[datetime, ...]:
        """Return the start of each bucket in the project's time zone."""
        seconds = _SECONDS.get(self.interval)
        if seconds is None:
            return tuple(_step(self.first, self.interval, number) for number in range(self.count))
        # The same steps; a year of hours is worth the shorter way.
        origin = int(self.first.timestamp())
        instants = range(origin, origin + self.count * seconds, seconds)
        return tuple(datetime.fromtimestamp(instant, self.timezone) for instant in instants)

    def axis(self, current: DateRange) -> "Axis":
        """Return the starts as clients receive them. Weeks are clipped to the current period, in every period."""
        starts = self.starts()
        return Axis(
            days=tuple(map(self._day, starts)), labels=tuple(self._label(start, current) for start in starts)
        )

    def _day(self, start: datetime) -> str:
        day = f"{start.year:04}-{start.month:02}-{start.day:02}"
        return f"{day} {start.hour:02}:{start.minute:02}:{start.second:02}" if self.interval in _SECONDS else day

    def _label(self, start: datetime, current: DateRange) -> str:
        if self.interval in _SECONDS:
            return f"{start.day}-{_MONTHS[start.month]} {start.hour:02}:{start.minute:02}"
        if self.interval is TrendInterval.MONTH:
            return f"{_MONTHS[start.month]} {start.year:04}"
        if self.interval is TrendInterval.DAY:
            return _day_label(start.date())
        first = max(start.date(), current.start.date())
        last = max(first, min(start.date() + timedelta(days=6), current.end.date()))
        return _span_label(first, last)


def bucket_start(moment: datetime, interval: TrendInterval, week_start: WeekStartDay) -> datetime:
    """Return the start of the bucket with an instant, on the wall clock of its time zone."""
    match interval:
        case TrendInterval.MINUTE:
            return start_of_minute(moment)
        case TrendInterval.HOUR:
            return start_of_hour(moment)
        case TrendInterval.DAY:
            return start_of_day(moment)
        case TrendInterval.WEEK:
            into_week = (moment.weekday() + (1 if week_start is WeekStartDay.SUNDAY else 0)) % 7
            return start_of_day(moment) - timedelta(days=into_week)
        case TrendInterval.MONTH:
            return start_of_day(moment).replace(day=1)


def _step(first: datetime, interval: TrendInterval, number: int) -> datetime:
    """Step by the calendar for days and longer; by elapsed time for hours, so that a clock change loses none."""
    match interval:
        case TrendInterval.MINUTE | TrendInterval.HOUR:
            elapsed = timedelta(seconds=number * _SECONDS[interval])
            return (first.astimezone(UTC) + elapsed).astimezone(first.tzinfo)
        case TrendInterval.DAY:
            return first + timedelta(days=number)
        case TrendInterval.WEEK:
            return first + timedelta(weeks=number)
        case TrendInterval.MONTH:
            months = first.month - 1 + number
            return first.replace(year=first.year + months // 12, month=months % 12 + 1)


def _count(first: datetime, end: datetime, interval: TrendInterval) -> int:
    """Count the buckets that start no later than `end`."""
    if interval in _SECONDS:
        return (end.astimezone(UTC) - first.astimezone(UTC)) // timedelta(seconds=_SECONDS[interval]) + 1
    if interval is TrendInterval.MONTH:
        count = (end.year - first.year) * 12 + end.month - first.month + 1
    else:
        count = (end.date() - first.date()).days // (7 if interval is TrendInterval.WEEK else 1) + 1
    # Instants decide, not dates: wall times repeat when clocks change, which can move midnight too.
    while _step(first, interval, count).timestamp() <= end.timestamp():
        count += 1
    while count > 1 and _step(first, interval, count - 1).timestamp() > end.timestamp():
        count -= 1
    return count


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


def read_starts(days: Sequence[str], timezone: ZoneInfo) -> list[datetime]:
    """Return the instants of the strings in `Axis.days`."""
    found: list[datetime] = []
    before, fold = datetime.min, 0
    for day in days:
        naive = datetime.fromisoformat(day)
        # The second pass of an hour that a clock change repeats is recognised by the time going back.
        fold = int(naive <= before or (bool(fold) and naive - before < timedelta(hours=1)))
        found.append(naive.replace(tzinfo=timezone, fold=fold))
        before = naive
    return found
