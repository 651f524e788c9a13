"""How long a trend may be served from the cache."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from resolvers.trends.query import TrendInterval
from resolvers.trends.resolve import ResolvedTrend

_OPEN: Final[Mapping[TrendInterval, timedelta]] = {
    TrendInterval.MINUTE: timedelta(seconds=30),
    TrendInterval.FIVE_MINUTES: timedelta(minutes=1),
    TrendInterval.FIFTEEN_MINUTES: timedelta(minutes=2),
    TrendInterval.THIRTY_MINUTES: timedelta(minutes=2),
    TrendInterval.HOUR: timedelta(minutes=2),
    TrendInterval.DAY: timedelta(minutes=5),
    TrendInterval.WEEK: timedelta(minutes=10),
    TrendInterval.MONTH: timedelta(minutes=10),
    TrendInterval.QUARTER: timedelta(minutes=10),
    TrendInterval.YEAR: timedelta(minutes=10),
}
"""For ranges that have not ended, or only recently."""
_CLOSED: Final = timedelta(days=1)
_CLOSED_WITHOUT_INVALIDATION: Final = timedelta(hours=1)
_CHANGING: Final = timedelta(seconds=30)
_LATE: Final = timedelta(days=1)
"""Events arrive late: a range counts as ended this long after its last second."""


def ttl(resolved: ResolvedTrend, now: datetime, *, has_invalidation: bool, is_changing: bool = False) -> timedelta:
    """Return how long the result of a trend stays in the cache.

    `has_invalidation`: changes of the data advance its version, which outdates the entry earlier. `is_changing`: a
    change is in progress, or was interrupted.
    """
    if is_changing:
        return _CHANGING
    if all(range_.end < now - _LATE for range_ in resolved.ranges):
        return _CLOSED if has_invalidation else _CLOSED_WITHOUT_INVALIDATION
    return _OPEN[resolved.ranges[0].interval]
