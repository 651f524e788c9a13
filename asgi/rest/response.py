"""The documents that REST clients read. Pydantic makes their schemas, mypy checks how they are built.

They are typed dictionaries and not models, so that tens of thousands of values are neither validated nor copied.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired
from zoneinfo import ZoneInfo

import orjson
from pydantic import Field, with_config
from typing_extensions import TypedDict

from asgi.json_parts import join_parts
from asgi.rest.request import TrendRequest
from resolvers.trend_cache.cached_trend import CachedTrend
from resolvers.trends.buckets import read_starts
from resolvers.trends.query import ActionSeries, BreakdownType, EventSeries, Series, TrendMath, TrendQuery
from resolvers.trends.results import SeriesResult

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

_ALL_EVENTS = "All events"
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


class Action(TypedDict):
    """What a row counted."""

    id: str | None
    type: Literal["events"]
    order: int
    name: str
    custom_name: str | None
    math: str | None
    math_property: str | None
    math_hogql: str | None
    math_group_type_index: int | None
    properties: dict[str, object]
    days: list[Timestamp]


@with_config(use_attribute_docstrings=True)
class Row(TypedDict):
    """One series. A member that does not apply is absent."""

    label: str
    """The name of the event or the action, the formula, or the breakdown value."""
    order: int
    """Position of the series; for a formula, its position among the formulas."""
    action: Action | None
    """null for a formula."""
    filter: Mapping[str, object]
    """The parameters as the client sent them, up to 2048 bytes."""
    data: list[float | None] | None
    """A value per bucket, null where there is none. Displays of one total have no data."""
    days: Sequence[str]
    """The start of each bucket, in the project's time zone."""
    labels: NotRequired[Sequence[str]]
    """The days as a chart shows them. Displays of one total have no labels."""
    count: float
    """The sum of data; for a cumulative display its last value; 0 for a total."""
    aggregated_value: NotRequired[float | None]
    """The value of displays of one total."""
    breakdown_value: NotRequired[str | int | Sequence[str]]
    """The value, a list of values for several breakdowns, or the id of a cohort."""
    compare: NotRequired[Literal[True]]
    compare_label: NotRequired[Annotated[str, Field(json_schema_extra={"enum": ["current", "previous"]})]]


@with_config(use_attribute_docstrings=True)
class DateRange(TypedDict):
    """The range that was read, in the project's time zone."""

    date_from: Timestamp
    date_to: Timestamp


@with_config(use_attribute_docstrings=True)
class Timing(TypedDict):
    """How long a part of the work took."""

    k: str
    """The part."""
    t: float
    """Seconds."""


@with_config(use_attribute_docstrings=True)
class QueryWarning(TypedDict):
    """What is probably wrong with the query."""

    code: str
    """What the warning is about, such as UNKNOWN_EVENT."""
    message: str
    """The warning, for people."""
    path: list[str]
    """The parameter that it is about."""
    suggestion: str | None
    """The name that was probably meant."""


@with_config(use_attribute_docstrings=True)
class Envelope(TypedDict):
    """A trend without its rows."""

    hasMore: bool
    """Whether breakdown values were cut off at breakdown_limit."""
    next: None
    """Always null: there are no further pages."""
    timezone: str
    resolved_date_range: DateRange
    is_cached: bool
    last_refresh: Timestamp
    timings: list[Timing]
    hogql: str
    """The ClickHouse SQL that ran, with its parameters by name."""
    modifiers: dict[str, object]
    """Always empty."""
    error: str
    """Always empty: errors have their own status and document."""
    warnings: list[QueryWarning]
    """What is probably wrong, such as an event that does not exist."""


@with_config(use_attribute_docstrings=True)
class Trend(Envelope):
    """A trend."""

    results: list[Row]
    """The rows, in order."""
    result: list[Row]
    """The same rows, for older clients."""


@dataclass(frozen=True, slots=True)
class TrendBuilder:
    """Builds the document of a trend. `action_names` holds the names of the actions that the query counts."""

    request: TrendRequest
    query: TrendQuery
    cached: CachedTrend
    action_names: Mapping[int, str]
    warnings: list[QueryWarning]
    _known_starts: dict[int, list[Timestamp]] = field(default_factory=dict, init=False, repr=False)

    def build(self) -> Trend:
        """Build the whole document."""
        rows = list(self.rows())
        return {"results": rows, "result": rows, **self.envelope()}

    def rows(self) -> Iterator[Row]:
        """Build one row after the other."""
        echo = self.request.echo()
        return (self._row(series, echo) for series in self.cached.result.series)

    def envelope(self) -> Envelope:
        """Build what is not rows."""
        result = self.cached.result
        return {
            "hasMore": result.has_more,
            "next": None,
            "timezone": result.timezone,
            "resolved_date_range": {
                "date_from": result.date_from.isoformat(),
                "date_to": result.date_to.isoformat(),
            },
            "is_cached": self.cached.is_cached,
            "last_refresh": self.cached.computed_at.isoformat(),
            "timings": [{"k": "clickhouse", "t": result.statistics.elapsed_ms / 1000}],
            "hogql": result.sql,
            "modifiers": {},
            "error": "",
            "warnings": self.warnings,
        }

    def _row(self, series: SeriesResult, echo: Mapping[str, object]) -> Row:
        is_total, is_formula = self.query.display.is_total, series.formula is not None
        is_count = not is_formula and series.breakdown_value is None and series.math in _COUNTS
        row: Row = {
            "label": series.label,
            "order": series.order,
            "action": None if is_formula else self._action(series),
            "filter": echo,
            "data": None if is_total and is_formula else [_value(each, is_count=is_count) for each in series.data],
            "days": series.days,
            "count": 0 if is_total else series.count,
        }
        if is_total:
            row["aggregated_value"] = _value(series.aggregated_value, is_count=is_count)
        else:
            row["labels"] = series.labels
        if series.breakdown_value is not None:
            row["breakdown_value"] = self._breakdown_value(series.breakdown_value)
        if series.compare_label is not None:
            row["compare"] = True
            row["compare_label"] = series.compare_label.value.lower()
        return row

    def _action(self, series: SeriesResult) -> Action:
        counted = self.query.series[series.order]
        name = self._name(counted)
        return {
            "id": None if name == _ALL_EVENTS and isinstance(counted, EventSeries) else name,
            "type": "events",  # of actions too, as clients know it
            "order": series.order,
            "name": name,
            "custom_name": counted.custom_name,
            "math": self._raw_math(counted),
            "math_property": counted.math.property,
            "math_hogql": counted.math.expression,
            "math_group_type_index": counted.math.group_type_index,
            "properties": {},
            "days": self._starts(series.days),
        }

    def _starts(self, days: Sequence[str]) -> list[Timestamp]:
        # By identity: all series of a period share their days.
        if id(days) not in self._known_starts:
            result = self.cached.result
            starts = read_starts(days, ZoneInfo(result.timezone), result.interval)
            self._known_starts[id(days)] = [start.isoformat() for start in starts]
        return self._known_starts[id(days)]

    def _name(self, counted: Series) -> str:
        if isinstance(counted, ActionSeries):
            return self.action_names.get(counted.action_id, "")
        return _ALL_EVENTS if counted.event is None else counted.event

    def _raw_math(self, counted: Series) -> str | None:
        """The math as the client wrote it; the path of a series leads there."""
        _, kind, index = counted.path
        entities: Any = self.request.raw[str(kind)]
        math: str | None = entities[index].get("math")
        return math

    def _breakdown_value(self, values: Sequence[str]) -> str | int | Sequence[str]:
        """One value, or a list for several keys and for `breakdowns`; a cohort is its number, or all."""
        first = self.query.breakdowns[0]
        if first.path[1] == "breakdowns" or len(values) > 1:
            return list(values)
        [value] = values
        return int(value) if first.type is BreakdownType.COHORT and value.isdecimal() else value


def write_trend(builder: TrendBuilder) -> Generator[bytes]:
    """Yield the document as JSON in parts, its rows written once for both members."""
    rows = list(join_parts(_write_rows(builder.rows())))
    yield b'{"results":['
    yield from rows
    yield b'],"result":['
    yield from rows
    yield b"]," + orjson.dumps(builder.envelope())[1:]


def _write_rows(rows: Iterator[Row]) -> Iterator[bytes]:
    for place, row in enumerate(rows):
        yield (b"," if place else b"") + orjson.dumps(row)


def _value(value: float | None, *, is_count: bool) -> float | None:
    """Counts are integers unless something made them fractions; all other values are floats."""
    if value is None:
        return None
    return int(value) if is_count and float(value).is_integer() else float(value)
