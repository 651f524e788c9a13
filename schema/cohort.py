"""The GraphQL type of cohorts and the mutations that change them."""

from datetime import datetime
from typing import Annotated, ClassVar, Self

import strawberry

from datasource.metadata.records import CohortRecord
from errors import BadUserInput, Name
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.reach import ReachedProject
from permissions.resources import COHORT, Resource
from resolvers.cohort_queries import Membership, StaticMembers
from resolvers.cohorts import (
    SAVED_COHORTS,
    calculate_cohort,
    create_cohort,
    delete_cohort,
    update_cohort,
)
from resolvers.saved import SavedResource
from resolvers.stored_json import load_definition
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortCountOperator, CohortInterval
from schema.cohort_input import (
    CohortCreateInput,
    CohortGroupInput,
    CohortUpdateInput,
    read_distinct_ids,
    read_groups,
)
from schema.field_costs import READS_EVENTS, assumed_size
from schema.filters import StoredPropertyFilter
from schema.info import ContextInfo
from schema.saved import ProjectId, Saved, new_value, read_change, read_description, read_name, under_input

READ_SCOPE = "cohort:read"
WRITE_SCOPE = "cohort:write"
WRITE_GATE = Gate(COHORT)
CREATE_GATE = Gate(COHORT, strictly=True)
PERSON_SCOPE = "person:read"


@strawberry.type(description="What a person did or stopped doing; fields that the kind does not use are null.")
class CohortBehavior:
    kind: CohortBehaviorKind = strawberry.field(description="How the event must have occurred.")
    event: str | None = strawberry.field(description="The name of the event; null for an action.")
    action_id: strawberry.ID | None = strawberry.field(description="The id of the action; null for an event.")
    properties: list[StoredPropertyFilter] = strawberry.field(
        directives=assumed_size(5), description="Property filters on the event; all must match."
    )
    negated: bool = strawberry.field(description="Whether those who did it are excluded from the group.")
    time_value: int | None = strawberry.field(description="How many timeIntervals ago the time window begins.")
    time_interval: CohortInterval | None = strawberry.field(description="The unit of timeValue.")
    explicit_datetime: str | None = strawberry.field(
        description="When the time window begins, in place of timeValue."
    )
    count_operator: CohortCountOperator | None = strawberry.field(
        description="How the number of events is compared with count."
    )
    count: int | None = strawberry.field(description="A number of events.")
    min_periods: int | None = strawberry.field(description="The minimum number of periods.")
    total_periods: int | None = strawberry.field(description="The number of periods.")
    seq_event: str | None = strawberry.field(description="The event that follows.")
    seq_action_id: strawberry.ID | None = strawberry.field(description="The id of the action that follows.")
    seq_time_value: int | None = strawberry.field(
        description="A number of seqTimeIntervals, whose meaning depends on the kind."
    )
    seq_time_interval: CohortInterval | None = strawberry.field(description="The unit of seqTimeValue.")

    @classmethod
    def from_behavior(cls, behavior: Behavior) -> Self:
        return cls(
            kind=behavior.kind,
            event=behavior.event,
            action_id=_show_id(behavior.action_id),
            properties=[StoredPropertyFilter.from_filter(item) for item in behavior.properties],
            negated=behavior.negated,
            time_value=behavior.time_value,
            time_interval=behavior.time_interval,
            explicit_datetime=behavior.explicit_datetime,
            count_operator=behavior.count_operator,
            count=behavior.count,
            min_periods=behavior.min_periods,
            total_periods=behavior.total_periods,
            seq_event=behavior.seq_event,
            seq_action_id=_show_id(behavior.seq_action_id),
            seq_time_value=behavior.seq_time_value,
            seq_time_interval=behavior.seq_time_interval,
        )


@strawberry.type(description="Criteria that must all match.")
class CohortGroup:
    properties: list[StoredPropertyFilter] = strawberry.field(
        directives=assumed_size(5), description="Property filters on the person."
    )
    behaviors: list[CohortBehavior] = strawberry.field(
        directives=assumed_size(5), description="What the person did or stopped doing."
    )


def _show_id(number: int | None) -> strawberry.ID | None:
    return None if number is None else strawberry.ID(str(number))


def _show_groups(root: strawberry.Parent["Cohort"]) -> list[CohortGroup]:
    return [
        CohortGroup(
            properties=[StoredPropertyFilter.from_filter(item) for item in group.properties],
            behaviors=[CohortBehavior.from_behavior(behavior) for behavior in group.behaviors],
        )
        for group in load_definition(root.record.groups).groups
    ]


@strawberry.federation.type(
    keys=["projectId id"],
    description="A group of persons, defined by criteria or by a list. Its members are those of the last "
    "calculation. Creating a cohort, changing its definition and the mutation cohortCalculate calculate it.",
)
class Cohort(Saved):
    resource: ClassVar[Resource] = COHORT
    saved: ClassVar[SavedResource[CohortRecord]] = SAVED_COHORTS
    record: strawberry.Private[CohortRecord]
    is_static: bool = strawberry.field(description="Whether its members are a list of distinct ids.")
    size: int = strawberry.field(description="The number of members as of the last calculation.")
    calculated_at: datetime | None = strawberry.field(
        description="When its members were last calculated; null if never."
    )
    calculation_error: str | None = strawberry.field(
        description="Why a later calculation failed; null if none did. The members stay the same."
    )

    filters: list[CohortGroup] = strawberry.field(
        directives=assumed_size(5),
        resolver=_show_groups,
        description="Groups of criteria; members match at least one. Empty for a static cohort.",
    )

    @guarded_field(scopes=[PERSON_SCOPE], description="The distinct ids of a static cohort; null for others.")
    async def distinct_ids(self, info: ContextInfo) -> list[str] | None:
        listed = await info.context.loaders.cohort_lists.load((self.project.id, self.record.id))
        return None if listed is None else list(listed)

    @classmethod
    def from_record(cls, project: ReachedProject, record: CohortRecord) -> Self:
        return cls._show(
            project,
            record,
            is_static=record.is_static,
            size=record.size,
            calculated_at=record.calculated_at,
            calculation_error=record.error,
        )


@strawberry.type
class CohortMutations:
    @guarded_field(
        directives=READS_EVENTS,
        scopes=[WRITE_SCOPE],
        gate=CREATE_GATE,
        description="Create a cohort and calculate its members.",
    )
    async def cohort_create(
        self,
        info: ContextInfo,
        input: Annotated[CohortCreateInput, strawberry.argument(description="The cohort to create.")],
    ) -> Cohort:
        project = await info.context.reach(input.project_id)
        with under_input():
            membership = _read_membership(info, input.filters, input.distinct_ids)
            if membership is None:
                raise BadUserInput(
                    "Give either {filters} or {distinct_ids}.",
                    path=("filters",),
                    filters=Name("filters"),
                    distinct_ids=Name("distinct_ids"),
                    hint="An empty list of {filters} is a cohort without members.",
                )
            record = await create_cohort(
                info.context,
                project,
                name=read_name(input.name),
                description=read_description(input.description),
                membership=membership,
            )
        return Cohort.from_record(project, record)

    @guarded_field(
        directives=READS_EVENTS,
        scopes=[WRITE_SCOPE],
        gate=WRITE_GATE,
        description="Change a cohort; fields that are left out keep their values. New filters or distinct ids "
        "also calculate the members, and then those of all cohorts that depend on it.",
    )
    async def cohort_update(
        self,
        info: ContextInfo,
        input: Annotated[CohortUpdateInput, strawberry.argument(description="The changes.")],
    ) -> Cohort:
        project = await info.context.reach(input.project_id)
        with under_input():
            filters = new_value(input.filters, "filters")
            distinct_ids = new_value(input.distinct_ids, "distinct_ids")
            record = await update_cohort(
                info.context,
                project,
                input.id,
                name=read_change(input.name, "name", read_name),
                description=read_change(input.description, "description", read_description),
                membership=_read_membership(info, filters, distinct_ids),
            )
        return Cohort.from_record(project, record)

    @guarded_field(
        directives=READS_EVENTS,
        scopes=[WRITE_SCOPE],
        gate=WRITE_GATE,
        description="Calculate the members of a cohort as of now, after those of the cohorts that it depends on. "
        "If that fails, the members stay the same.",
    )
    async def cohort_calculate(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of the cohort.")],
    ) -> Cohort:
        project = await info.context.reach(project_id)
        return Cohort.from_record(project, await calculate_cohort(info.context, project, id))

    @guarded_field(
        scopes=[WRITE_SCOPE],
        gate=WRITE_GATE,
        description="Delete a cohort, unless insights, actions, other cohorts or testAccountFilters use it.",
    )
    async def cohort_delete(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="The id of the cohort, which is also the result.")
        ],
    ) -> strawberry.ID:
        project = await info.context.reach(project_id)
        await delete_cohort(info.context, project, id)
        return id


def _read_membership(
    info: ContextInfo, filters: list[CohortGroupInput] | None, distinct_ids: list[str] | None
) -> Membership | None:
    if filters is not None and distinct_ids is not None:
        raise BadUserInput(
            "{filters} and {distinct_ids} cannot be combined.",
            filters=Name("filters"),
            distinct_ids=Name("distinct_ids"),
            path=("distinct_ids",),
        )
    if distinct_ids is not None:
        return StaticMembers(read_distinct_ids(distinct_ids))
    if filters is not None:
        return read_groups(filters, max_filters=info.context.settings.max_filters)
    return None
