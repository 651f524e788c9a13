"""Periods that are compared, and how tests see them."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from resolvers.trends.buckets import Axis
from resolvers.trends.dates import DateRange
from resolvers.trends.query import TrendProject, TrendQuery
from resolvers.trends.resolve import Period, resolve
from tests.support.clock import TREND, local_now

COMPARED = replace(TREND, compare=True)


def periods(query: TrendQuery, now: datetime | None = None) -> tuple[Period, Period]:
    """The current and the previous period, by default on Wednesday, 2020-01-15 13:05:01."""
    now = now or local_now()
    zone = now.tzinfo
    assert isinstance(zone, ZoneInfo)
    current, previous = resolve(query, TrendProject(1, zone), now).periods
    return current, previous


def ranges(query: TrendQuery, now: datetime | None = None) -> tuple[DateRange, DateRange]:
    """The ranges of both periods."""
    current, previous = periods(query, now)
    return current.range, previous.range


def at(text: str, zone: str = "UTC") -> datetime:
    """A wall time of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def whole_seconds(range_: DateRange) -> tuple[str, str]:
    """The wall times between which the range lies."""
    return f"{range_.start:%Y-%m-%d %H:%M:%S}", f"{range_.end:%Y-%m-%d %H:%M:%S}"


def axis_of(period: Period) -> Axis:
    """The buckets as clients receive them."""
    assert period.buckets is not None
    return period.buckets.axis(period.range)
