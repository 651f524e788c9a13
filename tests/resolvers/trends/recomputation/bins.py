"""Histogram bins of every math, computed in plain Python: from the events that enter a figure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from resolvers.trends.breakdowns import NO_VALUE
from resolvers.trends.query import EventSeries, TrendInterval, TrendMath, TrendProject, TrendQuery
from tests.resolvers.trends.recomputation.recompute import (
    StoredRows,
    as_number,
    bucket_of,
    bucket_starts,
    compute,
    is_counted,
)
from tests.support.seeds.events import Event

GROUP_KEY = "$group_0"

_HOUR = timedelta(hours=1)
_DAY_END = time(23, 59, 59, 999999)
_WINDOWS = {TrendMath.WEEKLY_ACTIVE: 7, TrendMath.MONTHLY_ACTIVE: 30}
_FIRST_TIMES = (TrendMath.FIRST_TIME_FOR_USER, TrendMath.FIRST_MATCHING_EVENT_FOR_USER)
Placed = list[tuple[int, Event]]
"""The events that enter a figure, each with the number of its bucket; an event can be in several windows."""


def recompute_bins(rows: StoredRows, query: TrendQuery, project: TrendProject) -> dict[str, dict[int, float]]:
    """The figures of the only series by bin and bucket, those with events only."""
    (series,) = query.series
    assert isinstance(series, EventSeries)
    series = _effective(series, query.interval)
    placed = _placed(rows, query, series, project)
    (breakdown,) = query.breakdowns
    numbers = {id(event): as_number(rows.value(event, breakdown.type.value, "x")) for _, event in placed}
    known = [number for number in numbers.values() if number is not None]
    found: dict[str, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for bucket, event in placed:
        found[_label(numbers[id(event)], known, breakdown.histogram_bin_count or 0)][bucket].append(event)
    return {
        label: {bucket: _figure(rows, series, events) for bucket, events in buckets.items()}
        for label, buckets in found.items()
    }


def _effective(series: EventSeries, interval: TrendInterval) -> EventSeries:
    longest = {
        TrendMath.WEEKLY_ACTIVE: (TrendInterval.WEEK, TrendInterval.MONTH),
        TrendMath.MONTHLY_ACTIVE: (TrendInterval.MONTH,),
    }
    is_dau = interval in longest.get(series.math.kind, ())
    return replace(series, math=replace(series.math, kind=TrendMath.DAU)) if is_dau else series


def _placed(rows: StoredRows, query: TrendQuery, series: EventSeries, project: TrendProject) -> Placed:
    starts = bucket_starts(query, project)
    kind = series.math.kind
    counted = [event for event in rows.events if is_counted(rows, event, query, series)]
    if series.math.group_type_index is not None:
        counted = [event for event in counted if event.properties.get(GROUP_KEY)]
    if kind in _WINDOWS:
        return [*_in_windows(counted, query, project, starts, _WINDOWS[kind])]
    if kind in _FIRST_TIMES:
        counted = [*_first_times(rows, counted, query, series, project)]
    placed = ((bucket_of(event, query, series, project, starts), event) for event in counted)
    return [(bucket, event) for bucket, event in placed if bucket is not None]


def _in_windows(
    events: Iterable[Event], query: TrendQuery, project: TrendProject, starts: Sequence[datetime], days: int
) -> Iterator[tuple[int, Event]]:
    first = datetime.combine(datetime.fromisoformat(str(query.date_from)), time(), project.timezone)
    last = datetime.combine(datetime.fromisoformat(str(query.date_to)), _DAY_END, project.timezone)
    window = timedelta(days=days)
    for event in events:
        local = event.moment.astimezone(project.timezone)
        if local > last.replace(microsecond=0):
            continue
        if query.display.is_total:
            if local >= max((last - window).replace(microsecond=0), first - window + timedelta(days=1)):
                yield 0, event
        elif query.interval is TrendInterval.HOUR:
            tick = (event.moment - starts[0].astimezone(UTC)) // _HOUR
            yield from ((n, event) for n in range(len(starts)) if n - 24 * days < tick <= n)
        elif local >= first - window:
            dates = ((n, start.date()) for n, start in enumerate(starts))
            yield from ((n, event) for n, day in dates if day - window < local.date() <= day)


def _first_times(
    rows: StoredRows, counted: Sequence[Event], query: TrendQuery, series: EventSeries, project: TrendProject
) -> Iterator[Event]:
    """The first event of each person that is counted, before or in the range."""
    last = datetime.combine(datetime.fromisoformat(str(query.date_to)), time(23, 59, 59), project.timezone)
    of_person: dict[int, list[Event]] = defaultdict(list)
    for event in sorted(rows.events, key=lambda event: event.moment):
        if series.event in (None, event.name) and event.moment <= last:
            of_person[rows.person(event)].append(event)
    passing = {id(event) for event in counted}
    for events in of_person.values():
        matching = [event for event in events if id(event) in passing]
        if matching and (series.math.kind is not TrendMath.FIRST_TIME_FOR_USER or matching[0] is events[0]):
            yield matching[0]


def _label(number: float | None, known: Sequence[float], bins: int) -> str:
    if number is None:
        return NO_VALUE
    least, most = min(known), max(known)
    width = (most - least) / bins
    nth = min((number - least) // width, bins - 1) if width else bins - 1
    end = least + (nth + 1) * width + (0.01 if nth == bins - 1 else 0)
    return f"[{_shortest(least + nth * width)},{_shortest(end)}]"


def _shortest(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _figure(rows: StoredRows, series: EventSeries, events: Sequence[Event]) -> float:
    kind = series.math.kind
    if series.math.group_type_index is not None:
        return float(len({event.properties[GROUP_KEY] for event in events}))
    if kind in _WINDOWS:
        return float(len({rows.person(event) for event in events}))
    if kind in _FIRST_TIMES or kind is TrendMath.HOGQL:
        return float(len(events))
    if kind is TrendMath.UNIQUE_SESSION:
        return float(len({event.properties.get("$session_id") or "" for event in events}))
    return compute(rows, series, events) or 0.0
