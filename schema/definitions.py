"""The GraphQL types of event definitions, property definitions and property values."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

import strawberry

from datasource.events import definitions
from datasource.events.definition_pages import ListPosition
from datasource.events.property_values import MAX_VALUE_LENGTH, NEWEST_DAYS, NEWEST_ROWS, ValueCount
from datasource.metadata.records import ProjectRecord
from errors import BadUserInput, Name
from resolvers.context import RequestContext
from resolvers.definitions import KnownProperty, list_events, list_properties, list_values
from resolvers.trends.query import PropertyType
from schema.connection import Connection
from schema.cursors import read_position_cursor
from schema.field_costs import READS_EVENTS
from schema.input_checks import check_group_type, check_key, check_text
from schema.scalars import PropertyValue

EVENT_SCOPE = "event_definition:read"
PROPERTY_SCOPE = "property_definition:read"

EVENTS_DESCRIPTION = "The project's events, most frequent first. Updated while events are loaded."
PROPERTIES_DESCRIPTION = (
    "The properties of events, persons, groups or sessions, most frequent first. Updated while data is loaded."
)
VALUES_DESCRIPTION = (
    f"The most frequent values of a property in a sample of the newest data: at most {NEWEST_ROWS:,} events that "
    f"may have the property, none more than {NEWEST_DAYS} days older than the last one, or at most "
    f"{NEWEST_ROWS:,} persons (the newest) or groups. Strings longer than {MAX_VALUE_LENGTH:,} characters "
    f"are skipped; lists and objects are returned as JSON."
)

OfType = Annotated[PropertyType, strawberry.argument(description="EVENT, PERSON, GROUP or SESSION.")]
OfEvent = Annotated[
    str | None, strawberry.argument(description="For EVENT: only return properties of events with this name.")
]
OfGroupType = Annotated[
    int | None, strawberry.argument(description="Required for GROUP: the index of the group type, from 0 to 4.")
]
Key = Annotated[str, strawberry.argument(description="The property's key.", directives=READS_EVENTS)]
ValueSearch = Annotated[
    str | None, strawberry.argument(description="Only return values that contain this, ignoring case.")
]


@strawberry.type(description="A kind of event, identified by its name.")
class EventDefinition:
    name: str = strawberry.field(description="The event's name.")
    count: float = strawberry.field(description="The number of events.")
    first_seen: datetime = strawberry.field(description="The time of the first event, in the project's time zone.")
    last_seen: datetime = strawberry.field(description="The time of the last event, in the project's time zone.")

    @classmethod
    def from_record(cls, found: definitions.EventDefinition, timezone: ZoneInfo) -> Self:
        return cls(
            name=found.name,
            count=float(found.count),
            first_seen=found.first_seen.astimezone(timezone),
            last_seen=found.last_seen.astimezone(timezone),
        )


@strawberry.type(description="A property of events, persons, groups or sessions.")
class PropertyDefinition:
    key: str = strawberry.field(description="The property's key, for use in filters and breakdowns.")
    type: PropertyType = strawberry.field(description="Where the property is read from.")
    value_types: list[str] = strawberry.field(
        description=(
            "The types of its values: String, Numeric, Boolean, or several of these; DateTime if the newest "
            "values are all ISO 8601 dates."
        )
    )
    count: float = strawberry.field(
        description=(
            "For EVENT, the number of events with the property (a load that was killed may have counted some "
            "twice); for PERSON and GROUP, the number of persons, or approximately of groups, that have or had "
            "it; for SESSION, the number of events in a session."
        )
    )

    @classmethod
    def from_known(cls, known: KnownProperty, type_: PropertyType) -> Self:
        return cls(
            key=known.key, type=type_, value_types=[kind.value for kind in known.kinds], count=float(known.count)
        )


@strawberry.type(description="A value of a property.")
class PropertyValueCount:
    value: PropertyValue | None = strawberry.field(description="A string, number or boolean, as stored.")
    count: float = strawberry.field(
        description="The number of sampled events, persons, groups or sessions with this value."
    )

    @classmethod
    def from_count(cls, found: ValueCount) -> Self:
        return cls(value=PropertyValue(found.value), count=float(found.count))


async def show_events(
    context: RequestContext, project: ProjectRecord, *, first: int, after: str | None, search: str | None
) -> Connection[EventDefinition]:
    """Resolve `Project.eventDefinitions`."""
    place = read_position_cursor("event", after)
    page = await list_events(context, project, first=first, after=place, search=search)
    timezone = ZoneInfo(project.timezone)
    nodes = [
        (ListPosition(found.count, found.name), EventDefinition.from_record(found, timezone))
        for found in page.definitions
    ]
    return Connection[EventDefinition].of("event", nodes, total=page.total, has_next=page.has_next, after=place)


async def show_properties(
    context: RequestContext,
    project: ProjectRecord,
    type_: PropertyType,
    *,
    event: str | None,
    group_type_index: int | None,
    first: int,
    after: str | None,
    search: str | None,
) -> Connection[PropertyDefinition]:
    """Resolve `Project.propertyDefinitions`."""
    _check_type(type_, group_type_index, event)
    place = read_position_cursor("property", after)
    page = await list_properties(
        context,
        project,
        type_,
        event=event,
        group_type_index=group_type_index,
        first=first,
        after=place,
        search=search,
    )
    nodes = [
        (ListPosition(known.count, known.key), PropertyDefinition.from_known(known, type_))
        for known in page.definitions
    ]
    return Connection[PropertyDefinition].of(
        "property", nodes, total=page.total, has_next=page.has_next, after=place
    )


async def show_values(
    context: RequestContext,
    project: ProjectRecord,
    type_: PropertyType,
    key: str,
    *,
    group_type_index: int | None,
    first: int,
    search: str | None,
) -> list[PropertyValueCount]:
    """Resolve `Project.propertyValues`."""
    check_key(key, ("key",))
    _check_type(type_, group_type_index)
    found = await list_values(
        context, project, type_, key, group_type_index=group_type_index, first=first, search=search
    )
    return [PropertyValueCount.from_count(each) for each in found]


def _check_type(type_: PropertyType, group_type_index: int | None, event: str | None = None) -> None:
    check_group_type(group_type_index, ("group_type_index",), is_group=type_ is PropertyType.GROUP)
    if event is not None and type_ is not PropertyType.EVENT:
        raise BadUserInput(
            "{event} is allowed for type {type} only.",
            event=Name("event"),
            type=PropertyType.EVENT,
            path=("event",),
        )
    check_text(event or "", ("event",), what="The event name")
