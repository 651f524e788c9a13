"""The events, properties and property values of a project."""

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
from resolvers.property_types import PropertyKind, owner_of, property_types_of, session_kind
from resolvers.saved import check_page
from resolvers.trends.query import PropertyType


@dataclass(frozen=True, slots=True)
class KnownProperty:
    """A property, the kinds of its values, and the number of events, persons, groups or sessions that have it."""

    key: str
    kinds: tuple[PropertyKind, ...]
    count: int


async def list_events(
    context: RequestContext, project: ProjectRecord, *, first: int, after: ListPosition | None, search: str | None
) -> DefinitionPage[EventDefinition]:
    """List the project's events, most frequent first. Raises BadUserInput for arguments out of range."""
    request = PageRequest(first, after, check_page(first, search))
    return await find_events(_open_reader(context, project), request)


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
    """List the properties of a type, most frequent first.

    `event` limits those of type EVENT, `group_type_index` selects the groups. Raises BadUserInput for arguments
    out of range, and for a type without stored properties.
    """
    request = PageRequest(first, after, check_page(first, search))
    if type_ is PropertyType.SESSION:
        return _page_of(await _session_fields(_open_reader(context, project)), request)
    properties = PropertySet(_find_owner(type_), group_type_index, event)
    reader = _open_reader(context, project)
    page = await find_properties(reader, properties, request)
    kinds = await property_types_of(context.engine).kinds_of(reader, properties, page.definitions)
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
    """List the most frequent values of a property. Raises as `list_properties` does."""
    text = check_page(first, search)
    if type_ is PropertyType.SESSION:
        _check_session_field(key)
        return await find_session_values(_open_reader(context, project), key, first=first, search=text)
    properties = PropertySet(_find_owner(type_), group_type_index)
    return await find_values(_open_reader(context, project), properties, key, first=first, search=text)


def _open_reader(context: RequestContext, project: ProjectRecord) -> ProjectReader:
    check_own_tables(context.layout, "Listing definitions and values")
    # Each field runs queries, so a list of projects could run any number of them.
    context.budget.count_trend()
    return ProjectReader(context.engine, project.id, context.limits)


def _find_owner(type_: PropertyType) -> PropertyOwner:
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


async def _session_fields(reader: ProjectReader) -> list[KnownProperty]:
    """Return every field of sessions, counted in events that belong to a session."""
    found = await find_properties_by_key(reader, PropertySet(PropertyOwner.EVENT), [SESSION_KEY])
    if SESSION_KEY not in found:
        return []
    count = found[SESSION_KEY].count
    return [KnownProperty(key, (session_kind(key),), count) for key in sorted(SESSION_NUMBERS | SESSION_STRINGS)]


def _page_of(known: Sequence[KnownProperty], request: PageRequest) -> DefinitionPage[KnownProperty]:
    """Return a page of a list that is in order."""
    search = request.search.casefold()
    matching = [found for found in known if search in found.key.casefold()]
    position = request.after
    left = [found for found in matching if position is None or _follows(found, position)]
    return DefinitionPage(tuple(left[: request.first]), len(matching), len(left) > request.first)


def _follows(found: KnownProperty, position: ListPosition) -> bool:
    return (-found.count, found.key) > (-position.count, position.name)
