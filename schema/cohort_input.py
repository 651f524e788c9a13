"""Cohorts, as clients send them."""

import strawberry

import schema.cohort_enums  # noqa: F401 - publishes their enums
from errors import BadUserInput
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
    description="What persons did or stopped doing. Parts that its kind makes no use of are refused.",
)
class CohortBehaviorInput:
    kind: CohortBehaviorKind = strawberry.field(description="What is asked about the event.")
    event: str | None = strawberry.field(default=None, description="The event's name. Either this or actionId.")
    action_id: strawberry.ID | None = strawberry.field(
        default=None, description="An action in place of the event."
    )
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on the event; all must hold."
    )
    negated: bool = strawberry.field(
        default=False, description="Takes those who did away from the persons of the group."
    )
    time_value: int | None = strawberry.field(
        default=None, description="How many timeIntervals ago the time begins."
    )
    time_interval: CohortInterval | None = strawberry.field(default=None, description="The unit of timeValue.")
    explicit_datetime: str | None = strawberry.field(
        default=None,
        description="When the time begins, in place of timeValue: a date, with or without a time, or a relative "
        "one such as -30d or mStart. Relative ones are read anew with every calculation, and are not rounded.",
    )
    count_operator: CohortCountOperator | None = strawberry.field(
        default=None, description="How the number of events is compared with count."
    )
    count: int | None = strawberry.field(default=None, description="A number of events, 1 or more.")
    min_periods: int | None = strawberry.field(
        default=None, description="For PERFORMED_EVENT_REGULARLY: in how many periods at least."
    )
    total_periods: int | None = strawberry.field(
        default=None, description="For PERFORMED_EVENT_REGULARLY: how many periods are looked at, up to 400."
    )
    seq_event: str | None = strawberry.field(
        default=None,
        description="For PERFORMED_EVENT_SEQUENCE: the event that follows. Either this or seqActionId.",
    )
    seq_action_id: strawberry.ID | None = strawberry.field(
        default=None, description="For PERFORMED_EVENT_SEQUENCE: an action in place of seqEvent."
    )
    seq_time_value: int | None = strawberry.field(
        default=None, description="How many seqTimeIntervals; what they mean is up to the kind."
    )
    seq_time_interval: CohortInterval | None = strawberry.field(
        default=None, description="The unit of seqTimeValue."
    )

    def read(self, path: InputPath) -> Behavior:
        """Raises BadUserInput below `path`."""
        for key, event in (("event", self.event), ("seqEvent", self.seq_event)):
            if event is not None:
                _check_event(event, (*path, key))
        filters = tuple(item.read((*path, "properties", index)) for index, item in enumerate(self.properties))
        return Behavior(
            kind=self.kind,
            event=self.event,
            action_id=_read_action_id(self.action_id, (*path, "actionId")),
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
            seq_action_id=_read_action_id(self.seq_action_id, (*path, "seqActionId")),
            seq_time_value=self.seq_time_value,
            seq_time_interval=self.seq_time_interval,
            path=path,
        )


@strawberry.input(
    name="CohortGroupInput",
    description="Criteria of which all must hold. NOT_IN a cohort and negated behaviors take persons away from "
    "those that the other criteria leave, so there must be another one.",
)
class CohortGroupInput:
    properties: list[PropertyFilterInput] = strawberry.field(
        default_factory=list, description="Conditions on the person, of type PERSON or COHORT."
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
        """How many criteria and filters there are."""
        return len(self.properties) + sum(1 + len(behavior.properties) for behavior in self.behaviors)


@strawberry.input(name="CohortCreateInput", description="A new cohort, by filters or by distinct ids.")
class CohortCreateInput:
    project_id: strawberry.ID = strawberry.field(description="The project it belongs to.")
    name: str = strawberry.field(description="What it is called, up to 400 characters.")
    description: str = strawberry.field(default="", description="What it is for.")
    filters: list[CohortGroupInput] | None = strawberry.field(
        default=None, description="Groups of which one is enough. Without any, nobody is in the cohort."
    )
    distinct_ids: list[str] | None = strawberry.field(
        default=None, description="A static cohort: these people, by distinct ids, each known to the project."
    )


@strawberry.input(name="CohortUpdateInput", description="Changes of a cohort: what is left out stays.")
class CohortUpdateInput:
    project_id: strawberry.ID = strawberry.field(description="The project it belongs to.")
    id: strawberry.ID = strawberry.field(description="The cohort's id.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="The new description.")
    filters: strawberry.Maybe[list[CohortGroupInput] | None] = strawberry.field(
        description="The new groups, which replace all that said before who is in it."
    )
    distinct_ids: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="The new people, who replace all that said before who is in it."
    )


def read_groups(groups: list[CohortGroupInput], *, max_filters: int) -> CohortDefinition:
    """Raises BadUserInput below ("filters",)."""
    path: InputPath = ("filters",)
    if len(groups) > MAX_GROUPS:
        raise BadUserInput(f"There are {len(groups)} groups; {MAX_GROUPS} are allowed.", path=path)
    count = sum(group.count() for group in groups)
    if count > max_filters:
        raise BadUserInput(
            f"There are {count} criteria and property filters; {max_filters} are allowed.",
            path=path,
            hint="Several values for one property fit into one filter: give a list as its value.",
        )
    return CohortDefinition(tuple(group.read((*path, index)) for index, group in enumerate(groups)))


def read_distinct_ids(distinct_ids: list[str]) -> tuple[str, ...]:
    """Each once; raises BadUserInput below ("distinctIds",)."""
    path: InputPath = ("distinctIds",)
    if len(distinct_ids) > MAX_DISTINCT_IDS:
        raise BadUserInput(
            f"There are {len(distinct_ids)} distinct ids; {MAX_DISTINCT_IDS} are allowed.", path=path
        )
    for index, text in enumerate(distinct_ids):
        check_text(text, (*path, index), what="The distinct id")
    return tuple(dict.fromkeys(distinct_ids))


def _check_event(event: str, path: InputPath) -> None:
    if not event:
        raise BadUserInput("The event's name is empty.", path=path)
    check_text(event, path, what="The event's name")


def _read_action_id(text: str | None, path: InputPath) -> int | None:
    if text is None:
        return None
    number = read_id(text)
    if number is None:
        raise BadUserInput(f"{text!r} is no id of an action.", path=path)
    return number
