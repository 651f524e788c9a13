"""The events of a project, and the properties of its events, persons and groups.

All of it is read from small tables (tables/steps.py, tables/property_tables.py), except for the exact times at
which events were first and last seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import cast

from datasource.events.definition_pages import (
    COUNT,
    DefinitionPage,
    NameList,
    PageRequest,
    ProjectReader,
    fetch_page,
)
from datasource.layouts.native import NativeLayout
from datasource.sql.tree import (
    Cast,
    Column,
    Expr,
    Infix,
    Named,
    Number,
    Param,
    Select,
    Table,
    call,
    equals,
    every,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PropertyOwner(StrEnum):
    """What has a property."""

    EVENT = "EVENT"
    PERSON = "PERSON"
    GROUP = "GROUP"


@dataclass(frozen=True, slots=True)
class PropertySet:
    """The properties of all events or of those of one name, of persons, or of the groups of one type."""

    owner: PropertyOwner
    group_type_index: int | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """An event of the project; times are in UTC."""

    name: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A property in use, with the kinds of its values: Boolean, Numeric, String."""

    key: str
    kinds: tuple[str, ...]
    count: int


async def find_events(reader: ProjectReader, request: PageRequest) -> DefinitionPage[EventDefinition]:
    """Fetch a page of the project's events."""
    hour = Column("hour", "h")
    names = NameList(
        Table("events_by_hour", "h"),
        Column("event", "h"),
        (
            Named(call("sum", Column("events", "h")), COUNT),
            Named(call("toUnixTimestamp", call("min", hour)), "first_hour"),
            Named(call("toUnixTimestamp", call("max", hour)), "last_hour"),
        ),
    )
    page = await fetch_page(reader, names, request)
    hours = {str(name): (cast(int, first), cast(int, last)) for name, _, first, last in page.definitions}
    seen = await _find_times(reader, hours)
    found = (
        EventDefinition(str(name), cast(int, count), *seen[str(name)]) for name, count, *_ in page.definitions
    )
    return DefinitionPage(tuple(found), page.total, page.has_next)


async def find_event_names(reader: ProjectReader, names: Sequence[str]) -> set[str]:
    """Fetch those of the names that events of the project have."""
    event = Column("event", "h")
    has_name = Infix("IN", (event, Param(tuple(names), "Array(String)")))
    query = Select((Named(event, "name"),), Table("events_by_hour", "h"), where=has_name, group_by=(event,))
    return {str(name) for (name,) in (await reader.query(query)).rows()}


async def find_properties(
    reader: ProjectReader, properties: PropertySet, request: PageRequest
) -> DefinitionPage[PropertyDefinition]:
    """Fetch a page of properties. The count includes persons and groups that once had the property."""
    page = await fetch_page(reader, _list_of(properties), request)
    found = (
        PropertyDefinition(str(key), tuple(cast(list[str], kinds)), cast(int, count))
        for key, count, kinds in page.definitions
    )
    return DefinitionPage(tuple(found), page.total, page.has_next)


async def find_properties_by_key(
    reader: ProjectReader, properties: PropertySet, keys: Sequence[str]
) -> dict[str, PropertyDefinition]:
    """Fetch those of the properties that are in use."""
    names = _list_of(properties)
    has_key = Infix("IN", (names.name, Param(tuple(keys), "Array(String)")))
    columns = (Named(names.name, "name"), *names.columns)
    query = Select(columns, names.table, where=every(names.where, has_key), group_by=(names.name,))
    return {
        str(key): PropertyDefinition(str(key), tuple(cast(list[str], kinds)), cast(int, count))
        for key, count, kinds in (await reader.query(query)).rows()
    }


def _list_of(properties: PropertySet) -> NameList:
    count: Expr
    where: Expr | None = None
    match properties.owner:
        case PropertyOwner.EVENT:
            table, count = "event_properties", call("sum", Column("events", "d"))
            if properties.event is not None:
                where = equals(Column("event", "d"), Param(properties.event, "String"))
        case PropertyOwner.PERSON:
            persons = call("groupBitmapMergeState", Column("persons", "d"))
            table, count = "person_properties", NativeLayout().count_people(persons)
        case PropertyOwner.GROUP:
            table, count = "group_properties", call("uniqMerge", Column("groups", "d"))
            where = equals(Column("type_index", "d"), Number(properties.group_type_index or 0))
    kinds = call("arraySort", call("groupUniqArray", Column("kind", "d")))
    columns = (Named(count, COUNT), Named(kinds, "kinds"))
    return NameList(Table(table, "d"), Column("property", "d"), columns, where)


async def _find_times(
    reader: ProjectReader, hours: dict[str, tuple[int, int]]
) -> dict[str, tuple[datetime, datetime]]:
    """Return the first and last time of each event, given the first and last hours in Unix seconds.

    It reads only the days of these two hours.
    """
    if not hours:
        return {}
    event, timestamp = Column("event", "e"), Column("timestamp", "e")
    names = [name for name in hours for _ in range(2)]
    times = [hour for ends in hours.values() for hour in ends]
    days = Cast(Cast(Param(times, "Array(UInt32)"), "Array(DateTime('UTC'))"), "Array(Date)")
    ends = call("arrayZip", Param(names, "Array(String)"), days)
    query = Select(
        columns=(
            Named(event, "event"),
            Named(call("toUnixTimestamp64Micro", call("min", timestamp)), "first"),
            Named(call("toUnixTimestamp64Micro", call("max", timestamp)), "last"),
        ),
        source=Table("events", "e"),
        where=Infix("IN", (call("tuple", event, call("toDate", timestamp)), ends)),
        group_by=(event,),
    )
    found = (await reader.query(query)).rows()
    exact = {str(name): (_to_datetime(first), _to_datetime(last)) for name, first, last in found}
    # An event that was deleted meanwhile has only its hours.
    by_hour = {
        name: (_to_datetime(first * 10**6), _to_datetime(last * 10**6)) for name, (first, last) in hours.items()
    }
    return {**by_hour, **exact}


def _to_datetime(micros: object) -> datetime:
    return _EPOCH + timedelta(microseconds=cast(int, micros))
