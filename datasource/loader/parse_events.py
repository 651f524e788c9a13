"""From rows of a file to columns of events, every value checked: at once where possible, else row by row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from datasource.loader.chunks import Chunk, FieldTable, Record, Reject
from datasource.loader.event_ids import Halves, derive_uuid, halves_of_bytes, parse_uuid, parse_uuids
from datasource.loader.property_columns import (
    EXACT_FLOAT,
    Mask,
    PropertyColumn,
    PropertyColumns,
    column_from_array,
    column_from_values,
    columns_from_maps,
    path_of,
)
from datasource.loader.read_csv_parquet import PROPERTY_PREFIX
from datasource.loader.read_jsonl import JsonTyping, is_plain_lines, load_json
from datasource.loader.timestamps import parse_timestamp, parse_timestamps

LONGEST_EVENT_NAME: Final = 400
FIELDS: Final = frozenset(
    {"event", "distinct_id", "timestamp", "uuid", "person_id", "elements_chain", "properties"}
)
_MOST_KEYS: Final = 1000


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Checked events. Timestamps are microseconds since 1970; `person_ids` is null where the row gave none."""

    names: pa.Array
    timestamps: npt.NDArray[np.int64]
    uuids: Halves
    distinct_ids: pa.Array
    person_ids: pa.Array
    elements_chains: pa.Array
    properties: PropertyColumns

    def __len__(self) -> int:
        return len(self.timestamps)

    def filter(self, keep: Mask) -> "EventColumns":
        """The events to keep."""
        if keep.all():
            return self
        mask = pa.array(keep)
        return EventColumns(
            self.names.filter(mask),
            self.timestamps[keep],
            self.uuids[keep],
            self.distinct_ids.filter(mask),
            self.person_ids.filter(mask),
            self.elements_chains.filter(mask),
            self.properties.filter(keep),
        )


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """What became of a chunk: its events, its bad rows, and the fields of which nothing is loaded."""

    events: EventColumns
    rejects: tuple[Reject, ...]
    unused: tuple[str, ...]
    rows: int


def read_events(chunk: Chunk, typing: JsonTyping) -> ReadEvents:
    """The events of a chunk. `typing` remembers from chunk to chunk what property texts look like."""
    table = chunk.table()
    events = events_of_table(table, typing) if table is not None else None
    if table is not None and events is not None:
        return ReadEvents(events, (), unused_fields(table.fields.column_names), len(events))
    return _read_one_by_one(chunk.records())


def unused_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Those of a row's fields that say nothing about an event."""
    return tuple(name for name in names if name not in FIELDS and not name.startswith(PROPERTY_PREFIX))


# ---------------------------------------------------------------- all rows at once


def events_of_table(table: FieldTable, typing: JsonTyping) -> EventColumns | None:
    """The events of the rows, or None when any of them is not plainly right."""
    names = _texts(table.fields, "event")
    distinct_ids = _texts(table.fields, "distinct_id")
    timestamps = _timestamps(table.fields)
    person_ids = _optional_texts(table.fields, "person_id")
    uuids = _uuids(table)
    properties = _properties(table, typing)
    if names is None or distinct_ids is None or timestamps is None or uuids is None:
        return None
    if properties is None or person_ids is None or parse_uuids(person_ids.drop_null()) is None:
        return None
    if pc.max(pc.utf8_length(names)).as_py() > LONGEST_EVENT_NAME:
        return None
    chains = _optional_texts(table.fields, "elements_chain")
    if chains is None:
        return None
    return EventColumns(names, timestamps, uuids, distinct_ids, person_ids, chains.fill_null(""), properties)


def _column(fields: pa.Table, name: str) -> pa.Array | None:
    if name not in fields.column_names:
        return None
    array = fields[name].combine_chunks()
    if pa.types.is_dictionary(array.type) or pa.types.is_large_string(array.type):
        return array.cast(pa.string())
    if pa.types.is_string_view(array.type):
        return array.cast(pa.string())
    return array


def _texts(fields: pa.Table, name: str) -> pa.Array | None:
    array = _column(fields, name)
    if array is None or not pa.types.is_string(array.type) or array.null_count or len(array) == 0:
        return None
    return array if pc.min(pc.binary_length(array)).as_py() > 0 else None


def _optional_texts(fields: pa.Table, name: str) -> pa.Array | None:
    array = _column(fields, name)
    if array is None or pa.types.is_null(array.type):
        return pa.nulls(fields.num_rows, pa.string())
    return array if pa.types.is_string(array.type) else None


def _timestamps(fields: pa.Table) -> npt.NDArray[np.int64] | None:
    array = _column(fields, "timestamp")
    return None if array is None or array.null_count else parse_timestamps(array)


def _uuids(table: FieldTable) -> Halves | None:
    array = _optional_texts(table.fields, "uuid")
    if array is None:
        return None
    if array.null_count == 0:
        return parse_uuids(array)
    if array.null_count < len(array):
        return None
    made: list[bytes] = []
    for index in range(len(array)):
        text = table.property_texts.row_text(index)
        if text is None:
            return None
        made.append(derive_uuid(table.first_row + index, text))
    return halves_of_bytes(b"".join(made))


def _properties(table: FieldTable, typing: JsonTyping) -> PropertyColumns | None:
    array = _column(table.fields, "properties")
    found: list[tuple[str, pa.Array]] = [
        (name.removeprefix(PROPERTY_PREFIX), cast(pa.Array, _column(table.fields, name)))
        for name in table.fields.column_names
        if name.startswith(PROPERTY_PREFIX)
    ]
    if array is not None and pa.types.is_string(array.type):
        array = _parse_texts(array, typing)
        if array is None:
            return None
    if array is not None and pa.types.is_struct(array.type):
        keys = [field.name for field in array.type]
        found.extend(zip(keys, array.flatten(), strict=True))
    elif array is not None and not pa.types.is_null(array.type):
        return None
    if len({path_of(key) for key, _ in found}) < len(found) or len(found) > _MOST_KEYS:
        return None
    return _property_columns(table, found)


def _parse_texts(texts: pa.Array, typing: JsonTyping) -> pa.Array | None:
    if texts.null_count:
        return None
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), "\n")
    data = joined[0].as_buffer().to_pybytes()
    if data.count(b"\n") != len(texts) - 1 or not is_plain_lines(data):
        return None
    table = typing.read(data, (), None)
    if table is None or table.num_rows != len(texts):
        return None
    return table.to_struct_array().combine_chunks() if table.num_columns else pa.nulls(len(texts))


def _property_columns(table: FieldTable, found: list[tuple[str, pa.Array]]) -> PropertyColumns | None:
    columns: list[PropertyColumn] = []
    nested: list[tuple[str, pa.Array]] = []
    for key, array in found:
        if pa.types.is_null(array.type):
            continue
        if pa.types.is_nested(array.type):
            nested.append((key, array))
            continue
        plain = _plain_array(array)
        if plain is None:
            return None
        columns.append(column_from_array(key, plain))
    columns.extend(_nested_columns(table, nested))
    return PropertyColumns(tuple(column for column in columns if column.types))


def _plain_array(array: pa.Array) -> pa.Array | None:
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_int64(kind):
        return array
    if pa.types.is_signed_integer(kind) or (pa.types.is_integer(kind) and kind.bit_width < 64):
        return array.cast(pa.int64())
    if pa.types.is_float64(kind):
        return array if _is_exact(array) else None
    return None


def _is_exact(array: pa.Array) -> bool:
    largest = pc.max(pc.abs(array)).as_py()
    return largest is None or (largest < EXACT_FLOAT and not pc.any(pc.is_nan(array)).as_py())


def _nested_columns(table: FieldTable, nested: list[tuple[str, pa.Array]]) -> Iterator[PropertyColumn]:
    if not nested:
        return
    values: dict[str, list[object]] = {key: [None] * table.fields.num_rows for key, _ in nested}
    present = np.zeros(table.fields.num_rows, np.bool_)
    for _, array in nested:
        present |= np.asarray(array.is_valid())
    for index in np.flatnonzero(present).tolist():
        properties = table.property_texts.properties_of(index)
        for key, column in values.items():
            column[index] = properties.get(key)
    for key, column in values.items():
        yield column_from_values(key, column)


# ---------------------------------------------------------------- row by row


@dataclass(frozen=True, slots=True)
class _Event:
    name: str
    timestamp: int
    uuid: bytes
    distinct_id: str
    person_id: str | None
    elements_chain: str
    properties: Mapping[str, object]


def _read_one_by_one(records: Iterable[Record]) -> ReadEvents:
    events: list[_Event] = []
    rejects: list[Reject] = []
    unused: dict[str, None] = {}
    rows = 0
    for rows, record in enumerate(records, 1):  # noqa: B007 - counted
        try:
            events.append(_event_of(record))
            unused.update(dict.fromkeys(unused_fields(record.fields or ())))
        except ValueError as reason:
            rejects.append(Reject(record.row, str(reason), record.text))
    return ReadEvents(_columns_of(events), tuple(rejects), tuple(unused), rows)


def _event_of(record: Record) -> _Event:
    fields = record.fields
    if fields is None:
        raise ValueError(record.reason)
    name = fields.get("event")
    if not isinstance(name, str) or not name:
        raise ValueError("event is missing" if name in (None, "") else "event is not a text")
    if len(name) > LONGEST_EVENT_NAME:
        raise ValueError(f"event has {len(name)} characters; {LONGEST_EVENT_NAME} are allowed")
    if fields.get("timestamp") in (None, ""):
        raise ValueError("timestamp is missing")
    person_id = fields.get("person_id")
    return _Event(
        name=name,
        timestamp=parse_timestamp(fields["timestamp"]),
        uuid=_uuid_of(record.row, record.text, fields.get("uuid")),
        distinct_id=distinct_id_of(fields.get("distinct_id")),
        person_id=None if person_id in (None, "") else str(parse_uuid(person_id)),
        elements_chain=_chain_of(fields.get("elements_chain")),
        properties=properties_of(fields) or {},
    )


def distinct_id_of(value: object) -> str:
    """A distinct id as text. Raises ValueError with the reason."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ValueError("distinct_id is neither a text nor a number")
    if value is None or value == "":
        raise ValueError("distinct_id is missing")
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def properties_of(fields: Mapping[str, object]) -> dict[str, object] | None:
    """The properties of a row, from `properties` and `properties.KEY`; None when it has neither field.

    Raises ValueError with the reason.
    """
    value = fields.get("properties")
    single = {
        name.removeprefix(PROPERTY_PREFIX): cell
        for name, cell in fields.items()
        if name.startswith(PROPERTY_PREFIX)
    }
    if isinstance(value, str) and value:
        try:
            value = load_json(value)
        except orjson.JSONDecodeError as wrong:
            raise ValueError(f"properties is not valid JSON: {wrong}") from wrong
    if value in (None, ""):
        return single or (None if value is None and "properties" not in fields else single)
    if not isinstance(value, dict):
        raise ValueError("properties is not an object")
    return {**value, **single}


def _uuid_of(row: int, text: bytes, value: object) -> bytes:
    return derive_uuid(row, text) if value in (None, "") else parse_uuid(value).bytes


def _chain_of(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise ValueError("elements_chain is not a text")


def _columns_of(events: list[_Event]) -> EventColumns:
    return EventColumns(
        names=pa.array([event.name for event in events], pa.string()),
        timestamps=np.array([event.timestamp for event in events], np.int64),
        uuids=halves_of_bytes(b"".join(event.uuid for event in events)),
        distinct_ids=pa.array([event.distinct_id for event in events], pa.string()),
        person_ids=pa.array([event.person_id for event in events], pa.string()),
        elements_chains=pa.array([event.elements_chain for event in events], pa.string()),
        properties=columns_from_maps([event.properties for event in events]),
    )
