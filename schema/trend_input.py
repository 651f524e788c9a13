"""The question of a trend, as clients send it."""

import strawberry

import schema.trend_enums  # noqa: F401 - publishes the enums of trends, before their first use
from resolvers.trends.query import (
    BreakdownType,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
)
from schema.filters import PropertyFilterInput, PropertyGroupInput


@strawberry.input
class SeriesInput:
    """What event and action series have in common."""

    custom_name: str | None = strawberry.field(
        default=None, description="A name of the client's own; it comes back beside the label."
    )
    order: int | None = strawberry.field(
        default=None,
        description="Position among all series; default: events first, then actions, as listed.",
    )
    math: TrendMath = strawberry.field(default=TrendMath.TOTAL, description="What is counted.")
    math_property: str | None = strawberry.field(
        default=None, description="For SUM, AVG, MIN, MAX, MEDIAN and percentiles: the property's key."
    )
    math_property_type: PropertyType = strawberry.field(
        default=PropertyType.EVENT, description="Where mathProperty is read from."
    )
    math_group_type_index: int | None = strawberry.field(
        default=None, description="For UNIQUE_GROUP: which group type, 0 to 4."
    )
    math_expression: str | None = strawberry.field(
        default=None, description="For HOGQL: an aggregation such as avg(properties.price)."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on this series alone; all must hold."
    )
    property_group: PropertyGroupInput | None = strawberry.field(
        default=None, description="Nested AND / OR, on top of properties."
    )


@strawberry.input(name="EventSeriesInput", description="A series of the occurrences of one event.")
class EventSeriesInput(SeriesInput):
    event: str | None = strawberry.field(default=None, description="The event's name; null: every event.")


@strawberry.input(name="ActionSeriesInput", description="A series of the occurrences of one action.")
class ActionSeriesInput(SeriesInput):
    action_id: strawberry.ID = strawberry.field(description="The id of a saved action.")


@strawberry.input(name="BreakdownInput", description="Split every series by the values of one property.")
class BreakdownInput:
    type: BreakdownType = strawberry.field(
        default=BreakdownType.EVENT, description="What kind of thing is split by."
    )
    property: strawberry.ID = strawberry.field(
        description="A property's key, a HogQL expression, or a cohort's id."
    )
    group_type_index: int | None = strawberry.field(
        default=None, description="For GROUP: which of the project's group types, 0 to 4."
    )
    histogram_bin_count: int | None = strawberry.field(
        default=None, description="Split a numeric property into this many bins of equal width."
    )
    normalize_url: bool = strawberry.field(
        default=False, description="Treat addresses that differ only in a trailing /, ? or # as one."
    )


@strawberry.input(name="FormulaInput", description="Arithmetic over the series.")
class FormulaInput:
    formula: str = strawberry.field(description="A + B, (A - B) / B ...: letters follow the order of the series.")
    custom_name: str | None = strawberry.field(
        default=None, description="The label of the result; default: the formula."
    )


@strawberry.input(
    name="TrendQueryInput",
    description="Which events or actions, counted how, over which dates. One of events or actions is required.",
)
class TrendQueryInput:
    events: list[EventSeriesInput] = strawberry.field(default_factory=list, description="Series of events.")
    actions: list[ActionSeriesInput] = strawberry.field(default_factory=list, description="Series of actions.")
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on every series; all of these must hold."
    )
    property_group: PropertyGroupInput | None = strawberry.field(
        default=None, description="Nested AND / OR, on top of properties."
    )
    filter_test_accounts: bool = strawberry.field(
        default=False, description="Also apply the project's testAccountFilters."
    )
    date_from: str | None = strawberry.field(
        default="-7d",
        description=(
            "A date (2021-01-01, with or without a time and an offset) or a text relative to now: -7d, -24h, -1m, "
            "mStart, yStart, all."
        ),
    )
    date_to: str | None = strawberry.field(
        default=None,
        description="The last date, written like dateFrom. Default: now, to the end of the current interval.",
    )
    explicit_date: bool = strawberry.field(
        default=False, description="Take the dates as exact instants: no rounding to whole intervals."
    )
    interval: TrendInterval = strawberry.field(default=TrendInterval.DAY, description="The length of one bucket.")
    breakdown: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=(
            "A property's key; several keys, up to three, break down on their combination. For COHORT: ids or all."
        ),
    )
    breakdown_type: BreakdownType = strawberry.field(
        default=BreakdownType.EVENT, description="What kind of thing breakdown names."
    )
    breakdown_group_type_index: int | None = strawberry.field(
        default=None, description="For breakdownType GROUP: which of the project's group types, 0 to 4."
    )
    breakdown_histogram_bin_count: int | None = strawberry.field(
        default=None, description="Split the numeric property of breakdown into this many bins of equal width."
    )
    breakdown_normalize_url: bool = strawberry.field(
        default=False,
        description="Treat addresses of breakdown that differ only in a trailing /, ? or # as one.",
    )
    breakdowns: list[BreakdownInput] | None = strawberry.field(
        default=None, description="The general form, up to three, types mixed. Excludes breakdown."
    )
    breakdown_limit: int = strawberry.field(
        default=25,
        description="How many values keep a series of their own, 1 to 1000; the others are added up in one more.",
    )
    breakdown_hide_other: bool = strawberry.field(
        default=False, description="Leave out the series that adds up the other values."
    )
    compare: bool = strawberry.field(
        default=False, description="Also answer the series of an earlier period of the same length."
    )
    compare_to: str | None = strawberry.field(
        default=None,
        description="Compare to this far back instead of the previous period: -1w, -1m, -1y ...",
    )
    display: TrendDisplay = strawberry.field(
        default=TrendDisplay.ACTIONS_LINE_GRAPH, description="A figure per bucket, or one total."
    )
    formula: str | None = strawberry.field(
        default=None,
        description="A + B, (A - B) / B ...: letters follow the order of the series. Answers its result only.",
    )
    formulas: list[FormulaInput] | None = strawberry.field(
        default=None, description="Several formulas, in the order of the answer. Excludes formula."
    )
    smoothing_intervals: int = strawberry.field(
        default=1, description="Moving average over this many intervals, rounded down."
    )
    sampling_factor: float | None = strawberry.field(
        default=None, description="Read this fraction of the people (0 < f <= 1) and scale the figures up."
    )
