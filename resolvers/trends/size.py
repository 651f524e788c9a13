"""How much a trend is: its statements, lines and figures, as far as they are known before it runs and after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from datasource.clickhouse.engine import QueryResult
from datasource.clickhouse.errors import ResultTooLarge
from errors import ErrorCode
from resolvers.trends.buckets import Buckets
from resolvers.trends.cohort_splits import values_per_row
from resolvers.trends.compile import Plan, breakdown_limit
from resolvers.trends.query import BreakdownType, TrendQuery
from resolvers.trends.resolve import ResolvedTrend

BYTES_PER_FIGURE: Final = 32
"""Twice what ClickHouse needs for a figure and the number of its bucket, so that names have room too."""


@dataclass(frozen=True, slots=True)
class TrendSize:
    """The most that a trend can be. `hidden_lines` are those behind formulas, which are not in the answer."""

    statements: int
    lines: int
    hidden_lines: int = 0
    buckets: int = 1

    @classmethod
    def of(cls, resolved: ResolvedTrend) -> Self:
        """Measure a trend. One over the whole history counts a single bucket until its first event is known."""
        query = resolved.query
        return cls.count(
            series=len(query.series),
            formulas=len(query.formulas),
            periods=len(resolved.ranges),
            cohorts=sum(each.type is BreakdownType.COHORT for each in query.breakdowns),
            values=breakdown_limit(query) if query.breakdowns else None,
            buckets=count_buckets(resolved),
        )

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


def count_buckets(resolved: ResolvedTrend) -> int:
    """Count the buckets of the longest period; 1 for displays of one total."""
    if resolved.query.display.is_total:
        return 1
    zone, week_start = resolved.project.timezone, resolved.project.week_start
    return max(Buckets.of(range_, zone, week_start).count for range_ in resolved.ranges)


def values_that_fit(resolved: ResolvedTrend, max_figures: int) -> int:
    """Return with how many breakdown values the trend is sure to stay within the limit."""
    query = resolved.query
    per_value = (len(query.series) + len(query.formulas)) * len(resolved.ranges) * count_buckets(resolved)
    return max_figures // per_value - 1


def count_figures(plan: Plan, results: Sequence[QueryResult]) -> int:
    """Count the figures of a trend from the rows of its statements, before any of them is assembled."""
    width = values_per_row(plan.query)
    figures = 0
    for period in plan.periods:
        parts = [result for part, result in zip(plan.parts, results, strict=True) if part.period is period]
        # Without a breakdown a statement over time has a row per bucket that is not empty, but always one line.
        lines = sum(result.row_count for result in parts) if width else len(parts)
        if plan.formulas:
            lines += len(plan.formulas) * (_count_values(parts, width) if width else 1)
        figures += lines * (period.buckets.count if period.buckets else 1)
    return figures


def check_figures(query: TrendQuery, figures: int, limit: int) -> None:
    """Raise QUERY_TOO_EXPENSIVE for a trend with more figures than the limit."""
    if figures > limit:
        raise ResultTooLarge(
            ErrorCode.QUERY_TOO_EXPENSIVE,
            "The trend has {actual:,} figures; the limit is {limit:,}.",
            limit=limit,
            actual=figures,
            unit="figures",
            hint="Use a longer interval, a shorter range, or fewer breakdown values."
            if query.breakdowns
            else "Use a longer interval, a shorter range, or fewer series.",
        )


def _count_values(results: Iterable[QueryResult], width: int) -> int:
    return len({row for result in results for row in zip(*result.columns[:width], strict=True)})
