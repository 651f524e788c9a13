"""Lines become the answer: labels, counts, formulas, and the order of the series."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from datasource.clickhouse.engine import QueryResult
from resolvers.trends.cohort_splits import joins_cohorts
from resolvers.trends.compile import Part, Period, Plan
from resolvers.trends.formula import ParsedFormula, parse_formula
from resolvers.trends.lines import Figure, Line, read_lines, sum_figures
from resolvers.trends.query import ActionSeries, EventSeries, Formula, TrendDisplay
from resolvers.trends.results import SeriesResult, Statistics, TrendResult

_DIGITS = re.compile(r"(\d+)")
Lines = Sequence[tuple[Part, tuple[Line, ...]]]


def assemble(plan: Plan, results: Sequence[QueryResult], *, sql: str, statistics: Statistics) -> TrendResult:
    """The answer of a plan; `results` are those of its parts, in their order."""
    lines = _read(plan, results)
    has_more = any(line.is_other for _, part_lines in lines for line in part_lines)
    series = _formula_series(plan, lines) if plan.query.formulas else _plain_series(plan, lines)
    current = plan.periods[0]
    return TrendResult(
        series=tuple(series),
        days=current.days,
        labels=current.labels,
        interval=plan.query.interval,
        date_from=current.range.start,
        date_to=current.range.end,
        timezone=plan.project.timezone.key,
        has_more=has_more,
        sql=sql,
        statistics=statistics,
        breakdown_headers=_breakdown_headers(plan),
        cohort_names=_cohort_names(plan, series),
    )


def _breakdown_headers(plan: Plan) -> tuple[str, ...]:
    """What each value of a line is a value of: a key, or all the cohorts that were asked for."""
    asked = tuple(breakdown.property for breakdown in plan.query.breakdowns)
    return (", ".join(asked),) if plan.by_cohort else asked


def _cohort_names(plan: Plan, series: Iterable[SeriesResult]) -> dict[str, str]:
    values = (value for line in series for value in line.breakdown_value or ()) if plan.by_cohort else ()
    return {value: plan.catalog.cohort_name(value) for value in values}


def _read(plan: Plan, results: Sequence[QueryResult]) -> Lines:
    """The lines of each part; where cohorts are one breakdown, those of one series are ranked together."""
    lines = [
        (part, read_lines(part, result, plan.query)) for part, result in zip(plan.parts, results, strict=True)
    ]
    if not joins_cohorts(plan.query):
        return lines
    joined = groupby(lines, key=lambda pair: (id(pair[0].period), pair[0].series_index))
    return [_joined(list(pairs)) for _, pairs in joined]


def _joined(pairs: list[tuple[Part, tuple[Line, ...]]]) -> tuple[Part, tuple[Line, ...]]:
    lines = [line for _, part_lines in pairs for line in part_lines]
    return pairs[0][0], tuple(sorted(lines, key=lambda line: -line.size))


def _plain_series(plan: Plan, lines: Lines) -> list[SeriesResult]:
    return [_series(plan, part, line) for part, part_lines in lines for line in _shown(plan, part_lines)]


def _shown(plan: Plan, lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if not (plan.query.breakdown_hide_other and line.is_other)]


def _series(plan: Plan, part: Part, line: Line) -> SeriesResult:
    series = plan.query.series[part.series_index]
    return SeriesResult(
        label=_label(plan, part, line),
        order=part.series_index,
        event=series.event if isinstance(series, EventSeries) else None,
        action_id=series.action_id if isinstance(series, ActionSeries) else None,
        math=series.math.kind,
        data=line.data,
        days=part.period.days,
        labels=part.period.labels,
        count=_count(plan, line.data),
        aggregated_value=line.total,
        breakdown_value=line.value,
        compare_label=part.period.compared,
        custom_name=series.custom_name,
    )


def _label(plan: Plan, part: Part, line: Line) -> str:
    name = plan.catalog.label(plan.query.series[part.series_index])
    if line.value is None:
        return name
    value = plan.catalog.cohort_name(line.value[0]) if plan.by_cohort else "::".join(line.value)
    return value if plan.lines_asked == 1 else f"{name} - {value}"


def _count(plan: Plan, data: tuple[Figure, ...]) -> float:
    if plan.query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
        return (data[-1] or 0.0) if data else 0.0
    return sum_figures(data)


def _formula_series(plan: Plan, lines: Lines) -> list[SeriesResult]:
    return [
        series
        for order, formula in enumerate(plan.query.formulas)
        for period in plan.periods
        for series in _formula_period(plan, formula, order, [pair for pair in lines if pair[0].period is period])
    ]


def _formula_period(
    plan: Plan, formula: Formula, order: int, parts: Sequence[tuple[Part, tuple[Line, ...]]]
) -> list[SeriesResult]:
    parsed = parse_formula(formula, len(plan.query.series))
    found: list[dict[tuple[str, ...] | None, Line]] = [{} for _ in plan.query.series]
    for part, part_lines in parts:
        found[part.series_index].update({line.value: line for line in part_lines})
    values = dict.fromkeys(line.value for _, part_lines in parts for line in part_lines)
    period = parts[0][0].period
    results = [_calculate(parsed, value, [lines.get(value) for lines in found], period) for value in values]
    splits_everybody = plan.by_cohort and not joins_cohorts(plan.query)
    ordered = results if splits_everybody else _ordered(results, compared=plan.query.compare)
    return [_formula_result(plan, formula, order, period, line) for line in _shown(plan, ordered)]


def _calculate(
    formula: ParsedFormula, value: tuple[str, ...] | None, operands: Sequence[Line | None], period: Period
) -> Line:
    if period.buckets is None:
        return Line(value, total=formula.evaluate([(line and line.total) or 0.0 for line in operands]))
    zeros = (0.0,) * len(period.buckets.starts)
    columns = zip(*(line.data if line else zeros for line in operands), strict=True)
    return Line(value, data=tuple(formula.evaluate([figure or 0.0 for figure in column]) for column in columns))


def _ordered(lines: list[Line], *, compared: bool) -> list[Line]:
    if compared:
        return sorted(lines, key=lambda line: (-sum_figures(line.data), _natural(line.value)))
    by_size = sorted(lines, key=lambda line: (line.size, _comparable(line.data), repr(line.value)), reverse=True)
    return sorted(by_size, key=lambda line: line.rank)


def _comparable(data: tuple[Figure, ...]) -> tuple[float, ...]:
    return tuple(-math.inf if figure is None else figure for figure in data)


def _natural(value: tuple[str, ...] | None) -> list[list[tuple[int, int, str]]]:
    """Sorts a2 before a10, whatever the case."""
    return [
        [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(text.casefold())]
        for text in value or ()
    ]


def _formula_result(plan: Plan, formula: Formula, order: int, period: Period, line: Line) -> SeriesResult:
    first = _series(plan, plan.parts[0], line)
    return replace(
        first,
        label=formula.custom_name or f"Formula ({formula.text})",
        order=order,
        event=None,
        action_id=None,
        math=None,
        custom_name=formula.custom_name,
        formula=formula.text,
        count=sum_figures(line.data),
        compare_label=period.compared,
        days=period.days,
        labels=period.labels,
    )
