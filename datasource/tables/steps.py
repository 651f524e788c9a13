"""Trendgate's own tables, created and changed by numbered steps."""

from dataclasses import dataclass

from datasource.tables.ddl import Change, CreateTable, CreateView
from datasource.tables.property_tables import PROPERTY_TABLES

GROUP_TYPE_COUNT = 5
"""Group types a project can have: `$group_0` to `$group_4`."""

JSON_INSERT_SETTINGS = (
    "json_type_escape_dots_in_keys = 1, type_json_skip_duplicated_paths = 1, "
    "input_format_try_infer_dates = 0, input_format_try_infer_datetimes = 0"
)
"""Required for every insert into a JSON column; otherwise keys with dots and strings like dates change."""

_GROUP_COLUMNS = ",\n".join(
    f"group_{index} String DEFAULT ifNull(properties.`$group_{index}`::Nullable(String), '')"
    for index in range(GROUP_TYPE_COUNT)
)

_EVENTS = CreateTable(
    "events",
    columns=f"""
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
{_GROUP_COLUMNS},
loaded_at DateTime('UTC')
""",
    engine="MergeTree",
    clauses="""
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, event, toDate(timestamp), person_no, timestamp)
""",
    shard_by="cityHash64(project_id, person_no)",
)

_PERSONS = CreateTable(
    "persons",
    columns="""
project_id UInt32,
person_no UInt32,
person_id UUID,
properties JSON,
created_at DateTime64(6, 'UTC'),
version UInt64
""",
    engine="ReplacingMergeTree",
    clauses="ORDER BY (project_id, person_no)",
    arguments="version",
)

_DISTINCT_IDS = CreateTable(
    "person_distinct_ids",
    columns="""
project_id UInt32,
distinct_id String,
person_no UInt32,
person_id UUID,
version UInt64
""",
    engine="ReplacingMergeTree",
    clauses="ORDER BY (project_id, distinct_id)",
    arguments="version",
)

_PERSON_MERGES = CreateTable(
    "person_merges",
    columns="""
project_id UInt32,
old_no UInt32,
new_no UInt32,
version UInt64
""",
    engine="ReplacingMergeTree",
    clauses="ORDER BY (project_id, old_no)",
    arguments="version",
)

_GROUPS = CreateTable(
    "groups",
    columns="""
project_id UInt32,
type_index UInt8,
key String,
properties JSON,
version UInt64
""",
    engine="ReplacingMergeTree",
    clauses="ORDER BY (project_id, type_index, key)",
    arguments="version",
)

_EVENTS_BY_HOUR = CreateTable(
    "events_by_hour",
    columns="""
project_id UInt32,
event LowCardinality(String),
hour DateTime('UTC'),
events SimpleAggregateFunction(sum, UInt64),
people AggregateFunction(groupBitmap, UInt32)
""",
    engine="AggregatingMergeTree",
    clauses="""
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, event, hour)
""",
    shard_by="cityHash64(project_id, event, hour)",
)

_LOAD_JOURNAL = CreateTable(
    "load_journal",
    columns="""
project_id UInt32,
load_id UUID,
batch UInt32,
hour_from DateTime('UTC'),
hour_to DateTime('UTC'),
is_done UInt8,
written_at DateTime('UTC')
""",
    engine="ReplacingMergeTree",
    clauses="ORDER BY (project_id, load_id, batch)",
    arguments="is_done",
)

_COHORT_MEMBERS = CreateTable(
    "cohort_members",
    columns="""
project_id UInt32,
cohort_id UInt32,
version UInt32,
person_no UInt32
""",
    engine="MergeTree",
    clauses="ORDER BY (project_id, cohort_id, version, person_no)",
)

BY_HOUR_SELECT = """
SELECT
    project_id,
    event,
    toStartOfHour(timestamp, 'UTC') AS hour,
    count() AS events,
    groupBitmapState(person_no) AS people
FROM {source}
GROUP BY project_id, event, hour
"""
"""How rows of `events` become rows of `events_by_hour`; also used to repair a time span."""


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One migration. Steps are only ever added, in ascending order, and never changed."""

    version: int
    name: str
    changes: tuple[Change, ...]


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
            CreateView("events_by_hour_view", "events", "events_by_hour", BY_HOUR_SELECT),
        ),
    ),
    SchemaStep(2, "the journal that keeps the roll-up right through interruptions", (_LOAD_JOURNAL,)),
    SchemaStep(3, "the members of cohorts", (_COHORT_MEMBERS,)),
    SchemaStep(4, "the properties of events, persons and groups", PROPERTY_TABLES),
)

VERSIONS = CreateTable(
    "schema_versions",
    columns="""
version UInt32,
name String,
applied_at DateTime('UTC')
""",
    engine="MergeTree",
    clauses="ORDER BY version",
)
"""The steps that have been applied."""
