"""Rows as columns of ClickHouse's Native format: what a file, and what the wire to a server, carries."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_INFO: Final = b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00"
"""What the protocol puts before a block: it is no overflow, and of no bucket."""


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
        """The block as a file of the Native format has it, in pieces."""
        yield encode_varint(len(self.columns)) + encode_varint(self.rows)
        for column in self.columns:
            yield encode_text(column.name) + encode_text(column.type)
            yield column.data

    def encode_for_server(self) -> Iterator[bytes]:
        """The same as a packet has it; ClickHouse changed this in revision 54454, the one that this is for."""
        yield _INFO + encode_varint(len(self.columns)) + encode_varint(self.rows)
        for column in self.columns:
            yield encode_text(column.name) + encode_text(column.type) + b"\x00"
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


def encode_text(text: str) -> bytes:
    """One text with its length in front."""
    data = text.encode()
    return encode_varint(len(data)) + data


def _string_buffers(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    width = np.int64 if array.type == pa.large_string() else np.int32
    _, offsets, data = array.buffers()
    if len(array) == 0 or data is None:
        return np.zeros(len(array) + 1, np.int64), np.zeros(0, np.uint8)
    places = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    return places, np.frombuffer(data, np.uint8)[places[0] : places[-1]]
