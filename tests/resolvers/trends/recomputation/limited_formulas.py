"""Formulas over limited breakdowns, computed in plain Python."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.query import EventSeries, TrendDisplay, TrendMath, TrendProject, TrendQuery
from tests.resolvers.trends.recomputation.recompute import StoredRows, bucket_starts, figures_by_value

Line = list[Fraction]
Buckets = dict[int, Fraction]


def recompute_formula(
    rows: StoredRows, query: TrendQuery, project: TrendProject, formula: Callable[..., float]
) -> dict[str, list[float | None]]:
    """The lines of a formula of all series by breakdown value: one figure each for displays of one total."""
    count = len(bucket_starts(query, project))
    series = [each for each in query.series if isinstance(each, EventSeries)]
    found = [_present(rows, query, each, project) for each in series]
    lines = [{value: _line(query, buckets, count) for value, buckets in of.items()} for of in found]
    values = {value for of in lines for value in of}
    sizes = {value: sum(sum(of.get(value, [Fraction(0)])) for of in lines) for value in values}
    ranked = sorted(
        values, key=lambda value: (value == NO_VALUE and not query.display.is_total, -sizes[value], value)
    )
    shown, rest = ranked[: query.breakdown_limit], ranked[query.breakdown_limit :]
    zeros = [Fraction(0)] * count
    operands = {value: [of.get(value, zeros) for of in lines] for value in shown}
    if rest:
        operands[OTHER_VALUES] = [
            _merged(query, each, [(of[value], buckets[value]) for value in rest if value in of]) or zeros
            for each, of, buckets in zip(series, lines, found, strict=True)
        ]
    return {value: _evaluate(formula, columns) for value, columns in operands.items()}


def _present(
    rows: StoredRows, query: TrendQuery, series: EventSeries, project: TrendProject
) -> dict[str, Buckets]:
    figures = figures_by_value(rows, query, series, project)
    return {
        value or "": {bucket: Fraction(figure or 0.0) for bucket, figure in buckets.items()}
        for value, buckets in figures.items()
    }


def _line(query: TrendQuery, buckets: Buckets, count: int) -> Line:
    line = [buckets.get(bucket, Fraction(0)) for bucket in range(count)]
    if query.display.is_total:
        return line
    if query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
        running, line = list(accumulate(line)), []
        for value in running:
            line.append(value if value > 0 else (line or [Fraction(0)])[-1])
    if query.smoothing_intervals == 1:
        return line
    windows = [line[max(0, end - query.smoothing_intervals) : end] for end in range(1, count + 1)]
    return [Fraction(math.floor(sum(window) / len(window))) for window in windows]


def _merged(query: TrendQuery, series: EventSeries, others: Sequence[tuple[Line, Buckets]]) -> Line:
    """The line of the other values. Without smoothing and running sums, only values with events take part."""
    merge = {TrendMath.MIN: min, TrendMath.MAX: max}.get(series.math.kind, sum)
    if query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE or (
        query.smoothing_intervals > 1 and not query.display.is_total
    ):
        return [Fraction(merge(column)) for column in zip(*(line for line, _ in others), strict=True)]
    buckets = range(max((len(line) for line, _ in others), default=0))
    columns = [[present[n] for _, present in others if n in present] for n in buckets]
    return [Fraction(merge(column)) if column else Fraction(0) for column in columns]


def _evaluate(formula: Callable[..., float], columns: Sequence[Line]) -> list[float | None]:
    figures = (formula(*map(float, column)) for column in zip(*columns, strict=True))
    return [figure if math.isfinite(figure) else None for figure in figures]
