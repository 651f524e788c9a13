"""Tables of property keys, so that listing properties does not scan the events.

A key is stored as clients write it, dots included. Its `kind` is Numeric, Boolean or String, like its values.
"""

from datasource.tables.ddl import Change, CreateTable, CreateView, FillTable

KINDS = {"Int64": "Numeric", "UInt64": "Numeric", "Float64": "Numeric", "Bool": "Boolean", "String": "String"}
"""The kind that clients see for each stored type; anything else is a String."""


def property_path(key: str) -> str:
    """Return the path of a property key in a JSON column.

    A bare dot would mean a nested object. So the keys `a.b` and `a%2Eb` are one; of an event with both, the first
    counts.
    """
    return key.replace(".", "%2E")


def property_key(path: str) -> str:
    """Return the key that clients write for a path."""
    return path.replace("%2E", ".")


_EVENT_PROPERTIES = CreateTable(
    "event_properties",
    columns="""
project_id UInt32,
event LowCardinality(String),
property String,
kind LowCardinality(String),
events SimpleAggregateFunction(sum, UInt64)
""",
    engine="AggregatingMergeTree",
    clauses="ORDER BY (project_id, event, property, kind)",
)

_PERSON_PROPERTIES = CreateTable(
    "person_properties",
    columns="""
project_id UInt32,
property String,
kind LowCardinality(String),
persons AggregateFunction(groupBitmap, UInt32)
""",
    engine="AggregatingMergeTree",
    clauses="ORDER BY (project_id, property, kind)",
)

_GROUP_PROPERTIES = CreateTable(
    "group_properties",
    columns="""
project_id UInt32,
type_index UInt8,
property String,
kind LowCardinality(String),
groups AggregateFunction(uniq, String)
""",
    engine="AggregatingMergeTree",
    clauses="ORDER BY (project_id, type_index, property, kind)",
)


_KIND = f"transform(found.2, {list(KINDS)}, {list(KINDS.values())}, 'String')"
_COUNT = """
SELECT
    {keys},
    replaceAll(found.1, '%2E', '.') AS property,
    {kind} AS kind,
    {count}
FROM (SELECT {columns}, arrayJoin(JSONAllPathsWithTypes(properties)) AS found FROM {{source}})
GROUP BY {keys}, property, kind
"""
_OF_EVENTS = _COUNT.format(
    kind=_KIND, keys="project_id, event", count="count() AS events", columns="project_id, event"
)
_OF_PERSONS = _COUNT.format(
    kind=_KIND,
    keys="project_id",
    count="groupBitmapState(person_no) AS persons",
    columns="project_id, person_no",
)
_OF_GROUPS = _COUNT.format(
    kind=_KIND,
    keys="project_id, type_index",
    count="uniqState(group_key) AS groups",
    columns="project_id, type_index, key AS group_key",
)

# Scanning the properties would make a load one seventh slower, so the loader counts its own columns
# (loader/property_counts.py). The view counts what others insert, which has no time of loading.
_NOT_BY_THE_LOADER = _OF_EVENTS.replace("FROM {source}", "FROM {source} WHERE loaded_at = 0")

PROPERTY_TABLES: tuple[Change, ...] = (
    _EVENT_PROPERTIES,
    _PERSON_PROPERTIES,
    _GROUP_PROPERTIES,
    # Rows that were stored before these tables existed.
    FillTable("event_properties", "events", _OF_EVENTS),
    FillTable("person_properties", "persons", _OF_PERSONS),
    FillTable("group_properties", "groups", _OF_GROUPS),
    CreateView("event_properties_view", "events", "event_properties", _NOT_BY_THE_LOADER),
    CreateView("person_properties_view", "persons", "person_properties", _OF_PERSONS),
    CreateView("group_properties_view", "groups", "group_properties", _OF_GROUPS),
)
"""The changes that create the tables, fill them and keep them filled."""
