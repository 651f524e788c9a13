"""Result columns as the values that ClickHouse's JSON has for them, which the embedded engine returns.

Only the types that the gateway's own statements return are read, as no client sends SQL.
"""

import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from clickhouse_driver.columns.arraycolumn import create_array_column
from clickhouse_driver.columns.base import Column
from clickhouse_driver.columns.floatcolumn import Float64Column
from clickhouse_driver.columns.lowcardinalitycolumn import create_low_cardinality_column
from clickhouse_driver.columns.nullablecolumn import create_nullable_column
from clickhouse_driver.columns.service import column_by_type
from clickhouse_driver.columns.stringcolumn import ByteString
from clickhouse_driver.columns.tuplecolumn import TupleColumn

from datasource.clickhouse.errors import Unsupported

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INVALID_BYTES: Final = re.compile("[\udc80-\udcff]+")
_EXACT_UNTIL: Final = 2**53
_EXPONENT_FROM: Final = 1e21  # ClickHouse writes larger floats with an exponent
_INTEGERS: Final = range(-(2**63), 2**64)  # what a JSON parser has integers for


def read_column(context: Any, type_name: str, rows: int, buffer: Any, *, is_custom: bool) -> list[object]:
    """Read the values of one column of a block. Raises Unsupported.

    `is_custom` says that the column may be serialized sparsely.
    """
    column = _column_for(type_name, {"context": context, "has_custom_serialization": is_custom})
    column.read_state_prefix(buffer)
    return list(column.read_data(rows, buffer))


def split_type(type_name: str) -> tuple[str, tuple[str, ...]]:
    """Split a type into name and arguments: `Tuple(String, Array(UInt8))` -> Tuple, (String, Array(UInt8))."""
    name, bracket, rest = type_name.partition("(")
    return name, tuple(_split_arguments(rest[:-1])) if bracket else ()


def _split_arguments(text: str) -> Iterator[str]:
    depth = start = 0
    for end, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield text[start:end].strip()
            start = end + 1
    yield text[start:].strip()


def _column_for(type_name: str, options: Mapping[str, Any]) -> Any:
    def nested(name: str) -> Any:
        return _column_for(name, options)

    name, arguments = split_type(type_name)
    match name:
        case "UInt8" | "UInt16" | "UInt32" | "UInt64" | "Int8" | "Int16" | "Int32" | "Int64" | "Bool" | "Nothing":
            return column_by_type[name](**options)
        case "Float64":
            return _FloatColumn(**options)
        case "String":
            return _StringColumn(**options)
        case "UUID":
            return _FixedWidthColumn(16, _read_uuid, **options)
        case "DateTime":
            return _FixedWidthColumn(4, _datetime_reader(None, _time_zone(arguments, options)), **options)
        case "DateTime64":
            read = _datetime_reader(int(arguments[0]), _time_zone(arguments[1:], options))
            return _FixedWidthColumn(8, read, **options)
        case "Nullable":
            return create_nullable_column(type_name, nested)
        case "LowCardinality":
            return create_low_cardinality_column(type_name, nested, options)
        case "Array":
            return create_array_column(type_name, nested, options)
        case "Tuple":
            return _TupleColumn([""] * len(arguments), [nested(argument) for argument in arguments], **options)
        case _:
            raise Unsupported(type_name)


def _time_zone(arguments: tuple[str, ...], options: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(arguments[0].strip("'") if arguments else options["context"].server_info.get_timezone())


def _datetime_reader(scale: int | None, zone: ZoneInfo) -> Callable[[bytes], str]:
    # Units of 10 to the minus `scale` seconds; a DateTime has no scale and no sign.
    unit = 10 ** (scale or 0)

    def read(data: bytes) -> str:
        seconds, fraction = divmod(int.from_bytes(data, "little", signed=scale is not None), unit)
        local = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)
        return local.isoformat(" ") + (f".{fraction:0{scale}d}" if scale else "")

    return read


def _read_uuid(data: bytes) -> str:
    high, low = struct.unpack("<QQ", data)
    return str(UUID(int=high << 64 | low))


def _read_string(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        # ClickHouse replaces each run of invalid bytes by one character; Python's "replace" has several.
        return _INVALID_BYTES.sub("\N{REPLACEMENT CHARACTER}", data.decode(errors="surrogateescape"))


def _read_float(value: float) -> int | float | None:
    # JSON has no NaN and no infinity, and ClickHouse writes 3.0 as 3.
    if not math.isfinite(value):
        return None
    if not value.is_integer() or abs(value) >= _EXPONENT_FROM:
        return value
    integer = int(value) if abs(value) < _EXACT_UNTIL else int(Decimal(repr(value)))
    return integer if integer in _INTEGERS else float(integer)


class _FixedWidthColumn(Column):  # type: ignore[misc]  # the driver is not typed
    def __init__(self, size: int, read: Callable[[bytes], str], **options: Any) -> None:
        super().__init__(**options)
        self._size = size
        self._read = read
        self.null_value = read(bytes(size))

    def read_items(self, n_items: int, buf: Any) -> tuple[str, ...]:
        size, read = self._size, self._read
        data = buf.read(n_items * size)
        return tuple(read(data[start : start + size]) for start in range(0, n_items * size, size))


class _StringColumn(ByteString):  # type: ignore[misc]  # the driver is not typed
    null_value = ""

    def read_items(self, n_items: int, buf: Any) -> tuple[str, ...]:
        return tuple(map(_read_string, super().read_items(n_items, buf)))


class _FloatColumn(Float64Column):  # type: ignore[misc]  # the driver is not typed
    def read_items(self, n_items: int, buf: Any) -> tuple[object, ...]:
        return tuple(map(_read_float, super().read_items(n_items, buf)))


class _TupleColumn(TupleColumn):  # type: ignore[misc]  # the driver is not typed
    def read_data(self, n_items: int, buf: Any) -> list[object]:
        return [list(row) for row in super().read_data(n_items, buf)]
