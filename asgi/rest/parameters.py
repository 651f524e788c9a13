"""The parameters of a trend: one table, by which requests are read and the OpenAPI document is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from resolvers.trends.query import BreakdownType, TrendDisplay, TrendInterval

Schema = Mapping[str, object]


class Kind(StrEnum):
    """What a value is. In an address all of them are texts: those of the last three kinds as JSON."""

    TEXT = "text"
    FLAG = "flag"
    INTEGER = "integer"
    NUMBER = "number"
    KEYS = "keys"
    LIST = "list"
    FILTERS = "filters"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that figures depend on; `schema` is what JSON Schema says of its value in a body."""

    name: str
    kind: Kind
    description: str
    schema: Schema
    example: object = None

    @property
    def is_json(self) -> bool:
        """Whether the value is written as JSON in an address."""
        return self.kind in (Kind.LIST, Kind.FILTERS)


def display_name(display: TrendDisplay) -> str:
    """ACTIONS_LINE_GRAPH as ActionsLineGraph."""
    return "".join(word.capitalize() for word in display.value.split("_"))


def reference(name: str) -> Schema:
    """A schema among the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(name: str) -> Schema:
    return {"type": "array", "items": reference(name)}


TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean", "default": False}
GROUP_INDEX: Schema = {"type": "integer", "minimum": 0, "maximum": 4}

REFRESHES: Mapping[str, bool] = {
    "true": True,
    "force_blocking": True,
    "force_async": True,
    "false": False,
    "blocking": False,
    "async": False,
    "async_except_on_cache_miss": False,
    "lazy_async": False,
}
"""Whether to compute anew. Answers come at once here, so what clients say about waiting makes no difference."""

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "events",
        Kind.LIST,
        "Series of events. One of events or actions is required.",
        _list_of("EventEntity"),
        [{"id": "sign up"}],
    ),
    Parameter("actions", Kind.LIST, "Series of saved actions.", _list_of("ActionEntity"), [{"id": 7}]),
    Parameter(
        "properties",
        Kind.FILTERS,
        "Conditions on every series: a list, all of which must hold, a group of type AND or OR with nested "
        "values, or the short form {key__operator: value}.",
        {"anyOf": [_list_of("PropertyFilterOrGroup"), reference("PropertyGroup"), {"type": "object"}]},
        [{"key": "plan", "value": "pro", "operator": "exact", "type": "event"}],
    ),
    Parameter("filter_test_accounts", Kind.FLAG, "Also apply the project's filters of test accounts.", FLAG, True),
    Parameter(
        "date_from",
        Kind.TEXT,
        "A date (2021-01-01, with or without a time and an offset) or a text relative to now: -7d, -24h, -1m, "
        "mStart, yStart, all.",
        {"type": "string", "default": "-7d"},
        "-14d",
    ),
    Parameter("date_to", Kind.TEXT, "The last date, written like date_from; default: now.", TEXT, "2021-01-31"),
    Parameter("explicit_date", Kind.FLAG, "Take the dates as exact instants, without rounding.", FLAG, True),
    Parameter(
        "interval",
        Kind.TEXT,
        "The length of one bucket. minute answers hours, as it always has here.",
        {"type": "string", "enum": [each.value.lower() for each in TrendInterval], "default": "day"},
        "week",
    ),
    Parameter(
        "breakdown",
        Kind.KEYS,
        "A property's key or a HogQL expression; several keys, up to three, as a JSON list; for cohorts a list of "
        "ids, or all.",
        {
            "anyOf": [
                {"type": "string"},
                {"type": "integer"},
                {"type": "array", "items": {"type": ["string", "integer"]}},
            ]
        },
        "$browser",
    ),
    Parameter(
        "breakdown_type",
        Kind.TEXT,
        "What breakdown names.",
        {"type": "string", "enum": [each.value.lower() for each in BreakdownType], "default": "event"},
        "person",
    ),
    Parameter(
        "breakdown_group_type_index", Kind.INTEGER, "For breakdown_type group: which group type.", GROUP_INDEX, 0
    ),
    Parameter(
        "breakdown_histogram_bin_count",
        Kind.INTEGER,
        "Split the numeric property of breakdown into this many bins of equal width.",
        {"type": "integer", "minimum": 1},
        10,
    ),
    Parameter(
        "breakdown_normalize_url",
        Kind.FLAG,
        "Treat addresses that differ only in a trailing /, ? or # as one.",
        FLAG,
        True,
    ),
    Parameter(
        "breakdown_limit",
        Kind.INTEGER,
        "How many values keep a row of their own. Default: 25, for CSV 512.",
        {"type": "integer", "minimum": 1, "maximum": 1000},
        50,
    ),
    Parameter(
        "breakdown_hide_other_aggregation",
        Kind.FLAG,
        "Leave out the row that adds up the other values.",
        FLAG,
        True,
    ),
    Parameter(
        "breakdowns",
        Kind.LIST,
        "Up to three breakdowns, types mixed. Excludes breakdown.",
        _list_of("Breakdown"),
        [{"property": "$browser", "type": "event"}],
    ),
    Parameter("compare", Kind.FLAG, "Also answer the rows of an earlier period of the same length.", FLAG, True),
    Parameter("compare_to", Kind.TEXT, "With compare: this far back instead of the previous period.", TEXT, "-1w"),
    Parameter(
        "display",
        Kind.TEXT,
        "A figure per bucket, or one total.",
        {"type": "string", "enum": [display_name(each) for each in TrendDisplay], "default": "ActionsLineGraph"},
        "ActionsLineGraph",
    ),
    Parameter(
        "formula",
        Kind.TEXT,
        "Arithmetic over the series, such as (A - B) / B: letters follow their order. Answers its result only.",
        TEXT,
        "A / B",
    ),
    Parameter(
        "formulas",
        Kind.LIST,
        "Several formulas, in the order of the answer. Excludes formula.",
        {"type": "array", "items": TEXT},
        ["A + B", "A / B"],
    ),
    Parameter(
        "smoothing_intervals",
        Kind.INTEGER,
        "Moving average over this many intervals, rounded down.",
        {"type": "integer", "minimum": 1, "default": 1},
        7,
    ),
    Parameter(
        "sampling_factor",
        Kind.NUMBER,
        "Read this fraction of the people and scale the figures up.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        0.1,
    ),
    Parameter(
        "refresh",
        Kind.REFRESH,
        "Whether a kept answer will do: true and the values that begin with force_ compute anew.",
        {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": [*REFRESHES]}], "default": False},
        "force_blocking",
    ),
    Parameter(
        "insight",
        Kind.TEXT,
        "What is asked for. Only trends are answered here.",
        {"type": "string", "enum": ["TRENDS", "SESSIONS"], "default": "TRENDS"},
        "TRENDS",
    ),
    Parameter(
        "shown_as",
        Kind.TEXT,
        "The same in an older form.",
        {"type": "string", "enum": ["Volume"], "default": "Volume"},
        "Volume",
    ),
)

BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}

WITHOUT_EFFECT: tuple[str, ...] = (
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
"""How an answer is drawn or fetched, which clients send and no figure depends on: accepted and ignored."""

NOT_BUILT: Mapping[str, str] = {
    "aggregation_group_type_index": "Give the series math dau with math_group_type_index.",
    "breakdown_offset": "A larger breakdown_limit answers more values at once.",
    "breakdown_path_cleaning": "breakdown_normalize_url merges addresses.",
    "data_warehouse": "Series are of events or actions.",
    "formulaNodes": "formulas takes a list of texts.",
    "limit": "breakdown_limit bounds the values of a breakdown.",
    "offset": "A larger breakdown_limit answers more values at once.",
}
"""What would change figures and is not there, with what to use instead."""
