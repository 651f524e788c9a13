"""The tables of a PostHog installation in a separate database, and seeds for them.

They follow the schema of an installation without queues and replication, with a few materialized columns of each
kind.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pyarrow as pa

from datasource.clickhouse.engine import Engine, Limits
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import SESSIONS, PostHogColumns, find_columns
from resolvers.trends.query import TrendProject, TrendQuery
from resolvers.trends.resolve import resolve
from resolvers.trends.results import TrendResult
from resolvers.trends.run import TrendSource, run_trend
from resolvers.trends.saved_objects import SavedObjects
from tests.support.seeds.events import NOW, Event

DATABASE = "posthog_peer"

Json = object
_team_ids = itertools.count(3_000_000)
_MOMENT = pa.timestamp("us", tz="UTC")


def _raw(key: str) -> str:
    return f"replaceRegexpAll(JSONExtractRaw(properties, '{key}'), '^\"|\"$', '')"


def _typed(key: str) -> str:
    return f"JSONExtract(properties, '{key}', 'Nullable(String)')"


_BUILT_IN = "\n".join(
    f"    `{key}` String MATERIALIZED {_raw(key)} COMMENT 'column_materializer::{key}',"
    for key in (*(f"$group_{index}" for index in range(5)), "$session_id", "$window_id")
)

_EVENTS = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.events
(
    uuid UUID,
    event String,
    properties String CODEC(ZSTD(3)),
    timestamp DateTime64(6, 'UTC'),
    team_id Int64,
    distinct_id String,
    elements_chain String,
    created_at DateTime64(6, 'UTC'),
    person_id UUID,
    person_created_at DateTime64(3),
    person_properties String CODEC(ZSTD(3)),
    group0_properties String CODEC(ZSTD(3)),
    person_mode Enum8('full' = 0, 'propertyless' = 1, 'force_upgrade' = 2),
{_BUILT_IN}
    `$session_id_uuid` Nullable(UInt128) MATERIALIZED toUInt128(toUUIDOrNull(`$session_id`)),
    mat_plan String DEFAULT {_raw("plan")} COMMENT 'column_materializer::properties::plan',
    mat_price String DEFAULT {_raw("price")} COMMENT 'column_materializer::price',
    `mat_$browser` String DEFAULT {_raw("$browser")} COMMENT 'column_materializer::properties::$browser',
    `mat_$current_url` Nullable(String) DEFAULT {_typed("$current_url")}
        COMMENT 'column_materializer::properties::$current_url',
    mat_a_b Nullable(String) DEFAULT {_typed("a.b")} COMMENT 'column_materializer::properties::a.b',
    mat_city String DEFAULT 'wrong' COMMENT 'column_materializer::properties::city::disabled',
    mat_pp_plan String DEFAULT 'wrong' COMMENT 'column_materializer::person_properties::plan',
    _timestamp DateTime,
    _offset UInt64
)
ENGINE = ReplacingMergeTree(_timestamp)
PARTITION BY toYYYYMM(timestamp)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), cityHash64(uuid))
SAMPLE BY cityHash64(distinct_id)
"""

_PERSON = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.person
(
    id UUID,
    created_at DateTime64(3),
    team_id Int64,
    properties String,
    is_identified Int8,
    is_deleted Int8,
    version UInt64,
    pmat_plan String DEFAULT {_raw("plan")} COMMENT 'column_materializer::properties::plan',
    pmat_email Nullable(String) DEFAULT {_typed("email")} COMMENT 'column_materializer::properties::email'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, id)
"""

_DISTINCT_IDS = """
CREATE TABLE IF NOT EXISTS {table}
(
    team_id Int64,
    distinct_id String,
    person_id UUID,
    is_deleted Int8,
    version Int64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team_id, distinct_id)
SETTINGS index_granularity = 512
"""

_GROUPS = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.groups
(
    group_type_index UInt8,
    group_key String,
    created_at DateTime64(3),
    team_id Int64,
    group_properties String,
    _timestamp DateTime,
    _offset UInt64
)
ENGINE = ReplacingMergeTree(_timestamp)
ORDER BY (team_id, group_type_index, group_key)
"""

_COHORT = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.cohortpeople
(person_id UUID, cohort_id Int64, team_id Int64, sign Int8, version UInt64)
ENGINE = CollapsingMergeTree(sign)
ORDER BY (team_id, cohort_id, person_id, version)
"""

_STATIC_COHORT = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.person_static_cohort
(id UUID, person_id UUID, cohort_id Int64, team_id Int64, _timestamp DateTime, _offset UInt64)
ENGINE = ReplacingMergeTree(_timestamp)
ORDER BY (team_id, cohort_id, person_id, id)
"""

_UTM = ("source", "campaign", "medium", "term", "content")
_INITIAL = (
    *("initial_referring_domain", "initial_gclid", "initial_fbclid", "initial_gad_source"),
    *(f"initial_utm_{name}" for name in _UTM),
)
_SESSION_TIME = "fromUnixTimestamp(intDiv(toUInt64(bitShiftRight(session_id_v7, 80)), 1000))"
_STATE = "AggregateFunction(argM{end}, String, DateTime64(6, 'UTC'))"

_RAW_SESSIONS = f"""
CREATE TABLE IF NOT EXISTS {DATABASE}.raw_sessions
(
    team_id Int64,
    session_id_v7 UInt128,
    min_timestamp SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    max_timestamp SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    entry_url {_STATE.format(end="in")},
    end_url {_STATE.format(end="ax")},
    {"".join(f"{name} {_STATE.format(end='in')}, " for name in _INITIAL)}
    pageview_count SimpleAggregateFunction(sum, Int64),
    autocapture_count SimpleAggregateFunction(sum, Int64),
    screen_count SimpleAggregateFunction(sum, Int64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM({_SESSION_TIME})
ORDER BY (team_id, toStartOfHour({_SESSION_TIME}), cityHash64(session_id_v7), session_id_v7)
"""


def _of_json(key: str) -> str:
    return f"JSONExtractString(properties, '{key}')"


_STATES = ", ".join(
    f"initializeAggregation('{function}State', {_of_json(key)}, timestamp)"
    for function, key in (
        ("argMin", "$current_url"),
        ("argMax", "$current_url"),
        *(("argMin", "$referring_domain" if "domain" in name else name[8:]) for name in _INITIAL),
    )
)
_FILL_SESSIONS = " ".join(
    (
        f"INSERT INTO {DATABASE}.raw_sessions",
        "SELECT team_id, assumeNotNull(`$session_id_uuid`), timestamp, timestamp,",
        f"{_STATES}, event = '$pageview', event = '$autocapture', event = '$screen'",
        f"FROM {DATABASE}.events WHERE team_id = {{team:Int64}} AND `$session_id_uuid` IS NOT NULL",
    )
)

DDL = (
    f"CREATE DATABASE IF NOT EXISTS {DATABASE}",
    _EVENTS,
    _PERSON,
    *(
        _DISTINCT_IDS.format(table=f"{DATABASE}.{table}")
        for table in ("person_distinct_id2", "person_distinct_id_overrides")
    ),
    _GROUPS,
    _COHORT,
    _STATIC_COHORT,
    _RAW_SESSIONS,
)


async def make_tables(engine: Engine) -> PostHogColumns:
    """Make the tables, once in an engine, and look what they have."""
    for statement in DDL:
        await engine.command(statement)
    return await find_columns(engine, DATABASE)


async def insert_rows(engine: Engine, table: str, team_id: int, columns: Mapping[str, Sequence[object]]) -> None:
    """Insert a team's rows; events without a `uuid` get one, or equal ones would be taken for one."""
    rows = len(next(iter(columns.values())))
    if not rows:
        return
    named = {"uuid": [str(uuid4()) for _ in range(rows)], **columns} if table == "events" else columns
    batch = pa.table({"team_id": [team_id] * rows, **named})
    names = ", ".join(batch.column_names)
    text = " ".join((f"INSERT INTO {DATABASE}.{table}", f"({names})", "SELECT", names, "FROM {batch}"))
    await engine.insert(text, batch)


async def fill_sessions(engine: Engine, team_id: int) -> None:
    """The sessions of a team's events."""
    await engine.command(_FILL_SESSIONS, {"team": team_id})


def without_sessions(columns: PostHogColumns) -> PostHogColumns:
    """The same of an installation that keeps no sessions."""
    return replace(columns, columns=frozenset(pair for pair in columns.columns if pair[0] != SESSIONS))


def without_materialized(columns: PostHogColumns) -> PostHogColumns:
    """The same of an installation all of whose properties are in JSON alone, and that keeps no sessions."""
    return replace(without_sessions(columns), materialized={})


def person_id(number: int) -> UUID:
    """Return the person with this number in tests of the native layout, where 0 means no person."""
    return UUID(int=number or 2**64)


@dataclass(frozen=True, slots=True)
class PostHogSeeds:
    """A new team, with the methods of EventSeeds."""

    engine: Engine
    project: TrendProject
    layout: PostHogLayout
    distinct_ids: dict[int, set[str]] = field(default_factory=dict)

    @classmethod
    def new(cls, engine: Engine, columns: PostHogColumns, timezone: str = "UTC") -> "PostHogSeeds":
        layout = PostHogLayout(columns, NOW, DATABASE)
        return cls(engine, TrendProject(next(_team_ids), ZoneInfo(timezone)), layout)

    async def add_events(self, events: Sequence[Event], chains: Sequence[str] = ()) -> None:
        ids = [event.distinct_id or f"d{event.person}" for event in events]
        for event, distinct_id in zip(events, ids, strict=True):
            self.distinct_ids.setdefault(event.person, set()).add(distinct_id)
        await self.insert(
            "events",
            {
                "event": [event.name for event in events],
                "properties": [json.dumps(event.properties) for event in events],
                "timestamp": pa.array([event.moment for event in events], _MOMENT),
                "distinct_id": ids,
                "elements_chain": list(chains) or [""] * len(events),
                "person_id": [str(person_id(event.person)) for event in events],
            },
        )

    async def add_persons(
        self,
        persons: Mapping[int, Mapping[str, Json]],
        version: int = 1,
        *,
        is_deleted: bool = False,
        created_at: datetime = NOW,
    ) -> None:
        await self.insert(
            "person",
            {
                "id": [str(person_id(number)) for number in persons],
                "created_at": pa.array([created_at] * len(persons), _MOMENT),
                "properties": [json.dumps(each) for each in persons.values()],
                "is_deleted": [int(is_deleted)] * len(persons),
                "version": [version] * len(persons),
            },
        )

    async def add_distinct_ids(self, persons: Mapping[str, int], version: int = 0) -> None:
        await self._add_ids("person_distinct_id2", persons, version)

    async def add_groups(
        self, type_index: int, groups: Mapping[str, Mapping[str, Json]], version: int = 1
    ) -> None:
        await self.insert(
            "groups",
            {
                "group_type_index": [type_index] * len(groups),
                "group_key": list(groups),
                "group_properties": [json.dumps(each) for each in groups.values()],
                "_timestamp": [1_600_000_000 + version] * len(groups),
            },
        )

    async def merge(self, merges: Mapping[int, int], version: int = 1) -> None:
        """The distinct ids that were the old persons' until now are the new ones'."""
        for old, new in merges.items():
            ids = dict.fromkeys(self.distinct_ids.get(old, ()), new)
            await self._add_ids("person_distinct_id2", ids, version)
            await self.override(ids, version)

    async def override(self, persons: Mapping[str, int], version: int = 1, *, is_deleted: bool = False) -> None:
        await self._add_ids("person_distinct_id_overrides", persons, version, is_deleted=is_deleted)

    async def add_cohort(self, cohort_id: int, persons: Sequence[int], version: int, *, sign: int = 1) -> None:
        await self.insert(
            "cohortpeople",
            {
                "person_id": [str(person_id(number)) for number in persons],
                "cohort_id": [cohort_id] * len(persons),
                "sign": [sign] * len(persons),
                "version": [version] * len(persons),
            },
        )

    async def add_static_cohort(self, cohort_id: int, persons: Sequence[int]) -> None:
        await self.insert(
            "person_static_cohort",
            {
                "id": [str(uuid4()) for _ in persons],
                "person_id": [str(person_id(number)) for number in persons],
                "cohort_id": [cohort_id] * len(persons),
            },
        )

    async def fill_sessions(self) -> None:
        """What the installation does as events arrive."""
        await fill_sessions(self.engine, self.project.id)

    async def run(
        self,
        query: TrendQuery,
        *,
        now: datetime = NOW,
        layout: PostHogLayout | None = None,
        saved_objects: SavedObjects | None = None,
    ) -> TrendResult:
        source = TrendSource(self.engine, layout or self.layout, Limits(seconds=20))
        return await run_trend(resolve(query, self.project, now), source, saved_objects)

    async def insert(self, table: str, columns: Mapping[str, Sequence[object]]) -> None:
        await insert_rows(self.engine, table, self.project.id, columns)

    async def _add_ids(
        self, table: str, persons: Mapping[str, int], version: int, *, is_deleted: bool = False
    ) -> None:
        await self.insert(
            table,
            {
                "distinct_id": list(persons),
                "person_id": [str(person_id(number)) for number in persons.values()],
                "is_deleted": [int(is_deleted)] * len(persons),
                "version": [version] * len(persons),
            },
        )
