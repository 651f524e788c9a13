"""Columns of checked events, and the conversion of a whole table of fields to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datasource.loader.chunks import FieldTable
from datasource.loader.event_ids import UuidArray, derive_uuid, parse_uuids, uuids_from_bytes
from datasource.loader.limits import MAX_ID_LENGTH, MAX_KEY_LENGTH, MAX_PROPERTIES, MAX_VALUE_LENGTH
from datasource.loader.property_columns import (
    EXACT_FLOAT,
    Mask,
    PropertyColumn,
    PropertyColumns,
    column_from_array,
    column_from_values,
)
from datasource.loader.read_jsonl import JsonTyping, is_plain_jsonl, is_small_table
from datasource.loader.row_fields import PROPERTY_PREFIX
from datasource.loader.timestamps import parse_timestamps
from datasource.tables.property_tables import property_path


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Checked events. Timestamps are microseconds since 1970; `person_ids` is null where the row gave none."""

    names: pa.Array
    timestamps: npt.NDArray[np.int64]
    uuids: UuidArray
    distinct_ids: pa.Array
    person_ids: pa.Array
    elements_chains: pa.Array
    properties: PropertyColumns

    def __len__(self) -> int:
        return len(self.timestamps)

    def filter(self, keep: Mask) -> "EventColumns":
        """Return the events where `keep` is true."""
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


def convert_table(table: FieldTable, typing: JsonTyping) -> EventColumns | None:
    """Convert all rows to events at once, or return None when any of them needs a closer look."""
    names = _strings(table.fields, "event")
    distinct_ids = _strings(table.fields, "distinct_id")
    timestamps = _timestamps(table.fields)
    person_ids = _optional_strings(table.fields, "person_id")
    uuids = _uuids(table)
    properties = _properties(table, typing)
    if names is None or distinct_ids is None or timestamps is None or uuids is None:
        return None
    if properties is None or person_ids is None or parse_uuids(person_ids.drop_null()) is None:
        return None
    chains = _optional_strings(table.fields, "elements_chain")
    if chains is None or not _are_short(chains, MAX_VALUE_LENGTH):
        return None
    if not _are_short(names, MAX_KEY_LENGTH) or not _are_short(distinct_ids, MAX_ID_LENGTH):
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


def _strings(fields: pa.Table, name: str) -> pa.Array | None:
    array = _column(fields, name)
    if array is None or not pa.types.is_string(array.type) or array.null_count or len(array) == 0:
        return None
    return array if pc.min(pc.binary_length(array)).as_py() > 0 else None


def _optional_strings(fields: pa.Table, name: str) -> pa.Array | None:
    array = _column(fields, name)
    if array is None or pa.types.is_null(array.type):
        return pa.nulls(fields.num_rows, pa.string())
    return array if pa.types.is_string(array.type) else None


def _are_short(strings: pa.Array, limit: int) -> bool:
    longest = pc.max(pc.binary_length(strings)).as_py() or 0
    return longest <= limit or pc.max(pc.utf8_length(strings)).as_py() <= limit


def _timestamps(fields: pa.Table) -> npt.NDArray[np.int64] | None:
    array = _column(fields, "timestamp")
    return None if array is None or array.null_count else parse_timestamps(array)


def _uuids(table: FieldTable) -> UuidArray | None:
    array = _optional_strings(table.fields, "uuid")
    if array is None:
        return None
    if array.null_count == 0:
        return parse_uuids(array)
    if array.null_count < len(array):
        return None
    derived: list[bytes] = []
    for index in range(len(array)):
        raw = table.source.raw_row(index)
        if raw is None:
            return None
        derived.append(derive_uuid(table.first_row + index, raw))
    return uuids_from_bytes(b"".join(derived))


def _properties(table: FieldTable, typing: JsonTyping) -> PropertyColumns | None:
    array = _column(table.fields, "properties")
    found: list[tuple[str, pa.Array]] = [
        (name.removeprefix(PROPERTY_PREFIX), cast(pa.Array, _column(table.fields, name)))
        for name in table.fields.column_names
        if name.startswith(PROPERTY_PREFIX)
    ]
    if array is not None and pa.types.is_string(array.type):
        array = _parse_properties(array, typing)
        if array is None:
            return None
    if array is not None and pa.types.is_struct(array.type):
        keys = [field.name for field in array.type]
        found.extend(zip(keys, array.flatten(), strict=True))
    elif array is not None and not pa.types.is_null(array.type):
        return None
    if len({property_path(key) for key, _ in found}) < len(found) or len(found) > MAX_PROPERTIES:
        return None
    return _property_columns(table, found)


def _parse_properties(strings: pa.Array, typing: JsonTyping) -> pa.Array | None:
    if strings.null_count:
        return None
    # Joined to lines, Arrow's JSON reader takes them all at once.
    lists = pa.ListArray.from_arrays(pa.array([0, len(strings)], pa.int32()), strings)
    data = pc.binary_join(lists, "\n")[0].as_buffer().to_pybytes()
    if data.count(b"\n") != len(strings) - 1 or not is_plain_jsonl(data) or not is_small_table(data):
        return None
    table = typing.read(data, (), None)
    if table is None or table.num_rows != len(strings):
        return None
    return table.to_struct_array().combine_chunks() if table.num_columns else pa.nulls(len(strings))


def _property_columns(table: FieldTable, found: list[tuple[str, pa.Array]]) -> PropertyColumns | None:
    columns: list[PropertyColumn] = []
    nested: list[tuple[str, pa.Array]] = []
    for key, array in found:
        if len(key) > MAX_KEY_LENGTH:
            return None
        if pa.types.is_null(array.type):
            continue
        if pa.types.is_nested(array.type):
            nested.append((key, array))
            continue
        plain = _plain_array(array)
        if plain is None:
            return None
        if pa.types.is_string(plain.type) and not _are_short(plain, MAX_VALUE_LENGTH):
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
    # Arrow makes doubles of a column of integers and fractions, which loses digits of long integers.
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
        properties = table.source.properties_of(index)
        for key, column in values.items():
            column[index] = properties.get(key)
    for key, column in values.items():
        yield column_from_values(key, column)
