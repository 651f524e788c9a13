"""The most frequent values of a property in a sample of the newest events, persons or groups."""

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
"""The size of the sample: the newest events or persons, or any groups."""

NEWEST_DAYS = 30
"""Events are sampled from this many days before the last one."""

MAX_VALUE_LENGTH = 1_000
"""Longer strings are left out, in characters."""

SESSION_KEY = "$session_id"
"""The property of events with the id of their session."""

_DATE_SAMPLE_ROWS = 20_000
_DATE_SAMPLE_VALUES = 2_000
_MAX_SESSION_LENGTH = timedelta(days=1)
_DATE = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$"
_TEXT = "Nullable(String)"

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value and its number of occurrences in the sample."""

    value: Value
    count: int


@dataclass(frozen=True, slots=True)
class _Sample:
    """The rows to read values from."""

    table: Table
    where: Expr | None

    def property(self, key: str) -> Subcolumn:
        return Subcolumn(Column("properties", self.table.alias), property_path(key))


async def find_values(
    reader: ProjectReader, properties: PropertySet, key: str, *, first: int, search: str
) -> tuple[ValueCount, ...]:
    """Find the most frequent values of a property that contain `search`, case-insensitively."""
    rows = await _newest(reader, properties, [key], NEWEST_ROWS)
    if rows is None:
        return ()
    value = rows.property(key)
    columns = (Named(_kind(value), "kind"), Named(Cast(value, _TEXT), "text"))
    found = Select(columns, rows.table, where=every(rows.where, call("isNotNull", value)), limit=NEWEST_ROWS)
    return await _most_frequent(reader, found, call("count"), first=first, search=search)


async def find_session_values(
    reader: ProjectReader, key: str, *, first: int, search: str
) -> tuple[ValueCount, ...]:
    """Find the most frequent values of a session field, counted in sessions."""
    span = await _newest_span(reader, _events_with([SESSION_KEY], None), NEWEST_ROWS)
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
        source=Events(near=(_instant(start - _MAX_SESSION_LENGTH), _instant(end + _MAX_SESSION_LENGTH))),
        where=every(
            compare(TIMESTAMP, ">=", _instant(start)),
            compare(SESSION_ID, "!=", Param("", "String")),
        ),
        limit=NEWEST_ROWS,
    )
    lowered = cast(Select, NativeLayout().lower(found))
    sessions = call("uniqExact", Column("session"))
    return await _most_frequent(reader, lowered, sessions, first=first, search=search)


async def find_dates(reader: ProjectReader, properties: PropertySet, keys: Sequence[str]) -> frozenset[str]:
    """Find those of the properties whose sampled values are all ISO 8601 dates."""
    rows = await _newest(reader, properties, keys, _DATE_SAMPLE_ROWS) if keys else None
    if rows is None:
        return frozenset()
    values = [rows.property(key) for key in keys]
    texts = tuple(Named(Cast(value, _TEXT), f"v{n}") for n, value in enumerate(values))
    some = either(*(call("isNotNull", value) for value in values))
    found = Select(texts, rows.table, where=every(rows.where, some), limit=_DATE_SAMPLE_VALUES)
    flags = tuple(Named(_are_dates(Column(text.name)), f"d{n}") for n, text in enumerate(texts))
    answer = await reader.query(Select(flags, Derived(found, "newest")))
    return frozenset(key for key, (flag,) in zip(keys, answer.columns, strict=True) if flag)


async def _newest(
    reader: ProjectReader, properties: PropertySet, keys: Sequence[str], count: int
) -> _Sample | None:
    """Return about `count` of the newest rows that may have one of the keys, None without any event."""
    match properties.owner:
        case PropertyOwner.EVENT:
            events = _events_with(keys, properties.event)
            span = await _newest_span(reader, events, count)
            since = None if span is None else compare(Column("timestamp", "e"), ">=", _instant(span[0]))
            where = every(_is_among(Column("event", "e"), events), since)
            return None if span is None else _Sample(Table("events", "e"), where)
        case PropertyOwner.PERSON:
            return _Sample(Table("persons", "p", is_final=True), _newest_persons(Column("person_no", "p"), count))
        case PropertyOwner.GROUP:
            of_type = equals(Column("type_index", "g"), Number(properties.group_type_index or 0))
            return _Sample(Table("groups", "g", is_final=True), of_type)


def _events_with(keys: Sequence[str], event: str | None) -> Select:
    table = Table("event_properties", "d")
    has_key = Infix("IN", (Column("property", "d"), Param(tuple(keys), "Array(String)")))
    is_event = None if event is None else equals(Column("event", "d"), Param(event, "String"))
    return Select((Named(Column("event", "d"), "event"),), table, where=every(is_event, has_key))


async def _newest_span(reader: ProjectReader, events: Select, count: int) -> tuple[datetime, datetime] | None:
    """Return the time span of the newest `count` events in whole hours, None without any."""
    hour, events_of = Column("hour", "h"), _is_among(Column("event", "h"), events)
    last = Select(
        (Named(call("max", Column("hour", "l")), "last"),),
        Table("events_by_hour", "l"),
        where=_is_among(Column("event", "l"), events),
    )
    days = compare(hour, ">", Infix("-", (Scalar(last), Number(NEWEST_DAYS * 86_400))))
    answer = await reader.query(
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
    return _utc(_start_of(starts, counts, count)), _utc(starts[0] + 3600)


def _start_of(starts: Sequence[int], counts: Sequence[int], wanted: int) -> int:
    """Return the start of the hour in which the number of events reaches `wanted`, or of the oldest hour."""
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
    reader: ProjectReader, found: Select, count: Call, *, first: int, search: str
) -> tuple[ValueCount, ...]:
    kind, text = Column("kind"), Column("text")
    query = Select(
        columns=(Named(kind, "kind"), Named(text, "text"), Named(count, "found")),
        source=Derived(found, "newest"),
        where=every(
            call("isNotNull", text),
            compare(call("lengthUTF8", text), "<=", Number(MAX_VALUE_LENGTH)),
            contains(text, search),
        ),
        group_by=(kind, text),
        order_by=(Order(Column("found"), is_descending=True), Order(text)),
        limit=first,
    )
    rows = (await reader.query(query)).rows()
    return tuple(ValueCount(_parse(str(kind), str(text)), cast(int, found)) for kind, text, found in rows)


def _kind(value: Expr) -> Expr:
    stored, kinds = (Param(tuple(names), "Array(String)") for names in (KINDS, KINDS.values()))
    return call("transform", call("dynamicType", value), stored, kinds, Param("String", "String"))


def _parse(kind: str, text: str) -> Value:
    match kind:
        case "Boolean":
            return text == "true"
        case "Numeric":
            return int(text) if text.removeprefix("-").isdecimal() else float(text)
        case _:
            return text


def _are_dates(text: Column) -> Expr:
    """Return the condition that there is a string and all strings are dates."""
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
