"""Columns of an answer as the values that ClickHouse's JSON has for them, as QueryResult wants it.

The driver's own columns give Python objects (datetime, Decimal, UUID, tuples); the ones here replace them. What
is not listed, such as integers and booleans, is read by the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

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

from datasource.clickhouse import json_values
from datasource.clickhouse.type_names import read_enum, split_named, split_type

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
            return 2, json_values.date_reader(is_signed=False)
        case "Date32":
            return 4, json_values.date_reader(is_signed=True)
        case "DateTime":
            return 4, json_values.time_reader(None, zone(0))
        case "DateTime64":
            return 8, json_values.time_reader(int(args[0]), zone(1))
        case "Decimal":
            size = next(size for digits, size in _DECIMAL_SIZES if int(args[0]) <= digits)
            return size, json_values.decimal_reader(int(args[1]))
        case "UUID":
            return 16, json_values.read_uuid
        case "IPv4":
            return 4, json_values.read_ipv4
        case "IPv6":
            return 16, json_values.read_ipv6
        case "Int128" | "UInt128" | "Int256" | "UInt256":
            size, is_signed = _WIDE[name]
            return size, json_values.integer_reader(is_signed=is_signed)
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
        return tuple(map(json_values.read_text, super().read_items(n_items, buf)))


class FixedText(ByteFixedString):  # type: ignore[misc]  # the driver is not typed
    """Texts of a number of bytes, the zero bytes at the end included."""

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(length, **options)
        self.null_value = "\0" * length

    def read_items(self, n_items: int, buf: Any) -> tuple[str, ...]:
        """See the driver."""
        data, size = buf.read(n_items * self.length), self.length
        parts = (data[start : start + size] for start in range(0, n_items * size, size))
        return tuple(map(json_values.read_text, parts))


class Float(Float64Column):  # type: ignore[misc]  # the driver is not typed
    """Floats: whole ones are integers in JSON, and what is not finite is null."""

    def read_items(self, n_items: int, buf: Any) -> tuple[object, ...]:
        """See the driver."""
        return tuple(map(json_values.read_float, super().read_items(n_items, buf)))


class SmallFloat(Float32Column):  # type: ignore[misc]  # the driver is not typed
    """The same with half the bytes, written as shortly as they allow."""

    def read_items(self, n_items: int, buf: Any) -> tuple[object, ...]:
        """See the driver."""
        return tuple(map(json_values.read_small_float, super().read_items(n_items, buf)))


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
            {key if isinstance(key, str) else json_values.write_key(key): value for key, value in each.items()}
            for each in super().read_items(n_items, buf)
        ]
