"""Arrow tables as blocks of the Native format."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datasource.clickhouse.blocks import NativeBlock, NativeColumn, encode_strings

_FIGURES: Final[Mapping[pa.DataType, str]] = {
    pa.int8(): "Int8",
    pa.int16(): "Int16",
    pa.int32(): "Int32",
    pa.int64(): "Int64",
    pa.uint8(): "UInt8",
    pa.uint16(): "UInt16",
    pa.uint32(): "UInt32",
    pa.uint64(): "UInt64",
    pa.float32(): "Float32",
    pa.float64(): "Float64",
    pa.date32(): "Date32",
}
_SCALES: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_Encoded = tuple[str, bytes]


def block_of(table: pa.Table) -> NativeBlock:
    """The rows of a table. Raises TypeError for a type of Arrow's that nothing here inserts."""
    columns = tuple(
        NativeColumn(name, *_encode(_as_array(column)))
        for name, column in zip(table.column_names, table.columns, strict=True)
    )
    return NativeBlock(table.num_rows, columns)


def _as_array(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _encode(array: pa.Array) -> _Encoded:
    if pa.types.is_null(array.type):  # of no type in particular, and ClickHouse has no such column
        array = array.cast(pa.string())
    encoder = _encoder_of(array.type)
    if not array.null_count or pa.types.is_list(array.type):  # ClickHouse has no null list
        return encoder(array)
    kind, data = encoder(_without_nulls(array))
    return f"Nullable({kind})", np.asarray(array.is_null().cast(pa.uint8())).tobytes() + data


def _encoder_of(kind: pa.DataType) -> Callable[[pa.Array], _Encoded]:
    if kind in _FIGURES:
        return _encode_figures
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return lambda array: ("String", encode_strings(array))
    if pa.types.is_boolean(kind):
        return lambda array: ("Bool", np.asarray(array.cast(pa.uint8())).tobytes())
    if pa.types.is_timestamp(kind):
        return _encode_times
    if pa.types.is_list(kind):
        return _encode_lists
    raise TypeError(f"Arrow's {kind} cannot be inserted")


def _encode_figures(array: pa.Array) -> _Encoded:
    values = array.cast(pa.int32()) if pa.types.is_date32(array.type) else array
    return _FIGURES[array.type], np.asarray(values).tobytes()


def _encode_times(array: pa.Array) -> _Encoded:
    zone = array.type.tz or "UTC"
    return f"DateTime64({_SCALES[array.type.unit]}, '{zone}')", np.asarray(array.cast(pa.int64())).tobytes()


def _encode_lists(array: pa.Array) -> _Encoded:
    kind, data = _encode(array.flatten())
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    return f"Array({kind})", np.cumsum(np.asarray(lengths), dtype=np.uint64).tobytes() + data


def _without_nulls(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return array.fill_null("")
    zero = pa.scalar(0, pa.int32() if pa.types.is_date32(array.type) else pa.int64())
    return array.fill_null(zero.cast(array.type))
