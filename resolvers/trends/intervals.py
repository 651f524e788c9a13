"""The lengths of intervals: elapsed minutes for the short ones, calendar units for the others."""

from collections.abc import Mapping
from typing import Final

from resolvers.trends.query import TrendInterval

MINUTES_OF: Final[Mapping[TrendInterval, int]] = {
    TrendInterval.MINUTE: 1,
    TrendInterval.FIVE_MINUTES: 5,
    TrendInterval.FIFTEEN_MINUTES: 15,
    TrendInterval.THIRTY_MINUTES: 30,
    TrendInterval.HOUR: 60,
}
"""Intervals of elapsed time, which begin at multiples of their length on the wall clock."""

MONTHS_OF: Final[Mapping[TrendInterval, int]] = {
    TrendInterval.MONTH: 1,
    TrendInterval.QUARTER: 3,
    TrendInterval.YEAR: 12,
}
"""Intervals of whole calendar months."""

CLOCK_INTERVALS: Final = frozenset(MINUTES_OF)
"""Intervals of elapsed time; the others follow the calendar."""

SEVERAL_MINUTES: Final = frozenset(
    {TrendInterval.FIVE_MINUTES, TrendInterval.FIFTEEN_MINUTES, TrendInterval.THIRTY_MINUTES}
)
"""Intervals whose names are plurals."""


def length_in_words(interval: TrendInterval) -> str:
    """Return the length of a bucket for messages: `5 minutes`, `one hour`."""
    if interval in SEVERAL_MINUTES:
        return f"{MINUTES_OF[interval]} minutes"
    return f"one {interval.lower()}"
