"""ClickHouse's Native format, the little of it that loading needs: ready columns, so nothing is parsed again.

A text column costs ClickHouse about twenty microseconds an event of 25 properties to turn into its JSON type;
the same values as columns (the "flattened" form of JSON and Dynamic) cost less than one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datasource.events.loading.properties import PropertyColumns, path_of

_FLATTENED = struct.pack("<Q", 3)


@dataclass(frozen=True, slots=True)
class NativeColumn:
    """One column of a block: its name, its ClickHouse type, and its bytes."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NativeBlock:
    """Some rows; blocks may follow each other in one file."""

    rows: int
    columns: tuple[NativeColumn, ...]

    def encode(self) -> Iterator[bytes]:
        """The block in the Native format, in pieces."""
        yield encode_varint(len(self.columns)) + encode_varint(self.rows)
        for column in self.columns:
            yield _text(column.name) + _text(column.type)
            yield column.data

    @property
    def structure(self) -> str:
        """The columns as the structure argument of ClickHouse's `file` function."""
        return ", ".join(f"{column.name} {column.type}" for column in self.columns)


def encode_varint(number: int) -> bytes:
    """Unsigned LEB128."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def encode_strings(array: pa.Array) -> bytes:
    """Every text with its length in front; the array has no nulls."""
    offsets, data = _string_buffers(array)
    lengths = np.diff(offsets)
    heads = np.ones(len(lengths), np.int64)
    for size in range(1, 5):
        heads += lengths >= 1 << 7 * size
    ends = np.cumsum(lengths + heads)
    out = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    is_data = np.ones(len(out), np.bool_)
    starts = ends - lengths - heads
    for place in range(int(heads.max(initial=0))):
        here = heads > place
        more = np.where(heads[here] > place + 1, 0x80, 0)
        spot = starts[here] + place
        out[spot] = lengths[here] >> 7 * place & 0x7F | more
        is_data[spot] = False
    out[is_data] = data
    return out.tobytes()


def encode_uuids(halves: npt.NDArray[np.uint64]) -> bytes:
    """UUIDs given as rows of (high, low) 64 bits."""
    return halves.astype("<u8").tobytes()


def encode_json(properties: PropertyColumns) -> bytes:
    """The flattened form of a JSON column: the paths, each path's types, then each path's values."""
    columns = properties.columns
    names = b"".join(_text(path_of(column.key)) for column in columns)
    kinds = b"".join(
        _FLATTENED + encode_varint(len(column.types)) + b"".join(map(_text, column.types)) for column in columns
    )
    values = b"".join(
        column.kinds.tobytes() + b"".join(map(_values, column.types, column.values)) for column in columns
    )
    return _FLATTENED + encode_varint(len(columns)) + names + kinds + values


def _values(kind: str, array: pa.Array) -> bytes:
    if kind == "String":
        return encode_strings(array)
    if kind == "Bool":
        return np.asarray(array.cast(pa.uint8())).tobytes()
    return np.asarray(array).tobytes()


def _text(text: str) -> bytes:
    data = text.encode()
    return encode_varint(len(data)) + data


def _string_buffers(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    width = np.int64 if array.type == pa.large_string() else np.int32
    _, offsets, data = array.buffers()
    if len(array) == 0 or data is None:
        return np.zeros(len(array) + 1, np.int64), np.zeros(0, np.uint8)
    places = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    return places, np.frombuffer(data, np.uint8)[places[0] : places[-1]]
