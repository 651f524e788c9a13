"""The enums of cohorts."""

from resolvers.trends.behaviors import CohortBehaviorKind, CohortCountOperator, CohortInterval
from schema.enums import publish

publish(
    CohortCountOperator,
    "How the number of events is compared with count. A person without such events never matches.",
    {
        "EQ": "Exactly count events.",
        "GT": "More than count events.",
        "GTE": "At least count events.",
        "LT": "Fewer than count events, but at least one.",
        "LTE": "At most count events, but at least one.",
    },
)

publish(
    CohortInterval,
    "A unit of time. Days and longer follow the calendar of the project's time zone.",
    {
        "MINUTE": "60 seconds.",
        "HOUR": "60 minutes.",
        "DAY": "A calendar day: the same time on the day before.",
        "WEEK": "7 days.",
        "MONTH": "A calendar month: the same day of the month before, or its last day.",
        "YEAR": "12 months.",
    },
)

publish(
    CohortBehaviorKind,
    "What a person did or stopped doing. The time window begins timeValue timeIntervals ago, or at "
    "explicitDatetime, and ends when the cohort is calculated.",
    {
        "PERFORMED_EVENT": "The event occurred in the time window.",
        "PERFORMED_EVENT_MULTIPLE": "The event occurred a number of times in the time window; requires "
        "countOperator and count.",
        "PERFORMED_EVENT_FIRST_TIME": "The person's first such event ever is in the time window.",
        "PERFORMED_EVENT_REGULARLY": "The event occurred a number of times in at least minPeriods of totalPeriods "
        "consecutive periods, the last of which ended with yesterday. timeValue and timeInterval are the length "
        "of a period; requires countOperator and count.",
        "STOPPED_PERFORMING_EVENT": "The event occurred in the time window, but not in its last part, whose "
        "length is seqTimeValue seqTimeIntervals.",
        "RESTARTED_PERFORMING_EVENT": "The event occurred before the time window and in its last part, whose "
        "length is seqTimeValue seqTimeIntervals, but not in between.",
        "PERFORMED_EVENT_SEQUENCE": "The event occurred in the time window, and then seqEvent or the action "
        "seqActionId occurred within seqTimeValue seqTimeIntervals.",
    },
)
