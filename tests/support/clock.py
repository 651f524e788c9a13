"""The smallest trend, and a fixed clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import EventSeries, TrendQuery

TREND = TrendQuery((EventSeries("sign up", path=("query", "events", 0)),))
UTC_ZONE = ZoneInfo("UTC")


def local_now(timezone: ZoneInfo = UTC_ZONE) -> datetime:
    """2020-01-15 13:05:01 UTC, a Wednesday, as the zone's clocks show it."""
    return datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC).astimezone(timezone)


def compile_context(timezone: ZoneInfo = UTC_ZONE) -> CompileContext:
    """The zone on that Wednesday, with no cohorts."""
    return CompileContext(timezone, local_now())
