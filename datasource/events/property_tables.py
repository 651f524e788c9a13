"""Which properties there are: small tables of keys, so that nobody has to look through the events for them.

A key is stored as clients know it, dots included. Its `kind` is Numeric, Boolean or String, as its values are.
"""

KINDS = {"Int64": "Numeric", "UInt64": "Numeric", "Float64": "Numeric", "Bool": "Boolean", "String": "String"}
"""What a value is to clients, by the type it is stored as; anything else is a String."""

_KIND = f"transform(found.2, {list(KINDS)}, {list(KINDS.values())}, 'String')"

_EVENT_PROPERTIES = """
CREATE TABLE event_properties
(
    project_id UInt32,
    event LowCardinality(String),
    property String,
    kind LowCardinality(String),
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, event, property, kind)
"""

_PERSON_PROPERTIES = """
CREATE TABLE person_properties
(
    project_id UInt32,
    property String,
    kind LowCardinality(String),
    persons AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, property, kind)
"""

_GROUP_PROPERTIES = """
CREATE TABLE group_properties
(
    project_id UInt32,
    type_index UInt8,
    property String,
    kind LowCardinality(String),
    groups AggregateFunction(uniq, String)
)
ENGINE = AggregatingMergeTree
ORDER BY (project_id, type_index, property, kind)
"""


_COUNT = (
    """
SELECT
    {keys},
    replaceAll(found.1, '%2E', '.') AS property,
    {kind} AS kind,
    {count}
FROM (SELECT {columns}, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM {source})
GROUP BY {keys}, property, kind
"""
).replace("{kind}", f"transform(found.2, {list(KINDS)}, {list(KINDS.values())}, 'String')")
_EVENTS_SELECT = _COUNT.format(
    keys="project_id, event", count="count() AS events", columns="project_id, event", source="events"
)
_PERSONS_SELECT = _COUNT.format(
    keys="project_id",
    count="groupBitmapState(person_no) AS persons",
    columns="project_id, person_no",
    source="persons",
)
_GROUPS_SELECT = _COUNT.format(
    keys="project_id, type_index",
    count="uniqState(group_key) AS groups",
    columns="project_id, type_index, key AS group_key",
    source="groups",
)

# Looking through the properties would cost a load a seventh of its speed, and it knows its columns anyway: it
# counts them itself (see loading/property_counts.py). The view counts what comes past it, with no time of loading.
_PAST_THE_LOADER = _EVENTS_SELECT.replace("FROM events", "FROM events WHERE loaded_at = 0")

PROPERTY_TABLES = (
    _EVENT_PROPERTIES,
    _PERSON_PROPERTIES,
    _GROUP_PROPERTIES,
    # What is there already. A step that was interrupted runs again, from empty tables.
    "TRUNCATE TABLE event_properties",
    "TRUNCATE TABLE person_properties",
    "TRUNCATE TABLE group_properties",
    f"INSERT INTO event_properties {_EVENTS_SELECT}",
    f"INSERT INTO person_properties {_PERSONS_SELECT}",
    f"INSERT INTO group_properties {_GROUPS_SELECT}",
    f"CREATE MATERIALIZED VIEW event_properties_view TO event_properties AS {_PAST_THE_LOADER}",
    f"CREATE MATERIALIZED VIEW person_properties_view TO person_properties AS {_PERSONS_SELECT}",
    f"CREATE MATERIALIZED VIEW group_properties_view TO group_properties AS {_GROUPS_SELECT}",
)
"""The statements that make the tables, fill them, and keep them filled."""
