"""The rows of one statement become series rows: a breakdown value (or none) with its data, in final order."""

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from typing import cast

from datasource.clickhouse.engine import QueryResult
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.cohort_splits import values_per_row
from resolvers.trends.compile import Part
from resolvers.trends.query import TrendDisplay, TrendMath, TrendQuery
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


def read_series_rows(part: Part, result: QueryResult, query: TrendQuery) -> tuple[SeriesRow, ...]:
    """Read the result of one statement: fill gaps, then accumulate, scale and smooth as the query demands."""
    width = values_per_row(query)
    if part.period.buckets is None:
        rows = [SeriesRow(_breakdown(row, width), total=_figure(row[width])) for row in result.rows()]
    else:
        count = part.period.buckets.count
        found = _breakdown_rows(result, width, count) if width else [_single_row(result, count)]
        rows = [_accumulated(row, query) for row in found]
    kind = query.series[part.series_index].math.kind
    rows = [_scaled(row, query.sampling_factor, kind) for row in rows]
    # Ranked before smoothing, which cuts fractions off.
    rows.sort(key=lambda row: (row.rank, -row.size, row.breakdown or ()))
    return tuple(_smoothed(row, query.smoothing_intervals) for row in rows)


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
