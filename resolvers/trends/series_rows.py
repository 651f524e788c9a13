"""The rows of statements become series rows: a breakdown value (or none) with its data, in final order."""

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, compress
from typing import cast

from datasource.clickhouse.engine import QueryResult
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.cohort_splits import values_per_row
from resolvers.trends.compile import Part
from resolvers.trends.query import TrendDisplay, TrendMath, TrendQuery
from resolvers.trends.resolve import Period
from resolvers.trends.sampling import scale_up
from resolvers.trends.smoothing import smooth

Value = float | None
"""None is the result of a math without a value, such as the average of nothing."""

_LARGEST = Fraction(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """`data` has a value per bucket; for displays of one total it is empty, and `total` holds the value."""

    breakdown: tuple[str, ...] | None
    data: tuple[Value, ...] = ()
    total: Value = None

    @property
    def size(self) -> float:
        """What rows are ranked by: the total, or the sum over time."""
        return sum_values(self.data) if self.data else self.total or 0.0

    @property
    def is_other(self) -> bool:
        """Whether it adds up the breakdown values past the limit."""
        return self.breakdown is not None and OTHER_VALUES in self.breakdown

    @property
    def rank(self) -> int:
        """0 for a breakdown value, 1 for none, 2 for the others."""
        if self.is_other:
            return 2
        return 1 if self.breakdown is not None and NO_VALUE in self.breakdown else 0


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """The rows of one series over a period, or of one cohort's part of it."""

    series_index: int
    period: Period
    rows: tuple[SeriesRow, ...]


def read_series_rows(part: Part, result: QueryResult, query: TrendQuery) -> Iterator[SeriesRows]:
    """Read the result of one statement: fill gaps, then accumulate, scale and smooth as the query demands."""
    width = values_per_row(query)
    for index, of_series in _by_series(part, result):
        rows = [_processed(row, part, query, index) for row in _read(of_series, width, part.period)]
        rows.sort(key=lambda row: (row.rank, -row.size, row.breakdown or ()))
        yield SeriesRows(index, part.period, tuple(rows))


def _by_series(part: Part, result: QueryResult) -> Iterator[tuple[int, QueryResult]]:
    if len(part.series) == 1:
        yield part.series[0], result
        return
    *columns, indices = result.columns
    for series in part.series:
        is_one = [index == series for index in indices]
        yield series, replace(result, columns=tuple([*compress(column, is_one)] for column in columns))


def _read(result: QueryResult, width: int, period: Period) -> list[SeriesRow]:
    if period.buckets is None:
        return [SeriesRow(_breakdown(row, width), total=_figure(row[width])) for row in result.rows()]
    count = period.buckets.count
    return _breakdown_rows(result, width, count) if width else [_single_row(result, count)]


def _processed(row: SeriesRow, part: Part, query: TrendQuery, index: int) -> SeriesRow:
    kind = query.series[index].math.kind
    if row.is_other and part.other_is_line:
        return _scaled(row, query.sampling_factor, kind)
    return _smoothed(_scaled(_accumulated(row, query), query.sampling_factor, kind), query.smoothing_intervals)


def sum_values(values: tuple[Value, ...]) -> float:
    """Add up the values, leaving out None. A sum beyond the largest float is that float."""
    present = [value for value in values if value is not None]
    try:
        return float(math.fsum(present))
    except OverflowError:
        exact = sum(map(Fraction, present))
        return float(max(-_LARGEST, min(exact, _LARGEST)))


def _figure(value: object) -> Value:
    # ClickHouse writes a whole number without a fraction, also as a float: JSON reads an int then, which
    # GraphQL's Float refuses if a float cannot hold it exactly.
    return None if value is None else float(cast(float, value))


def _single_row(result: QueryResult, count: int) -> SeriesRow:
    buckets, values = result.columns
    return SeriesRow(None, _filled(buckets, values, count))


def _breakdown_rows(result: QueryResult, width: int, count: int) -> list[SeriesRow]:
    return [
        SeriesRow(
            _breakdown(row, width),
            _filled(cast(list[object], row[width]), cast(list[object], row[width + 1]), count),
        )
        for row in result.rows()
    ]


def _breakdown(row: tuple[object, ...], width: int) -> tuple[str, ...] | None:
    return tuple(str(value) for value in row[:width]) if width else None


def _filled(buckets: list[object], values: list[object], count: int) -> tuple[Value, ...]:
    data: list[Value] = [0.0] * count
    for bucket, value in zip(cast(list[int], buckets), values, strict=True):
        data[bucket] = _figure(value)
    return tuple(data)


def _accumulated(row: SeriesRow, query: TrendQuery) -> SeriesRow:
    if query.display is not TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
        return row
    return replace(row, data=_running_sums(row.data))


def _running_sums(data: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return running sums, of which one that is not above zero repeats the one before."""
    sums: list[Value] = []
    for running in accumulate(value or 0.0 for value in data):
        sums.append(running if running > 0 else sums[-1] if sums else 0.0)
    return _finite(sums)


def _finite(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return the values, with None for those that no float holds."""
    return tuple(value if value is not None and math.isfinite(value) else None for value in values)


def _scaled(row: SeriesRow, factor: float, kind: TrendMath) -> SeriesRow:
    if factor == 1:
        return row

    def scale(value: Value) -> Value:
        return None if value is None else scale_up(value, factor, kind)

    (total,) = _finite((scale(row.total),))
    return replace(row, data=_finite(map(scale, row.data)), total=total)


def _smoothed(row: SeriesRow, intervals: int) -> SeriesRow:
    return row if intervals == 1 or not row.data else replace(row, data=smooth(row.data, intervals))
