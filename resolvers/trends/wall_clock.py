"""Arithmetic on the wall clock of a time zone, where clocks change, and even days are skipped."""

import calendar
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from datasource.metadata.records import WeekStartDay

_DAY_END = time(23, 59, 59, 999999, fold=1)  # the later one, where the clocks repeat the hour before midnight

_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)  # the resolution of events
_SKIPPED_AT_LEAST = timedelta(hours=12)


def real(moment: datetime) -> datetime:
    """The moment as clocks showed it. A wall time that they skipped moves forward; with fold=1, back."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)


def is_repeated(moment: datetime) -> bool:
    """Whether clocks showed this wall time twice."""
    first, second = (moment.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return first > second  # a wall time that clocks skipped has them the other way round


def start_of_day(moment: datetime) -> datetime:
    """00:00 of the same day on the wall clock."""
    return datetime.combine(moment.date(), time.min, moment.tzinfo)


def first_of_day(moment: datetime) -> datetime:
    """The first moment of the same day that clocks showed."""
    first = start_of_day(moment)
    # Where clocks go back across midnight, the first 00:00 is followed by an hour of the day before.
    second = first.replace(fold=1)
    crosses = is_repeated(first) and subtract_elapsed(second, _MOMENT).date() < second.date()
    return real(second if crosses else first)


def end_of_day(moment: datetime) -> datetime:
    """The last moment of the same day."""
    return real(datetime.combine(moment.date(), _DAY_END, moment.tzinfo))


def at_time_of(day: date, moment: datetime) -> datetime:
    """A day at the time of another moment, whose end of a day is that of every day."""
    if moment.time() == _DAY_END:
        return end_of_day(datetime.combine(day, time.min, moment.tzinfo))
    return real(datetime.combine(day, moment.timetz()))


def start_of_week(moment: datetime, week_start: WeekStartDay) -> datetime:
    """00:00 of the last first day of a week."""
    return start_of_day(moment) - timedelta(days=(moment.weekday() - week_start.weekday) % 7)


def start_of_months(moment: datetime, months: int) -> datetime:
    """00:00 of the first day of the month, or of the quarter or year with it: 1, 3 or 12 months from January."""
    return start_of_day(moment).replace(month=moment.month - (moment.month - 1) % months, day=1)


def start_of_hour(moment: datetime) -> datetime:
    """Minute 0 of the same hour on the wall clock, also of the second of two equal hours."""
    return start_of_minutes(moment, 60)


def start_of_minute(moment: datetime) -> datetime:
    """Second 0 of the same minute."""
    return start_of_minutes(moment, 1)


def start_of_minutes(moment: datetime, minutes: int) -> datetime:
    """The last multiple of so many minutes, a divisor of 60, on the wall clock."""
    return moment.replace(minute=moment.minute - moment.minute % minutes, second=0, microsecond=0)


def subtract_elapsed(moment: datetime, span: timedelta) -> datetime:
    """Subtract elapsed time, across changes of the clocks."""
    return (moment.astimezone(UTC) - span).astimezone(moment.tzinfo)


def elapsed(start: datetime, end: datetime) -> timedelta:
    """The time that elapsed between two moments; their difference would be that of the wall clock."""
    return end.astimezone(UTC) - start.astimezone(UTC)


def subtract_months(moment: datetime, months: int) -> datetime:
    """So many calendar months earlier at the same wall time; the day is clipped to the month's length."""
    index = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(index, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def subtract_whole_months(moment: datetime, months: int) -> datetime:
    """So many calendar months earlier, where the last day of a month goes to the last day."""
    earlier = subtract_months(moment, months)
    return end_of_month(earlier) if moment.day == end_of_month(moment).day else earlier


def end_of_month(moment: datetime) -> datetime:
    """The last day of the month, at the same wall time."""
    return moment.replace(day=calendar.monthrange(moment.year, moment.month)[1])


def subtract_days(moment: datetime, days: int) -> datetime:
    """So many days earlier at the same wall time, counting only days that the zone did not skip."""
    target, skipped = moment.date() - days * _DAY, 0
    while True:
        first, last = sorted((target, moment.date()))
        found = len(skipped_days(first, last, moment.tzinfo))
        if found == skipped:
            return datetime.combine(target, moment.timetz())
        target -= (found - skipped) * (_DAY if days > 0 else -_DAY)
        skipped = found


def skipped_days(first: date, last: date, zone: tzinfo | None) -> tuple[date, ...]:
    """The days between two, both included, that did not exist: Samoa went from 29 to 31 December 2011."""
    # A day is skipped where a zone crosses the date line, which its offset shows: most ranges need no search.
    before, after = (_offset(day, zone) for day in (first - _DAY, last + _DAY))
    if after - before < _SKIPPED_AT_LEAST:
        return ()
    days = (first + number * _DAY for number in range((last - first).days + 1))
    return tuple(day for day in days if real(datetime.combine(day, time.min, zone)).date() != day)


def _offset(day: date, zone: tzinfo | None) -> timedelta:
    return datetime.combine(day, time.min, zone).utcoffset() or timedelta()
