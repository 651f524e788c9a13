"""The enums of a trend query, as clients see them: the compiler's own enums with a description per value."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from datasource.metadata.records import OrganizationLevel
from resolvers.trend_cache.read_through import Refresh
from resolvers.trends.actions import StringMatching
from resolvers.trends.query import (
    BreakdownType,
    LogicalOperator,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    WeekStartDay,
)
from resolvers.trends.results import CompareLabel

EnumClass = TypeVar("EnumClass", bound=type[Enum])


def publish(enum: EnumClass, description: str, values: Mapping[str, str], *, name: str | None = None) -> EnumClass:
    """Make the enum one of the schema, under its own name where none is given.

    A missing or a surplus description of a value stops the start.
    """
    if set(values) != set(enum.__members__):
        raise ValueError(f"{enum.__name__}: descriptions do not match the values")
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = getattr(enum, "__strawberry_definition__")  # noqa: B009 - set just above, unknown to type checkers
    for value in definition.values:
        value.description = values[value.name]
    return enum


publish(
    TrendInterval,
    "The length of one bucket, in the project's time zone.",
    {
        "MINUTE": "One bucket per minute.",
        "HOUR": "One bucket per elapsed hour; a day of the clock change has 23 or 25 of them.",
        "DAY": "One bucket per calendar day.",
        "WEEK": "One bucket per calendar week; the project says on which day weeks start.",
        "MONTH": "One bucket per calendar month.",
    },
)

publish(
    Refresh,
    "Whether figures that were computed earlier will do.",
    {
        "CACHE_FIRST": "Those of an earlier request, where there are any not too old; otherwise new ones.",
        "FORCE": "New ones in any case; they take the place of those that were kept.",
    },
    name="TrendRefresh",
)

publish(
    WeekStartDay,
    "The day on which weeks start.",
    {"SUNDAY": "Weeks run from Sunday to Saturday.", "MONDAY": "Weeks run from Monday to Sunday."},
)

publish(
    LogicalOperator,
    "How the members of a group of filters are joined.",
    {"AND": "Every member must hold.", "OR": "At least one member must hold."},
)

publish(
    CompareLabel,
    "Which of the two compared periods a series belongs to.",
    {"CURRENT": "The period that was asked for.", "PREVIOUS": "The period that it is compared to."},
)

publish(
    OrganizationLevel,
    "A member's level in an organization.",
    {
        "MEMBER": "Works with the organization's projects.",
        "ADMIN": "Also manages members and access.",
        "OWNER": "Also owns the organization.",
    },
)

publish(
    PropertyType,
    "Where a property is read from.",
    {
        "EVENT": "The properties sent with the event.",
        "EVENT_METADATA": "A column of the event itself, such as distinct_id or timestamp.",
        "PERSON": "The properties of the person behind the event, as they are now.",
        "COHORT": "Membership of a cohort.",
        "GROUP": "The properties of a group the event belongs to; needs groupTypeIndex.",
        "SESSION": "A field of the event's session, such as $session_duration.",
        "ELEMENT": "The page elements of an autocaptured event: tag_name, selector, href, text.",
        "HOGQL": "An expression, written in place of the key.",
    },
)

publish(
    BreakdownType,
    "What kind of thing a breakdown splits by.",
    {
        "EVENT": "A property sent with the event.",
        "PERSON": "A property of the person behind the event, as it is now.",
        "COHORT": "Cohorts: one series for each; a person in two of them counts in both.",
        "GROUP": "A property of a group the event belongs to; needs a group type index.",
        "SESSION": "A field of the event's session.",
        "HOGQL": "The value of an expression.",
        "EVENT_METADATA": "A column of the event itself.",
    },
)

publish(
    PropertyOperator,
    "How a property is compared. With several values, one of them must match; with a negative operator, none.",
    {
        "EXACT": "Equal to the value, or to one of several.",
        "IS_NOT": "Different from the value, or from all of several. True where the property is missing.",
        "ICONTAINS": "Contains the text, whatever the case; % and _ are wildcards.",
        "NOT_ICONTAINS": "Does not contain the text, whatever the case. True where the property is missing.",
        "REGEX": "Some part matches the RE2 expression; upper and lower case differ.",
        "NOT_REGEX": "No part matches the RE2 expression. True where the property is missing.",
        "GT": "Greater than the value.",
        "GTE": "Greater than the value or equal to it.",
        "LT": "Less than the value.",
        "LTE": "Less than the value or equal to it.",
        "IS_SET": "The property is there; takes no value.",
        "IS_NOT_SET": "The property is missing; takes no value.",
        "IS_DATE_EXACT": "The same instant: a date alone means its midnight in the project's time zone.",
        "IS_DATE_BEFORE": "Earlier than the date.",
        "IS_DATE_AFTER": "Later than the date.",
        "BETWEEN": "Within two numbers, both included.",
        "NOT_BETWEEN": "Outside two numbers. False where the property is missing.",
        "IN": "One of several values; for a cohort, a member of it.",
        "NOT_IN": "None of several values; for a cohort, not a member. True where the property is missing.",
    },
)

publish(
    StringMatching,
    "How a text of an action's step is compared.",
    {
        "CONTAINS": "Contains the text; % and _ are wildcards. Heeds upper and lower case in addresses only.",
        "EXACT": "Equal to the text.",
        "REGEX": "Some part matches the RE2 expression; upper and lower case differ.",
    },
)

publish(
    TrendDisplay,
    "How the answer is going to be shown, which decides between a figure per bucket and one total.",
    {
        "ACTIONS_LINE_GRAPH": "A figure per bucket.",
        "ACTIONS_LINE_GRAPH_CUMULATIVE": "A running total; people and groups count where they first appear.",
        "ACTIONS_AREA_GRAPH": "A figure per bucket.",
        "ACTIONS_TABLE": "One total over the whole range.",
        "ACTIONS_PIE": "One total over the whole range.",
        "ACTIONS_BAR": "A figure per bucket.",
        "ACTIONS_UNSTACKED_BAR": "A figure per bucket.",
        "ACTIONS_BAR_VALUE": "One total over the whole range.",
        "WORLD_MAP": "One total over the whole range, for up to 250 breakdown values.",
        "BOLD_NUMBER": "One total; the range ends at this moment rather than with the day.",
    },
)
