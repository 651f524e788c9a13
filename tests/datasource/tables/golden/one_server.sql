CREATE TABLE IF NOT EXISTS schema_versions
(
    version UInt32,
    name String,
    applied_at DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY version;

CREATE TABLE IF NOT EXISTS events
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
    group_0 String DEFAULT ifNull(properties.`$group_0`::Nullable(String), ''),
    group_1 String DEFAULT ifNull(properties.`$group_1`::Nullable(String), ''),
    group_2 String DEFAULT ifNull(properties.`$group_2`::Nullable(String), ''),
    group_3 String DEFAULT ifNull(properties.`$group_3`::Nullable(String), ''),
    group_4 String DEFAULT ifNull(properties.`$group_4`::Nullable(String), ''),
    loaded_at DateTime('UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, event, toDate(timestamp), person_no, timestamp);

CREATE TABLE IF NOT EXISTS persons
(
    project_id UInt32,
    person_no UInt32,
    person_id UUID,
    properties JSON,
    created_at DateTime64(6, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, person_no);

CREATE TABLE IF NOT EXISTS person_distinct_ids
(
    project_id UInt32,
    distinct_id String,
    person_no UInt32,
    person_id UUID,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, distinct_id);

CREATE TABLE IF NOT EXISTS person_merges
(
    project_id UInt32,
    old_no UInt32,
    new_no UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, old_no);

CREATE TABLE IF NOT EXISTS groups
(
    project_id UInt32,
    type_index UInt8,
    key String,
    properties JSON,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, type_index, key);

CREATE TABLE IF NOT EXISTS events_by_hour
(
    project_id UInt32,
    event LowCardinality(String),
    hour DateTime('UTC'),
    events SimpleAggregateFunction(sum, UInt64),
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, event, hour);

CREATE MATERIALIZED VIEW IF NOT EXISTS events_by_hour_view TO events_by_hour AS
SELECT
    project_id,
    event,
    toStartOfHour(timestamp, 'UTC') AS hour,
    count() AS events,
    groupBitmapState(person_no) AS people
FROM events
GROUP BY project_id, event, hour;

CREATE TABLE IF NOT EXISTS load_journal
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
ORDER BY (project_id, load_id, batch);

CREATE TABLE IF NOT EXISTS cohort_members
(
    project_id UInt32,
    cohort_id UInt32,
    version UInt32,
    person_no UInt32
)
ENGINE = MergeTree
ORDER BY (project_id, cohort_id, version, person_no);

CREATE TABLE IF NOT EXISTS event_properties
(
    project_id UInt32,
    event LowCardinality(String),
    property String,
    kind LowCardinality(String),
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, event, property, kind);

CREATE TABLE IF NOT EXISTS person_properties
(
    project_id UInt32,
    property String,
    kind LowCardinality(String),
    persons AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, property, kind);

CREATE TABLE IF NOT EXISTS group_properties
(
    project_id UInt32,
    type_index UInt8,
    property String,
    kind LowCardinality(String),
    groups AggregateFunction(uniq, String)
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, type_index, property, kind);

TRUNCATE TABLE event_properties;

INSERT INTO event_properties
SELECT
    project_id, event,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    count() AS events
FROM (SELECT project_id, event, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM events)
GROUP BY project_id, event, property, kind;

TRUNCATE TABLE person_properties;

INSERT INTO person_properties
SELECT
    project_id,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    groupBitmapState(person_no) AS persons
FROM (SELECT project_id, person_no, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM persons)
GROUP BY project_id, property, kind;

TRUNCATE TABLE group_properties;

INSERT INTO group_properties
SELECT
    project_id, type_index,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    uniqState(group_key) AS groups
FROM (SELECT project_id, type_index, key AS group_key, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM groups)
GROUP BY project_id, type_index, property, kind;

CREATE MATERIALIZED VIEW IF NOT EXISTS event_properties_view TO event_properties AS
SELECT
    project_id, event,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    count() AS events
FROM (SELECT project_id, event, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM events WHERE loaded_at = 0)
GROUP BY project_id, event, property, kind;

CREATE MATERIALIZED VIEW IF NOT EXISTS person_properties_view TO person_properties AS
SELECT
    project_id,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    groupBitmapState(person_no) AS persons
FROM (SELECT project_id, person_no, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM persons)
GROUP BY project_id, property, kind;

CREATE MATERIALIZED VIEW IF NOT EXISTS group_properties_view TO group_properties AS
SELECT
    project_id, type_index,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    uniqState(group_key) AS groups
FROM (SELECT project_id, type_index, key AS group_key, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM groups)
GROUP BY project_id, type_index, property, kind;

