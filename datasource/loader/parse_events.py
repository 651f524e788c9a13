"""From rows of a file to columns of events: all at once where possible, otherwise row by row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from datasource.loader.chunks import Chunk, Record, Rejects
from datasource.loader.event_columns import EventColumns, convert_table
from datasource.loader.event_ids import derive_uuid, parse_uuid, uuids_from_bytes
from datasource.loader.limits import MAX_KEY_LENGTH, MAX_UNUSED, MAX_VALUE_LENGTH, check_length, slices_of_cells
from datasource.loader.property_columns import columns_from_maps
from datasource.loader.read_jsonl import JsonTyping
from datasource.loader.row_fields import PROPERTY_PREFIX, parse_distinct_id, parse_properties
from datasource.loader.timestamps import parse_timestamp

FIELDS: Final = frozenset(
    {"event", "distinct_id", "timestamp", "uuid", "person_id", "elements_chain", "properties"}
)


@dataclass(frozen=True, slots=True)
class ParsedEvents:
    """A chunk's events, its bad rows, and the names of fields that are not loaded."""

    events: tuple[EventColumns, ...]
    rejects: Rejects
    unused: tuple[str, ...]
    rows: int


def parse_events(chunk: Chunk, typing: JsonTyping) -> ParsedEvents:
    """Parse the events of a chunk. `typing` is shared by the chunks of a file."""
    table = chunk.table()
    events = convert_table(table, typing) if table is not None else None
    if table is not None and events is not None:
        return ParsedEvents((events,), Rejects(), unused_fields(table.fields.column_names), len(events))
    return _parse_one_by_one(chunk.records())


def unused_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of a row's fields that events do not have."""
    return tuple(name for name in names if name not in FIELDS and not name.startswith(PROPERTY_PREFIX))


@dataclass(frozen=True, slots=True)
class _Event:
    name: str
    timestamp: int
    uuid: bytes
    distinct_id: str
    person_id: str | None
    elements_chain: str
    properties: Mapping[str, object]


def _parse_one_by_one(records: Iterable[Record]) -> ParsedEvents:
    events: list[_Event] = []
    rejects = Rejects()
    unused: dict[str, None] = {}
    rows = 0
    for rows, record in enumerate(records, 1):  # noqa: B007 - counted
        try:
            events.append(_parse_event(record))
            unused.update(dict.fromkeys(unused_fields(record.fields or ())))
        except ValueError as reason:
            rejects.add(record, reason)
    parts = (_to_columns(events[part]) for part in slices_of_cells([event.properties for event in events]))
    return ParsedEvents(tuple(parts), rejects, tuple(unused)[:MAX_UNUSED], rows)


def _parse_event(record: Record) -> _Event:
    fields = record.fields
    if fields is None:
        raise ValueError(record.reason)
    name = fields.get("event")
    if not isinstance(name, str) or not name:
        raise ValueError("event is missing" if name in (None, "") else "event is not a string")
    check_length("event", name, MAX_KEY_LENGTH)
    if fields.get("timestamp") in (None, ""):
        raise ValueError("timestamp is missing")
    person_id = fields.get("person_id")
    return _Event(
        name=name,
        timestamp=parse_timestamp(fields["timestamp"]),
        uuid=_parse_event_id(record.row, record.raw, fields.get("uuid")),
        distinct_id=parse_distinct_id(fields.get("distinct_id")),
        person_id=None if person_id in (None, "") else str(parse_uuid(person_id)),
        elements_chain=_parse_elements_chain(fields.get("elements_chain")),
        properties=parse_properties(fields) or {},
    )


def _parse_event_id(row: int, raw: bytes, value: object) -> bytes:
    return derive_uuid(row, raw) if value in (None, "") else parse_uuid(value).bytes


def _parse_elements_chain(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("elements_chain is not a string")
    check_length("elements_chain", value or "", MAX_VALUE_LENGTH)
    return value or ""


def _to_columns(events: list[_Event]) -> EventColumns:
    return EventColumns(
        names=pa.array([event.name for event in events], pa.string()),
        timestamps=np.array([event.timestamp for event in events], np.int64),
        uuids=uuids_from_bytes(b"".join(event.uuid for event in events)),
        distinct_ids=pa.array([event.distinct_id for event in events], pa.string()),
        person_ids=pa.array([event.person_id for event in events], pa.string()),
        elements_chains=pa.array([event.elements_chain for event in events], pa.string()),
        properties=columns_from_maps([event.properties for event in events]),
    )
