CREATE TABLE IF NOT EXISTS schema_versions ON CLUSTER 'main'
(
    version UInt32,
    name String,
    applied_at DateTime('UTC')
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/trendgate/schema_versions', '{shard}-{replica}')
ORDER BY version
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS events_local ON CLUSTER 'main'
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/trendgate/events_local', '{replica}')
PARTITION BY toYYYYMM(timestamp)
ORDER BY (project_id, event, toDate(timestamp), person_no, timestamp)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS events ON CLUSTER 'main' AS events_local
ENGINE = Distributed('main', 'trendgate', 'events_local', cityHash64(project_id, person_no));

CREATE TABLE IF NOT EXISTS persons ON CLUSTER 'main'
(
    project_id UInt32,
    person_no UInt32,
    person_id UUID,
    properties JSON,
    created_at DateTime64(6, 'UTC'),
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/trendgate/persons', '{shard}-{replica}', version)
ORDER BY (project_id, person_no)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS person_distinct_ids ON CLUSTER 'main'
(
    project_id UInt32,
    distinct_id String,
    person_no UInt32,
    person_id UUID,
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/trendgate/person_distinct_ids', '{shard}-{replica}', version)
ORDER BY (project_id, distinct_id)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS person_merges ON CLUSTER 'main'
(
    project_id UInt32,
    old_no UInt32,
    new_no UInt32,
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/trendgate/person_merges', '{shard}-{replica}', version)
ORDER BY (project_id, old_no)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS groups ON CLUSTER 'main'
(
    project_id UInt32,
    type_index UInt8,
    key String,
    properties JSON,
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/trendgate/groups', '{shard}-{replica}', version)
ORDER BY (project_id, type_index, key)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS events_by_hour_local ON CLUSTER 'main'
(
    project_id UInt32,
    event LowCardinality(String),
    hour DateTime('UTC'),
    events SimpleAggregateFunction(sum, UInt64),
    people AggregateFunction(groupBitmap, UInt32)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/trendgate/events_by_hour_local', '{replica}')
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, event, hour)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS events_by_hour ON CLUSTER 'main' AS events_by_hour_local
ENGINE = Distributed('main', 'trendgate', 'events_by_hour_local', cityHash64(project_id, event, hour));

CREATE MATERIALIZED VIEW IF NOT EXISTS events_by_hour_view ON CLUSTER 'main' TO events_by_hour_local AS
SELECT
    project_id,
    event,
    toStartOfHour(timestamp, 'UTC') AS hour,
    count() AS events,
    groupBitmapState(person_no) AS people
FROM events_local
GROUP BY project_id, event, hour;

CREATE TABLE IF NOT EXISTS load_journal ON CLUSTER 'main'
(
    project_id UInt32,
    load_id UUID,
    batch UInt32,
    hour_from DateTime('UTC'),
    hour_to DateTime('UTC'),
    is_done UInt8,
    written_at DateTime('UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/trendgate/load_journal', '{shard}-{replica}', is_done)
ORDER BY (project_id, load_id, batch)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS cohort_members ON CLUSTER 'main'
(
    project_id UInt32,
    cohort_id UInt32,
    version UInt32,
    person_no UInt32
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/trendgate/cohort_members', '{shard}-{replica}')
ORDER BY (project_id, cohort_id, version, person_no)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS event_properties ON CLUSTER 'main'
(
    project_id UInt32,
    event LowCardinality(String),
    property String,
    kind LowCardinality(String),
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/all/trendgate/event_properties', '{shard}-{replica}')
ORDER BY (project_id, event, property, kind)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS person_properties ON CLUSTER 'main'
(
    project_id UInt32,
    property String,
    kind LowCardinality(String),
    persons AggregateFunction(groupBitmap, UInt32)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/all/trendgate/person_properties', '{shard}-{replica}')
ORDER BY (project_id, property, kind)
SETTINGS replicated_deduplication_window = 0;

CREATE TABLE IF NOT EXISTS group_properties ON CLUSTER 'main'
(
    project_id UInt32,
    type_index UInt8,
    property String,
    kind LowCardinality(String),
    groups AggregateFunction(uniq, String)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/all/trendgate/group_properties', '{shard}-{replica}')
ORDER BY (project_id, type_index, property, kind)
SETTINGS replicated_deduplication_window = 0;

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

CREATE MATERIALIZED VIEW IF NOT EXISTS event_properties_view ON CLUSTER 'main' TO event_properties AS
SELECT
    project_id, event,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    count() AS events
FROM (SELECT project_id, event, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM events_local WHERE loaded_at = 0)
GROUP BY project_id, event, property, kind;

CREATE MATERIALIZED VIEW IF NOT EXISTS person_properties_view ON CLUSTER 'main' TO person_properties AS
SELECT
    project_id,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    groupBitmapState(person_no) AS persons
FROM (SELECT project_id, person_no, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM persons)
GROUP BY project_id, property, kind;

CREATE MATERIALIZED VIEW IF NOT EXISTS group_properties_view ON CLUSTER 'main' TO group_properties AS
SELECT
    project_id, type_index,
    replaceAll(found.1, '%2E', '.') AS property,
    transform(found.2, ['Int64', 'UInt64', 'Float64', 'Bool', 'String'], ['Numeric', 'Numeric', 'Numeric', 'Boolean', 'String'], 'String') AS kind,
    uniqState(group_key) AS groups
FROM (SELECT project_id, type_index, key AS group_key, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM groups)
GROUP BY project_id, type_index, property, kind;

