"""Events, persons and groups, inserted directly into the tables of one project."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from datasource.clickhouse.engine import Engine, Limits
from datasource.layouts.contract import EventLayout, HourlyRollup
from datasource.layouts.native import NativeLayout
from datasource.tables.steps import JSON_INSERT_SETTINGS
from resolvers.trends.query import EventSeries, Math, TrendMath, TrendProject, TrendQuery
from resolvers.trends.resolve import resolve
from resolvers.trends.results import SeriesResult, TrendResult
from resolvers.trends.run import TrendSource, run_trend

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
"""A Wednesday."""

Value = str | int | float | bool | None
Data = tuple[float | None, ...]

_project_ids = itertools.count(2_000_000)
_MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is UTC: "2020-01-09", "2020-01-09 10:30" or more precise; `person` is the stored number."""

    name: str
    at: str
    person: int = 1
    properties: Mapping[str, Value] = field(default_factory=dict)
    distinct_id: str | None = None

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at).replace(tzinfo=UTC)


class RawLayout(NativeLayout):
    """The native layout without the roll-up, so that every query reads the events themselves."""

    @property
    def rollup(self) -> HourlyRollup | None:  # type: ignore[override]  # the one place that takes it away
        return None


@dataclass(frozen=True, slots=True)
class EventSeeds:
    """A new project in the shared engine, and methods to insert its rows."""

    engine: Engine
    project: TrendProject

    @classmethod
    def new(cls, engine: Engine, timezone: str = "UTC") -> "EventSeeds":
        return cls(engine, TrendProject(next(_project_ids), ZoneInfo(timezone)))

    def in_zone(self, timezone: str) -> "EventSeeds":
        """The same rows, read by a project in another time zone."""
        return replace(self, project=replace(self.project, timezone=ZoneInfo(timezone)))

    async def add_events(self, events: Sequence[Event]) -> None:
        columns: dict[str, list[object]] = {
            "event": [event.name for event in events],
            "distinct_id": [event.distinct_id or f"d{event.person}" for event in events],
            "person_no": [event.person for event in events],
            "properties": [_json(event.properties) for event in events],
        }
        moments = pa.array([event.moment for event in events], _MOMENT)
        await self._insert("events", {**columns, "timestamp": moments}, len(events))

    async def add_persons(self, persons: Mapping[int, Mapping[str, Value]], version: int = 1) -> None:
        columns = {"person_no": list(persons), "properties": [_json(each) for each in persons.values()]}
        await self._insert("persons", {**columns, "version": [version] * len(persons)}, len(persons))

    async def add_distinct_ids(self, persons: Mapping[str, int], version: int = 0) -> None:
        columns = {"distinct_id": list(persons), "person_no": list(persons.values())}
        await self._insert("person_distinct_ids", {**columns, "version": [version] * len(persons)}, len(persons))

    async def add_groups(
        self, type_index: int, groups: Mapping[str, Mapping[str, Value]], version: int = 1
    ) -> None:
        columns = {"key": list(groups), "properties": [_json(each) for each in groups.values()]}
        indexes = [type_index] * len(groups)
        await self._insert(
            "groups", {**columns, "type_index": indexes, "version": [version] * len(groups)}, len(groups)
        )

    async def merge(self, merges: Mapping[int, int], version: int = 1) -> None:
        """Old person numbers now mean new ones."""
        columns = {"old_no": list(merges), "new_no": list(merges.values()), "version": [version] * len(merges)}
        await self._insert("person_merges", columns, len(merges))

    async def run(
        self, query: TrendQuery, *, now: datetime = NOW, layout: EventLayout | None = None
    ) -> TrendResult:
        source = TrendSource(self.engine, layout or NativeLayout(), Limits(seconds=20))
        return await run_trend(resolve(query, self.project, now), source)

    async def _insert(self, table: str, columns: Mapping[str, object], rows: int) -> None:
        if not rows:
            return
        batch = pa.table({"project_id": [self.project.id] * rows, **columns})
        names = ", ".join(batch.column_names)
        values = names.replace("properties", "CAST(properties, 'JSON')")
        settings = f"SETTINGS {JSON_INSERT_SETTINGS}"
        text = " ".join(("INSERT INTO", table, f"({names})", settings, "SELECT", values, "FROM {batch}"))
        await self.engine.insert(text, batch)


def _json(properties: Mapping[str, Value]) -> str:
    return json.dumps(properties)


def series(
    event: str | None = "sign up", kind: TrendMath = TrendMath.TOTAL, key: str | None = None
) -> EventSeries:
    """A series with a math, of the event property `key` if given."""
    return EventSeries(event, Math(kind, property=key))


def trend(*of: EventSeries, **parts: object) -> TrendQuery:
    """A query by day, by default from 9 to 12 January 2020."""
    dates: dict[str, object] = {"date_from": "2020-01-09", "date_to": "2020-01-12"}
    return replace(TrendQuery(series=of or (series(),)), **{**dates, **parts})  # type: ignore[arg-type]  # fields by name


def only(result: TrendResult) -> SeriesResult:
    """The only series of a result."""
    (found,) = result.series
    return found


def data_of(result: TrendResult) -> Data:
    """The data of the only series."""
    return only(result).data


def total(result: TrendResult) -> float | None:
    """The total of the only series."""
    return only(result).aggregated_value


def by_value(result: TrendResult) -> dict[str, Data]:
    """The data of each value of the only breakdown, in the order of the result."""
    return {_value(found): found.data for found in result.series}


def totals_by_value(result: TrendResult) -> dict[str, float | None]:
    """The total of each value of the only breakdown, in the order of the result."""
    return {_value(found): found.aggregated_value for found in result.series}


def _value(found: SeriesResult) -> str:
    assert found.breakdown_value is not None
    (value,) = found.breakdown_value
    return value
