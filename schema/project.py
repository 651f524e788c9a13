"""A project, the unit that events, keys and access belong to."""

from typing import Annotated, Self

import strawberry

from datasource.metadata.records import ProjectRecord
from permissions.classes import require_scopes
from permissions.guards import guarded_field
from resolvers.actions import list_actions, load_action
from resolvers.cohorts import list_cohorts, load_cohort
from resolvers.insights import list_insights, load_insight
from resolvers.projects import load_project, test_account_filters
from resolvers.trend_field import resolve_trend
from resolvers.trends.query import PropertyType, WeekStartDay
from schema.action import Action
from schema.cohort import Cohort
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
from schema.filters import StoredPropertyFilter
from schema.info import ContextInfo
from schema.insight import Insight
from schema.pages import After, Connection, First, Search, read_cursor
from schema.trend import Trend
from schema.trend_input import TrendQueryInput
from schema.trend_question import read_question

PROJECT_SCOPE = "project:read"
TREND_SCOPE = "insight:read"
ACTION_SCOPE = "action:read"
COHORT_SCOPE = "cohort:read"


@strawberry.type(description="A kind of group, such as company, that events can belong to.")
class GroupType:
    index: int = strawberry.field(description="0 to 4; groupTypeIndex of filters and breakdowns.")
    name: str = strawberry.field(description="What such groups are called.")


def _show_test_account_filters(root: strawberry.Parent["Project"]) -> list[StoredPropertyFilter]:
    return [StoredPropertyFilter.from_filter(item) for item in test_account_filters(root.record)]


@strawberry.federation.type(keys=["id"], description="A project: events, and the settings they are read with.")
class Project:
    record: strawberry.Private[ProjectRecord]
    id: strawberry.ID = strawberry.field(description="A number, as a text.")
    name: str = strawberry.field(description="What it is called.")
    timezone: str = strawberry.field(description="IANA name of the time zone its days are counted in.")
    week_start_day: WeekStartDay = strawberry.field(description="The first day of its weeks.")
    group_types: list[GroupType] = strawberry.field(description="The kinds of groups its events name.")

    test_account_filters: list[StoredPropertyFilter] = strawberry.field(
        resolver=_show_test_account_filters,
        description="The conditions that filterTestAccounts adds to a trend.",
    )

    @classmethod
    def from_record(cls, record: ProjectRecord) -> Self:
        return cls(
            record=record,
            id=strawberry.ID(str(record.id)),
            name=record.name,
            timezone=record.timezone,
            week_start_day=WeekStartDay(record.week_start_day.value),
            group_types=[GroupType(index=group.index, name=group.name) for group in record.group_types],
        )

    @classmethod
    async def resolve_reference(cls, info: ContextInfo, id: strawberry.ID) -> Self:
        """The entity behind a router's reference. Raises what the field `project` does."""
        require_scopes(info.context, PROJECT_SCOPE)
        return cls.from_record(await load_project(info.context, id))

    @guarded_field(
        scopes=[TREND_SCOPE],
        description="The trend: series of figures for events or actions over dates.",
    )
    async def trend(
        self,
        info: ContextInfo,
        query: Annotated[TrendQueryInput, strawberry.argument(description="What to count, and how.")],
    ) -> Trend:
        context = info.context
        question = read_question(query, max_filters=context.settings.max_filters)
        result = await resolve_trend(context, self.record, question)
        return Trend.from_result(result, self.record, computed_at=context.now)

    @guarded_field(scopes=[ACTION_SCOPE], description="One saved action.")
    async def action(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The action's id.")],
    ) -> Action:
        return Action.from_record(self.record, await load_action(info.context, self.record, id))

    @guarded_field(scopes=[ACTION_SCOPE], description="The saved actions, by ascending id.")
    async def actions(
        self, info: ContextInfo, first: First = 50, after: After = None, search: Search = None
    ) -> Connection[Action]:
        position = read_cursor("action", after)
        page = await list_actions(info.context, self.record, first=first, after=position, search=search)
        nodes = [(record.id, Action.from_record(self.record, record)) for record in page.records]
        return Connection[Action].of("action", nodes, total=page.total, has_next=page.has_next, after=position)

    @guarded_field(scopes=[COHORT_SCOPE], description="One saved cohort.")
    async def cohort(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The cohort's id.")],
    ) -> Cohort:
        return Cohort.from_record(self.record, await load_cohort(info.context, self.record, id))

    @guarded_field(scopes=[COHORT_SCOPE], description="The saved cohorts, by ascending id.")
    async def cohorts(
        self, info: ContextInfo, first: First = 50, after: After = None, search: Search = None
    ) -> Connection[Cohort]:
        position = read_cursor("cohort", after)
        page = await list_cohorts(info.context, self.record, first=first, after=position, search=search)
        nodes = [(record.id, Cohort.from_record(self.record, record)) for record in page.records]
        return Connection[Cohort].of("cohort", nodes, total=page.total, has_next=page.has_next, after=position)

    @guarded_field(scopes=[TREND_SCOPE], description="One saved insight.")
    async def insight(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The insight's id.")],
    ) -> Insight:
        return Insight.from_record(self.record, await load_insight(info.context, self.record, id))

    @guarded_field(scopes=[TREND_SCOPE], description="The saved insights, by ascending id.")
    async def insights(
        self, info: ContextInfo, first: First = 50, after: After = None, search: Search = None
    ) -> Connection[Insight]:
        position = read_cursor("insight", after)
        page = await list_insights(info.context, self.record, first=first, after=position, search=search)
        nodes = [(record.id, Insight.from_record(self.record, record)) for record in page.records]
        return Connection[Insight].of("insight", nodes, total=page.total, has_next=page.has_next, after=position)

    @guarded_field(scopes=[EVENT_SCOPE], description=EVENTS_DESCRIPTION)
    async def event_definitions(
        self, info: ContextInfo, first: First = 50, after: After = None, search: Search = None
    ) -> Connection[EventDefinition]:
        return await show_events(info.context, self.record, first=first, after=after, search=search)

    @guarded_field(scopes=[PROPERTY_SCOPE], description=PROPERTIES_DESCRIPTION)
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

    @guarded_field(scopes=[PROPERTY_SCOPE], description=VALUES_DESCRIPTION)
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
