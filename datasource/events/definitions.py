"""What there is to ask about: the events of a project, and the properties of events, persons and groups.

Everything is read from small tables that loading keeps (see schema.py and property_tables.py), whatever the number
of events; only the exact times at which events were first and last seen come from the events themselves.
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
    """Whose a property is."""

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
    """An event that happened; the instants are in UTC."""

    name: str
    count: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A property that something has; `kinds` are those of its values: Boolean, Numeric, String."""

    key: str
    kinds: tuple[str, ...]
    count: int


async def find_events(source: ProjectReader, wanted: PageRequest) -> DefinitionPage[EventDefinition]:
    """A page of the project's events."""
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
    page = await fetch_page(source, names, wanted)
    hours = {str(name): (cast(int, first), cast(int, last)) for name, _, first, last in page.definitions}
    seen = await _find_times(source, hours)
    found = (
        EventDefinition(str(name), cast(int, count), *seen[str(name)]) for name, count, *_ in page.definitions
    )
    return DefinitionPage(tuple(found), page.total, page.has_next)


async def find_properties(
    source: ProjectReader, properties: PropertySet, wanted: PageRequest
) -> DefinitionPage[PropertyDefinition]:
    """A page of the properties. Persons and groups count where they have the property or once had it."""
    page = await fetch_page(source, _names_of(properties), wanted)
    found = (
        PropertyDefinition(str(key), tuple(cast(list[str], kinds)), cast(int, count))
        for key, count, kinds in page.definitions
    )
    return DefinitionPage(tuple(found), page.total, page.has_next)


async def find_properties_by_key(
    source: ProjectReader, properties: PropertySet, keys: Sequence[str]
) -> dict[str, PropertyDefinition]:
    """Those of the keys that something has."""
    names = _names_of(properties)
    asked = Infix("IN", (names.name, Param(tuple(keys), "Array(String)")))
    columns = (Named(names.name, "name"), *names.columns)
    query = Select(columns, names.table, where=every(names.where, asked), group_by=(names.name,))
    return {
        str(key): PropertyDefinition(str(key), tuple(cast(list[str], kinds)), cast(int, count))
        for key, count, kinds in (await source.ask(query)).rows()
    }


def _names_of(properties: PropertySet) -> NameList:
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
    source: ProjectReader, hours: dict[str, tuple[int, int]]
) -> dict[str, tuple[datetime, datetime]]:
    """The first and the last time of each event whose first and last hours, in Unix seconds, are known.

    Of an event no more is read than the days of these two hours.
    """
    if not hours:
        return {}
    event, moment = Column("event", "e"), Column("timestamp", "e")
    names = [name for name in hours for _ in range(2)]
    times = [hour for ends in hours.values() for hour in ends]
    days = Cast(Cast(Param(times, "Array(UInt32)"), "Array(DateTime('UTC'))"), "Array(Date)")
    ends = call("arrayZip", Param(names, "Array(String)"), days)
    query = Select(
        columns=(
            Named(event, "event"),
            Named(call("toUnixTimestamp64Micro", call("min", moment)), "first"),
            Named(call("toUnixTimestamp64Micro", call("max", moment)), "last"),
        ),
        source=Table("events", "e"),
        where=Infix("IN", (call("tuple", event, call("toDate", moment)), ends)),
        group_by=(event,),
    )
    found = (await source.ask(query)).rows()
    exact = {str(name): (_instant(first), _instant(last)) for name, first, last in found}
    # An event that was taken away meanwhile is known by its hours only.
    by_hour = {name: (_instant(first * 10**6), _instant(last * 10**6)) for name, (first, last) in hours.items()}
    return {**by_hour, **exact}


def _instant(micros: object) -> datetime:
    return _EPOCH + timedelta(microseconds=cast(int, micros))
