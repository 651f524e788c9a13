"""What there is to ask about, as clients see it: events, properties and values, read from the data itself."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

import strawberry

from datasource.events import definitions
from datasource.events.definition_pages import Place
from datasource.events.property_values import LONGEST_VALUE, NEWEST_DAYS, NEWEST_ROWS, ValueCount
from datasource.metadata.records import ProjectRecord
from errors import BadUserInput
from resolvers.context import RequestContext
from resolvers.definitions import KnownProperty, list_events, list_properties, list_values
from resolvers.trends.query import PropertyType
from schema.connection import Connection
from schema.cursors import read_place_cursor
from schema.input_checks import check_group_type, check_key, check_text
from schema.scalars import PropertyValue

EVENT_SCOPE = "event_definition:read"
PROPERTY_SCOPE = "property_definition:read"

EVENTS_DESCRIPTION = "The events that happened, the most frequent first. Kept up to date while events are loaded."
PROPERTIES_DESCRIPTION = (
    "The properties that events, persons, groups or sessions have, the most frequent first. "
    "Kept up to date while data are loaded."
)
VALUES_DESCRIPTION = (
    f"The most frequent values of a property. Looked at are the newest data only: of events and sessions at most "
    f"{NEWEST_ROWS:,} events that may have the property, none older than {NEWEST_DAYS} days before the last one; "
    f"of persons and groups as many, of persons the newest. "
    f"Texts of more than {LONGEST_VALUE:,} characters are left out; lists and objects are their JSON text."
)

OfType = Annotated[
    PropertyType, strawberry.argument(description="Whose properties: EVENT, PERSON, GROUP or SESSION.")
]
OfEvent = Annotated[
    str | None, strawberry.argument(description="For type EVENT: only properties that events of this name have.")
]
OfGroupType = Annotated[
    int | None, strawberry.argument(description="For type GROUP, which needs it: the kind of groups, 0 to 4.")
]
Key = Annotated[str, strawberry.argument(description="The property's key.")]
ValueSearch = Annotated[
    str | None, strawberry.argument(description="Only values whose text has this text in it, whatever the case.")
]


@strawberry.type(description="An event that happened.")
class EventDefinition:
    name: str = strawberry.field(description="The event's name.")
    count: float = strawberry.field(description="How many there are.")
    first_seen: datetime = strawberry.field(description="When the first one happened, in the project's time zone.")
    last_seen: datetime = strawberry.field(description="When the last one happened, in the project's time zone.")

    @classmethod
    def from_record(cls, found: definitions.EventDefinition, timezone: ZoneInfo) -> Self:
        return cls(
            name=found.name,
            count=float(found.count),
            first_seen=found.first_seen.astimezone(timezone),
            last_seen=found.last_seen.astimezone(timezone),
        )


@strawberry.type(description="A property that events, persons, groups or sessions have.")
class PropertyDefinition:
    key: str = strawberry.field(description="The property's key, as filters and breakdowns take it.")
    type: PropertyType = strawberry.field(description="Whose property it is.")
    value_types: list[str] = strawberry.field(
        description=(
            "What its values are: String, Numeric, Boolean, or several of these; "
            "DateTime where the newest ones are all texts of dates by ISO 8601."
        )
    )
    count: float = strawberry.field(
        description=(
            "How many events have it, where a load that was killed may have counted some twice; how many persons "
            "or, about, groups have it or once had it; for SESSION, how many events belong to a session."
        )
    )

    @classmethod
    def from_known(cls, known: KnownProperty, type_: PropertyType) -> Self:
        return cls(
            key=known.key, type=type_, value_types=[kind.value for kind in known.kinds], count=float(known.count)
        )


@strawberry.type(description="A value of a property.")
class PropertyValueCount:
    value: PropertyValue | None = strawberry.field(description="A text, a number or a boolean, as it is stored.")
    count: float = strawberry.field(
        description="How many of the events, persons, groups or sessions looked at have it."
    )

    @classmethod
    def from_count(cls, found: ValueCount) -> Self:
        return cls(value=PropertyValue(found.value), count=float(found.count))


async def show_events(
    context: RequestContext, project: ProjectRecord, *, first: int, after: str | None, search: str | None
) -> Connection[EventDefinition]:
    """The field `Project.eventDefinitions`."""
    place = read_place_cursor("event", after)
    page = await list_events(context, project, first=first, after=place, search=search)
    timezone = ZoneInfo(project.timezone)
    nodes = [
        (Place(found.count, found.name), EventDefinition.from_record(found, timezone))
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
    """The field `Project.propertyDefinitions`."""
    _check_type(type_, group_type_index, event)
    place = read_place_cursor("property", after)
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
        (Place(known.count, known.key), PropertyDefinition.from_known(known, type_)) for known in page.definitions
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
    """The field `Project.propertyValues`."""
    check_key(key, ("key",))
    _check_type(type_, group_type_index)
    found = await list_values(
        context, project, type_, key, group_type_index=group_type_index, first=first, search=search
    )
    return [PropertyValueCount.from_count(each) for each in found]


def _check_type(type_: PropertyType, group_type_index: int | None, event: str | None = None) -> None:
    check_group_type(group_type_index, ("groupTypeIndex",), is_group=type_ is PropertyType.GROUP)
    if event is not None and type_ is not PropertyType.EVENT:
        raise BadUserInput("An event goes with type EVENT only.", path=("event",))
    check_text(event or "", ("event",), what="The event")
