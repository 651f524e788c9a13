"""Periods found in plain Python: by looking at every quarter of an hour that the clocks of a zone showed.

Follows the description of dates and comparisons, not the code: the days and the wall times that exist are searched
for, never computed.
"""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from resolvers.trends.query import TrendDisplay, TrendInterval, TrendQuery

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH

_QUARTER = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)
_ONE_DAY = timedelta(days=1)
_UNITS = {
    MINUTE: timedelta(minutes=1),
    TrendInterval.FIVE_MINUTES: timedelta(minutes=5),
    TrendInterval.FIFTEEN_MINUTES: timedelta(minutes=15),
    TrendInterval.THIRTY_MINUTES: timedelta(minutes=30),
    HOUR: timedelta(hours=1),
}
"""The intervals of elapsed time."""
_MONTHS = {MONTH: "m", TrendInterval.QUARTER: "q", TrendInterval.YEAR: "y"}
_SPANS = {"h": timedelta(hours=1), "M": timedelta(minutes=1), "s": _SECOND}
_WORD = re.compile(r"-?(\d*)([a-zM])(Start|End)?")


@cache
def _quarters(day: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The starts of the quarters of an hour, as instants, at which clocks showed the day."""
    first = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    moments = (first + number * _QUARTER for number in range(4 * 55))
    return tuple(moment for moment in moments if moment.astimezone(zone).date() == day)


@dataclass(frozen=True)
class Clocks:
    """What the clocks of a zone showed; instants are in UTC."""

    zone: ZoneInfo

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def first(self, day: date) -> datetime:
        """The start of a day, or of the next one if it does not exist."""
        found = _quarters(day, self.zone)
        return found[0] if found else self.first(day + _ONE_DAY)

    def last(self, day: date) -> datetime:
        """The last second of a day, or of the one before if it does not exist."""
        found = _quarters(day, self.zone)
        return found[-1] + _QUARTER - _SECOND if found else self.last(day - _ONE_DAY)

    def days(self, first: date, last: date) -> list[date]:
        """The days that exist from one to another."""
        all_days = (first + number * _ONE_DAY for number in range((last - first).days + 1))
        return [day for day in all_days if _quarters(day, self.zone)]

    def days_before(self, day: date, number: int) -> date:
        return self.days(day - (number + 2) * _ONE_DAY, day)[-1 - number]

    def days_after(self, day: date, number: int) -> date:
        return self.days(day, day + (number + 2) * _ONE_DAY)[number]

    def at(self, day: date, clock: time) -> datetime:
        """The first instant at which clocks showed a wall time; the one after the change if they skipped it."""
        wall = datetime.combine(day, clock.replace(fold=0))
        near = datetime.combine(day, clock.replace(fold=0), UTC)
        offsets = {
            (near + hours * _UNITS[HOUR]).astimezone(self.zone).utcoffset() for hours in (-30, -15, 0, 15, 30)
        }
        candidates = [near - (offset or timedelta()) for offset in offsets]
        showing = [each for each in candidates if each.astimezone(self.zone).replace(tzinfo=None) == wall]
        return min(showing) if showing else max(candidates)

    def floor(self, moment: datetime, interval: TrendInterval) -> datetime:
        """The instant since which clocks show this hour, or this part of an hour."""
        moment, before = moment.replace(second=0, microsecond=0), timedelta(minutes=1)
        hour, minutes = moment.astimezone(self.zone).hour, _UNITS[interval] // before
        while moment.astimezone(self.zone).minute % minutes != 0:
            if (moment - before).astimezone(self.zone).hour != hour:  # the hour began late
                break
            moment -= before
        return moment

    def clock_of(self, moment: datetime) -> time:
        return moment.astimezone(self.zone).time()


@dataclass(frozen=True)
class Word:
    """A date as it is written, with its instant; `unit` is '' for absolute dates and for today and yesterday."""

    instant: datetime
    is_relative: bool
    unit: str = ""
    number: int = 0
    position: str | None = None
    has_time: bool = False


@dataclass(frozen=True)
class Span:
    """A period: its events are those from `first` to `last`. `buckets` are the starts as days or instants."""

    start: datetime
    end: datetime
    first: datetime
    last: datetime
    buckets: Sequence[date | datetime]


def months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _is_last_of_month(day: date) -> bool:
    return (day + _ONE_DAY).day == 1


def _week_of(day: date) -> date:
    return next(day - number * _ONE_DAY for number in range(7) if (day - number * _ONE_DAY).isoweekday() == 7)


def _unit_days(day: date, unit: str) -> tuple[date, date]:
    """The first and the last day of the day, week, month, quarter or year with a day."""
    quarter = (day.month - 1) // 3 * 3 + 1
    first = {
        "d": day,
        "w": _week_of(day),
        "m": day.replace(day=1),
        "q": date(day.year, quarter, 1),
        "y": date(day.year, 1, 1),
    }[unit]
    months = {"m": 1, "q": 3, "y": 12}.get(unit)
    if months:
        return first, months_before(first, -months) - _ONE_DAY
    return first, day if unit == "d" else first + 6 * _ONE_DAY


def read_word(text: str, now: datetime, clocks: Clocks, *, is_end: bool) -> Word:
    today = clocks.day_of(now)
    if text == "today":
        return Word(now if is_end else clocks.first(today), is_relative=True)
    if text == "yesterday":
        yesterday = clocks.days_before(today, 1)
        return Word(clocks.last(yesterday) if is_end else clocks.first(yesterday), is_relative=True)
    match = _WORD.fullmatch(text)
    if match is None:
        wall = datetime.fromisoformat(text)
        instant = wall.astimezone(UTC) if wall.tzinfo else clocks.at(wall.date(), wall.time())
        return Word(instant, is_relative=False, has_time=len(text) > 10)
    number, unit, position = int(match[1] or 0), match[2], match[3]
    if unit in _SPANS:
        instant = now - number * _SPANS[unit]
        if position == "Start":
            instant = clocks.floor(instant, HOUR if unit == "h" else MINUTE)
        return Word(instant, True, unit, number, position, has_time=True)
    clock = clocks.clock_of(now)
    day = {
        "d": lambda: clocks.days_before(today, number),
        "w": lambda: today - 7 * number * _ONE_DAY,
        "m": lambda: months_before(today, number),
        "q": lambda: months_before(today, 3 * number) if position else today - 91 * number * _ONE_DAY,
        "y": lambda: months_before(today, 12 * number),
    }[unit]()
    if position is None:
        return Word(now if number == 0 else clocks.at(day, clock), True, unit, number)
    first, last = _unit_days(day, unit)
    return Word(clocks.first(first) if position == "Start" else clocks.last(last), True, unit, number, position)


@dataclass(frozen=True)
class Periods:
    """The current and the previous period of a query that is asked at an instant."""

    query: TrendQuery
    now: datetime
    clocks: Clocks

    @property
    def is_exact(self) -> bool:
        return self.query.explicit_date or self.query.display is TrendDisplay.BOLD_NUMBER

    @property
    def rounding(self) -> TrendInterval:
        by_time = self.query.interval in _UNITS
        return self.query.interval if by_time or not self.query.display.is_total else DAY

    def start(self) -> Word:
        text, clocks = self.query.date_from or "", self.clocks
        word = read_word(text, self.now, clocks, is_end=False)
        if not word.is_relative or self.is_exact or (self.rounding in _UNITS and self.rounding is not HOUR):
            return word
        by_hours = word.unit == "h" and word.number > 0
        instant = clocks.floor(word.instant, HOUR) if by_hours else clocks.first(clocks.day_of(word.instant))
        return Word(instant, True, word.unit, word.number, word.position, word.has_time and word.number > 0)

    def end(self) -> datetime:
        text, clocks = self.query.date_to, self.clocks
        word = Word(self.now, is_relative=True)
        if text is not None:
            word = read_word(text, self.now, clocks, is_end=True)
        if self.query.explicit_date or (self.is_exact and text is None):
            return word.instant
        if self.rounding not in _UNITS:
            return clocks.last(clocks.day_of(word.instant))
        if not word.is_relative:
            return word.instant
        minute = word.instant.replace(second=59, microsecond=0)
        minutes = _UNITS[self.rounding] // timedelta(minutes=1)
        while (minute.astimezone(clocks.zone).minute + 1) % minutes != 0:
            minute += timedelta(minutes=1)
        return minute

    def current(self) -> Span:
        start, end = self.start(), self.end()
        first = start.instant if self.is_exact else self._widened(start.instant, start)
        return Span(start.instant, end, _whole(first), _whole(end), self._buckets(start.instant, end))

    def _widened(self, moment: datetime, start: Word) -> datetime:
        clocks, day = self.clocks, self.clocks.day_of(moment)
        if self.rounding in _UNITS:
            return moment if start.is_relative else clocks.floor(moment, self.rounding)
        if self.rounding is DAY and start.unit == "h" and start.number:
            return moment
        return clocks.first(self.bucket_of(day) if self.rounding in _MONTHS else day)

    def _buckets(self, start: datetime, end: datetime) -> Sequence[date | datetime]:
        clocks, interval = self.clocks, self.query.interval
        unit = _UNITS.get(interval)
        if unit:
            origin = clocks.floor(start, interval)
            return [origin + number * unit for number in range((end - origin) // unit + 1)]
        first, last = clocks.day_of(start), clocks.day_of(end)
        if interval is DAY:
            return clocks.days(first, last)
        all_days = (first + number * _ONE_DAY for number in range((last - first).days + 1))
        return list(dict.fromkeys(self.bucket_of(day) for day in all_days))

    def bucket_of(self, day: date) -> date:
        """The first day of the bucket with a day."""
        if self.query.interval in _MONTHS:
            return _unit_days(day, _MONTHS[self.query.interval])[0]
        return _week_of(day) if self.query.interval is WEEK else day

    def previous_elapsed(self) -> timedelta | None:
        """The elapsed time between the periods; None if they are calendar days apart."""
        start, current, unit = self.start(), self.current(), _UNITS.get(self.query.interval)
        length = self._length()
        next_day = self.clocks.at(self.clocks.days_after(self.clocks.day_of(current.start), 1), self._clock())
        if not start.has_time:
            return None
        if self.is_exact and length < min(_ONE_DAY, next_day - _whole(current.start)):
            return length
        if unit is None:
            return None
        if self.is_exact:
            return -(-length // unit) * unit
        if start.unit == "h" and start.number and start.number % 24 == 0 and self.query.date_to is None:
            return timedelta(hours=start.number)
        return len(current.buckets) * unit

    def _clock(self) -> time:
        return self.clocks.clock_of(_whole(self.start().instant))

    def _length(self) -> timedelta:
        start, end = _whole(self.start().instant), _whole(self.end())
        return max(_SECOND, end + (_SECOND if end.second == 59 and start.second == 0 else timedelta()) - start)

    def _days_apart(self) -> int:
        """The fewest whole days, as they exist, that cover the period."""
        clocks, current, start = self.clocks, self.current(), self.start()
        first, length = current.start, self._length()
        if not self.is_exact and self.query.interval not in _UNITS:
            return len(clocks.days(clocks.day_of(first), clocks.day_of(current.end)))
        is_minute_end = current.end.second == 59  # its last second is part of the period
        end = (
            _whole(first) + length if self.is_exact else current.end + (_SECOND if is_minute_end else timedelta())
        )
        days = next(
            number
            for number in range(1, 1000)
            if clocks.at(clocks.days_after(clocks.day_of(first), number), self._clock()) >= _whole(end)
        )
        return min(days, -(-length // _ONE_DAY)) if self.is_exact and start.has_time else days

    def previous(self) -> Span:
        """The previous period that is calendar days, weeks or months before the current one."""
        clocks, current, word, interval = self.clocks, self.current(), self.start(), self.query.interval
        day, last = clocks.day_of(current.start), clocks.day_of(current.end)
        if interval in _MONTHS:
            months = len(self._buckets(current.start, current.end)) * {"m": 1, "q": 3, "y": 12}[_MONTHS[interval]]
            earlier, end_day = (_months_back(each, months) for each in (day, last))
        elif interval is WEEK:
            weeks = -(-self._days_apart() // 7)
            earlier, end_day = (each - 7 * weeks * _ONE_DAY for each in (day, last))
        else:
            days = self._days_apart() - (1 if self._has_extra_day(word) else 0)
            earlier, end_day = (clocks.days_before(each, max(1, days)) for each in (day, last))
        start = clocks.at(earlier, clocks.clock_of(current.start))
        if self.rounding in _UNITS:
            end = start + (current.end - current.start)
        elif self.is_exact and self.query.date_to is None:
            end = clocks.at(end_day, clocks.clock_of(current.end))
        else:
            is_day_end = current.end == clocks.last(last)
            end = clocks.last(end_day) if is_day_end else clocks.at(end_day, clocks.clock_of(current.end))
        first = start if self.is_exact else self._widened(start, word)
        if self.rounding in _UNITS and not self.is_exact:
            first = start - (current.start - current.first)
        return Span(start, end, _whole(first), _whole(end), self._earlier_buckets(start, end))

    def _earlier_buckets(self, start: datetime, end: datetime) -> Sequence[date | datetime]:
        unit, current = _UNITS.get(self.query.interval), self.current()
        if unit is None:
            return self._buckets(start, end)
        origin = start - (current.start - self.clocks.floor(current.start, self.query.interval))
        return [origin + number * unit for number in range(len(current.buckets))]

    def _has_extra_day(self, word: Word) -> bool:
        if self.query.interval is not DAY or self.is_exact or word.position:
            return False
        in_weeks = word.number > 0 and (word.unit == "w" or (word.unit == "d" and word.number % 7 == 0))
        text = self.query.date_to
        return in_weeks and (text is None or not read_word(text, self.now, self.clocks, is_end=True).is_relative)

    def place(self, moment: datetime, span: Span) -> int | None:
        """The number of the bucket of an event, or None if it is not of the period."""
        if not span.first <= moment <= span.last:
            return None
        if self.query.display.is_total:
            return 0
        unit = _UNITS.get(self.query.interval)
        if unit:
            origin = span.buckets[0]
            assert isinstance(origin, datetime)
            return (moment - origin) // unit
        return span.buckets.index(self.bucket_of(self.clocks.day_of(moment)))


def _months_back(day: date, months: int) -> date:
    earlier = months_before(day, months)
    if not _is_last_of_month(day):
        return earlier
    return earlier.replace(day=calendar.monthrange(earlier.year, earlier.month)[1])


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def count_events(periods: Periods, moments: Sequence[datetime]) -> tuple[list[float], list[float]]:
    """The number of events by bucket of the current and of the previous period."""
    current = periods.current()
    size = 1 if periods.query.display.is_total else len(current.buckets)
    found: tuple[list[float], list[float]] = ([0.0] * size, [0.0] * size)
    elapsed = periods.previous_elapsed()
    previous = periods.previous() if elapsed is None else None
    for moment in moments:
        place = periods.place(moment, current)
        if place is not None:
            found[0][place] += 1
        if periods.is_exact and moment >= current.first:
            continue
        place = (
            periods.place(moment, previous) if previous else periods.place(moment + (elapsed or _SECOND), current)
        )
        if place is not None:
            found[1][place] += 1
    return found
