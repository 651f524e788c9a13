"""What there is to ask about in a project: events, properties, and the values of these."""

from collections.abc import Sequence
from dataclasses import dataclass

from datasource.events.definition_pages import DefinitionPage, ListPosition, PageRequest, ProjectReader
from datasource.events.definitions import (
    EventDefinition,
    PropertyOwner,
    PropertySet,
    find_events,
    find_properties,
    find_properties_by_key,
)
from datasource.events.property_values import SESSION_KEY, ValueCount, find_session_values, find_values
from datasource.layouts.contract import SESSION_NUMBERS, SESSION_STRINGS, check_own_tables
from datasource.metadata.records import ProjectRecord
from errors import BadUserInput, Place
from resolvers.context import RequestContext
from resolvers.property_types import PropertyKind, owner_of, session_kind, types_in
from resolvers.saved import check_page
from resolvers.trends.query import PropertyType


@dataclass(frozen=True, slots=True)
class KnownProperty:
    """A property, what values it has, and how many events, persons, groups or sessions have it."""

    key: str
    kinds: tuple[PropertyKind, ...]
    count: int


async def list_events(
    context: RequestContext, project: ProjectRecord, *, first: int, after: ListPosition | None, search: str | None
) -> DefinitionPage[EventDefinition]:
    """The project's events, the most frequent first; raises BadUserInput for arguments out of range."""
    wanted = PageRequest(first, after, check_page(first, search))
    return await find_events(_spend(context, project), wanted)


async def list_properties(
    context: RequestContext,
    project: ProjectRecord,
    type_: PropertyType,
    *,
    event: str | None,
    group_type_index: int | None,
    first: int,
    after: ListPosition | None,
    search: str | None,
) -> DefinitionPage[KnownProperty]:
    """The properties of a type, the most frequent first.

    `event` narrows those of type EVENT, `group_type_index` says which groups. Raises BadUserInput for arguments
    out of range, and for a type that is nobody's data.
    """
    wanted = PageRequest(first, after, check_page(first, search))
    if type_ is PropertyType.SESSION:
        return _page_of(await _session_fields(_spend(context, project)), wanted)
    properties = PropertySet(_owner(type_), group_type_index, event)
    source = _spend(context, project)
    page = await find_properties(source, properties, wanted)
    kinds = await types_in(context.engine).kinds_of(source, properties, page.definitions)
    known = (KnownProperty(found.key, kinds[found.key], found.count) for found in page.definitions)
    return DefinitionPage(tuple(known), page.total, page.has_next)


async def list_values(
    context: RequestContext,
    project: ProjectRecord,
    type_: PropertyType,
    key: str,
    *,
    group_type_index: int | None,
    first: int,
    search: str | None,
) -> tuple[ValueCount, ...]:
    """The most frequent values of a property; raises as `list_properties` does."""
    text = check_page(first, search)
    if type_ is PropertyType.SESSION:
        _check_session_field(key)
        return await find_session_values(_spend(context, project), key, first=first, search=text)
    properties = PropertySet(_owner(type_), group_type_index)
    return await find_values(_spend(context, project), properties, key, first=first, search=text)


def _spend(context: RequestContext, project: ProjectRecord) -> ProjectReader:
    check_own_tables(context.layout, "Listing definitions and values")
    # Each field asks ClickHouse: a list of projects would multiply it without an end.
    context.trend_budget.spend()
    return ProjectReader(context.engine, project.id, context.limits)


def _owner(type_: PropertyType) -> PropertyOwner:
    owner = owner_of(type_)
    if owner is None:
        raise BadUserInput(
            "Properties of type {type_} have no definitions.",
            path=("type",),
            hint="Choose one of {valid}.",
            type_=type_,
            valid=(PropertyType.EVENT, PropertyType.PERSON, PropertyType.GROUP, PropertyType.SESSION),
        )
    return owner


def _check_session_field(key: str) -> None:
    if key not in SESSION_NUMBERS | SESSION_STRINGS:
        raise BadUserInput("Sessions have no field {key!r}.", path=("key",), hint=Place.SESSION_FIELDS, key=key)


async def _session_fields(source: ProjectReader) -> list[KnownProperty]:
    """Every field that a session has; they count the events that belong to one."""
    found = await find_properties_by_key(source, PropertySet(PropertyOwner.EVENT), [SESSION_KEY])
    if SESSION_KEY not in found:
        return []
    count = found[SESSION_KEY].count
    return [KnownProperty(key, (session_kind(key),), count) for key in sorted(SESSION_NUMBERS | SESSION_STRINGS)]


def _page_of(known: Sequence[KnownProperty], wanted: PageRequest) -> DefinitionPage[KnownProperty]:
    """The page of a list that is in order already."""
    search = wanted.search.casefold()
    matching = [found for found in known if search in found.key.casefold()]
    place = wanted.after
    left = [found for found in matching if place is None or _follows(found, place)]
    return DefinitionPage(tuple(left[: wanted.first]), len(matching), len(left) > wanted.first)


def _follows(found: KnownProperty, place: ListPosition) -> bool:
    return (-found.count, found.key) > (-place.count, place.name)
