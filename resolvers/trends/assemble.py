"""Series rows become the result: labels, time axes, counts, formulas, and the order of the series."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from datasource.clickhouse.engine import QueryResult
from resolvers.trends.buckets import Axis
from resolvers.trends.cohort_splits import joins_cohorts
from resolvers.trends.compile import Plan
from resolvers.trends.formula import Column, ParsedFormula, check_operations
from resolvers.trends.query import ActionSeries, EventSeries, Formula, Series, TrendDisplay
from resolvers.trends.resolve import Period
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult
from resolvers.trends.series_rows import SeriesRow, SeriesRows, Value, read_series_rows, sum_values
from resolvers.worker import checkpoint

_DIGITS = re.compile(r"(\d+)")


def assemble(plan: Plan, results: Sequence[QueryResult], *, sql: str, statistics: Statistics) -> TrendResult:
    """Assemble the result of a plan; `results` are those of its parts, in their order."""
    rows = _read(plan, results)
    has_more = any(row.is_other for each in rows for row in each.rows)
    assembly = _Assembly(plan, _axes(plan))
    series = assembly.formula_series(rows) if plan.formulas else assembly.plain_series(rows)
    current = plan.periods[0]
    axis = assembly.axes[current.compare_label]
    return TrendResult(
        series=tuple(series),
        days=axis.days,
        labels=axis.labels,
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


def _axes(plan: Plan) -> Mapping[CompareLabel | None, Axis]:
    return {
        period.compare_label: period.buckets.axis(period.range) if period.buckets else Axis()
        for period in plan.periods
    }


def _breakdown_headers(plan: Plan) -> tuple[str, ...]:
    """Return what each breakdown value is a value of: a property, or all the cohorts of the query."""
    properties = tuple(breakdown.property for breakdown in plan.query.breakdowns)
    return (", ".join(properties),) if plan.is_by_cohort else properties


def _cohort_names(plan: Plan, series: Iterable[SeriesResult]) -> dict[str, str]:
    values = (value for each in series for value in each.breakdown_value or ()) if plan.is_by_cohort else ()
    return {value: plan.saved_objects.cohort_name(value) for value in values}


def _read(plan: Plan, results: Sequence[QueryResult]) -> list[SeriesRows]:
    """Read the rows of each part; where cohorts are one breakdown, those of one series are ranked together."""
    rows = [
        series_rows
        for part, result in zip(plan.parts, results, strict=True)
        for series_rows in read_series_rows(part, result, plan.query)
    ]
    if not joins_cohorts(plan.query):
        return rows
    joined = groupby(rows, key=lambda each: (each.period.compare_label, each.series_index))
    return [_joined(list(of_cohorts)) for _, of_cohorts in joined]


def _joined(of_cohorts: list[SeriesRows]) -> SeriesRows:
    rows = [row for each in of_cohorts for row in each.rows]
    return replace(of_cohorts[0], rows=tuple(sorted(rows, key=lambda row: -row.size)))


@dataclass(frozen=True, slots=True)
class _Assembly:
    plan: Plan
    axes: Mapping[CompareLabel | None, Axis]

    def plain_series(self, rows: Sequence[SeriesRows]) -> list[SeriesResult]:
        return [
            self._series(each.series_index, each.period, row) for each in rows for row in self._shown(each.rows)
        ]

    def formula_series(self, rows: Sequence[SeriesRows]) -> list[SeriesResult]:
        check_operations(self.plan.formulas, self._count_buckets(rows))
        return [
            self._formula_result(formula, order, period, row)
            for order, (formula, parsed) in enumerate(self._formulas())
            for period in self.plan.periods
            for row in self._formula_rows(parsed, period, [each for each in rows if each.period is period])
        ]

    def _count_buckets(self, rows: Sequence[SeriesRows]) -> int:
        """Count the buckets of all lines of one formula."""
        return sum(
            len({row.breakdown for each in rows if each.period is period for row in each.rows})
            * period.bucket_count
            for period in self.plan.periods
        )

    def _formulas(self) -> Iterable[tuple[Formula, ParsedFormula]]:
        return zip(self.plan.query.formulas, self.plan.formulas, strict=True)

    def _shown(self, rows: Iterable[SeriesRow]) -> list[SeriesRow]:
        return [row for row in rows if not (self.plan.query.breakdown_hide_other and row.is_other)]

    def _series(self, series_index: int, period: Period, row: SeriesRow) -> SeriesResult:
        checkpoint()
        series = self.plan.query.series[series_index]
        axis = self.axes[period.compare_label]
        return SeriesResult(
            label=self._label(series, row),
            order=series_index,
            event=series.event if isinstance(series, EventSeries) else None,
            action_id=series.action_id if isinstance(series, ActionSeries) else None,
            math=series.math.kind,
            data=row.data,
            days=axis.days,
            labels=axis.labels,
            count=self._count(row.data),
            aggregated_value=row.total,
            breakdown_value=row.breakdown,
            compare_label=period.compare_label,
            custom_name=series.custom_name,
        )

    def _label(self, series: Series, row: SeriesRow) -> str:
        plan = self.plan
        name = plan.saved_objects.label(series)
        if row.breakdown is None:
            return name
        is_by_cohort = plan.is_by_cohort
        value = plan.saved_objects.cohort_name(row.breakdown[0]) if is_by_cohort else "::".join(row.breakdown)
        return value if plan.has_one_breakdown else f"{name} - {value}"

    def _count(self, data: tuple[Value, ...]) -> float:
        if self.plan.query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
            return (data[-1] or 0.0) if data else 0.0
        return sum_values(data)

    def _formula_rows(self, parsed: ParsedFormula, period: Period, rows: Sequence[SeriesRows]) -> list[SeriesRow]:
        plan = self.plan
        found: list[dict[tuple[str, ...] | None, SeriesRow]] = [{} for _ in plan.query.series]
        for each in rows:
            found[each.series_index].update({row.breakdown: row for row in each.rows})
        breakdowns = dict.fromkeys(row.breakdown for each in rows for row in each.rows)
        results = [
            _calculate(parsed, each, [operands.get(each) for operands in found], period) for each in breakdowns
        ]
        keeps_order = plan.is_by_cohort and not joins_cohorts(plan.query)
        return self._shown(results if keeps_order else _ordered(results, is_compared=plan.query.compare))

    def _formula_result(self, formula: Formula, order: int, period: Period, row: SeriesRow) -> SeriesResult:
        return replace(
            self._series(0, period, row),
            label=formula.custom_name or f"Formula ({formula.text})",
            order=order,
            event=None,
            action_id=None,
            math=None,
            custom_name=formula.custom_name,
            formula=formula.text,
            count=sum_values(row.data),
        )


def _calculate(
    formula: ParsedFormula, breakdown: tuple[str, ...] | None, operands: Sequence[SeriesRow | None], period: Period
) -> SeriesRow:
    if period.buckets is None:
        (total,) = formula.evaluate([_column((row.total,) if row else (), 1) for row in operands])
        return SeriesRow(breakdown, total=total)
    count = period.buckets.count
    return SeriesRow(breakdown, formula.evaluate([_column(row.data if row else (), count) for row in operands]))


def _column(values: tuple[Value, ...], count: int) -> Column:
    """Return the values for formulas: 0 for None, and for a series that lacks the breakdown value."""
    return np.nan_to_num(np.array(values, np.float64)) if values else np.zeros(count)


def _ordered(rows: list[SeriesRow], *, is_compared: bool) -> list[SeriesRow]:
    if is_compared:
        return sorted(rows, key=lambda row: (-sum_values(row.data), _natural(row.breakdown)))
    by_size = sorted(rows, key=lambda row: (row.size, _comparable(row.data), repr(row.breakdown)), reverse=True)
    return sorted(by_size, key=lambda row: row.rank)


def _comparable(data: tuple[Value, ...]) -> tuple[float, ...]:
    return tuple(-math.inf if value is None else value for value in data)


def _natural(breakdown: tuple[str, ...] | None) -> list[list[tuple[int, int, str]]]:
    """Return a key that sorts a2 before a10, ignoring case."""
    return [
        [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(value.casefold())]
        for value in breakdown or ()
    ]
