"""Blocks of the Native format with and without what the protocol adds to them.

A file has no byte before each column's values, a packet has one (how they are serialized: 0, the plain way). So
columns are walked through by their types, of which only sizes matter here.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from datasource.clickhouse.columns import split_named, split_type
from tests.support.native_server.wire import Source, read_text, read_varint, text, varint

INFO: Final = b"\x01\x00\x02" + struct.pack("<i", -1) + b"\x00"
_SIZES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("UInt8", "Int8", "Bool", "Enum8", "Nothing"), 1),
    **dict.fromkeys(("UInt16", "Int16", "Enum16", "Date", "BFloat16"), 2),
    **dict.fromkeys(("UInt32", "Int32", "Float32", "Date32", "DateTime", "IPv4"), 4),
    **dict.fromkeys(("UInt64", "Int64", "Float64", "DateTime64"), 8),
    **dict.fromkeys(("UInt128", "Int128", "UUID", "IPv6"), 16),
    **dict.fromkeys(("UInt256", "Int256"), 32),
}
_ALIASES: Final = {"Point": "Tuple(Float64, Float64)", "Ring": "Array(Point)", "Polygon": "Array(Ring)"}
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

    def _encode(self, before_values: bytes) -> bytes:
        columns = (text(each.name) + text(each.kind) + before_values + each.data for each in self.columns)
        return varint(len(self.columns)) + varint(self.rows) + b"".join(columns)


def read_packet(source: Source) -> Block:
    """A block as the protocol carries it."""
    while field := read_varint(source):
        source.read(1 if field == 1 else 4)
    return _read(source, is_packet=True)


def read_file(data: bytes) -> Iterator[Block]:
    """The blocks of a file."""
    source = BytesIO(data)
    while source.tell() < len(data):
        yield _read(source, is_packet=False)


def _read(source: Source, *, is_packet: bool) -> Block:
    count, rows = read_varint(source), read_varint(source)
    columns = []
    for _ in range(count):
        name, kind = read_text(source), read_text(source)
        if is_packet:
            assert source.read(1) == b"\0"
        copier = Copier(source)
        if rows:
            copier.prefix(kind)
            copier.values(kind, rows)
        columns.append(Column(name, kind, b"".join(copier.taken)))
    return Block(rows, tuple(columns))


class Copier:
    """Reads the values of a column, of which it understands no more than where they end."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._paths: list[list[str]] = []
        self.taken: list[bytes] = []

    def prefix(self, kind: str) -> None:
        name, args = split_type(kind)
        match name:
            case "LowCardinality":
                self._take(8)
            case "Nullable" | "Array":
                self.prefix(args[0])
            case "Tuple" | "Map":
                for each in split_named(args)[1]:
                    self.prefix(each)
            case "JSON":
                self._json_prefix()

    def values(self, kind: str, rows: int) -> None:
        name, args = split_type(kind)
        match name:
            case "String":
                for _ in range(rows):
                    self._take(self._varint())
            case "FixedString":
                self._take(rows * int(args[0]))
            case "Nullable":
                self._take(rows)
                self.values(args[0], rows)
            case "Array":
                self.values(args[0], self._last_offset(rows))
            case "Map":
                items = self._last_offset(rows)
                for each in args:
                    self.values(each, items)
            case "Tuple":
                for each in split_named(args)[1]:
                    self.values(each, rows)
            case "LowCardinality":
                self._dictionary(args[0], rows)
            case "JSON":
                self._json(rows)
            case "Decimal":
                self._take(rows * next(size for digits, size in _DECIMAL_SIZES if int(args[0]) <= digits))
            case "SimpleAggregateFunction":
                self.values(args[1], rows)
            case _ if name in _ALIASES:
                self.values(_ALIASES[name], rows)
            case _ if name.startswith("Interval"):
                self._take(rows * 8)
            case _:
                self._take(rows * _SIZES[name])

    def _dictionary(self, kind: str, rows: int) -> None:
        if not rows:
            return
        key_size = _KEY_SIZES[self._u64() & 0xF]
        name, args = split_type(kind)
        self.values(args[0] if name == "Nullable" else kind, self._u64())
        self._u64()
        self._take(rows * key_size)

    def _json_prefix(self) -> None:
        assert self._u64() == 3, "only the flattened form of JSON is known here"
        names = [self._text() for _ in range(self._varint())]
        for _ in names:
            assert self._u64() == 3
            self._paths.append([self._text() for _ in range(self._varint())])

    def _json(self, rows: int) -> None:
        for kinds in self._paths:
            places = self._take(rows)
            for place, kind in enumerate(kinds):
                self.values(kind, places.count(place))

    def _last_offset(self, rows: int) -> int:
        if not rows:
            return 0
        (last,) = struct.unpack("<Q", self._take(rows * 8)[-8:])
        return int(last)

    def _u64(self) -> int:
        return int(struct.unpack("<Q", self._take(8))[0])

    def _text(self) -> str:
        return self._take(self._varint()).decode()

    def _varint(self) -> int:
        number = read_varint(self._source)
        self.taken.append(varint(number))
        return number

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        self.taken.append(data)
        return data
