"""The enums of a trend query and its result."""

from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_warnings import TrendWarningCode
from resolvers.trends.query import BreakdownType, TrendDisplay, TrendInterval, TrendMath
from resolvers.trends.results import CompareLabel
from schema.enums import publish

publish(
    TrendInterval,
    "The length of a bucket, in the project's time zone.",
    {
        "MINUTE": "One bucket per minute.",
        "FIVE_MINUTES": "One bucket per five minutes, starting at a multiple of five minutes on the clock.",
        "FIFTEEN_MINUTES": "One bucket per quarter of an hour.",
        "THIRTY_MINUTES": "One bucket per half hour.",
        "HOUR": "One bucket per elapsed hour; a day on which the clocks change has 23 or 25 of them.",
        "DAY": "One bucket per calendar day.",
        "WEEK": "One bucket per calendar week, starting on the project's weekStartDay.",
        "MONTH": "One bucket per calendar month.",
        "QUARTER": "One bucket per calendar quarter, starting in January, April, July and October.",
        "YEAR": "One bucket per calendar year.",
    },
)

publish(
    Refresh,
    "Whether a cached result may be returned.",
    {
        "CACHE_FIRST": "Return a cached result if there is one that is not too old; otherwise compute a new one.",
        "FORCE": "Compute a new result, which replaces the cached one.",
    },
    name="TrendRefresh",
)

publish(
    TrendWarningCode,
    "What a warning is about.",
    {
        "UNKNOWN_EVENT": "No event of the project has this name.",
        "UNKNOWN_PROPERTY": "No event, person or group has this property.",
        "UNKNOWN_VALUE": "The property never has this value, because all its values are of another kind.",
        "NOT_NUMERIC": "Numbers are needed, but the property has none.",
        "UNKNOWN_GROUP_TYPE": "The project has no group type with this index.",
        "VALUES_CUT": "There are more breakdown values than breakdownLimit.",
        "OTHER_IS_A_SUM": "Other adds up figures that cannot be added up, such as averages or unique people.",
        "PARTIAL_LAST_BUCKET": "The last bucket is not over yet, or dateTo cuts it.",
        "LATE_DATA": "Data is being loaded, so values may still grow.",
    },
)

publish(
    CompareLabel,
    "Which of the two compared periods a series belongs to.",
    {"CURRENT": "The requested period.", "PREVIOUS": "The earlier period it is compared to."},
)

publish(
    BreakdownType,
    "What a breakdown splits series by.",
    {
        "EVENT": "A property sent with the event.",
        "PERSON": "A property of the person behind the event, with its current value.",
        "COHORT": "Cohorts, with one series each; a person in two cohorts counts in both.",
        "GROUP": "A property of a group that the event belongs to; requires a group type index.",
        "SESSION": "A field of the event's session.",
        "HOGQL": "The value of a HogQL expression.",
        "EVENT_METADATA": "A column of the event itself.",
    },
)

publish(
    TrendDisplay,
    "How the result will be displayed; decides between a value per bucket and a single total.",
    {
        "ACTIONS_LINE_GRAPH": "A value per bucket.",
        "ACTIONS_LINE_GRAPH_CUMULATIVE": "A running total; people and groups count where they first appear.",
        "ACTIONS_AREA_GRAPH": "A value per bucket.",
        "ACTIONS_TABLE": "A single total for the whole date range.",
        "ACTIONS_PIE": "A single total for the whole date range.",
        "ACTIONS_BAR": "A value per bucket.",
        "ACTIONS_UNSTACKED_BAR": "A value per bucket.",
        "ACTIONS_BAR_VALUE": "A single total for the whole date range.",
        "WORLD_MAP": "A single total for the whole date range, for up to 250 breakdown values.",
        "BOLD_NUMBER": "A single total; the date range ends now rather than at the end of the day.",
    },
)

_EVENTS_PER_ACTOR = "number of events per person, among people with at least one event in the bucket."
_NUMERIC_PROPERTY = "mathProperty; events where it is not a number are skipped."

publish(
    TrendMath,
    "What is counted in each bucket. A bucket without matching events is 0.",
    {
        "TOTAL": "The number of events.",
        "DAU": "The number of unique people with an event or, with mathGroupTypeIndex, of unique groups.",
        "WEEKLY_ACTIVE": "The number of unique people active in the 7 days up to the bucket's first day.",
        "MONTHLY_ACTIVE": "The number of unique people active in the 30 days up to the bucket's first day.",
        "UNIQUE_SESSION": "The number of unique sessions; all events without a session count as one.",
        "UNIQUE_GROUP": "The number of unique groups of mathGroupTypeIndex with an event.",
        "FIRST_TIME_FOR_USER": "The number of people whose first such event ever is in the bucket and matches the "
        "filters.",
        "FIRST_MATCHING_EVENT_FOR_USER": "The number of people whose first event that matches the filters is in "
        "the bucket.",
        "SUM": f"The sum of {_NUMERIC_PROPERTY}",
        "AVG": f"The mean of {_NUMERIC_PROPERTY}",
        "MIN": f"The minimum of {_NUMERIC_PROPERTY}",
        "MAX": f"The maximum of {_NUMERIC_PROPERTY}",
        "MEDIAN": f"The exact median of {_NUMERIC_PROPERTY}",
        "P75": f"The 75th percentile, linear between ranks, of {_NUMERIC_PROPERTY}",
        "P90": f"The 90th percentile, linear between ranks, of {_NUMERIC_PROPERTY}",
        "P95": f"The 95th percentile, linear between ranks, of {_NUMERIC_PROPERTY}",
        "P99": f"The 99th percentile, linear between ranks, of {_NUMERIC_PROPERTY}",
        "AVG_COUNT_PER_ACTOR": f"The mean {_EVENTS_PER_ACTOR}",
        "MIN_COUNT_PER_ACTOR": f"The minimum {_EVENTS_PER_ACTOR}",
        "MAX_COUNT_PER_ACTOR": f"The maximum {_EVENTS_PER_ACTOR}",
        "MEDIAN_COUNT_PER_ACTOR": f"The median {_EVENTS_PER_ACTOR}",
        "P75_COUNT_PER_ACTOR": f"The 75th percentile of the {_EVENTS_PER_ACTOR}",
        "P90_COUNT_PER_ACTOR": f"The 90th percentile of the {_EVENTS_PER_ACTOR}",
        "P95_COUNT_PER_ACTOR": f"The 95th percentile of the {_EVENTS_PER_ACTOR}",
        "P99_COUNT_PER_ACTOR": f"The 99th percentile of the {_EVENTS_PER_ACTOR}",
        "HOGQL": "The aggregation given in mathExpression.",
    },
)
