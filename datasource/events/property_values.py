"""The values that a property has in the newest events, persons or groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from datasource.events.definition_pages import ProjectReader, contains
from datasource.events.definitions import PropertyOwner, PropertySet
from datasource.layouts.contract import SESSION_ID, SESSION_NUMBERS, TIMESTAMP, session_text
from datasource.layouts.native import NativeLayout
from datasource.sql.tree import (
    Call,
    Cast,
    Column,
    Derived,
    Events,
    Expr,
    Infix,
    Named,
    Number,
    Order,
    Param,
    Scalar,
    Select,
    Subcolumn,
    Table,
    call,
    compare,
    either,
    equals,
    every,
)
from datasource.tables.property_tables import KINDS, property_path

NEWEST_ROWS = 250_000
"""So many events, persons or groups at most are looked at for values: the newest events and persons."""

NEWEST_DAYS = 30
"""Of events no older ones than so many days before the last one."""

LONGEST_VALUE = 1_000
"""A text with more characters is no value to choose from."""

SESSION_KEY = "$session_id"
"""The property of events that says to which session they belong."""

_LOOKED_AT = 20_000
_DATES_LOOKED_AT = 2_000
_LONGEST_SESSION = timedelta(days=1)
_DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_TEXT = "Nullable(String)"

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value, and how many of those looked at have it."""

    value: Value
    count: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is looked at."""

    table: Table
    where: Expr | None

    def property(self, key: str) -> Subcolumn:
        return Subcolumn(Column("properties", self.table.alias), property_path(key))


async def find_values(
    source: ProjectReader, properties: PropertySet, key: str, *, first: int, search: str
) -> tuple[ValueCount, ...]:
    """The most frequent values of a property that have `search` in their text, whatever the case."""
    rows = await _newest(source, properties, [key], NEWEST_ROWS)
    if rows is None:
        return ()
    value = rows.property(key)
    columns = (Named(_kind(value), "kind"), Named(Cast(value, _TEXT), "text"))
    found = Select(columns, rows.table, where=every(rows.where, call("isNotNull", value)), limit=NEWEST_ROWS)
    return await _most_frequent(source, found, call("count"), first=first, search=search)


async def find_session_values(
    source: ProjectReader, key: str, *, first: int, search: str
) -> tuple[ValueCount, ...]:
    """The same for a field of sessions (see layout.py): how many sessions have the value."""
    span = await _newest_span(source, _events_with([SESSION_KEY], None), NEWEST_ROWS)
    if span is None:
        return ()
    start, end = span
    kind = "Numeric" if key in SESSION_NUMBERS else "String"
    found = Select(
        columns=(
            Named(Param(kind, "String"), "kind"),
            Named(session_text(key), "text"),
            Named(SESSION_ID, "session"),
        ),
        source=Events(near=(_instant(start - _LONGEST_SESSION), _instant(end + _LONGEST_SESSION))),
        where=every(
            compare(TIMESTAMP, ">=", _instant(start)),
            compare(SESSION_ID, "!=", Param("", "String")),
        ),
        limit=NEWEST_ROWS,
    )
    lowered = cast(Select, NativeLayout().lower(found))
    sessions = call("uniqExact", Column("session"))
    return await _most_frequent(source, lowered, sessions, first=first, search=search)


async def find_dates(source: ProjectReader, properties: PropertySet, keys: Sequence[str]) -> frozenset[str]:
    """Those of the properties whose values are dates by ISO 8601, as far as some of the newest tell."""
    rows = await _newest(source, properties, keys, _LOOKED_AT) if keys else None
    if rows is None:
        return frozenset()
    values = [rows.property(key) for key in keys]
    texts = tuple(Named(Cast(value, _TEXT), f"v{n}") for n, value in enumerate(values))
    some = either(*(call("isNotNull", value) for value in values))
    found = Select(texts, rows.table, where=every(rows.where, some), limit=_DATES_LOOKED_AT)
    flags = tuple(Named(_are_dates(Column(text.name)), f"d{n}") for n, text in enumerate(texts))
    answer = await source.ask(Select(flags, Derived(found, "newest")))
    return frozenset(key for key, (flag,) in zip(keys, answer.columns, strict=True) if flag)


async def _newest(source: ProjectReader, properties: PropertySet, keys: Sequence[str], count: int) -> _Rows | None:
    """The rows that may have one of the keys: the newest `count` of them or some more; None without any event."""
    match properties.owner:
        case PropertyOwner.EVENT:
            events = _events_with(keys, properties.event)
            span = await _newest_span(source, events, count)
            since = None if span is None else compare(Column("timestamp", "e"), ">=", _instant(span[0]))
            where = every(_is_among(Column("event", "e"), events), since)
            return None if span is None else _Rows(Table("events", "e"), where)
        case PropertyOwner.PERSON:
            return _Rows(Table("persons", "p", is_final=True), _newest_persons(Column("person_no", "p"), count))
        case PropertyOwner.GROUP:
            of_type = equals(Column("type_index", "g"), Number(properties.group_type_index or 0))
            return _Rows(Table("groups", "g", is_final=True), of_type)


def _events_with(keys: Sequence[str], event: str | None) -> Select:
    table = Table("event_properties", "d")
    has_key = Infix("IN", (Column("property", "d"), Param(tuple(keys), "Array(String)")))
    is_event = None if event is None else equals(Column("event", "d"), Param(event, "String"))
    return Select((Named(Column("event", "d"), "event"),), table, where=every(is_event, has_key))


async def _newest_span(source: ProjectReader, events: Select, count: int) -> tuple[datetime, datetime] | None:
    """From which hour on there are so many of the events, and when the last hour ends; None without any."""
    hour, events_of = Column("hour", "h"), _is_among(Column("event", "h"), events)
    last = Select(
        (Named(call("max", Column("hour", "l")), "last"),),
        Table("events_by_hour", "l"),
        where=_is_among(Column("event", "l"), events),
    )
    days = compare(hour, ">", Infix("-", (Scalar(last), Number(NEWEST_DAYS * 86_400))))
    answer = await source.ask(
        Select(
            (Named(call("toUnixTimestamp", hour), "start"), Named(call("sum", Column("events", "h")), "events")),
            Table("events_by_hour", "h"),
            where=every(events_of, days),
            group_by=(hour,),
            order_by=(Order(hour, is_descending=True),),
        )
    )
    starts, counts = cast(tuple[list[int], list[int]], answer.columns)
    if not starts:
        return None
    return _utc(_reach(starts, counts, count)), _utc(starts[0] + 3600)


def _reach(starts: Sequence[int], counts: Sequence[int], wanted: int) -> int:
    """The start of the first hour with which there are enough, or of the last one."""
    for start, count in zip(starts, counts, strict=True):
        wanted -= count
        if wanted <= 0:
            return start
    return starts[-1]


def _newest_persons(number: Column, count: int) -> Expr | None:
    highest = Select((Named(call("max", Column("person_no", "q")), "highest"),), Table("persons", "q"))
    merged = Select((Named(Column("old_no", "m"), "old_no"),), Table("person_merges", "m", is_final=True))
    return every(
        compare(number, ">", Infix("-", (Scalar(highest), Number(count)))),
        Infix("NOT IN", (number, Scalar(merged))),
    )


async def _most_frequent(
    source: ProjectReader, found: Select, count: Call, *, first: int, search: str
) -> tuple[ValueCount, ...]:
    kind, text = Column("kind"), Column("text")
    query = Select(
        columns=(Named(kind, "kind"), Named(text, "text"), Named(count, "found")),
        source=Derived(found, "newest"),
        where=every(
            call("isNotNull", text),
            compare(call("lengthUTF8", text), "<=", Number(LONGEST_VALUE)),
            contains(text, search),
        ),
        group_by=(kind, text),
        order_by=(Order(Column("found"), is_descending=True), Order(text)),
        limit=first,
    )
    rows = (await source.ask(query)).rows()
    return tuple(ValueCount(_read(str(kind), str(text)), cast(int, found)) for kind, text, found in rows)


def _kind(value: Expr) -> Expr:
    stored, kinds = (Param(tuple(names), "Array(String)") for names in (KINDS, KINDS.values()))
    return call("transform", call("dynamicType", value), stored, kinds, Param("String", "String"))


def _read(kind: str, text: str) -> Value:
    match kind:
        case "Boolean":
            return text == "true"
        case "Numeric":
            return int(text) if text.removeprefix("-").isdecimal() else float(text)
        case _:
            return text


def _are_dates(text: Column) -> Expr:
    """Whether there is a text and all of them are dates."""
    is_date = every(
        call("match", text, Param(_DATE, "String")),
        call("isNotNull", call("parseDateTime64BestEffortOrNull", text, Number(6))),
    )
    dates = call("countIf", is_date or Number(0))
    return call("and", equals(dates, call("count", text)), compare(dates, ">", Number(0)))


def _is_among(event: Column, events: Select) -> Expr:
    return Infix("IN", (event, Scalar(events)))


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _instant(moment: datetime) -> Param:
    return Param(f"{moment:%Y-%m-%d %H:%M:%S}", "DateTime64(6, 'UTC')")
