"""A query meets its project and the clock: the periods that it reads and the maths that it computes.

Resolving is cheap, so that it can precede the lookup in the cache; see compile.py for what is not.
"""

from dataclasses import dataclass
from datetime import datetime

from resolvers.trends.buckets import Buckets
from resolvers.trends.compare import previous_period
from resolvers.trends.dates import WHOLE_HISTORY, DateRange, read_range, read_start
from resolvers.trends.math import effective_math
from resolvers.trends.query import Math, TrendProject, TrendQuery
from resolvers.trends.results import CompareLabel


@dataclass(frozen=True, slots=True)
class Period:
    """One of the compared periods; `buckets` is None for displays of one total."""

    range: DateRange
    buckets: Buckets | None
    compare_label: CompareLabel | None

    @property
    def bucket_count(self) -> int:
        """The number of values of one series."""
        return 1 if self.buckets is None else self.buckets.count


@dataclass(frozen=True, slots=True)
class ResolvedTrend:
    """A query at an instant. `periods` holds the current period, then the previous one if they are compared.

    `maths` are those of the series, in their order.
    """

    query: TrendQuery
    project: TrendProject
    now: datetime
    periods: tuple[Period, ...]
    maths: tuple[Math, ...]

    @property
    def ranges(self) -> tuple[DateRange, ...]:
        """The ranges of the periods."""
        return tuple(period.range for period in self.periods)

    @property
    def is_whole_history(self) -> bool:
        """Whether the range begins with the first event of the query's series."""
        return self.query.date_from == WHOLE_HISTORY


def resolve(
    query: TrendQuery, project: TrendProject, now: datetime, *, first_event: datetime | None = None
) -> ResolvedTrend:
    """Resolve dates and maths. A range over the whole history begins today until `first_event` is known.

    Raises BadUserInput for dates that cannot be read, for an end before the start, and for too many buckets.
    """
    local = now.astimezone(project.timezone)
    return ResolvedTrend(
        query,
        project,
        now,
        _periods(query, project, local, first_event),
        tuple(effective_math(series.math, query.interval) for series in query.series),
    )


def _periods(
    query: TrendQuery, project: TrendProject, local: datetime, first_event: datetime | None
) -> tuple[Period, ...]:
    week_start = project.week_start
    current = read_range(query, local, week_start, earliest=first_event)
    buckets = None if query.display.is_total else Buckets.of(current, project.timezone, week_start)
    if not query.compare:
        return (Period(current, buckets, None),)
    start = read_start(query, local, week_start, earliest=first_event)
    previous = previous_period(query, start, current, buckets, week_start)
    return Period(current, buckets, CompareLabel.CURRENT), Period(*previous, CompareLabel.PREVIOUS)
