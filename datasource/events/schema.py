"""The tables of the native layout, made and changed by numbered steps."""

from dataclasses import dataclass

from datasource.clickhouse.engine import Engine
from datasource.events.property_tables import PROPERTY_TABLES

GROUP_TYPE_COUNT = 5
"""Group types a project can have: `$group_0` to `$group_4`."""

JSON_INSERT_SETTINGS = (
    "json_type_escape_dots_in_keys = 1, type_json_skip_duplicated_paths = 1, "
    "input_format_try_infer_dates = 0, input_format_try_infer_datetimes = 0"
)
"""Settings that every insert into a JSON column must carry, or keys with dots and texts like dates change."""

_EVENTS = """
CREATE TABLE events
(
    project_id UInt32,
    event LowCardinality(String),
    timestamp DateTime64(6, 'UTC'),
    uuid UUID,
    distinct_id String,
    person_no UInt32,
    person_id UUID,
    properties JSON,
    elements_chain String,
    session_id String DEFAULT ifNull(properties.`$session_id`::Nullable(String), ''),
    {groups},
    loaded_at DateTime('UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, event, toDate(timestamp), person_no, timestamp)
""".replace(
    "{groups}",
    ",\n    ".join(
        f"group_{index} String DEFAULT ifNull(properties.`$group_{index}`::Nullable(String), '')"
        for index in range(GROUP_TYPE_COUNT)
    ),
)

_PERSONS = """
CREATE TABLE persons
(
    project_id UInt32,
    person_no UInt32,
    person_id UUID,
    properties JSON,
    created_at DateTime64(6, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, person_no)
"""

_DISTINCT_IDS = """
CREATE TABLE person_distinct_ids
(
    project_id UInt32,
    distinct_id String,
    person_no UInt32,
    person_id UUID,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, distinct_id)
"""

_PERSON_MERGES = """
CREATE TABLE person_merges
(
    project_id UInt32,
    old_no UInt32,
    new_no UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, old_no)
"""

_GROUPS = """
CREATE TABLE groups
(
    project_id UInt32,
    type_index UInt8,
    key String,
    properties JSON,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, type_index, key)
"""

_EVENTS_BY_HOUR = """
CREATE TABLE events_by_hour
(
    project_id UInt32,
    event LowCardinality(String),
    hour DateTime('UTC'),
    events SimpleAggregateFunction(sum, UInt64),
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, event, hour)
"""

_LOAD_JOURNAL = """
CREATE TABLE load_journal
(
    project_id UInt32,
    load_id UUID,
    batch UInt32,
    hour_from DateTime('UTC'),
    hour_to DateTime('UTC'),
    is_done UInt8,
    written_at DateTime('UTC')
)
ENGINE = ReplacingMergeTree(is_done)
ORDER BY (project_id, load_id, batch)
"""

_COHORT_MEMBERS = """
CREATE TABLE cohort_members
(
    project_id UInt32,
    cohort_id UInt32,
    version UInt32,
    person_no UInt32
)
ENGINE = MergeTree
ORDER BY (project_id, cohort_id, version, person_no)
"""

BY_HOUR_SELECT = """
SELECT
    project_id,
    event,
    toStartOfHour(timestamp, 'UTC') AS hour,
    count() AS events,
    groupBitmapState(person_no) AS people
FROM events
GROUP BY project_id, event, hour
"""
"""How rows of `events` become rows of `events_by_hour`; also used to rebuild a span of it."""


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One change of the tables; steps are only ever added, in ascending order."""

    version: int
    name: str
    statements: tuple[str, ...]


STEPS = (
    SchemaStep(
        1,
        "events, people, groups and the hourly roll-up",
        (
            _EVENTS,
            _PERSONS,
            _DISTINCT_IDS,
            _PERSON_MERGES,
            _GROUPS,
            _EVENTS_BY_HOUR,
            f"CREATE MATERIALIZED VIEW events_by_hour_view TO events_by_hour AS {BY_HOUR_SELECT}",
        ),
    ),
    SchemaStep(2, "the journal that keeps the roll-up right through interruptions", (_LOAD_JOURNAL,)),
    SchemaStep(3, "the members of cohorts", (_COHORT_MEMBERS,)),
    SchemaStep(4, "the properties of events, persons and groups", PROPERTY_TABLES),
)


async def migrate(engine: Engine) -> tuple[SchemaStep, ...]:
    """Bring the tables up to date and answer the steps that were run.

    A step that was interrupted is run again: creations are repeated only where the table is not there yet.
    """
    await engine.command(
        "CREATE TABLE IF NOT EXISTS schema_versions "
        "(version UInt32, name String, applied_at DateTime('UTC')) ENGINE = MergeTree ORDER BY version"
    )
    done = (await engine.query("SELECT max(version) AS version FROM schema_versions")).columns[0][0]
    pending = tuple(step for step in STEPS if step.version > int(str(done)))
    for step in pending:
        await _apply(engine, step)
    return pending


async def _apply(engine: Engine, step: SchemaStep) -> None:
    for statement in step.statements:
        creation = statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1)
        creation = creation.replace("CREATE MATERIALIZED VIEW ", "CREATE MATERIALIZED VIEW IF NOT EXISTS ", 1)
        await engine.command(creation)
    await engine.command(
        "INSERT INTO schema_versions SELECT {version:UInt32}, {name:String}, now('UTC')",
        {"version": step.version, "name": step.name},
    )
