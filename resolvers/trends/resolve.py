"""A query meets its project and the clock: the ranges that it reads and the maths that it computes.

Resolving is cheap, so that it can precede the lookup in the cache; see compile.py for what is not.
"""

from dataclasses import dataclass
from datetime import datetime

from resolvers.trends.compare import previous_range
from resolvers.trends.dates import WHOLE_HISTORY, DateRange, read_range
from resolvers.trends.math import effective_math
from resolvers.trends.query import Math, TrendProject, TrendQuery


@dataclass(frozen=True, slots=True)
class ResolvedTrend:
    """A query at an instant. `ranges` holds the current period, then the previous one if they are compared.

    `maths` are those of the series, in their order.
    """

    query: TrendQuery
    project: TrendProject
    now: datetime
    ranges: tuple[DateRange, ...]
    maths: tuple[Math, ...]

    @property
    def is_whole_history(self) -> bool:
        """Whether the range begins with the first event of the query's series."""
        return self.query.date_from == WHOLE_HISTORY


def resolve(
    query: TrendQuery, project: TrendProject, now: datetime, *, first_event: datetime | None = None
) -> ResolvedTrend:
    """Resolve dates and maths. A range over the whole history begins today until `first_event` is known.

    Raises BadUserInput for dates that cannot be read, and for an end before the start.
    """
    local = now.astimezone(project.timezone)
    current = read_range(query, local, first_event)
    ranges = (current, previous_range(query, current, local)) if query.compare else (current,)
    return ResolvedTrend(
        query, project, now, ranges, tuple(effective_math(series.math, query.interval) for series in query.series)
    )
