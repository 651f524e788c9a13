"""What a series can count."""

from resolvers.trends.query import TrendMath
from schema.enums import publish

_PER_ACTOR = "of the numbers of events that each person with at least one had in the bucket."
_OF_PROPERTY = "mathProperty as a number; events where it is no number are left out."

publish(
    TrendMath,
    "What is counted in every bucket. A bucket without a matching event is 0.",
    {
        "TOTAL": "How many events there were.",
        "DAU": "How many different people had an event; with mathGroupTypeIndex, how many different groups.",
        "WEEKLY_ACTIVE": "How many different people were there in the 7 days up to the bucket's first day.",
        "MONTHLY_ACTIVE": "How many different people were there in the 30 days up to the bucket's first day.",
        "UNIQUE_SESSION": "How many different sessions there were; all events without one count as one.",
        "UNIQUE_GROUP": "How many different groups of mathGroupTypeIndex had an event.",
        "FIRST_TIME_FOR_USER": "How many people had their first such event ever, if that one passes the filters.",
        "FIRST_MATCHING_EVENT_FOR_USER": "How many people had their first event that passes the filters.",
        "SUM": f"The sum of {_OF_PROPERTY}",
        "AVG": f"The mean of {_OF_PROPERTY}",
        "MIN": f"The smallest {_OF_PROPERTY}",
        "MAX": f"The greatest {_OF_PROPERTY}",
        "MEDIAN": f"The median, exact, of {_OF_PROPERTY}",
        "P75": f"The 75th percentile, linear between ranks, of {_OF_PROPERTY}",
        "P90": f"The 90th percentile, linear between ranks, of {_OF_PROPERTY}",
        "P95": f"The 95th percentile, linear between ranks, of {_OF_PROPERTY}",
        "P99": f"The 99th percentile, linear between ranks, of {_OF_PROPERTY}",
        "AVG_COUNT_PER_ACTOR": f"The mean {_PER_ACTOR}",
        "MIN_COUNT_PER_ACTOR": f"The smallest {_PER_ACTOR}",
        "MAX_COUNT_PER_ACTOR": f"The greatest {_PER_ACTOR}",
        "MEDIAN_COUNT_PER_ACTOR": f"The median {_PER_ACTOR}",
        "P75_COUNT_PER_ACTOR": f"The 75th percentile {_PER_ACTOR}",
        "P90_COUNT_PER_ACTOR": f"The 90th percentile {_PER_ACTOR}",
        "P95_COUNT_PER_ACTOR": f"The 95th percentile {_PER_ACTOR}",
        "P99_COUNT_PER_ACTOR": f"The 99th percentile {_PER_ACTOR}",
        "HOGQL": "The aggregation written in mathExpression.",
    },
)
