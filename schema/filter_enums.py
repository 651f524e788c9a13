"""The enums of filters on properties, and of the text conditions in an action's steps."""

from resolvers.trends.actions import StringMatching
from resolvers.trends.query import LogicalOperator, PropertyOperator, PropertyType
from schema.enums import publish

publish(
    LogicalOperator,
    "How the members of a filter group are combined.",
    {"AND": "All members must match.", "OR": "At least one member must match."},
)

publish(
    PropertyType,
    "Where a property is read from.",
    {
        "EVENT": "A property sent with the event.",
        "EVENT_METADATA": "A column of the event itself, such as distinct_id or timestamp.",
        "PERSON": "A property of the person behind the event, with its current value.",
        "COHORT": "Membership in a cohort.",
        "GROUP": "A property of a group that the event belongs to; requires groupTypeIndex.",
        "SESSION": "A field of the event's session, such as $session_duration.",
        "ELEMENT": "The page elements of an autocaptured event: tag_name, selector, href or text.",
        "HOGQL": "A HogQL expression, given in place of the key.",
    },
)

publish(
    PropertyOperator,
    "How a property is compared. Given several values, a positive operator must match at least one of them and a "
    "negative operator none.",
    {
        "EXACT": "Equals the value, or one of several values.",
        "IS_NOT": "Differs from the value, or from all of several values. True if the property is missing.",
        "ICONTAINS": "Contains the string, ignoring case; % and _ are wildcards.",
        "NOT_ICONTAINS": "Does not contain the string, ignoring case. True if the property is missing.",
        "REGEX": "Some part matches the RE2 expression, case-sensitively.",
        "NOT_REGEX": "No part matches the RE2 expression. True if the property is missing.",
        "GT": "Greater than the value.",
        "GTE": "Greater than or equal to the value.",
        "LT": "Less than the value.",
        "LTE": "Less than or equal to the value.",
        "IS_SET": "The property is present; takes no value.",
        "IS_NOT_SET": "The property is missing; takes no value.",
        "IS_DATE_EXACT": (
            "The same instant; a date without a time means midnight in the project's time zone. Dates relative to "
            "now, such as -7d or mStart, are not rounded."
        ),
        "IS_DATE_BEFORE": "Before the date, as in IS_DATE_EXACT.",
        "IS_DATE_AFTER": "After the date, as in IS_DATE_EXACT.",
        "BETWEEN": "Between two numbers, inclusive.",
        "NOT_BETWEEN": "Outside two numbers. False if the property is missing.",
        "IN": "One of several values; for a cohort, a member of it.",
        "NOT_IN": "None of several values; for a cohort, not a member. True if the property is missing.",
    },
)

publish(
    StringMatching,
    "How a string in an action's step is compared.",
    {
        "CONTAINS": "Contains the string; % and _ are wildcards. Case-sensitive for URLs only.",
        "EXACT": "Equals the string.",
        "REGEX": "Some part matches the RE2 expression, case-sensitively.",
    },
)
