"""The enums of cohorts, as clients see them."""

from resolvers.trends.behaviors import CohortBehaviorKind, CohortCountOperator, CohortInterval
from schema.enums import publish

publish(
    CohortCountOperator,
    "How the number of events is compared. Persons without any such event satisfy none of these.",
    {
        "EQ": "Exactly as many.",
        "GT": "More than that.",
        "GTE": "As many or more.",
        "LT": "Fewer, but one at least.",
        "LTE": "As many or fewer, but one at least.",
    },
)

publish(
    CohortInterval,
    "A unit of time. Days and longer follow the calendar of the project's time zone.",
    {
        "MINUTE": "60 seconds.",
        "HOUR": "60 minutes.",
        "DAY": "The same wall time a day before.",
        "WEEK": "7 days.",
        "MONTH": "The same day of the month before, or its last day.",
        "YEAR": "12 months.",
    },
)

publish(
    CohortBehaviorKind,
    'What persons did or stopped doing. "The time" begins timeValue timeIntervals ago, or at explicitDatetime, '
    "and ends at the moment of the calculation.",
    {
        "PERFORMED_EVENT": "The event happened within the time.",
        "PERFORMED_EVENT_MULTIPLE": "It happened so many times within the time; needs countOperator and count.",
        "PERFORMED_EVENT_FIRST_TIME": "The first such event of all lies within the time.",
        "PERFORMED_EVENT_REGULARLY": "Of totalPeriods periods in a row, the last of which ended with yesterday, "
        "there were minPeriods or more in which it happened so many times. timeValue and timeInterval are the "
        "length of a period; needs countOperator and count.",
        "STOPPED_PERFORMING_EVENT": "It happened within the time, but not in the end of it that seqTimeValue and "
        "seqTimeInterval give.",
        "RESTARTED_PERFORMING_EVENT": "It happened before the time, and again in the end of it that seqTimeValue "
        "and seqTimeInterval give, but not between.",
        "PERFORMED_EVENT_SEQUENCE": "It happened within the time, and then seqEvent or the action seqActionId, "
        "later by seqTimeValue seqTimeIntervals at most.",
    },
)
