"""The time axis: which buckets a range has, how ClickHouse numbers them, how they are written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Expr, Infix, Number, Param, call
from errors import BadUserInput
from resolvers.trends.dates import DateRange, start_of_day, start_of_hour, start_of_minute
from resolvers.trends.query import TrendInterval

MOST_BUCKETS = 20_000
"""More than anybody can look at; a year of hours, or two weeks of minutes, has less."""

_EPOCH = date(1970, 1, 1)
_SECONDS = {TrendInterval.HOUR: 3600, TrendInterval.MINUTE: 60}


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of one period, each by its start, in the project's time zone."""

    interval: TrendInterval
    starts: tuple[datetime, ...]
    timezone: ZoneInfo

    @classmethod
    def of(cls, range_: DateRange, timezone: ZoneInfo, week_start: WeekStartDay) -> "Buckets":
        """Every bucket from the one that holds the range's start to the one that holds its end."""
        starts: list[datetime] = []
        end = range_.end.timestamp()
        for start in _steps(bucket_start(range_.start, range_.interval, week_start), range_.interval):
            # Instants are compared, since wall times repeat when clocks change; and with the end, not with its
            # bucket's start: after clocks change by half an hour, the elapsed hours start at half past.
            if start.timestamp() > end:
                break
            starts.append(start)
            if len(starts) > MOST_BUCKETS:
                raise BadUserInput(
                    f"The range has more than {MOST_BUCKETS:,} buckets of one {range_.interval.lower()}.",
                    path=("query", "interval"),
                    hint="Take a longer interval or a shorter range.",
                )
        return cls(range_.interval, tuple(starts), timezone)

    def index(self, moment: Expr) -> Expr:
        """The number of the bucket, from 0, in which an instant of the range lies; `moment` is a DateTime."""
        first = self.starts[0]
        if self.interval in _SECONDS:
            elapsed = _minus(call("toUnixTimestamp", moment), int(first.timestamp()))
            return call("intDiv", elapsed, Number(_SECONDS[self.interval]))
        day = call("toDate", moment, Param(self.timezone.key, "String"))
        if self.interval is TrendInterval.MONTH:
            return _minus(call("toRelativeMonthNum", day), first.year * 12 + first.month)
        days = _minus(call("toInt32", day), (first.date() - _EPOCH).days)
        return days if self.interval is TrendInterval.DAY else call("intDiv", days, Number(7))

    def by_tick(self) -> "Buckets":
        """The same axis in the steps by which windows slide: days, where the interval is longer than that."""
        return self if self.interval in _SECONDS else replace(self, interval=TrendInterval.DAY)

    @property
    def split_at_whole_hours(self) -> bool:
        """Whether every border between two buckets is a whole hour of UTC."""
        if self.interval is TrendInterval.MINUTE:
            return False
        return all(start.astimezone(UTC).minute == 0 for start in self.starts[1:])

    def days(self) -> tuple[str, ...]:
        """The starts as clients get them in `days`."""
        form = "%Y-%m-%d %H:%M:%S" if self.interval in _SECONDS else "%Y-%m-%d"
        return tuple(start.strftime(form) for start in self.starts)

    def labels(self, current: DateRange) -> tuple[str, ...]:
        """The starts as people read them. Weeks are clipped to the current period, in every period."""
        return tuple(self._label(start, current) for start in self.starts)

    def _label(self, start: datetime, current: DateRange) -> str:
        if self.interval in _SECONDS:
            return f"{start.day}-{start:%b %H:%M}"
        if self.interval is TrendInterval.MONTH:
            return f"{start:%b %Y}"
        if self.interval is TrendInterval.DAY:
            return _day_label(start.date())
        first = max(start.date(), current.start.date())
        last = max(first, min(start.date() + timedelta(days=6), current.end.date()))
        return _span_label(first, last)


def bucket_start(moment: datetime, interval: TrendInterval, week_start: WeekStartDay) -> datetime:
    """The start of the bucket in which an instant lies, on the wall clock of its time zone."""
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


def _steps(first: datetime, interval: TrendInterval) -> Iterator[datetime]:
    """Calendar steps for days and longer; elapsed ones for hours, so that a clock change loses none."""
    number = 0
    while True:
        if interval in _SECONDS:
            yield (first.astimezone(UTC) + timedelta(seconds=number * _SECONDS[interval])).astimezone(first.tzinfo)
        elif interval is TrendInterval.MONTH:
            months = first.month - 1 + number
            yield first.replace(year=first.year + months // 12, month=months % 12 + 1)
        else:
            yield first + timedelta(days=number * (7 if interval is TrendInterval.WEEK else 1))
        number += 1


def _minus(left: Expr, right: int) -> Expr:
    return Infix("-", (left, Number(right)))


def _day_label(day: date) -> str:
    return f"{day.day}-{day:%b-%Y}"


def _span_label(first: date, last: date) -> str:
    if first == last:
        return _day_label(first)
    if first.year != last.year:
        return f"{_day_label(first)} – {_day_label(last)}"  # noqa: RUF001 (the dash is part of the format)
    if first.month != last.month:
        return f"{first.day}-{first:%b} – {last.day}-{last:%b}"  # noqa: RUF001
    return f"{first.day}–{last.day} {last:%b}"  # noqa: RUF001


def read_starts(days: Sequence[str], timezone: ZoneInfo) -> list[datetime]:
    """The instants of texts that `Buckets.days` wrote.

    The hour that a clock change repeats is told by its return.
    """
    found: list[datetime] = []
    before, fold = datetime.min, 0
    for day in days:
        naive = datetime.fromisoformat(day)
        fold = int(naive <= before or (bool(fold) and naive - before < timedelta(hours=1)))
        found.append(naive.replace(tzinfo=timezone, fold=fold))
        before = naive
    return found
