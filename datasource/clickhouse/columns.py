"""Columns of an answer as the values that ClickHouse's JSON has for them, as QueryResult wants it.

The driver's own columns give Python objects (datetime, Decimal, UUID, tuples); the ones here replace them. What
is not listed, such as integers and booleans, is read by the driver.
"""

import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from clickhouse_driver.columns.arraycolumn import create_array_column
from clickhouse_driver.columns.base import Column
from clickhouse_driver.columns.floatcolumn import Float32Column, Float64Column
from clickhouse_driver.columns.intcolumn import Int8Column, Int16Column
from clickhouse_driver.columns.lowcardinalitycolumn import create_low_cardinality_column
from clickhouse_driver.columns.mapcolumn import MapColumn
from clickhouse_driver.columns.nullablecolumn import create_nullable_column
from clickhouse_driver.columns.service import get_column_by_spec
from clickhouse_driver.columns.simpleaggregatefunctioncolumn import create_simple_aggregate_function_column
from clickhouse_driver.columns.stringcolumn import ByteFixedString, ByteString
from clickhouse_driver.columns.tuplecolumn import TupleColumn

_PART: Final = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[(),]|[^'`(),]+")
_ENUM: Final = re.compile(r"('(?:[^'\\]|\\.)*') = (-?\d+)")
_NAMED: Final = re.compile(r"(`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*) (.+)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "a": "\a", "v": "\v"}


def split_type(kind: str) -> tuple[str, tuple[str, ...]]:
    """The name and what stands in its brackets: `Map(String, Array(UInt8))` -> Map, (String, Array(UInt8))."""
    name, bracket, rest = kind.partition("(")
    return (name, tuple(_split(rest[:-1]))) if bracket else (name, ())


def _split(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for piece in _PART.findall(text):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += piece
    if part.strip():
        yield part.strip()


def split_named(args: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and types of a tuple's parts; without names they are empty."""
    found = [_NAMED.fullmatch(arg) for arg in args]
    named = [match.groups() for match in found if match]
    if len(named) < len(args):
        return ("",) * len(args), tuple(args)
    return tuple(_unquote(name) if name[0] == "`" else name for name, _ in named), tuple(kind for _, kind in named)


def read_enum(args: Sequence[str]) -> dict[int, str]:
    """The names of an enumeration by their numbers."""
    found = (_ENUM.fullmatch(arg) for arg in args)
    return {int(match.group(2)): _unquote(match.group(1)) for match in found if match}


def _unquote(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match.group(1), match.group(1)), text[1:-1])


Reader = Callable[[bytes], object]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
_EXACT: Final = 2**53
_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1
_PLAIN_UNTIL: Final = 1e21  # from here on ClickHouse writes floats with an exponent
_RUN_OF_REPLACEMENTS: Final = re.compile("\N{REPLACEMENT CHARACTER}+")
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}".encode()


def read_text(data: bytes) -> str:
    """UTF-8; each run of bytes that are none becomes one replacement character, which is ClickHouse's way."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(_valid_parts(data))


def _valid_parts(data: bytes) -> list[str]:
    parts, rest = [], data
    while rest:
        try:
            parts.append(rest.decode())
            break
        except UnicodeDecodeError as invalid:
            parts.append(rest[: invalid.start].decode())
            if not parts[-1] and len(parts) > 1:
                parts.pop()
            else:
                parts.append("\N{REPLACEMENT CHARACTER}")
            rest = rest[invalid.end :]
    return parts


def read_float(value: float) -> int | float | None:
    """JSON has no NaN and no infinity, and writes 3.0 as 3."""
    if not math.isfinite(value):
        return None
    if not value.is_integer():
        return value
    if abs(value) < _EXACT:
        return int(value)
    return _whole(int(Decimal(repr(value)))) if abs(value) < _PLAIN_UNTIL else value


def read_small_float(value: float) -> int | float | None:
    """The same for 32 bits, of which fewer digits are enough."""
    return read_float(float(str(np.float32(value)))) if math.isfinite(value) else None


def _whole(value: int) -> int | float:
    # A JSON reader has integers of 64 bits.
    return value if _LEAST <= value <= _MOST else float(value)


def integer_reader(*, is_signed: bool) -> Reader:
    """Integers of any width."""
    return lambda data: _whole(int.from_bytes(data, "little", signed=is_signed))


def decimal_reader(scale: int) -> Reader:
    """Fixed-point numbers: integers in units of 10 to the minus `scale`."""
    unit = 10**scale

    def read(data: bytes) -> int | float:
        units = int.from_bytes(data, "little", signed=True)
        whole, rest = divmod(abs(units), unit)
        if not rest:
            return _whole(-whole if units < 0 else whole)
        return float(f"{'-' if units < 0 else ''}{whole}.{rest:0{scale}d}")

    return read


def date_reader(*, is_signed: bool) -> Reader:
    """Days since 1970."""
    return lambda data: date.fromordinal(_FIRST_DAY + int.from_bytes(data, "little", signed=is_signed)).isoformat()


def time_reader(scale: int | None, zone: str) -> Reader:
    """Times since 1970 in units of 10 to the minus `scale` seconds, None: whole seconds without a sign."""
    where, unit = ZoneInfo(zone), 10 ** (scale or 0)

    def read(data: bytes) -> str:
        seconds, rest = divmod(int.from_bytes(data, "little", signed=scale is not None), unit)
        moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(where).replace(tzinfo=None)
        return moment.isoformat(" ") + (f".{rest:0{scale}d}" if scale else "")

    return read


def read_uuid(data: bytes) -> str:
    """Two halves of 64 bits, the high one first."""
    high, low = struct.unpack("<QQ", data)
    return str(UUID(int=high << 64 | low))


def read_ipv4(data: bytes) -> str:
    """An address as a number."""
    return str(IPv4Address(int.from_bytes(data, "little")))


def read_ipv6(data: bytes) -> str:
    """An address; one of IPv4 in IPv6 is written with dots."""
    address = IPv6Address(data)
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def write_key(key: object) -> str:
    """A key of a map that is no text."""
    return str(key).lower() if isinstance(key, bool) else str(key)


_WIDE: Final[Mapping[str, tuple[int, bool]]] = {
    "Int128": (16, True),
    "UInt128": (16, False),
    "Int256": (32, True),
    "UInt256": (32, False),
}
_DECIMAL_SIZES: Final = ((9, 4), (18, 8), (38, 16), (76, 32))
_GEO: Final[Mapping[str, str]] = {
    "Point": "Tuple(Float64, Float64)",
    "Ring": "Array(Point)",
    "LineString": "Array(Point)",
    "Polygon": "Array(Ring)",
    "MultiLineString": "Array(LineString)",
    "MultiPolygon": "Array(Polygon)",
}


def read_column(context: Any, kind: str, rows: int, buffer: Any, *, is_custom: bool) -> list[object]:
    """Read `rows` values of a type. Raises the driver's UnknownTypeError for one that has no such values."""
    column = column_for(kind, {"context": context, "has_custom_serialization": is_custom})
    column.read_state_prefix(buffer)
    return list(column.read_data(rows, buffer))


def column_for(kind: str, options: dict[str, Any]) -> Any:
    """The reader of a type."""

    def inner(name: str) -> Any:
        return column_for(name, options)

    name, args = split_type(kind)
    match name:
        case "String":
            return Text(**options)
        case "FixedString":
            return FixedText(int(args[0]), **options)
        case "Float32":
            return SmallFloat(**options)
        case "Float64":
            return Float(**options)
        case "Enum8" | "Enum16":
            return (SmallEnum if name == "Enum8" else Enum)(read_enum(args), **options)
        case "Nullable":
            return create_nullable_column(kind, inner)
        case "LowCardinality":
            return create_low_cardinality_column(kind, inner, options)
        case "SimpleAggregateFunction":
            return create_simple_aggregate_function_column(f"{name}({args[0]}, {args[1]})", inner)
        case "Array":
            return create_array_column(kind, inner, options)
        case "Tuple":
            names, kinds = split_named(args)
            return Row(names, [inner(each) for each in kinds], **options)
        case "Nested":
            return create_array_column(f"Array(Tuple({', '.join(args)}))", inner, options)
        case "Map":
            return Document(inner(args[0]), inner(args[1]), **options)
        case _ if name in _GEO:
            return inner(_GEO[name])
        case _ if (width := _fixed_width(name, args, options)) is not None:
            return FixedWidth(*width, **options)
        case _:
            return get_column_by_spec(kind, options)


def _fixed_width(
    name: str, args: Sequence[str], options: Mapping[str, Any]
) -> tuple[int, Callable[[bytes], object]] | None:
    def zone(place: int) -> str:
        return args[place].strip("'") if len(args) > place else options["context"].server_info.get_timezone()

    match name:
        case "Date":
            return 2, date_reader(is_signed=False)
        case "Date32":
            return 4, date_reader(is_signed=True)
        case "DateTime":
            return 4, time_reader(None, zone(0))
        case "DateTime64":
            return 8, time_reader(int(args[0]), zone(1))
        case "Decimal":
            size = next(size for digits, size in _DECIMAL_SIZES if int(args[0]) <= digits)
            return size, decimal_reader(int(args[1]))
        case "UUID":
            return 16, read_uuid
        case "IPv4":
            return 4, read_ipv4
        case "IPv6":
            return 16, read_ipv6
        case "Int128" | "UInt128" | "Int256" | "UInt256":
            size, is_signed = _WIDE[name]
            return size, integer_reader(is_signed=is_signed)
        case _:
            return None


class FixedWidth(Column):  # type: ignore[misc]  # the driver is not typed
    """Values of the same number of bytes each."""

    def __init__(self, size: int, convert: Callable[[bytes], object], **options: Any) -> None:
        super().__init__(**options)
        self._size = size
        self._convert = convert
        self.null_value = convert(bytes(size))

    def read_items(self, n_items: int, buf: Any) -> tuple[object, ...]:
        """See the driver."""
        size, convert = self._size, self._convert
        data = buf.read(n_items * size)
        return tuple(convert(data[start : start + size]) for start in range(0, n_items * size, size))


class Text(ByteString):  # type: ignore[misc]  # the driver is not typed
    """Texts; bytes that are no UTF-8 become replacement characters."""

    null_value = ""

    def read_items(self, n_items: int, buf: Any) -> tuple[str, ...]:
        """See the driver."""
        return tuple(map(read_text, super().read_items(n_items, buf)))


class FixedText(ByteFixedString):  # type: ignore[misc]  # the driver is not typed
    """Texts of a number of bytes, the zero bytes at the end included."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(length, **options)
        self.null_value = "\0" * length

    def read_items(self, n_items: int, buf: Any) -> tuple[str, ...]:
        """See the driver."""
        data, size = buf.read(n_items * self.length), self.length
        parts = (data[start : start + size] for start in range(0, n_items * size, size))
        return tuple(map(read_text, parts))


class Float(Float64Column):  # type: ignore[misc]  # the driver is not typed
    """Floats: whole ones are integers in JSON, and what is not finite is null."""

    def read_items(self, n_items: int, buf: Any) -> tuple[object, ...]:
        """See the driver."""
        return tuple(map(read_float, super().read_items(n_items, buf)))


class SmallFloat(Float32Column):  # type: ignore[misc]  # the driver is not typed
    """The same with half the bytes, written as shortly as they allow."""

    def read_items(self, n_items: int, buf: Any) -> tuple[object, ...]:
        """See the driver."""
        return tuple(map(read_small_float, super().read_items(n_items, buf)))


class Enum(Int16Column):  # type: ignore[misc]  # the driver is not typed
    """Names of numbers."""

    def __init__(self, names: Mapping[int, str], **options: Any) -> None:
        super().__init__(**options)
        self._names = names
        self.null_value = names.get(0, "")

    def read_items(self, n_items: int, buf: Any) -> tuple[str, ...]:
        """See the driver."""
        return tuple(map(self._names.__getitem__, super().read_items(n_items, buf)))


class SmallEnum(Enum):
    """The same with numbers of one byte."""

    format = Int8Column.format
    int_size = Int8Column.int_size


class Row(TupleColumn):  # type: ignore[misc]  # the driver is not typed
    """Tuples: lists, or objects if their parts have names."""

    def read_data(self, n_items: int, buf: Any) -> list[object]:
        """See the driver."""
        rows = zip(*(column.read_data(n_items, buf) for column in self.nested_columns), strict=True)
        if self.names[0]:
            return [dict(zip(self.names, row, strict=True)) for row in rows]
        return [list(row) for row in rows]


class Document(MapColumn):  # type: ignore[misc]  # the driver is not typed
    """Maps: objects, whose keys are texts."""

    def read_items(self, n_items: int, buf: Any) -> list[object]:
        """See the driver."""
        return [
            {key if isinstance(key, str) else write_key(key): value for key, value in each.items()}
            for each in super().read_items(n_items, buf)
        ]
