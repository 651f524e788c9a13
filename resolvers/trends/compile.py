"""A resolved trend becomes a plan: statements, and how their rows fit together. Pure: no clock, no waiting."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from datasource.layouts.contract import TIMESTAMP, EventLayout
from datasource.sql.tree import Derived, Events, Expr, Named, Query, Select, Union, call, either, every
from errors import BadUserInput, LimitExceeded
from resolvers.trends.breakdowns import breakdown_keys
from resolvers.trends.cohort_splits import CohortSplit, joins_cohorts, split_by_cohorts
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.filters import group_condition
from resolvers.trends.formula import ParsedFormula, check_operations, parse_formula
from resolvers.trends.histograms import bin_extremes, binned_numbers
from resolvers.trends.math import count_rows, select_counted
from resolvers.trends.query import (
    BreakdownType,
    EventSeries,
    TrendDisplay,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.ranking import Counted, Limit, limit_values
from resolvers.trends.resolve import Period, ResolvedTrend
from resolvers.trends.rollup import can_answer, count_hours
from resolvers.trends.sampling import sampled
from resolvers.trends.saved_objects import SavedObjects
from resolvers.trends.selection import EventSelection

MAP_LIMIT = 250
"""Breakdown values of a world map: about as many as there are countries."""


@dataclass(frozen=True, slots=True)
class Part:
    """One statement: a series over a period, one cohort's part of it, or several series that are ranked together.

    `series` are their indices. Columns: see math.py, ranking.py. `other_is_line` says that OTHER_VALUES are
    accumulated and smoothed already.
    """

    series: tuple[int, ...]
    period: Period
    query: Query
    other_is_line: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a result needs but the rows."""

    resolved: ResolvedTrend
    saved_objects: SavedObjects
    formulas: tuple[ParsedFormula, ...]
    parts: tuple[Part, ...]

    @property
    def query(self) -> TrendQuery:
        return self.resolved.query

    @property
    def periods(self) -> tuple[Period, ...]:
        return self.resolved.periods

    @property
    def project(self) -> TrendProject:
        return self.resolved.project

    @property
    def is_by_cohort(self) -> bool:
        """Whether the breakdown values are cohorts."""
        return any(breakdown.type is BreakdownType.COHORT for breakdown in self.query.breakdowns)

    @property
    def has_one_breakdown(self) -> bool:
        """Whether a breakdown value alone identifies its series: labels need no name of an event then."""
        splits = 1 if not self.is_by_cohort or joins_cohorts(self.query) else len(self.query.breakdowns)
        return len(self.query.series) * splits == 1


def first_event(resolved: ResolvedTrend, saved_objects: SavedObjects | None = None) -> Query:
    """Return the statement for the Unix time of the first event of any series, filters aside, and their number."""
    saved_objects = saved_objects or SavedObjects()
    context = _context(resolved, saved_objects)
    subjects = (saved_objects.condition(series, context) for series in resolved.query.series)
    from_epoch = call("toFloat64", call("min", TIMESTAMP))
    columns = (Named(from_epoch, "first"), Named(call("count"), "events"))
    return Select(columns, source=Events(), where=either(*subjects))


def _context(resolved: ResolvedTrend, saved_objects: SavedObjects) -> CompileContext:
    project = resolved.project
    return CompileContext(project.timezone, resolved.now, project.week_start, saved_objects.cohorts)


def compile_trend(resolved: ResolvedTrend, layout: EventLayout, saved_objects: SavedObjects | None = None) -> Plan:
    """Compile the statements of a trend; `saved_objects` holds what the query mentions.

    Raises BadUserInput, with the input's path, for whatever cannot be computed.
    """
    query = resolved.query
    formulas = _read_formulas(query, resolved.periods)
    compiler = _Compiler.of(resolved, layout, saved_objects or SavedObjects())
    parts = tuple(part for period in resolved.periods for part in compiler.parts(period))
    return Plan(resolved, compiler.saved_objects, formulas, parts)


def breakdown_limit(query: TrendQuery) -> int:
    """Return how many values keep their name."""
    return MAP_LIMIT if query.display is TrendDisplay.WORLD_MAP else query.breakdown_limit


def _read_formulas(query: TrendQuery, periods: Sequence[Period]) -> tuple[ParsedFormula, ...]:
    formulas = tuple(parse_formula(formula, len(query.series)) for formula in query.formulas)
    try:
        # Breakdown values multiply it, but how many there are is not known yet.
        check_operations(formulas, sum(period.bucket_count for period in periods))
    except LimitExceeded as error:
        raise error.at(query.formulas[0].path) from error
    return formulas


def _test_accounts(query: TrendQuery, project: TrendProject, context: CompileContext) -> Expr | None:
    if not query.filter_test_accounts:
        return None
    try:
        return group_condition(project.test_account_filters, context)
    except BadUserInput as error:
        raise error.at(("query", "filter_test_accounts")).reworded(
            "The project's test account filters cannot be used. {message}"
        ) from error


def _subjects(query: TrendQuery, context: CompileContext, saved_objects: SavedObjects) -> tuple[Expr | None, ...]:
    """Return the condition of each series on events or actions, each action compiled once."""
    known: dict[str | int | None, Expr | None] = {}
    keys = [each.event if isinstance(each, EventSeries) else each.action_id for each in query.series]
    for key, series in zip(keys, query.series, strict=True):
        if key not in known:
            known[key] = saved_objects.condition(series, context)
    return tuple(known[key] for key in keys)


@dataclass(frozen=True, slots=True)
class _Compiler:
    """The conditions of series do not depend on the period: `subjects` are those on events or actions.

    They are shared by the statements of a series, `filters` in part by all statements.
    """

    resolved: ResolvedTrend
    layout: EventLayout
    saved_objects: SavedObjects
    context: CompileContext
    subjects: tuple[Expr | None, ...]
    filters: tuple[Expr | None, ...]
    splits: tuple[CohortSplit, ...]

    @classmethod
    def of(cls, resolved: ResolvedTrend, layout: EventLayout, saved_objects: SavedObjects) -> "_Compiler":
        query, project = resolved.query, resolved.project
        context = _context(resolved, saved_objects)
        shared = (_test_accounts(query, project, context), group_condition(query.filters, context))
        sample = sampled(query.sampling_factor)
        filters = tuple(
            every(*shared, group_condition(series.filters, context), sample) for series in query.series
        )
        subjects = _subjects(query, context, saved_objects)
        return cls(resolved, layout, saved_objects, context, subjects, filters, split_by_cohorts(query, context))

    def parts(self, period: Period) -> Iterator[Part]:
        query = self.resolved.query
        if query.breakdowns:
            for indices, split in self._series_of_parts():
                yield self._split_part(indices, period, split)
            return
        can_use_rollup = self._can_use_rollup(period)
        for index in range(len(query.series)):
            yield Part((index,), period, self._statement(index, period, can_use_rollup=can_use_rollup))

    def _can_use_rollup(self, period: Period) -> bool:
        # Asked once per period, not per series: it may look at every bucket.
        if self.layout.rollup is None or self._is_cumulative:
            return False
        return period.buckets is None or period.buckets.are_whole_hours()

    def _series_of_parts(self) -> Iterator[tuple[tuple[int, ...], CohortSplit | None]]:
        query = self.resolved.query
        indices = tuple(range(len(query.series)))
        each = [(index,) for index in indices]
        if not self.splits and query.formulas:
            yield indices, None
        elif not self.splits:
            yield from ((one, None) for one in each)
        elif joins_cohorts(query):
            yield from ((one, split) for one in each for split in self.splits)
        else:
            yield from ((one, split) for split in self.splits for one in each)

    def _split_part(self, indices: tuple[int, ...], period: Period, split: CohortSplit | None) -> Part:
        """The statement of series by breakdown values, which are limited for all of them together."""
        query = self.resolved.query
        selections = {index: self._select(index, period) for index in indices}
        if split is None:
            values = breakdown_keys(query.breakdowns, self.context)
        else:
            values = (split.key,)
            selections = {index: rows.also(split.condition) for index, rows in selections.items()}
        counted = [
            Counted(index, self._count(index, replace(rows, values=values)), self.resolved.maths[index])
            for index, rows in selections.items()
        ]
        limit = Limit(
            breakdown_limit(query),
            values,
            None if period.buckets is None else period.buckets.count,
            is_cumulative=self._is_cumulative,
            smoothing=query.smoothing_intervals,
        )
        other_is_line = limit.merges_lines([each.math for each in counted])
        limited = replace(limit_values(counted, limit), defined=self._bin_extremes(selections))
        return Part(indices, period, limited, other_is_line)

    def _bin_extremes(self, selections: Mapping[int, EventSelection]) -> tuple[Named, ...]:
        """The extremes of the numbers of all events that enter a figure of any of the series."""
        query, maths = self.resolved.query, self.resolved.maths
        columns = binned_numbers(query.breakdowns)
        counted = (
            select_counted(columns, maths[index], rows, query.series[index].path)
            for index, rows in selections.items()
        )
        return bin_extremes(query.breakdowns, Derived(Union(tuple(counted)), "counted")) if columns else ()

    def _statement(self, index: int, period: Period, *, can_use_rollup: bool) -> Query:
        layout = self.layout
        series, math = self.resolved.query.series[index], self.resolved.maths[index]
        rows = self._select(index, period)
        if can_use_rollup and layout.rollup and isinstance(series, EventSeries) and can_answer(math, rows):
            return count_hours(series.event, math, rows, layout, layout.rollup)
        return self._count(index, rows)

    def _count(self, index: int, rows: EventSelection) -> Select:
        path = self.resolved.query.series[index].path
        return count_rows(self.resolved.maths[index], rows, path, cumulative=self._is_cumulative)

    @property
    def _is_cumulative(self) -> bool:
        return self.resolved.query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE

    def _select(self, index: int, period: Period) -> EventSelection:
        return EventSelection(
            self.subjects[index], self.filters[index], period.range, period.buckets, self.context
        )
