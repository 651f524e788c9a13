"""The query of a trend, as frozen values."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import CohortMember

InputPath = tuple[str | int, ...]
"""Where a part is in the client's input, in the domain's names: ("query", "events", 0, "math")."""

Scalar = str | int | float | bool
FilterValue = Scalar | tuple[Scalar, ...] | None


class TrendInterval(StrEnum):
    MINUTE = "MINUTE"
    FIVE_MINUTES = "FIVE_MINUTES"
    FIFTEEN_MINUTES = "FIFTEEN_MINUTES"
    THIRTY_MINUTES = "THIRTY_MINUTES"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class LogicalOperator(StrEnum):
    AND = "AND"
    OR = "OR"


class PropertyType(StrEnum):
    EVENT = "EVENT"
    EVENT_METADATA = "EVENT_METADATA"
    PERSON = "PERSON"
    COHORT = "COHORT"
    GROUP = "GROUP"
    SESSION = "SESSION"
    ELEMENT = "ELEMENT"
    HOGQL = "HOGQL"


class BreakdownType(StrEnum):
    EVENT = "EVENT"
    PERSON = "PERSON"
    COHORT = "COHORT"
    GROUP = "GROUP"
    SESSION = "SESSION"
    HOGQL = "HOGQL"
    EVENT_METADATA = "EVENT_METADATA"


class PropertyOperator(StrEnum):
    EXACT = "EXACT"
    IS_NOT = "IS_NOT"
    ICONTAINS = "ICONTAINS"
    NOT_ICONTAINS = "NOT_ICONTAINS"
    REGEX = "REGEX"
    NOT_REGEX = "NOT_REGEX"
    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"
    IS_SET = "IS_SET"
    IS_NOT_SET = "IS_NOT_SET"
    IS_DATE_EXACT = "IS_DATE_EXACT"
    IS_DATE_BEFORE = "IS_DATE_BEFORE"
    IS_DATE_AFTER = "IS_DATE_AFTER"
    BETWEEN = "BETWEEN"
    NOT_BETWEEN = "NOT_BETWEEN"
    IN = "IN"
    NOT_IN = "NOT_IN"


class TrendDisplay(StrEnum):
    ACTIONS_LINE_GRAPH = "ACTIONS_LINE_GRAPH"
    ACTIONS_LINE_GRAPH_CUMULATIVE = "ACTIONS_LINE_GRAPH_CUMULATIVE"
    ACTIONS_AREA_GRAPH = "ACTIONS_AREA_GRAPH"
    ACTIONS_TABLE = "ACTIONS_TABLE"
    ACTIONS_PIE = "ACTIONS_PIE"
    ACTIONS_BAR = "ACTIONS_BAR"
    ACTIONS_UNSTACKED_BAR = "ACTIONS_UNSTACKED_BAR"
    ACTIONS_BAR_VALUE = "ACTIONS_BAR_VALUE"
    WORLD_MAP = "WORLD_MAP"
    BOLD_NUMBER = "BOLD_NUMBER"

    @property
    def is_total(self) -> bool:
        """Whether a series has one value, computed once over the whole range, instead of one per bucket."""
        match self:
            case (
                TrendDisplay.ACTIONS_TABLE
                | TrendDisplay.ACTIONS_PIE
                | TrendDisplay.ACTIONS_BAR_VALUE
                | TrendDisplay.WORLD_MAP
                | TrendDisplay.BOLD_NUMBER
            ):
                return True
            case (
                TrendDisplay.ACTIONS_LINE_GRAPH
                | TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
                | TrendDisplay.ACTIONS_AREA_GRAPH
                | TrendDisplay.ACTIONS_BAR
                | TrendDisplay.ACTIONS_UNSTACKED_BAR
            ):
                return False
            case _:
                assert_never(self)


class TrendMath(StrEnum):
    TOTAL = "TOTAL"
    DAU = "DAU"
    WEEKLY_ACTIVE = "WEEKLY_ACTIVE"
    MONTHLY_ACTIVE = "MONTHLY_ACTIVE"
    UNIQUE_SESSION = "UNIQUE_SESSION"
    UNIQUE_GROUP = "UNIQUE_GROUP"
    FIRST_TIME_FOR_USER = "FIRST_TIME_FOR_USER"
    FIRST_MATCHING_EVENT_FOR_USER = "FIRST_MATCHING_EVENT_FOR_USER"
    SUM = "SUM"
    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    MEDIAN = "MEDIAN"
    P75 = "P75"
    P90 = "P90"
    P95 = "P95"
    P99 = "P99"
    AVG_COUNT_PER_ACTOR = "AVG_COUNT_PER_ACTOR"
    MIN_COUNT_PER_ACTOR = "MIN_COUNT_PER_ACTOR"
    MAX_COUNT_PER_ACTOR = "MAX_COUNT_PER_ACTOR"
    MEDIAN_COUNT_PER_ACTOR = "MEDIAN_COUNT_PER_ACTOR"
    P75_COUNT_PER_ACTOR = "P75_COUNT_PER_ACTOR"
    P90_COUNT_PER_ACTOR = "P90_COUNT_PER_ACTOR"
    P95_COUNT_PER_ACTOR = "P95_COUNT_PER_ACTOR"
    P99_COUNT_PER_ACTOR = "P99_COUNT_PER_ACTOR"
    HOGQL = "HOGQL"


PROPERTY_MATHS = frozenset(
    {
        *(TrendMath.SUM, TrendMath.AVG, TrendMath.MIN, TrendMath.MAX),
        *(TrendMath.MEDIAN, TrendMath.P75, TrendMath.P90, TrendMath.P95, TrendMath.P99),
    }
)
"""The maths of a numeric property."""

ACTOR_MATHS = frozenset({TrendMath.DAU, TrendMath.WEEKLY_ACTIVE, TrendMath.MONTHLY_ACTIVE, TrendMath.UNIQUE_GROUP})
"""The maths of distinct persons, or of distinct groups where a group type is given."""


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """One condition on a property; the operator defines what a list of values means."""

    key: str = ""
    value: FilterValue = None
    operator: PropertyOperator = PropertyOperator.EXACT
    type: PropertyType = PropertyType.EVENT
    group_type_index: int | None = None
    path: InputPath = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """Conditions joined by AND or OR; an empty group is true."""

    operator: LogicalOperator = LogicalOperator.AND
    children: "tuple[PropertyFilter | FilterGroup, ...]" = ()

    def leaves(self) -> Iterator[PropertyFilter]:
        """Every condition of the tree, depth first."""
        for child in self.children:
            if isinstance(child, FilterGroup):
                yield from child.leaves()
            else:
                yield child


@dataclass(frozen=True, slots=True)
class Math:
    """What is counted: `property` belongs to the property maths, `expression` to HOGQL."""

    kind: TrendMath = TrendMath.TOTAL
    property: str | None = None
    property_type: PropertyType = PropertyType.EVENT
    group_type_index: int | None = None
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class EventSeries:
    """Occurrences of one event, or of every event when `event` is None."""

    event: str | None
    math: Math = Math()
    filters: FilterGroup = FilterGroup()
    custom_name: str | None = None
    path: InputPath = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ActionSeries:
    """Occurrences of events that match a saved action."""

    action_id: int
    math: Math = Math()
    filters: FilterGroup = FilterGroup()
    custom_name: str | None = None
    path: InputPath = field(default=(), compare=False)


Series = EventSeries | ActionSeries


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A split by the values of one property; `property` is its key."""

    property: str
    type: BreakdownType = BreakdownType.EVENT
    group_type_index: int | None = None
    histogram_bin_count: int | None = None
    normalize_url: bool = False
    path: InputPath = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Formula:
    """Arithmetic over series by letter: A is the first."""

    text: str
    custom_name: str | None = None
    path: InputPath = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class TrendQuery:
    """A whole trend, its series in their final order.

    `date_from` and `date_to` are the client's strings; dates.py reads them against a clock and a time zone.
    """

    series: tuple[Series, ...]
    filters: FilterGroup = FilterGroup()
    filter_test_accounts: bool = False
    date_from: str | None = "-7d"
    date_to: str | None = None
    explicit_date: bool = False
    interval: TrendInterval = TrendInterval.DAY
    breakdowns: tuple[Breakdown, ...] = ()
    breakdown_limit: int = 25
    breakdown_hide_other: bool = False
    compare: bool = False
    compare_to: str | None = None
    display: TrendDisplay = TrendDisplay.ACTIONS_LINE_GRAPH
    formulas: tuple[Formula, ...] = ()
    smoothing_intervals: int = 1
    sampling_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort with calculated members: `version` is the calculation that trends read."""

    id: int
    name: str
    version: int
    is_static: bool = False

    @property
    def member(self) -> CohortMember:
        """The condition that a person is a member."""
        return CohortMember(self.id, self.version, self.is_static)


@dataclass(frozen=True, slots=True)
class TrendProject:
    """The settings of a project that trends depend on."""

    id: int
    timezone: ZoneInfo
    week_start: WeekStartDay = WeekStartDay.SUNDAY
    test_account_filters: FilterGroup = FilterGroup()
