"""Rows of one statement become lines: a breakdown value (or none) with its figures, in final order."""

import math
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import cast

from datasource.clickhouse.engine import QueryResult
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.cohort_splits import values_per_line
from resolvers.trends.compile import Part
from resolvers.trends.query import TrendDisplay, TrendMath, TrendQuery
from resolvers.trends.sampling import scale_up

Figure = float | None


@dataclass(frozen=True, slots=True)
class Line:
    """`data` has a figure per bucket; for displays of one total it is empty and `total` holds the figure."""

    value: tuple[str, ...] | None
    data: tuple[Figure, ...] = ()
    total: Figure = None

    @property
    def size(self) -> float:
        """By what lines are ranked: the total, or the sum over time."""
        return sum_figures(self.data) if self.data else self.total or 0.0

    @property
    def is_other(self) -> bool:
        """Whether this is what lay past the limit, added up."""
        return self.value is not None and OTHER_VALUES in self.value

    @property
    def rank(self) -> int:
        """0 for values, 1 for none, 2 for the others."""
        if self.is_other:
            return 2
        return 1 if self.value is not None and NO_VALUE in self.value else 0


def read_lines(part: Part, result: QueryResult, query: TrendQuery) -> tuple[Line, ...]:
    """The lines of one statement: figures filled up, summed up and smoothed as the display asks."""
    split = values_per_line(query)
    if part.period.buckets is None:
        lines = [_total_line(row, split) for row in result.rows()]
    else:
        count = len(part.period.buckets.starts)
        found = _split_lines(result, split, count) if split else [_single_line(result, count)]
        lines = [_displayed(line, query) for line in found]
    math = query.series[part.series_index].math.kind
    lines = [_scaled(line, query.sampling_factor, math) for line in lines]
    lines.sort(key=lambda line: (line.rank, -line.size, line.value or ()))
    return tuple(replace(line, data=_smooth(line.data, query.smoothing_intervals)) for line in lines)


def sum_figures(figures: tuple[Figure, ...]) -> float:
    """The sum of the figures that are numbers."""
    return float(math.fsum(figure for figure in figures if figure is not None))


def _total_line(row: tuple[object, ...], split: int) -> Line:
    return Line(_names(row, split), total=cast(Figure, row[split]))


def _single_line(result: QueryResult, count: int) -> Line:
    buckets, figures = result.columns
    return Line(None, _fill(buckets, figures, count))


def _split_lines(result: QueryResult, split: int, count: int) -> list[Line]:
    return [
        Line(_names(row, split), _fill(cast(list[object], row[split]), cast(list[object], row[split + 1]), count))
        for row in result.rows()
    ]


def _names(row: tuple[object, ...], split: int) -> tuple[str, ...] | None:
    return tuple(str(name) for name in row[:split]) if split else None


def _fill(buckets: list[object], figures: list[object], count: int) -> tuple[Figure, ...]:
    data: list[Figure] = [0.0] * count
    for bucket, figure in zip(buckets, figures, strict=True):
        data[cast(int, bucket)] = cast(Figure, figure)
    return tuple(data)


def _displayed(line: Line, query: TrendQuery) -> Line:
    if query.display is not TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
        return line
    return replace(line, data=_running(line.data))


def _running(data: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """Running sums, of which one that is not above zero repeats the one before."""
    shown: list[Figure] = []
    for running in accumulate(figure or 0.0 for figure in data):
        shown.append(running if running > 0 else shown[-1] if shown else 0.0)
    return tuple(shown)


def _scaled(line: Line, factor: float, math: TrendMath) -> Line:
    def scale(figure: Figure) -> Figure:
        return None if figure is None else scale_up(figure, factor, math)

    return replace(line, data=tuple(map(scale, line.data)), total=scale(line.total))


def _smooth(data: tuple[Figure, ...], intervals: int) -> tuple[Figure, ...]:
    """Each figure replaced by the mean of the last so many, cut to a whole number."""
    if intervals == 1:
        return data
    windows = (data[max(0, end - intervals) : end] for end in range(1, len(data) + 1))
    return tuple(float(math.floor(sum_figures(window) / len(window))) for window in windows)
