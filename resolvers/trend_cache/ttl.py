"""How long an answer may be given again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from resolvers.trends.compile import Plan
from resolvers.trends.query import TrendInterval

_OPEN: Final[Mapping[TrendInterval, timedelta]] = {
    TrendInterval.MINUTE: timedelta(seconds=30),
    TrendInterval.HOUR: timedelta(minutes=2),
    TrendInterval.DAY: timedelta(minutes=5),
    TrendInterval.WEEK: timedelta(minutes=10),
    TrendInterval.MONTH: timedelta(minutes=10),
}
"""Of ranges that have not ended, or only just."""
_CLOSED: Final = timedelta(days=1)
_CLOSED_UNTOLD: Final = timedelta(hours=1)
_CHANGING: Final = timedelta(seconds=30)
_LATE: Final = timedelta(days=1)
"""Events arrive late: a range counts as ended this long after its last second."""


def ttl(plan: Plan, now: datetime, *, is_told: bool, is_changing: bool = False) -> timedelta:
    """For how long the answer of the plan is kept.

    `is_told` says that whoever changes the data tells so (see data_versions.py), which ends the time early;
    `is_changing`, that a change is under way, or was never finished.
    """
    if is_changing:
        return _CHANGING
    current = plan.periods[0].range
    if all(period.range.end < now - _LATE for period in plan.periods):
        return _CLOSED if is_told else _CLOSED_UNTOLD
    return _OPEN[current.interval]
