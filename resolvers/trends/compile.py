"""A question becomes a plan: statements, and how their rows fit together. Nothing here waits or asks a clock."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from datasource.layouts.contract import EVENT, TIMESTAMP, EventLayout
from datasource.sql.tree import Events, Expr, Named, Param, Query, Select, call, equals, every
from resolvers.trends.actions import action_condition
from resolvers.trends.breakdowns import breakdown_keys, limit_values
from resolvers.trends.buckets import Buckets
from resolvers.trends.catalog import Catalog
from resolvers.trends.cohort_splits import CohortSplit, joins_cohorts, split_by_cohorts
from resolvers.trends.compare import previous_range
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.dates import WHOLE_HISTORY, DateRange, read_range
from resolvers.trends.filters import group_condition
from resolvers.trends.formula import parse_formula
from resolvers.trends.math import count_rows, effective_math
from resolvers.trends.query import (
    ActionSeries,
    BreakdownType,
    EventSeries,
    FilterGroup,
    Series,
    TrendDisplay,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.results import CompareLabel
from resolvers.trends.rollup import can_answer, count_hours
from resolvers.trends.sampling import sampled
from resolvers.trends.selection import EventSelection

MAP_LIMIT = 250
"""Breakdown values of a world map: there are about so many countries."""


@dataclass(frozen=True, slots=True)
class Period:
    """One of the compared spans of time; `buckets` is None, and the axis empty, for displays of one total."""

    range: DateRange
    buckets: Buckets | None
    days: tuple[str, ...]
    labels: tuple[str, ...]
    compared: CompareLabel | None


@dataclass(frozen=True, slots=True)
class Part:
    """One statement: a series over a period, or one cohort's part of it. Columns: see math.py, breakdowns.py."""

    series_index: int
    period: Period
    query: Query


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an answer needs but the rows."""

    query: TrendQuery
    project: TrendProject
    catalog: Catalog
    periods: tuple[Period, ...]
    parts: tuple[Part, ...]

    @property
    def by_cohort(self) -> bool:
        """Whether the breakdown's values are cohorts."""
        return any(breakdown.type is BreakdownType.COHORT for breakdown in self.query.breakdowns)

    @property
    def lines_asked(self) -> int:
        """How many breakdowns there are besides each other: labels tell them apart where there are several."""
        if not self.by_cohort or joins_cohorts(self.query):
            return len(self.query.series)
        return len(self.query.series) * len(self.query.breakdowns)


@dataclass(frozen=True, slots=True)
class _Source:
    query: TrendQuery
    project: TrendProject
    catalog: Catalog
    layout: EventLayout
    now: datetime

    @property
    def around(self) -> CompileContext:
        """What filters and expressions depend on."""
        project = self.project
        return CompileContext(project.timezone, self.now, project.week_start, self.catalog.cohorts)


def needs_first_event(query: TrendQuery) -> bool:
    """Whether compile_trend must be told the time of the project's first event."""
    return query.date_from == WHOLE_HISTORY


def first_event() -> Query:
    """The statement that answers the Unix time of the project's first event, or no row."""
    from_epoch = call("toFloat64", call("min", TIMESTAMP))
    return Select(columns=(Named(from_epoch, "first"), Named(call("count"), "events")), source=Events())


def compile_trend(
    query: TrendQuery,
    project: TrendProject,
    layout: EventLayout,
    *,
    now: datetime,
    first: datetime | None = None,
    catalog: Catalog | None = None,
) -> Plan:
    """The plan of a query at the instant `now`; `first` is the time of the project's first event.

    Raises BadUserInput, with the input's path, for whatever cannot be answered.
    """
    for formula in query.formulas:
        parse_formula(formula, len(query.series))
    source = _Source(query, project, catalog or Catalog(), layout, now)
    periods = _periods(query, project, now.astimezone(project.timezone), first)
    parts = tuple(
        Part(index, period, _statement(source, query.series[index], period, split))
        for period in periods
        for index, split in _lines_of(source)
    )
    return Plan(query, project, source.catalog, periods, parts)


def breakdown_limit(query: TrendQuery) -> int:
    """How many values keep their name."""
    return MAP_LIMIT if query.display is TrendDisplay.WORLD_MAP else query.breakdown_limit


def _periods(
    query: TrendQuery, project: TrendProject, now: datetime, first: datetime | None
) -> tuple[Period, ...]:
    current = read_range(query, now, first)
    if not query.compare:
        return (_period(query, project, current, current, None),)
    previous = previous_range(query, current, now)
    return (
        _period(query, project, current, current, CompareLabel.CURRENT),
        _period(query, project, previous, current, CompareLabel.PREVIOUS),
    )


def _period(
    query: TrendQuery, project: TrendProject, range_: DateRange, current: DateRange, compared: CompareLabel | None
) -> Period:
    if query.display.is_total:
        return Period(range_, None, (), (), compared)
    buckets = Buckets.of(range_, project.timezone, project.week_start)
    return Period(range_, buckets, buckets.days(), buckets.labels(current), compared)


def _lines_of(source: _Source) -> Iterator[tuple[int, CohortSplit | None]]:
    """Which series each statement of a period asks, and of which cohort."""
    indices = range(len(source.query.series))
    splits = split_by_cohorts(source.query, source.around)
    if not splits:
        yield from ((index, None) for index in indices)
    elif joins_cohorts(source.query):
        yield from ((index, split) for index in indices for split in splits)
    else:
        yield from ((index, split) for split in splits for index in indices)


def _statement(source: _Source, series: Series, period: Period, split: CohortSplit | None) -> Query:
    query, layout = source.query, source.layout
    rows = EventSelection(
        _subject(source, series), _filters(source, series), period.range, period.buckets, source.around
    )
    if split is None:
        rows = replace(rows, values=breakdown_keys(query.breakdowns, rows))
    else:
        rows = replace(rows.also(split.condition), values=(split.key,))
    math = effective_math(series.math, query.interval)
    cumulative = query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
    if isinstance(series, EventSeries) and layout.rollup is not None and not cumulative and can_answer(math, rows):
        return count_hours(series.event, math, rows, layout, layout.rollup)
    counted = count_rows(math, rows, series.path, cumulative=cumulative)
    if not rows.values:
        return counted
    return limit_values(counted, rows, math, breakdown_limit(query), running=cumulative)


def _filters(source: _Source, series: Series) -> Expr | None:
    query, project = source.query, source.project
    test_accounts = project.test_account_filters if query.filter_test_accounts else FilterGroup()
    groups = (test_accounts, query.filters, series.filters)
    conditions = (group_condition(group, source.around) for group in groups)
    return every(*conditions, sampled(query.sampling_factor))


def _subject(source: _Source, series: Series) -> Expr | None:
    if isinstance(series, ActionSeries):
        action = source.catalog.action(series.action_id, (*series.path, "actionId"))
        return action_condition(action, source.around, series.path)
    return None if series.event is None else equals(EVENT, Param(series.event, "String"))
