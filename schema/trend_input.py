"""The inputs of a trend query."""

import strawberry

import schema.trend_enums  # noqa: F401 - publishes the enums of trends, before their first use
from resolvers.trends.query import (
    BreakdownType,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
)
from schema.field_costs import SERIES_COST
from schema.filters import PropertyFilterInput, PropertyGroupInput


@strawberry.input
class SeriesInput:
    """The fields that event and action series share."""

    custom_name: str | None = strawberry.field(
        default=None, description="A name for the series, returned as customName."
    )
    order: int | None = strawberry.field(
        default=None,
        description="The position among all series. Default: events first, then actions, in the order given.",
    )
    math: TrendMath = strawberry.field(default=TrendMath.TOTAL, description="What to count.")
    math_property: str | None = strawberry.field(
        default=None, description="For SUM, AVG, MIN, MAX, MEDIAN and percentiles: the key of the property."
    )
    math_property_type: PropertyType = strawberry.field(
        default=PropertyType.EVENT, description="Where mathProperty is read from."
    )
    math_group_type_index: int | None = strawberry.field(
        default=None,
        description="For UNIQUE_GROUP, DAU, WEEKLY_ACTIVE, MONTHLY_ACTIVE and mathPropertyType GROUP: "
        "the index of the group type, from 0 to 4.",
    )
    math_expression: str | None = strawberry.field(
        default=None, description="For HOGQL: an aggregation, such as avg(properties.price)."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on this series only; all must match."
    )
    property_group: PropertyGroupInput | None = strawberry.field(
        default=None, description="Nested conditions with AND and OR, in addition to properties."
    )


@strawberry.input(name="EventSeriesInput", description="A series that counts one event, or every event.")
class EventSeriesInput(SeriesInput):
    event: str | None = strawberry.field(default=None, description="The name of the event; null for every event.")


@strawberry.input(name="ActionSeriesInput", description="A series that counts one action.")
class ActionSeriesInput(SeriesInput):
    action_id: strawberry.ID = strawberry.field(description="The id of a saved action.")


@strawberry.input(name="BreakdownInput", description="Splits every series by the values of a property.")
class BreakdownInput:
    type: BreakdownType = strawberry.field(
        default=BreakdownType.EVENT, description="What the series are split by."
    )
    property: strawberry.ID = strawberry.field(
        description="The key of a property, a HogQL expression, or the id of a cohort."
    )
    group_type_index: int | None = strawberry.field(
        default=None, description="For GROUP: the index of the group type, from 0 to 4."
    )
    histogram_bin_count: int | None = strawberry.field(
        default=None, description="Split a numeric property into this many bins of equal width."
    )
    normalize_url: bool = strawberry.field(
        default=False, description="Treat URLs that differ only in a trailing /, ? or # as equal."
    )


@strawberry.input(name="FormulaInput", description="A calculation with the series.")
class FormulaInput:
    formula: str = strawberry.field(
        description="The formula, such as A + B or (A - B) / B; A is the first series."
    )
    custom_name: str | None = strawberry.field(
        default=None, description="The label of the result. Default: the formula."
    )


@strawberry.input(
    name="TrendQueryInput",
    description="What to count, how, and over which dates. At least one event or action is required.",
)
class TrendQueryInput:
    events: list[EventSeriesInput] = strawberry.field(
        default_factory=list, directives=SERIES_COST, description="The series that count events."
    )
    actions: list[ActionSeriesInput] = strawberry.field(
        default_factory=list, directives=SERIES_COST, description="The series that count actions."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on every series; all must match."
    )
    property_group: PropertyGroupInput | None = strawberry.field(
        default=None, description="Nested conditions with AND and OR, in addition to properties."
    )
    filter_test_accounts: bool = strawberry.field(
        default=False, description="Also apply the project's testAccountFilters."
    )
    date_from: str | None = strawberry.field(
        default="-7d",
        description=(
            "The first date: 2021-01-01, with or without a time and an offset, or relative to now, such as -7d, "
            "-24h, -1m (a month), yesterday, wStart, -1mStart, yStart; all is the whole history."
        ),
    )
    date_to: str | None = strawberry.field(
        default=None,
        description=(
            "The last date, in the same format as dateFrom; also -1mEnd, for example. Default: the end of the "
            "current interval."
        ),
    )
    explicit_date: bool = strawberry.field(
        default=False, description="Use the dates as exact instants, without rounding to whole intervals."
    )
    interval: TrendInterval = strawberry.field(default=TrendInterval.DAY, description="The length of a bucket.")
    breakdown: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=(
            "The key of a property; up to three keys split by their combination. For COHORT: up to 25 ids, or all."
        ),
    )
    breakdown_type: BreakdownType = strawberry.field(
        default=BreakdownType.EVENT, description="What breakdown names."
    )
    breakdown_group_type_index: int | None = strawberry.field(
        default=None, description="For breakdownType GROUP: the index of the group type, from 0 to 4."
    )
    breakdown_histogram_bin_count: int | None = strawberry.field(
        default=None, description="Split the numeric property of breakdown into this many bins of equal width."
    )
    breakdown_normalize_url: bool = strawberry.field(
        default=False,
        description="Treat URLs in breakdown that differ only in a trailing /, ? or # as equal.",
    )
    breakdowns: list[BreakdownInput] | None = strawberry.field(
        default=None,
        description="Up to three breakdowns, which may be of different types. Cannot be combined with breakdown.",
    )
    breakdown_limit: int = strawberry.field(
        default=25,
        description="The number of values with their own series, from 1 to 1000; the rest are summed in one more. "
        "Not for several cohorts.",
    )
    breakdown_hide_other: bool = strawberry.field(
        default=False, description="Omit the series that sums the remaining values."
    )
    compare: bool = strawberry.field(
        default=False, description="Also return the series of an earlier period with as many buckets."
    )
    compare_to: str | None = strawberry.field(
        default=None,
        description=(
            "How far back to compare: a number and a unit, such as -1w, -1m or -1y; by MONTH, months, quarters or "
            "years. Default: the previous period."
        ),
    )
    display: TrendDisplay = strawberry.field(
        default=TrendDisplay.ACTIONS_LINE_GRAPH,
        description="How the result will be displayed; decides between a value per bucket and a single total.",
    )
    formula: str | None = strawberry.field(
        default=None,
        description="A formula such as A + B or (A - B) / B; A is the first series. Only its result is returned.",
    )
    formulas: list[FormulaInput] | None = strawberry.field(
        default=None,
        description="Several formulas, in the order of their results. Cannot be combined with formula.",
    )
    smoothing_intervals: int = strawberry.field(
        default=1, description="Moving average over this many intervals, rounded down."
    )
    sampling_factor: float | None = strawberry.field(
        default=None, description="Read only this fraction of people (0 < f <= 1) and scale up the results."
    )
