"""The result of a trend: series, in the order in which clients receive them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from resolvers.trends.query import TrendInterval, TrendMath


class CompareLabel(StrEnum):
    CURRENT = "CURRENT"
    PREVIOUS = "PREVIOUS"


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """One series: `data` is parallel to `days` and `labels`; all are empty for displays of one total.

    A value of None has no number, such as the average of nothing.
    """

    label: str
    order: int
    event: str | None
    math: TrendMath | None
    data: tuple[float | None, ...]
    days: tuple[str, ...]
    labels: tuple[str, ...]
    count: float
    aggregated_value: float | None = None
    breakdown_value: tuple[str, ...] | None = None
    compare_label: CompareLabel | None = None
    custom_name: str | None = None
    formula: str | None = None
    action_id: int | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the trend cost ClickHouse; `elapsed_ms` is the wall time from the first query to the last row."""

    elapsed_ms: float
    rows_read: int
    bytes_read: int
    queries: int


@dataclass(frozen=True, slots=True)
class TrendResult:
    """The whole result; dates are in the project's time zone, `days` and `labels` are the current period's.

    `breakdown_headers` name the property of each breakdown value; where the values are cohorts, `cohort_names` has
    the name of each.
    """

    series: tuple[SeriesResult, ...]
    days: tuple[str, ...]
    labels: tuple[str, ...]
    interval: TrendInterval
    date_from: datetime
    date_to: datetime
    timezone: str
    has_more: bool
    sql: str
    statistics: Statistics
    breakdown_headers: tuple[str, ...] = ()
    cohort_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many values it has, roughly: those of all series and of the time axis."""
        return (len(self.series) + 2) * max(1, len(self.days))
