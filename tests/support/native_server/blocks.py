"""Blocks of the Native format, as chdb writes them to a file and as the protocol sends them.

A packet has one byte more per column than a file, the kind of serialization. So columns are read value by value,
though only their sizes matter here.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from datasource.clickhouse.columns import split_type
from tests.support.native_server.streams import Source, read_text, read_varint, text, varint

INFO: Final = b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00"
_SIZES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Nothing"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Date"), 2),
    **dict.fromkeys(("UInt32", "Int32", "DateTime"), 4),
    **dict.fromkeys(("UInt64", "Int64", "Float64", "DateTime64"), 8),
    "UUID": 16,
}
_DECIMAL_SIZES: Final = ((9, 4), (18, 8), (38, 16), (76, 32))
_KEY_SIZES: Final = (1, 2, 4, 8)


@dataclass(frozen=True)
class Column:
    name: str
    kind: str
    data: bytes


@dataclass(frozen=True)
class Block:
    rows: int
    columns: tuple[Column, ...]

    def as_packet(self) -> bytes:
        return INFO + self._encode(b"\0")

    def as_file(self) -> bytes:
        return self._encode(b"")

    def _encode(self, serialization: bytes) -> bytes:
        columns = (text(each.name) + text(each.kind) + serialization + each.data for each in self.columns)
        return varint(len(self.columns)) + varint(self.rows) + b"".join(columns)


def read_packet(source: Source) -> Block:
    """Read a block of the protocol."""
    while field := read_varint(source):
        source.read(1 if field == 1 else 4)
    return _read(source, is_packet=True)


def read_file(data: bytes) -> Iterator[Block]:
    """Read the blocks of a file."""
    source = BytesIO(data)
    while source.tell() < len(data):
        yield _read(source, is_packet=False)


def _read(source: Source, *, is_packet: bool) -> Block:
    count, rows = read_varint(source), read_varint(source)
    columns = []
    for _ in range(count):
        name, kind = read_text(source), read_text(source)
        if is_packet:
            assert source.read(1) == b"\0", "only dense columns are supported"
        copier = Copier(source)
        if rows:
            copier.copy_prefix(kind)
            copier.copy_values(kind, rows)
        columns.append(Column(name, kind, b"".join(copier.chunks)))
    return Block(rows, tuple(columns))


class Copier:
    """Copies the bytes of a column, of which it only finds the end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._json_types: list[list[str]] = []
        self.chunks: list[bytes] = []

    def copy_prefix(self, kind: str) -> None:
        name, args = split_type(kind)
        match name:
            case "LowCardinality":
                self._copy(8)
            case "Nullable" | "Array":
                self.copy_prefix(args[0])
            case "Tuple" | "Map":
                for each in args:
                    self.copy_prefix(_without_name(each))
            case "JSON":
                self._copy_json_prefix()

    def copy_values(self, kind: str, rows: int) -> None:
        name, args = split_type(kind)
        match name:
            case "String":
                for _ in range(rows):
                    self._copy(self._varint())
            case "Nullable":
                self._copy(rows)
                self.copy_values(args[0], rows)
            case "Array":
                self.copy_values(args[0], self._last_offset(rows))
            case "Map":
                items = self._last_offset(rows)
                for each in args:
                    self.copy_values(each, items)
            case "Tuple":
                for each in args:
                    self.copy_values(_without_name(each), rows)
            case "LowCardinality":
                self._copy_dictionary(args[0], rows)
            case "JSON":
                self._copy_json(rows)
            case "Decimal":
                self._copy(rows * next(size for digits, size in _DECIMAL_SIZES if int(args[0]) <= digits))
            case _:
                self._copy(rows * _SIZES[name])

    def _copy_dictionary(self, kind: str, rows: int) -> None:
        if not rows:
            return
        key_size = _KEY_SIZES[self._u64() & 0xF]
        name, args = split_type(kind)
        self.copy_values(args[0] if name == "Nullable" else kind, self._u64())
        self._u64()
        self._copy(rows * key_size)

    def _copy_json_prefix(self) -> None:
        assert self._u64() == 3, "only the flattened form of JSON is supported"
        paths = [self._text() for _ in range(self._varint())]
        for _ in paths:
            assert self._u64() == 3
            self._json_types.append([self._text() for _ in range(self._varint())])

    def _copy_json(self, rows: int) -> None:
        for kinds in self._json_types:
            indexes = self._copy(rows)
            for index, kind in enumerate(kinds):
                self.copy_values(kind, indexes.count(index))

    def _last_offset(self, rows: int) -> int:
        if not rows:
            return 0
        (last,) = struct.unpack("<Q", self._copy(rows * 8)[-8:])
        return int(last)

    def _u64(self) -> int:
        return int(struct.unpack("<Q", self._copy(8))[0])

    def _text(self) -> str:
        return self._copy(self._varint()).decode()

    def _varint(self) -> int:
        number = read_varint(self._source)
        self.chunks.append(varint(number))
        return number

    def _copy(self, size: int) -> bytes:
        data = self._source.read(size)
        self.chunks.append(data)
        return data


def _without_name(element: str) -> str:
    """The type of a tuple's element, which may have a name in front: `a UInt8`."""
    name, space, kind = element.partition(" ")
    return kind if space and "(" not in name else element
