"""How much a trend is: its statements, lines and figures, as far as they are known before it runs and after."""

from dataclasses import dataclass, replace
from typing import Final, Self

from datasource.clickhouse.engine import QueryResult
from datasource.clickhouse.errors import ResultTooLarge
from errors import ErrorCode
from resolvers.trends.cohort_splits import values_per_row
from resolvers.trends.compile import Part, Plan, breakdown_limit
from resolvers.trends.query import BreakdownType, FilterGroup
from resolvers.trends.resolve import Period, ResolvedTrend

BYTES_PER_FIGURE: Final = 20
"""A little more than what ClickHouse needs for a figure and the number of its bucket."""


@dataclass(frozen=True, slots=True)
class TrendSize:
    """The most that a trend can be. `hidden_lines` are those behind formulas, which are not in the answer.

    `filter_values` counts the values of its filters in each statement that they are sent with.
    """

    statements: int
    lines: int
    hidden_lines: int = 0
    buckets: int = 1
    filter_values: int = 0

    @classmethod
    def of(cls, resolved: ResolvedTrend) -> Self:
        """Measure a trend. One over the whole history counts a single bucket until its first event is known."""
        query = resolved.query
        size = cls.count(
            series=len(query.series),
            formulas=len(query.formulas),
            periods=len(resolved.ranges),
            cohorts=sum(each.type is BreakdownType.COHORT for each in query.breakdowns),
            values=breakdown_limit(query) if query.breakdowns else None,
            buckets=count_buckets(resolved),
        )
        statements_each = size.statements // max(1, len(query.series))
        return replace(size, filter_values=_count_filter_values(resolved) * statements_each)

    @classmethod
    def count(
        cls, *, series: int, formulas: int, periods: int, cohorts: int, values: int | None, buckets: int
    ) -> Self:
        """Multiply what a query asks for; `values` is the number of breakdown values that keep their name."""
        # One more line adds up the other values.
        lines_each = cohorts or (1 if values is None else values + 1)
        counted = series * periods * lines_each
        return cls(
            statements=series * periods * max(1, cohorts),
            lines=formulas * periods * lines_each if formulas else counted,
            hidden_lines=counted if formulas else 0,
            buckets=buckets,
        )

    @property
    def figures(self) -> int:
        """The values of all lines, also of those behind formulas."""
        return (self.lines + self.hidden_lines) * self.buckets

    @property
    def values(self) -> int:
        """The values of the lines in the answer."""
        return self.lines * self.buckets

    def within(self, max_figures: int) -> Self:
        """Return the most that is answered: a trend with more figures than this limit is refused."""
        lines = min(self.lines, max_figures // self.buckets)
        return replace(self, lines=lines, hidden_lines=min(self.hidden_lines, max_figures // self.buckets - lines))


def _count_filter_values(resolved: ResolvedTrend) -> int:
    """Count the values of all filters once for each series that they apply to."""
    query = resolved.query
    of_all = _count_values(query.filters)
    if query.filter_test_accounts:
        of_all += _count_values(resolved.project.test_account_filters)
    return sum(of_all + _count_values(series.filters) for series in query.series)


def _count_values(group: FilterGroup) -> int:
    return sum(len(each.value) if isinstance(each.value, tuple | list) else 1 for each in group.leaves())


def count_buckets(resolved: ResolvedTrend) -> int:
    """Count the buckets of the longest period; 1 for displays of one total."""
    return max(period.bucket_count for period in resolved.periods)


def values_that_fit(resolved: ResolvedTrend, max_figures: int) -> int:
    """Return with how many breakdown values the trend is sure to stay within the limit."""
    query = resolved.query
    per_value = (len(query.series) + len(query.formulas)) * len(resolved.ranges) * count_buckets(resolved)
    return max_figures // per_value - 1


class FigureCounter:
    """Counts the figures of a trend from the rows of its statements as they arrive, before any is assembled."""

    def __init__(self, plan: Plan, limit: int) -> None:
        self._plan = plan
        self._limit = limit
        self._width = values_per_row(plan.query)
        self._parts = 0
        self._behind = 0
        # The breakdown values of each period, which are those of every formula.
        self._values: dict[Period, set[tuple[object, ...]]] = {period: set() for period in plan.periods}

    @property
    def figures(self) -> int:
        """The figures so far."""
        shown = sum(len(values) * period.bucket_count for period, values in self._values.items())
        return self._behind + len(self._plan.formulas) * shown

    def add(self, part: Part, result: QueryResult) -> None:
        """Count the rows of a statement. Raises QUERY_TOO_EXPENSIVE for more figures than the limit."""
        # Without a breakdown a statement over time has a row per bucket that is not empty, but always one line.
        lines = result.row_count if self._width else 1
        self._behind += lines * part.period.bucket_count
        if self._plan.formulas:
            found = zip(*result.columns[: self._width], strict=True) if self._width else [()]
            self._values[part.period].update(found)
        self._parts += 1
        if self.figures > self._limit:
            raise self._too_many()

    def _too_many(self) -> ResultTooLarge:
        is_complete = self._parts == len(self._plan.parts)
        return ResultTooLarge(
            ErrorCode.QUERY_TOO_EXPENSIVE,
            "The trend has {actual:,} figures; the limit is {limit:,}."
            if is_complete
            else "The trend has at least {actual:,} figures; the limit is {limit:,}.",
            limit=self._limit,
            actual=self.figures,
            unit="figures",
            hint="Use a longer interval, a shorter range, or fewer breakdown values."
            if self._plan.query.breakdowns
            else "Use a longer interval, a shorter range, or fewer series.",
        )
