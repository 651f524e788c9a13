"""The parameters of a trend: models by which requests are read and the OpenAPI document is written."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, SkipValidation, WithJsonSchema

from asgi.rest.filters import Conditions
from asgi.rest.naming import PARAMETERS
from asgi.rest.validation import Flag, GroupIndex, Identifier, Ignored, Integer, Members, Number, OneOf
from resolvers.trends.query import BreakdownType, PropertyType, TrendDisplay, TrendInterval, TrendMath
from schema.trend_query_reader import MAX_BREAKDOWN_LIMIT

MATHS = {each.value.lower(): each for each in TrendMath}
PROPERTY_SOURCES = {
    "event_properties": PropertyType.EVENT,
    "numerical_event_properties": PropertyType.EVENT,
    "person_properties": PropertyType.PERSON,
    "group_properties": PropertyType.GROUP,
    "session_properties": PropertyType.SESSION,
}
INTERVALS = {
    **{each.value.lower(): each for each in TrendInterval},
    "minute": TrendInterval.HOUR,  # the endpoint never answered minutes
}
DISPLAYS = {PARAMETERS.choice(each): each for each in TrendDisplay}
BREAKDOWN_TYPES = {**{each.value.lower(): each for each in BreakdownType}, "events": BreakdownType.EVENT}
REFRESHES = {
    # Results come back at once here, so values about waiting make no difference.
    **dict.fromkeys(("true", "force_blocking", "force_async"), True),
    **dict.fromkeys(("false", "blocking", "async", "async_except_on_cache_miss", "lazy_async"), False),
}


class Entity(Members):
    """What event and action series have in common."""

    custom_name: str | None = Field(None, description="The client's own name, returned in action.custom_name.")
    order: Integer | None = Field(None, description="Position among all series; 0 and null come first.")
    math: Annotated[TrendMath, OneOf(MATHS)] = Field(
        TrendMath.TOTAL, description="The aggregation; default: total."
    )
    math_property: str | None = Field(
        None, description="For sum, avg, min, max, median and percentiles: the property's key."
    )
    math_property_type: Annotated[PropertyType, OneOf(PROPERTY_SOURCES)] = Field(
        PropertyType.EVENT, description="Where math_property is read from."
    )
    math_group_type_index: GroupIndex | None = Field(None, description="For unique_group and dau: the group type.")
    math_hogql: str | None = Field(None, description="For hogql: an aggregation such as avg(properties.price).")
    properties: Conditions = Field(None, description="Filters on this series alone.")
    name: Ignored = None
    breakdown: Ignored = None
    uuid: Ignored = None
    index: Ignored = None


class EventEntity(Entity):
    """A series that counts one event."""

    exact: ClassVar = frozenset({"id"})
    id: str | None = Field(description="The event's name; null: all events.")
    type: Annotated[str | None, OneOf({"events": "events"})] = None


class ActionEntity(Entity):
    """A series that counts a saved action."""

    exact: ClassVar = frozenset({"id"})
    id: Identifier = Field(
        description="The action's id.", json_schema_extra={"minimum": 1, "pattern": "^[1-9][0-9]*$"}
    )
    type: Annotated[str | None, OneOf({"actions": "actions"})] = None


class Breakdown(Members):
    """Split every series by the values of one property."""

    exact: ClassVar = frozenset({"property"})
    property: Identifier
    type: Annotated[BreakdownType, OneOf(BREAKDOWN_TYPES)] = BreakdownType.EVENT
    group_type_index: GroupIndex | None = None
    histogram_bin_count: Integer | None = Field(None, json_schema_extra={"minimum": 1})
    normalize_url: Flag = False


class TrendParameters(Members):
    """The parameters that affect results."""

    events: list[EventEntity] = Field(
        [], description="Event series. Either events or actions is required.", examples=[[{"id": "sign up"}]]
    )
    actions: list[ActionEntity] = Field([], description="Action series.", examples=[[{"id": 7}]])
    properties: Conditions = Field(
        None,
        description="Filters on every series: a list of filters that must all match, a group of type AND or OR "
        "with nested values, or the short form {key__operator: value}.",
        examples=[[{"key": "plan", "value": "pro", "operator": "exact", "type": "event"}]],
    )
    filter_test_accounts: Flag = Field(
        False, description="Also apply the project's test account filters.", examples=[True]
    )
    date_from: str | None = Field(
        None,
        description="A date (2021-01-01, optionally with a time and an offset) or a relative date: -7d, -24h, "
        "-1m, yesterday, wStart, -1mStart, yStart, all.",
        examples=["-14d"],
        json_schema_extra={"default": "-7d"},
    )
    date_to: str | None = Field(
        None, description="The last date, in the format of date_from; default: now.", examples=["2021-01-31"]
    )
    explicit_date: Flag = Field(
        False, description="Use the dates as exact times, without rounding.", examples=[True]
    )
    interval: Annotated[TrendInterval, OneOf(INTERVALS)] = Field(
        TrendInterval.DAY,
        description="The length of a bucket. minute returns hours, as this endpoint always has.",
        examples=["week"],
        json_schema_extra={"default": "day"},
    )
    breakdown: Annotated[str | int | list[str | int | None] | None, SkipValidation] = Field(
        None,
        description="A property's key or a HogQL expression; up to three keys as a JSON list; for cohorts a list "
        "of ids, or all.",
        examples=["$browser"],
    )
    breakdown_type: Annotated[BreakdownType | None, OneOf({**BREAKDOWN_TYPES, "undefined": None})] = Field(
        None, description="What breakdown names.", examples=["person"], json_schema_extra={"default": "event"}
    )
    breakdown_group_type_index: GroupIndex | None = Field(
        None, description="For breakdown_type group: the group type.", examples=[0]
    )
    breakdown_histogram_bin_count: Integer | None = Field(
        None,
        description="Split the numeric property of breakdown into this many bins of equal width.",
        examples=[10],
        json_schema_extra={"minimum": 1},
    )
    breakdown_normalize_url: Flag = Field(
        False, description="Treat URLs that differ only in a trailing /, ? or # as one.", examples=[True]
    )
    breakdown_limit: Integer | None = Field(
        None,
        description="How many values get their own row. Default: 25, for CSV 512.",
        examples=[50],
        json_schema_extra={"minimum": 1, "maximum": MAX_BREAKDOWN_LIMIT},
    )
    breakdown_hide_other_aggregation: Flag = Field(
        False, description="Omit the row that adds up the other values.", examples=[True]
    )
    breakdowns: list[Breakdown] = Field(
        [],
        description="Up to three breakdowns of any types. Cannot be combined with breakdown.",
        examples=[[{"property": "$browser", "type": "event"}]],
    )
    compare: Flag = Field(
        False, description="Also return the rows of an earlier period with as many buckets.", examples=[True]
    )
    compare_to: str | None = Field(
        None,
        description="With compare: how far back, as a number and a unit; by month, months, quarters or years. "
        "Default: the previous period.",
        examples=["-1w"],
    )
    display: Annotated[TrendDisplay, OneOf(DISPLAYS)] = Field(
        TrendDisplay.ACTIONS_LINE_GRAPH,
        description="A value per bucket, or one total.",
        examples=["ActionsLineGraph"],
        json_schema_extra={"default": "ActionsLineGraph"},
    )
    formula: str | None = Field(
        None,
        description="Arithmetic over the series, such as (A - B) / B: letters follow their order. Only the result "
        "is returned.",
        examples=["A / B"],
    )
    formulas: list[str | None] = Field(
        [],
        description="Several formulas, in the order of the rows. Cannot be combined with formula.",
        examples=[["A + B", "A / B"]],
    )
    smoothing_intervals: Integer = Field(
        1,
        description="Moving average over this many intervals, rounded down.",
        examples=[7],
        json_schema_extra={"minimum": 1, "default": 1},
    )
    sampling_factor: Number | None = Field(
        None,
        description="Read this fraction of the people and scale the values up.",
        examples=[0.1],
        json_schema_extra={"exclusiveMinimum": 0, "maximum": 1},
    )
    refresh: Annotated[
        bool,
        OneOf(REFRESHES),
        BeforeValidator(lambda value: str(value).lower() if isinstance(value, str | bool) else value),
        WithJsonSchema(
            {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": [*REFRESHES]}], "default": False}
        ),
    ] = Field(
        False,
        description="Recompute instead of using a cached trend: true, and the values that begin with force_.",
        examples=["force_blocking"],
    )
    insight: Annotated[str | None, OneOf({name: name for name in ("TRENDS", "SESSIONS")})] = Field(
        None,
        description="The kind of insight. Only trends are supported.",
        examples=["TRENDS"],
        json_schema_extra={"default": "TRENDS"},
    )
    shown_as: Annotated[str | None, OneOf({"Volume": "Volume"})] = Field(
        None,
        description="The kind of trend, for older clients.",
        examples=["Volume"],
        json_schema_extra={"default": "Volume"},
    )


JSON_PARAMETERS = frozenset({"events", "actions", "properties", "breakdowns", "formulas"})
"""Parameters that a query string holds as JSON."""

IGNORED: tuple[str, ...] = (
    "aggregation_axis_format",
    "aggregation_axis_postfix",
    "aggregation_axis_prefix",
    "client_query_id",
    "decimal_places",
    "entity_id",
    "entity_math",
    "entity_type",
    "from_dashboard",
    "hidden_legend_indexes",
    "hidden_legend_keys",
    "insight_id",
    "session_id",
    "show_alert_threshold_lines",
    "show_labels_on_series",
    "show_legend",
    "show_multiple_y_axes",
    "show_percent_stack_view",
    "show_values_on_series",
    "y_axis_scale_type",
)
"""Parameters that clients send for drawing or fetching, and that affect no result."""

UNSUPPORTED: Mapping[str, str] = {
    "aggregation_group_type_index": "Use math dau with math_group_type_index.",
    "breakdown_offset": "Use a larger breakdown_limit to get more values at once.",
    "breakdown_path_cleaning": "Use breakdown_normalize_url to merge URLs.",
    "data_warehouse": "Use events or actions as series.",
    "formulaNodes": "Use formulas, a list of strings.",
    "limit": "Use breakdown_limit to limit the values of a breakdown.",
    "offset": "Use a larger breakdown_limit to get more values at once.",
}
"""Parameters that would affect results but are not implemented, with what to use instead."""
