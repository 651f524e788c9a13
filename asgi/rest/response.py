"""The answer of a trend in the shape that clients of the endpoint read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import orjson

from asgi.rest.parameters import BY_NAME
from resolvers.trend_cache.read_through import CachedTrend
from resolvers.trends.buckets import read_starts
from resolvers.trends.query import BreakdownType, EventSeries, Series, TrendMath, TrendQuery
from resolvers.trends.results import SeriesResult, TrendResult

LONGEST_ECHO = 2048
"""Bytes of the parameters that every row repeats; those beyond are left out."""

_EVERY_EVENT = "All events"
_COUNTS = frozenset(
    {
        TrendMath.TOTAL,
        TrendMath.DAU,
        TrendMath.WEEKLY_ACTIVE,
        TrendMath.MONTHLY_ACTIVE,
        TrendMath.UNIQUE_SESSION,
        TrendMath.UNIQUE_GROUP,
        TrendMath.FIRST_TIME_FOR_USER,
        TrendMath.FIRST_MATCHING_EVENT_FOR_USER,
    }
)
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answered:
    """A trend with what rows say about the request: the parameters as they were sent, and the actions' names."""

    values: Mapping[str, object]
    query: TrendQuery
    answer: CachedTrend
    action_names: Mapping[int, str]

    @property
    def result(self) -> TrendResult:
        """The figures."""
        return self.answer.result


def write_answer(answered: Answered) -> bytes:
    """The JSON document. The rows stand under `results` and, for clients of the older form, `result`."""
    result = answered.result
    rows = orjson.Fragment(orjson.dumps(list(write_rows(answered))))
    return orjson.dumps(
        {
            "results": rows,
            "result": rows,
            "hasMore": result.has_more,
            "next": None,
            "timezone": result.timezone,
            "resolved_date_range": {
                "date_from": result.date_from.isoformat(),
                "date_to": result.date_to.isoformat(),
            },
            "is_cached": answered.answer.is_cached,
            "last_refresh": answered.answer.computed_at.isoformat(),
            "timings": [{"k": "clickhouse", "t": result.statistics.elapsed_ms / 1000}],
            "hogql": result.sql,
            "modifiers": {},
            "error": "",
        }
    )


def write_rows(answered: Answered) -> Iterator[Row]:
    """A row for every series, in order. What a row has no value for is absent, not null."""
    echo = _echo(answered.values)
    for series in answered.result.series:
        yield _row(answered, series, echo)


def _row(answered: Answered, series: SeriesResult, echo: Mapping[str, object]) -> Row:
    is_total, is_formula = answered.query.display.is_total, series.formula is not None
    is_count = not is_formula and series.breakdown_value is None and series.math in _COUNTS
    row: Row = {
        "label": series.label,
        "order": series.order,
        "action": None if is_formula else _action(answered, series),
        "filter": echo,
        "data": None if is_total and is_formula else [_figure(each, is_count=is_count) for each in series.data],
        "days": series.days,
        "count": 0 if is_total else series.count,
    }
    if is_total:
        row["aggregated_value"] = _figure(series.aggregated_value, is_count=is_count)
    else:
        row["labels"] = series.labels
    if series.breakdown_value is not None:
        row["breakdown_value"] = _breakdown_value(answered.query, series.breakdown_value)
    if series.compare_label is not None:
        row |= {"compare": True, "compare_label": series.compare_label.value.lower()}
    return row


def _figure(figure: float | None, *, is_count: bool) -> float | None:
    """Counts are whole numbers where nothing made them others; everything else is a float."""
    if figure is None:
        return None
    return int(figure) if is_count and float(figure).is_integer() else float(figure)


def _breakdown_value(query: TrendQuery, value: Sequence[str]) -> object:
    """One value, or a list where several were asked for or `breakdowns` was; a cohort is its number, or all."""
    if query.breakdowns[0].path[1] == "breakdowns" or len(value) > 1:
        return list(value)
    [text] = value
    is_cohort = query.breakdowns[0].type is BreakdownType.COHORT
    return int(text) if is_cohort and text.isdecimal() else text


def _action(answered: Answered, series: SeriesResult) -> Row:
    """What a row counted. `math` is the one that was sent, `type` is the same for actions, as clients know it."""
    asked = answered.query.series[series.order]
    sent = _entity(answered.values, asked)
    name = _name(answered, asked)
    zone = ZoneInfo(answered.result.timezone)
    return {
        "id": None if name == _EVERY_EVENT and isinstance(asked, EventSeries) else name,
        "type": "events",
        "order": series.order,
        "name": name,
        "custom_name": asked.custom_name,
        "math": sent.get("math"),
        "math_property": asked.math.property,
        "math_hogql": asked.math.expression,
        "math_group_type_index": asked.math.group_type_index,
        "properties": {},
        "days": [start.isoformat() for start in read_starts(series.days, zone)],
    }


def _name(answered: Answered, asked: Series) -> str:
    if isinstance(asked, EventSeries):
        return _EVERY_EVENT if asked.event is None else asked.event
    return answered.action_names.get(asked.action_id, "")


def _entity(values: Mapping[str, object], asked: Series) -> Mapping[str, object]:
    """What was sent for a series: its path leads there."""
    _, kind, index = asked.path
    listed = values.get(str(kind))
    entity = listed[index] if isinstance(listed, list) and isinstance(index, int) else {}
    return entity if isinstance(entity, dict) else {}


def _echo(values: Mapping[str, object]) -> Row:
    """The parameters, as far as they are short: an answer has many rows."""
    echo: Row = {"insight": "TRENDS"}
    left = LONGEST_ECHO
    for name in BY_NAME:
        if name in values:
            left -= len(orjson.dumps(values[name]))
            if left < 0:
                break
            echo[name] = values[name]
    return echo
