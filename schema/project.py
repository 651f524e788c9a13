"""The GraphQL type of projects, the unit that events, keys and access rules belong to."""

from typing import Annotated, ClassVar, Self

import strawberry

from datasource.metadata.records import ProjectRecord, WeekStartDay
from permissions.enforce import require_scopes
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.policy import Controlled
from permissions.reach import ReachedProject
from permissions.resources import ACTION, COHORT, INSIGHT, PROJECT, Resource
from resolvers.access import resource_policy
from resolvers.exports import ExportQuery
from resolvers.members import list_roles
from resolvers.projects import load_project, test_account_filters
from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_field import resolve_trend
from resolvers.trends.query import PropertyType
from schema.access import READ_ACCESS_SCOPE, AccessControlled, AccessPolicy
from schema.action import Action
from schema.audit import AUDIT_DESCRIPTION, AuditEntry, show_audit_log
from schema.cohort import Cohort
from schema.connection import After, Connection, First, Search
from schema.definitions import (
    EVENT_SCOPE,
    EVENTS_DESCRIPTION,
    PROPERTIES_DESCRIPTION,
    PROPERTY_SCOPE,
    VALUES_DESCRIPTION,
    EventDefinition,
    Key,
    OfEvent,
    OfGroupType,
    OfType,
    PropertyDefinition,
    PropertyValueCount,
    ValueSearch,
    show_events,
    show_properties,
    show_values,
)
from schema.field_costs import FREE, assumed_size, connection_size, sliced_list
from schema.filters import StoredPropertyFilter
from schema.info import ContextInfo
from schema.insight import Insight
from schema.member import Member, PersonSearch, Role, show_members
from schema.raw_arguments import raw_argument
from schema.trend import RefreshArgument, Trend
from schema.trend_input import TrendQueryInput
from schema.trend_price import price_of
from schema.trend_query_reader import read_trend_query

IncludeHidden = Annotated[
    bool,
    strawberry.argument(
        description="For organization admins: also return what rules hide from lists. Has no effect for others."
    ),
]
PROJECT_SCOPE = "project:read"
TREND_SCOPE = "insight:read"
ACTION_SCOPE = "action:read"
COHORT_SCOPE = "cohort:read"


@strawberry.type(description="A type of group, such as company, that events can belong to.")
class GroupType:
    index: int = strawberry.field(
        description="The index, from 0 to 4, for groupTypeIndex in filters and breakdowns."
    )
    name: str = strawberry.field(description="The name of the group type.")


def _show_test_account_filters(root: strawberry.Parent["Project"]) -> list[StoredPropertyFilter]:
    return [StoredPropertyFilter.from_filter(item) for item in test_account_filters(root.record)]


@strawberry.federation.type(keys=["id"], description="A project: events and the settings for querying them.")
class Project(AccessControlled):
    resource: ClassVar[Resource] = PROJECT
    name: str = strawberry.field(description="The project's name.")
    timezone: str = strawberry.field(description="The IANA name of the time zone in which days begin and end.")
    week_start_day: WeekStartDay = strawberry.field(description="The first day of the week.")
    group_types: list[GroupType] = strawberry.field(
        directives=assumed_size(5), description="The group types of the project's events."
    )

    test_account_filters: list[StoredPropertyFilter] = strawberry.field(
        directives=assumed_size(5),
        resolver=_show_test_account_filters,
        description="The conditions that filterTestAccounts adds to a trend query.",
    )

    @property
    def record(self) -> ProjectRecord:
        return self.reached.record

    def controlled(self) -> Controlled:
        return self.reached.policy.project

    @classmethod
    def from_reached(cls, reached: ReachedProject) -> Self:
        record = reached.record
        return cls(
            reached=reached,
            id=strawberry.ID(str(record.id)),
            name=record.name,
            timezone=record.timezone,
            week_start_day=record.week_start_day,
            group_types=[GroupType(index=group.index, name=group.name) for group in record.group_types],
        )

    @classmethod
    async def resolve_reference(cls, info: ContextInfo, id: strawberry.ID) -> Self:
        """Resolve a router's reference; raises what the field `project` raises."""
        require_scopes(info.context, PROJECT_SCOPE)
        return cls.from_reached(await load_project(info.context, id))

    @guarded_field(
        directives=FREE,  # the series of its query have a cost
        scopes=[TREND_SCOPE],
        gate=Gate(INSIGHT, strictly=True),
        description="Runs a trend query: counts events or actions over time.",
    )
    async def trend(
        self,
        info: ContextInfo,
        query: Annotated[TrendQueryInput, strawberry.argument(description="What to count, and how.")],
        refresh: RefreshArgument = Refresh.CACHE_FIRST,
    ) -> Trend:
        context = info.context
        question = read_trend_query(query, max_filters=context.settings.max_filters)
        answer = await resolve_trend(context, self.reached, question, price=price_of(info), refresh=refresh)
        return Trend.from_cached(answer, self.reached, question, ExportQuery(raw_argument(info, "query")))

    @guarded_field(scopes=[ACTION_SCOPE], gate=Gate(ACTION), description="A saved action.")
    async def action(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of the action.")],
    ) -> Action:
        return await Action.load(info, self.reached, id)

    @guarded_field(
        directives=connection_size(),
        scopes=[ACTION_SCOPE],
        gate=Gate(ACTION),
        description="All saved actions, ordered by id.",
    )
    async def actions(
        self,
        info: ContextInfo,
        *,
        first: First = 50,
        after: After = None,
        search: Search = None,
        include_hidden: IncludeHidden = False,
    ) -> Connection[Action]:
        return await Action.list_page(
            info, self.reached, first=first, after=after, search=search, includes_hidden=include_hidden
        )

    @guarded_field(scopes=[COHORT_SCOPE], gate=Gate(COHORT), description="A saved cohort.")
    async def cohort(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of the cohort.")],
    ) -> Cohort:
        return await Cohort.load(info, self.reached, id)

    @guarded_field(
        directives=connection_size(),
        scopes=[COHORT_SCOPE],
        gate=Gate(COHORT),
        description="All saved cohorts, ordered by id.",
    )
    async def cohorts(
        self,
        info: ContextInfo,
        *,
        first: First = 50,
        after: After = None,
        search: Search = None,
        include_hidden: IncludeHidden = False,
    ) -> Connection[Cohort]:
        return await Cohort.list_page(
            info, self.reached, first=first, after=after, search=search, includes_hidden=include_hidden
        )

    @guarded_field(scopes=[TREND_SCOPE], gate=Gate(INSIGHT), description="A saved insight.")
    async def insight(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of the insight.")],
    ) -> Insight:
        return await Insight.load(info, self.reached, id)

    @guarded_field(
        directives=connection_size(),
        scopes=[TREND_SCOPE],
        gate=Gate(INSIGHT),
        description="All saved insights, ordered by id.",
    )
    async def insights(
        self,
        info: ContextInfo,
        *,
        first: First = 50,
        after: After = None,
        search: Search = None,
        include_hidden: IncludeHidden = False,
    ) -> Connection[Insight]:
        return await Insight.list_page(
            info, self.reached, first=first, after=after, search=search, includes_hidden=include_hidden
        )

    @guarded_field(
        scopes=[READ_ACCESS_SCOPE],
        description="The access rules for whole kinds of resources in the project, for all subjects.",
    )
    async def resource_access_policy(self, info: ContextInfo) -> AccessPolicy:
        return AccessPolicy.from_view(await resource_policy(info.context, self.reached, None))

    @guarded_field(
        directives=connection_size(),
        scopes=[READ_ACCESS_SCOPE],
        description="The active members of the project's organization, ordered by email.",
    )
    async def members(
        self, info: ContextInfo, first: First = 50, after: After = None, search: PersonSearch = None
    ) -> Connection[Member]:
        return await show_members(info, self.record.organization_id, first=first, after=after, search=search)

    @guarded_field(
        directives=assumed_size(10),
        scopes=[READ_ACCESS_SCOPE],
        description="The roles of the project's organization, ordered by name.",
    )
    async def roles(self, info: ContextInfo) -> list[Role]:
        return [Role.from_record(role) for role in await list_roles(info.context, self.record.organization_id)]

    @guarded_field(directives=connection_size(), scopes=[READ_ACCESS_SCOPE], description=AUDIT_DESCRIPTION)
    async def audit_log(self, info: ContextInfo, first: First = 50, after: After = None) -> Connection[AuditEntry]:
        return await show_audit_log(info, self.reached, first=first, after=after)

    @guarded_field(directives=connection_size(weight=10), scopes=[EVENT_SCOPE], description=EVENTS_DESCRIPTION)
    async def event_definitions(
        self, info: ContextInfo, first: First = 50, after: After = None, search: Search = None
    ) -> Connection[EventDefinition]:
        return await show_events(info.context, self.record, first=first, after=after, search=search)

    @guarded_field(
        directives=connection_size(weight=10), scopes=[PROPERTY_SCOPE], description=PROPERTIES_DESCRIPTION
    )
    async def property_definitions(
        self,
        info: ContextInfo,
        *,
        type: OfType = PropertyType.EVENT,
        event: OfEvent = None,
        group_type_index: OfGroupType = None,
        first: First = 50,
        after: After = None,
        search: Search = None,
    ) -> Connection[PropertyDefinition]:
        return await show_properties(
            info.context,
            self.record,
            type,
            event=event,
            group_type_index=group_type_index,
            first=first,
            after=after,
            search=search,
        )

    @guarded_field(directives=sliced_list(), scopes=[PROPERTY_SCOPE], description=VALUES_DESCRIPTION)
    async def property_values(
        self,
        info: ContextInfo,
        *,
        key: Key,
        type: OfType = PropertyType.EVENT,
        group_type_index: OfGroupType = None,
        search: ValueSearch = None,
        first: First = 20,
    ) -> list[PropertyValueCount]:
        return await show_values(
            info.context, self.record, type, key, group_type_index=group_type_index, first=first, search=search
        )
