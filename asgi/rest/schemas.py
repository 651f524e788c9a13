"""The shapes of what is sent and answered, as components of the OpenAPI document."""

from asgi.rest.filters import OPERATORS, TYPES
from asgi.rest.parameters import FLAG, GROUP_INDEX, TEXT, Schema, reference
from asgi.rest.read_query import BREAKDOWN_TYPES, MATHS, PROPERTY_SOURCES
from schema.filters import MAX_NESTING

NULLABLE_TEXT: Schema = {"type": ["string", "null"]}
FIGURE: Schema = {"type": ["number", "null"]}
TEXTS: Schema = {"type": "array", "items": TEXT}


def _object(description: str, required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "description": description, "required": [*required], "properties": properties}


def _closed(description: str, required: tuple[str, ...], /, **properties: Schema) -> Schema:
    return {**_object(description, required, **properties), "additionalProperties": False}


def _said(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


_ENTITY: dict[str, Schema] = {
    "name": _said(NULLABLE_TEXT, "Accepted, of no effect: names never enter labels."),
    "custom_name": _said(NULLABLE_TEXT, "The client's own name; it comes back in action.custom_name."),
    "order": {"type": ["integer", "null"], "description": "Place among all series; 0 and none come first."},
    "math": {"enum": [*MATHS, None], "description": "What is counted; default: total."},
    "math_property": _said(NULLABLE_TEXT, "For sum, avg, min, max, median and percentiles: the property's key."),
    "math_property_type": {"enum": [*PROPERTY_SOURCES, None], "description": "Where math_property is read from."},
    "math_group_type_index": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": 4,
        "description": "For unique_group and dau: which group type.",
    },
    "math_hogql": _said(NULLABLE_TEXT, "For hogql: an aggregation such as avg(properties.price)."),
    "properties": {
        "anyOf": [{"type": "array", "items": reference("PropertyFilterOrGroup")}, reference("PropertyGroup")],
        "description": "Conditions on this series alone.",
    },
}
_VALUE: Schema = {"type": ["string", "number", "boolean"]}

COMPONENTS: dict[str, Schema] = {
    "EventEntity": _closed(
        "A series of the occurrences of one event.",
        ("id",),
        id=_said(NULLABLE_TEXT, "The event's name; null: every event."),
        type={"enum": ["events", None]},
        **_ENTITY,
    ),
    "ActionEntity": _closed(
        "A series of the occurrences of a saved action.",
        ("id",),
        id={
            "type": ["integer", "string"],
            "minimum": 1,
            "pattern": "^[1-9][0-9]*$",
            "description": "The action's id.",
        },
        type={"enum": ["actions", None]},
        **_ENTITY,
    ),
    "PropertyFilter": _closed(
        "One condition on a property.",
        (),
        key=_said(TEXT, "The property's key; for hogql a boolean expression; for a cohort id or none."),
        value={"anyOf": [_VALUE, {"type": "array", "items": _VALUE}, {"type": "null"}]},
        operator={"enum": [*OPERATORS, None], "description": "Default: exact."},
        type={"enum": [*TYPES, None], "description": "Default: event."},
        group_type_index={**GROUP_INDEX, "type": ["integer", "null"]},
        negation=_said({"type": ["boolean", "null"]}, "For a cohort: persons that are not in it."),
        label=_said(NULLABLE_TEXT, "Accepted, of no effect."),
    ),
    "PropertyGroup": _closed(
        f"Conditions joined by AND or OR, nested up to {MAX_NESTING} deep.",
        ("type", "values"),
        type={"enum": ["AND", "OR"]},
        values={"type": "array", "items": reference("PropertyFilterOrGroup")},
    ),
    "PropertyFilterOrGroup": {"anyOf": [reference("PropertyFilter"), reference("PropertyGroup")]},
    "Breakdown": _closed(
        "Split every series by the values of one property.",
        ("property",),
        property={"type": ["string", "integer"]},
        type={"enum": [*BREAKDOWN_TYPES, None]},
        group_type_index={**GROUP_INDEX, "type": ["integer", "null"]},
        histogram_bin_count={"type": ["integer", "null"], "minimum": 1},
        normalize_url=FLAG,
    ),
    "Action": _object(
        "What a row counted.",
        ("id", "type", "order", "name", "math"),
        id=NULLABLE_TEXT,
        type={"const": "events"},
        order={"type": "integer"},
        name=TEXT,
        custom_name=NULLABLE_TEXT,
        math=_said(NULLABLE_TEXT, "As it was sent."),
        math_property=NULLABLE_TEXT,
        math_hogql=NULLABLE_TEXT,
        math_group_type_index={"type": ["integer", "null"]},
        properties={"type": "object"},
        days=_said({"type": "array", "items": {"type": "string", "format": "date-time"}}, "Every bucket's start."),
    ),
    "Row": _object(
        "One line of figures. What a row has no value for is absent.",
        ("label", "order", "action", "filter", "data", "days", "count"),
        label=_said(TEXT, "The name of the event or the action, the formula, or the breakdown value."),
        order=_said({"type": "integer"}, "Position of the series, of a formula among formulas."),
        action=_said({"anyOf": [reference("Action"), {"type": "null"}]}, "null for a formula."),
        filter=_said({"type": "object"}, "The parameters as they were sent, the first 2048 bytes of them."),
        data={
            "type": ["array", "null"],
            "items": FIGURE,
            "description": "A figure per bucket, null where there is none. A total has none of them.",
        },
        days=_said(TEXTS, "The start of each bucket, in the project's time zone."),
        labels=_said(TEXTS, "The same in words; absent for displays of one total."),
        count=_said(
            {"type": "number"}, "The sum of data; for a cumulative display its last value; 0 for a total."
        ),
        aggregated_value=_said(FIGURE, "The total of displays that carry one."),
        breakdown_value={
            "anyOf": [TEXT, {"type": "integer"}, TEXTS],
            "description": "The value, a list of them for several breakdowns, or the id of a cohort.",
        },
        compare={"const": True},
        compare_label={"enum": ["current", "previous"]},
    ),
    "Trend": _object(
        "The answer of a trend.",
        ("results", "result", "hasMore", "resolved_date_range", "is_cached", "last_refresh", "error"),
        results=_said({"type": "array", "items": reference("Row")}, "The rows, in order."),
        result=_said(
            {"type": "array", "items": reference("Row")}, "The same rows, for clients of the older form."
        ),
        hasMore=_said({"type": "boolean"}, "Breakdown values were cut at breakdown_limit."),
        next=_said({"type": "null"}, "There are no further pages."),
        timezone=TEXT,
        resolved_date_range=_object(
            "The range that was read, in the project's time zone.",
            ("date_from", "date_to"),
            date_from={"type": "string", "format": "date-time"},
            date_to={"type": "string", "format": "date-time"},
        ),
        is_cached={"type": "boolean"},
        last_refresh={"type": "string", "format": "date-time"},
        timings=_said({"type": "array", "items": {"type": "object"}}, "What took how long: k, and t in seconds."),
        hogql=_said(TEXT, "The ClickHouse SQL that ran, parameters bound by name."),
        modifiers=_said({"type": "object"}, "Always empty: there are none."),
        error=_said(TEXT, "Always empty: errors have a status of their own."),
    ),
    "Project": _object(
        "A project: events, and the settings they are read with.",
        ("id", "name", "organization", "timezone", "week_start_day"),
        id={"type": "integer"},
        name=TEXT,
        organization=_said(TEXT, "The id of the organization that it belongs to."),
        timezone=_said(TEXT, "IANA name of the time zone its days are counted in."),
        week_start_day={"enum": [0, 1], "description": "0: weeks start on Sunday; 1: on Monday."},
    ),
    "ProjectPage": _object(
        "A page of projects by ascending id.",
        ("count", "next", "previous", "results"),
        count=_said({"type": "integer"}, "How many there are on all pages."),
        next=_said(NULLABLE_TEXT, "The address of the next page."),
        previous=_said(NULLABLE_TEXT, "The address of the previous page."),
        results={"type": "array", "items": reference("Project")},
    ),
    "Error": _object(
        "What is wrong, for whoever wrote the request.",
        ("type", "code", "detail", "attr", "hint", "extensions"),
        type=TEXT,
        code=TEXT,
        detail=_said(TEXT, "What is wrong, in words."),
        attr=_said(NULLABLE_TEXT, "The parameter that it is about: events[0].math."),
        hint=_said(NULLABLE_TEXT, "What to do."),
        extensions=_said(
            {"type": "object"}, "What GraphQL's errors say: code, path, missingScope, missingLevel, errorId ..."
        ),
    ),
}
