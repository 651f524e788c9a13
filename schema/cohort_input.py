"""The inputs of cohorts."""

import strawberry

import schema.cohort_enums  # noqa: F401 - publishes the enums
from errors import BadUserInput, Place
from resolvers.ids import read_id
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortCountOperator, CohortInterval
from resolvers.trends.cohorts import CohortDefinition, CohortGroup
from resolvers.trends.query import InputPath
from schema.filters import PropertyFilterInput
from schema.input_checks import check_text

MAX_GROUPS = 50
MAX_DISTINCT_IDS = 50_000


@strawberry.input(
    name="CohortBehaviorInput",
    description="What a person did or stopped doing. Fields that the kind does not use must be left out.",
)
class CohortBehaviorInput:
    kind: CohortBehaviorKind = strawberry.field(description="How the event must have occurred.")
    event: str | None = strawberry.field(
        default=None, description="The name of the event. Give either this or actionId."
    )
    action_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of an action, in place of the event."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Property filters on the event; all must match."
    )
    negated: bool = strawberry.field(
        default=False, description="Whether those who did it are excluded from the group."
    )
    time_value: int | None = strawberry.field(
        default=None, description="How many timeIntervals ago the time window begins."
    )
    time_interval: CohortInterval | None = strawberry.field(default=None, description="The unit of timeValue.")
    explicit_datetime: str | None = strawberry.field(
        default=None,
        description="When the time window begins, in place of timeValue: a date, a date and time, or a relative "
        "date such as -30d or mStart. Relative dates are resolved at each calculation and are not rounded.",
    )
    count_operator: CohortCountOperator | None = strawberry.field(
        default=None, description="How the number of events is compared with count."
    )
    count: int | None = strawberry.field(default=None, description="A number of events, at least 1.")
    min_periods: int | None = strawberry.field(
        default=None, description="For PERFORMED_EVENT_REGULARLY: the minimum number of periods."
    )
    total_periods: int | None = strawberry.field(
        default=None, description="For PERFORMED_EVENT_REGULARLY: the number of periods, up to 400."
    )
    seq_event: str | None = strawberry.field(
        default=None,
        description="For PERFORMED_EVENT_SEQUENCE: the event that follows. Give either this or seqActionId.",
    )
    seq_action_id: strawberry.ID | None = strawberry.field(
        default=None, description="For PERFORMED_EVENT_SEQUENCE: the id of an action, in place of seqEvent."
    )
    seq_time_value: int | None = strawberry.field(
        default=None, description="A number of seqTimeIntervals, whose meaning depends on the kind."
    )
    seq_time_interval: CohortInterval | None = strawberry.field(
        default=None, description="The unit of seqTimeValue."
    )

    def read(self, path: InputPath) -> Behavior:
        """Raises BadUserInput below `path`."""
        for key, event in (("event", self.event), ("seq_event", self.seq_event)):
            if event is not None:
                _check_event(event, (*path, key))
        filters = tuple(item.read((*path, "properties", index)) for index, item in enumerate(self.properties))
        return Behavior(
            kind=self.kind,
            event=self.event,
            action_id=_read_action_id(self.action_id, (*path, "action_id")),
            properties=filters,
            negated=self.negated,
            time_value=self.time_value,
            time_interval=self.time_interval,
            explicit_datetime=self.explicit_datetime,
            count_operator=self.count_operator,
            count=self.count,
            min_periods=self.min_periods,
            total_periods=self.total_periods,
            seq_event=self.seq_event,
            seq_action_id=_read_action_id(self.seq_action_id, (*path, "seq_action_id")),
            seq_time_value=self.seq_time_value,
            seq_time_interval=self.seq_time_interval,
            path=path,
        )


@strawberry.input(
    name="CohortGroupInput",
    description="Criteria that must all match. NOT_IN a cohort and negated behaviors only exclude persons, so "
    "there must be at least one other criterion.",
)
class CohortGroupInput:
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Property filters on the person, of type PERSON or COHORT."
    )
    behaviors: list[CohortBehaviorInput] = strawberry.field(
        default_factory=list, description="What the person did or stopped doing."
    )

    def read(self, path: InputPath) -> CohortGroup:
        """Raises BadUserInput below `path`."""
        return CohortGroup(
            tuple(item.read((*path, "properties", index)) for index, item in enumerate(self.properties)),
            tuple(item.read((*path, "behaviors", index)) for index, item in enumerate(self.behaviors)),
            path,
        )

    def count(self) -> int:
        """Count the criteria and filters."""
        return len(self.properties) + sum(1 + len(behavior.properties) for behavior in self.behaviors)


@strawberry.input(
    name="CohortCreateInput", description="The cohort to create, defined by either filters or distinct ids."
)
class CohortCreateInput:
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    name: str = strawberry.field(description="The name, up to 400 characters.")
    description: str = strawberry.field(default="", description="The description, up to 10,000 characters.")
    filters: list[CohortGroupInput] | None = strawberry.field(
        default=None,
        description="Groups of criteria; members match at least one. Without groups the cohort is empty.",
    )
    distinct_ids: list[str] | None = strawberry.field(
        default=None, description="The members of a static cohort, by distinct ids that the project knows."
    )


@strawberry.input(
    name="CohortUpdateInput", description="The changes to a cohort; fields that are left out keep their values."
)
class CohortUpdateInput:
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    id: strawberry.ID = strawberry.field(description="The id of the cohort.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="The new description.")
    filters: strawberry.Maybe[list[CohortGroupInput] | None] = strawberry.field(
        description="The new groups, which replace existing groups and distinct ids."
    )
    distinct_ids: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="The new members, which replace existing groups and distinct ids."
    )


def read_groups(groups: list[CohortGroupInput], *, max_filters: int) -> CohortDefinition:
    """Raises BadUserInput below ("filters",)."""
    path: InputPath = ("filters",)
    if len(groups) > MAX_GROUPS:
        raise BadUserInput(
            "The cohort has {count} groups; at most {most} are allowed.",
            count=len(groups),
            most=MAX_GROUPS,
            path=path,
        )
    count = sum(group.count() for group in groups)
    if count > max_filters:
        raise BadUserInput(
            "The cohort has {count} criteria and property filters; at most {most} are allowed.",
            count=count,
            most=max_filters,
            path=path,
            hint="Combine filters on one property into one with a list of values.",
        )
    return CohortDefinition(tuple(group.read((*path, index)) for index, group in enumerate(groups)))


def read_distinct_ids(distinct_ids: list[str]) -> tuple[str, ...]:
    """Remove duplicates. Raises BadUserInput below ("distinct_ids",)."""
    path: InputPath = ("distinct_ids",)
    if len(distinct_ids) > MAX_DISTINCT_IDS:
        raise BadUserInput(
            "The cohort has {count} distinct ids; at most {most} are allowed.",
            count=len(distinct_ids),
            most=MAX_DISTINCT_IDS,
            path=path,
        )
    for index, text in enumerate(distinct_ids):
        check_text(text, (*path, index), what="The distinct id")
    return tuple(dict.fromkeys(distinct_ids))


def _check_event(event: str, path: InputPath) -> None:
    if not event:
        raise BadUserInput("The name of the event is empty.", path=path)
    check_text(event, path, what="The name of the event")


def _read_action_id(text: str | None, path: InputPath) -> int | None:
    if text is None:
        return None
    number = read_id(text)
    if number is None:
        raise BadUserInput("{id!r} is not the id of an action.", id=text, path=path, hint=Place.ACTIONS)
    return number
