"""Trends computed in plain Python, event by event, to compare `run_trend` with.

Follows the description of trends, not the compiler: calendar arithmetic with zoneinfo, statistics by hand.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.query import (
    BreakdownType,
    EventSeries,
    FilterGroup,
    LogicalOperator,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.query import Scalar as FilterScalar
from tests.support.seeds.events import Event, Value

Op = PropertyOperator
SeriesData = tuple[str | None, list[float | None]]

CLOCK_STEPS = {
    TrendInterval.FIVE_MINUTES: timedelta(minutes=5),
    TrendInterval.FIFTEEN_MINUTES: timedelta(minutes=15),
    TrendInterval.THIRTY_MINUTES: timedelta(minutes=30),
    TrendInterval.HOUR: timedelta(hours=1),
}
_MONTHS = {TrendInterval.MONTH: 1, TrendInterval.QUARTER: 3, TrendInterval.YEAR: 12}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NEGATED = {
    Op.IS_NOT: Op.EXACT,
    Op.NOT_ICONTAINS: Op.ICONTAINS,
    Op.NOT_REGEX: Op.REGEX,
    Op.NOT_IN: Op.IN,
}
_QUANTILES = {"MEDIAN": 0.5, "P75": 0.75, "P90": 0.9, "P95": 0.95, "P99": 0.99}


@dataclass(frozen=True)
class StoredRows:
    """The stored events, persons by number, and merges from old to new numbers."""

    events: Sequence[Event]
    persons: Mapping[int, Mapping[str, Value]]
    merges: Mapping[int, int]

    def person(self, event: Event) -> int:
        return self.merges.get(event.person, event.person)

    def value(self, event: Event, kind: str, key: str) -> Value:
        of = self.persons.get(self.person(event), {}) if kind == "PERSON" else event.properties
        return of.get(key)


def recompute(rows: StoredRows, query: TrendQuery, series: EventSeries, project: TrendProject) -> list[SeriesData]:
    """The data of one series by breakdown value, in order; the value is None without a breakdown."""
    starts = bucket_starts(query, project)
    found = figures_by_value(rows, query, series, project)
    if not query.breakdowns:
        data: list[float | None] = [found.get(None, {}).get(bucket, 0.0) for bucket in range(len(starts))]
        if query.display.is_total and not found:
            data = [compute(rows, series, [])]
        return [(None, data)]
    return _limited({value or "": buckets for value, buckets in found.items()}, query, series, len(starts))


def figures_by_value(
    rows: StoredRows, query: TrendQuery, series: EventSeries, project: TrendProject
) -> dict[str | None, dict[int, float | None]]:
    """The figures of one series by breakdown value and bucket, those with events only."""
    starts = bucket_starts(query, project)
    lines: dict[str | None, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in rows.events:
        bucket = bucket_of(event, query, series, project, starts)
        if bucket is not None and is_counted(rows, event, query, series):
            lines[_value_of(rows, event, query)][bucket].append(event)
    if query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE and series.math.kind is TrendMath.DAU:
        return {value: _count_once(rows, buckets) for value, buckets in lines.items()}
    return {
        value: {bucket: compute(rows, series, events) for bucket, events in buckets.items()}
        for value, buckets in lines.items()
    }


def _count_once(rows: StoredRows, buckets: Mapping[int, Sequence[Event]]) -> dict[int, float | None]:
    persons: set[int] = set()
    found: dict[int, float | None] = {}
    for bucket in sorted(buckets):
        new = {rows.person(event) for event in buckets[bucket]} - persons
        persons |= new
        found[bucket] = float(len(new))
    return found


def bucket_starts(query: TrendQuery, project: TrendProject) -> list[datetime]:
    """The starts of the buckets as local times; only one for a display of totals."""
    first, last = _first_day(query), _last_day(query)
    if query.display.is_total:
        return [datetime.combine(first, time(), project.timezone)]
    step = CLOCK_STEPS.get(query.interval)
    if step:
        start = datetime.combine(first, time(), project.timezone).astimezone(UTC)
        end = datetime.combine(last, time(23, 59, 59), project.timezone).astimezone(UTC)
        count = (end - start) // step + 1
        return [(start + n * step).astimezone(project.timezone) for n in range(count)]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts = dict.fromkeys(_period(day, query.interval, project) for day in days)
    return [datetime.combine(day, time(), project.timezone) for day in starts]


def _first_day(query: TrendQuery) -> date:
    return date.fromisoformat(str(query.date_from)[:10])


def _last_day(query: TrendQuery) -> date:
    return date.fromisoformat(str(query.date_to)[:10])


def _period(day: date, interval: TrendInterval, project: TrendProject) -> date:
    """The first day of the bucket with a day, found by going back."""
    if interval is TrendInterval.WEEK:
        return next(each for each in _back(day) if f"{each:%A}".upper() == project.week_start.value)
    months = _MONTHS.get(interval)
    if months is None:
        return day
    return next(each for each in _back(day) if each.day == 1 and each.month in range(1, 13, months))


def _back(day: date) -> Iterator[date]:
    return (day - timedelta(days=number) for number in range(366))


def bucket_of(
    event: Event, query: TrendQuery, series: EventSeries, project: TrendProject, starts: Sequence[datetime]
) -> int | None:
    """The bucket that counts the event; None outside the range."""
    local = event.moment.astimezone(project.timezone)
    first, last = _first_day(query), _last_day(query)
    in_months = query.interval in _MONTHS and not query.display.is_total
    if in_months and not series.math.kind.endswith("COUNT_PER_ACTOR"):
        first = _period(first, query.interval, project)
    in_last_fraction = local.date() == last and local.time() > time(23, 59, 59)
    if not first <= local.date() <= last or in_last_fraction:
        return None
    if query.display.is_total:
        return 0
    step = CLOCK_STEPS.get(query.interval)
    if step:
        return (event.moment - starts[0].astimezone(UTC)) // step
    period = _period(local.date(), query.interval, project)
    return [start.date() for start in starts].index(period)


def is_counted(rows: StoredRows, event: Event, query: TrendQuery, series: EventSeries) -> bool:
    """Whether the event is one of the series, and matches all filters."""
    named = series.event is None or event.name == series.event
    return named and _holds(rows, event, query.filters) and _holds(rows, event, series.filters)


def _holds(rows: StoredRows, event: Event, group: FilterGroup) -> bool:
    results = [
        _holds(rows, event, child) if isinstance(child, FilterGroup) else _matches(rows, event, child)
        for child in group.children
    ]
    if group.operator is LogicalOperator.AND or not results:
        return all(results)
    return any(results)


def _matches(rows: StoredRows, event: Event, condition: PropertyFilter) -> bool:
    operator = condition.operator
    value = rows.value(event, condition.type.value, condition.key)
    if operator in (Op.IS_SET, Op.IS_NOT_SET):
        return (value is not None) is (operator is Op.IS_SET)
    bounds = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if operator in (Op.BETWEEN, Op.NOT_BETWEEN):
        low, high = (float(str(bound)) for bound in bounds)
        number = as_number(value)
        return number is not None and (low <= number <= high) is (operator is Op.BETWEEN)
    if bounds == ():
        return True
    test = _tests(value)[_NEGATED.get(operator, operator)]
    found = value is not None and any(test(each) for each in bounds if each is not None)
    return not found if operator in _NEGATED else found


def _tests(value: Value) -> dict[PropertyOperator, Callable[[FilterScalar], bool]]:
    text, number = as_text(value) or "", as_number(value)

    def sized(
        holds: Callable[[float], bool], holds_text: Callable[[bytes, bytes], bool]
    ) -> Callable[[FilterScalar], bool]:
        def test(bound: FilterScalar) -> bool:
            as_bound = as_number(bound)
            if as_bound is None:
                return holds_text(text.encode(), str(bound).encode())
            return number is not None and holds(number - as_bound)

        return test

    return {
        Op.EXACT: lambda value: text == as_text(value),
        Op.IN: lambda value: text == as_text(value),
        Op.ICONTAINS: lambda value: bool(re.search(_wildcards(str(value)), text, re.IGNORECASE | re.DOTALL)),
        Op.REGEX: lambda value: bool(re.search(str(value), text)),
        Op.GT: sized(lambda by: by > 0, lambda x, v: x > v),
        Op.GTE: sized(lambda by: by >= 0, lambda x, v: x >= v),
        Op.LT: sized(lambda by: by < 0, lambda x, v: x < v),
        Op.LTE: sized(lambda by: by <= 0, lambda x, v: x <= v),
    }


def _wildcards(text: str) -> str:
    return "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text)


def as_text(value: Value) -> str | None:
    """A property as a string; None if it is not set."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if value == int(value) else str(value)


def as_number(value: Value) -> float | None:
    """A property as a number; None if it is not numeric."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return float(value)


def _value_of(rows: StoredRows, event: Event, query: TrendQuery) -> str | None:
    if not query.breakdowns:
        return None
    (breakdown,) = query.breakdowns
    kind = "PERSON" if breakdown.type is BreakdownType.PERSON else "EVENT"
    return as_text(rows.value(event, kind, breakdown.property)) or NO_VALUE


def compute(rows: StoredRows, series: EventSeries, events: Sequence[Event]) -> float | None:
    """The figure of some events."""
    kind = series.math.kind
    if kind is TrendMath.TOTAL:
        return float(len(events))
    if kind is TrendMath.DAU:
        return float(len({rows.person(event) for event in events}))
    if kind.endswith("_COUNT_PER_ACTOR"):
        counts: dict[int, float] = defaultdict(float)
        for event in events:
            counts[rows.person(event)] += 1
        name = kind.removesuffix("_COUNT_PER_ACTOR")
        return None if name == "AVG" and not counts else _statistic(name, list(counts.values()))
    of = "PERSON" if series.math.property_type is PropertyType.PERSON else "EVENT"
    values = [as_number(rows.value(event, of, series.math.property or "")) for event in events]
    return _statistic(kind.value, [value for value in values if value is not None])


def _statistic(name: str, values: list[float]) -> float:
    if not values:
        return 0.0
    match name:
        case "SUM":
            return math.fsum(values)
        case "AVG":
            return math.fsum(values) / len(values)
        case "MIN":
            return min(values)
        case "MAX":
            return max(values)
        case quantile:
            return _quantile(sorted(values), _QUANTILES[quantile])


def _quantile(values: list[float], level: float) -> float:
    rank = (len(values) - 1) * level
    below = math.floor(rank)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (rank - below)


def _limited(
    found: dict[str, dict[int, float | None]], query: TrendQuery, series: EventSeries, count: int
) -> list[SeriesData]:
    def size(value: str) -> float:
        return math.fsum(value or 0.0 for value in found[value].values())

    def by_rank(value: str) -> tuple[bool, float, str]:
        return (value == NO_VALUE and not query.display.is_total, -size(value), value)

    ranked = sorted(found, key=by_rank)
    shown, rest = ranked[: query.breakdown_limit], ranked[query.breakdown_limit :]
    merge = {TrendMath.MIN: min, TrendMath.MAX: max}.get(series.math.kind, math.fsum)
    lines: dict[str, list[float | None]] = {
        value: [found[value].get(bucket, 0.0) for bucket in range(count)] for value in shown
    }
    ordered = sorted(shown, key=lambda value: (value == NO_VALUE, -size(value), value))
    result: list[SeriesData] = [(value, lines[value]) for value in ordered]
    if rest:
        merged = [[found[value][n] or 0.0 for value in rest if n in found[value]] for n in range(count)]
        result.append((OTHER_VALUES, [float(merge(values)) if values else 0.0 for values in merged]))
    return result
