"""Blocks of ClickHouse's Native format, as files and the protocol carry them."""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_BLOCK_INFO: Final = b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00"  # no overflow, no bucket
_NUMBER_TYPES: Final[Mapping[pa.DataType, str]] = {
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
}
_TIMESTAMP_SCALES: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """One column of a block: its name, its ClickHouse type, and its encoded values."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NativeBlock:
    """Some rows. A file may hold several blocks."""

    rows: int
    columns: tuple[NativeColumn, ...]

    def encode(self) -> Iterator[bytes]:
        """Yield the block as in a file of the Native format, in chunks."""
        yield encode_varint(len(self.columns)) + encode_varint(self.rows)
        for column in self.columns:
            yield encode_text(column.name) + encode_text(column.type)
            yield column.data

    def encode_for_server(self) -> Iterator[bytes]:
        """Yield the block as in a packet, the way ClickHouse reads it from revision 54454 on."""
        yield _BLOCK_INFO + encode_varint(len(self.columns)) + encode_varint(self.rows)
        for column in self.columns:
            yield encode_text(column.name) + encode_text(column.type) + b"\x00"
            yield column.data

    @property
    def structure(self) -> str:
        """The columns as the structure argument of ClickHouse's `file` function."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)


def block_from_arrow(table: pa.Table) -> NativeBlock:
    """Encode the rows of a table. Raises TypeError for an Arrow type that is never inserted."""
    columns = tuple(
        NativeColumn(name, *_encode(_as_array(column)))
        for name, column in zip(table.column_names, table.columns, strict=True)
    )
    return NativeBlock(table.num_rows, columns)


def encode_varint(number: int) -> bytes:
    """Encode an unsigned integer as LEB128."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def encode_text(text: str) -> bytes:
    """Encode one string with its length in front."""
    data = text.encode()
    return encode_varint(len(data)) + data


def encode_strings(array: pa.Array) -> bytes:
    """Encode strings with their lengths in front. The array must not contain nulls."""
    offsets, data = _string_buffers(array)
    lengths = np.diff(offsets)
    prefix_sizes = np.ones(len(lengths), np.int64)
    for size in range(1, 5):
        prefix_sizes += lengths >= 1 << 7 * size
    ends = np.cumsum(lengths + prefix_sizes)
    out = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    is_data = np.ones(len(out), np.bool_)
    starts = ends - lengths - prefix_sizes
    # One pass per byte of the prefixes, over all strings at once: a loop over the strings is far slower.
    for byte in range(int(prefix_sizes.max(initial=0))):
        has_byte = prefix_sizes > byte
        continuation = np.where(prefix_sizes[has_byte] > byte + 1, 0x80, 0)
        positions = starts[has_byte] + byte
        out[positions] = lengths[has_byte] >> 7 * byte & 0x7F | continuation
        is_data[positions] = False
    out[is_data] = data
    return out.tobytes()


def _string_buffers(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    width = np.int64 if array.type == pa.large_string() else np.int32
    _, offsets, data = array.buffers()
    if len(array) == 0 or data is None:
        return np.zeros(len(array) + 1, np.int64), np.zeros(0, np.uint8)
    ends = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    return ends, np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


_Encoded = tuple[str, bytes]


def _as_array(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _encode(array: pa.Array) -> _Encoded:
    if pa.types.is_null(array.type):  # ClickHouse has no column type for nulls alone
        array = array.cast(pa.string())
    encoder = _encoder_of(array.type)
    if not array.null_count or pa.types.is_list(array.type):  # ClickHouse has no null arrays
        return encoder(array)
    kind, data = encoder(_without_nulls(array))
    return f"Nullable({kind})", np.asarray(array.is_null().cast(pa.uint8())).tobytes() + data


def _encoder_of(kind: pa.DataType) -> Callable[[pa.Array], _Encoded]:
    if kind in _NUMBER_TYPES:
        return _encode_numbers
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return lambda array: ("String", encode_strings(array))
    if pa.types.is_boolean(kind):
        return lambda array: ("Bool", np.asarray(array.cast(pa.uint8())).tobytes())
    if pa.types.is_timestamp(kind):
        return _encode_timestamps
    if pa.types.is_list(kind):
        return _encode_lists
    raise TypeError(f"Arrow type {kind} cannot be inserted")


def _encode_numbers(array: pa.Array) -> _Encoded:
    return _NUMBER_TYPES[array.type], np.asarray(array).tobytes()


def _encode_timestamps(array: pa.Array) -> _Encoded:
    zone = array.type.tz or "UTC"
    data = np.asarray(array.cast(pa.int64())).tobytes()
    return f"DateTime64({_TIMESTAMP_SCALES[array.type.unit]}, '{zone}')", data


def _encode_lists(array: pa.Array) -> _Encoded:
    kind, data = _encode(array.flatten())
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    return f"Array({kind})", np.cumsum(np.asarray(lengths), dtype=np.uint64).tobytes() + data


def _without_nulls(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return array.fill_null("")
    return array.fill_null(pa.scalar(0).cast(array.type))
