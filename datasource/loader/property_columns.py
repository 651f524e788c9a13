"""Property values as columns: for each key the types its values have, and the values of each type.

Values are strings, numbers and booleans. An array or an object becomes its compact JSON; null means absent.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from datasource.tables.property_tables import property_path

Mask = npt.NDArray[np.bool_]

_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**63, 2**64)
_ARROW = {
    "String": pa.string(),
    "Int64": pa.int64(),
    "UInt64": pa.uint64(),
    "Float64": pa.float64(),
    "Bool": pa.bool_(),
}
EXACT_FLOAT = 2.0**53
"""From here on a double may differ from the integer that it was read from."""


@dataclass(frozen=True, slots=True)
class PropertyColumn:
    """The values of one key. `kinds` has the index in `types` of each row's value, len(types) where it has none.

    `values` holds, for each type, the values of the rows of that type, in row order.
    """

    key: str
    types: tuple[str, ...]
    kinds: npt.NDArray[np.uint8]
    values: tuple[pa.Array, ...]

    def filter(self, keep: Mask) -> "PropertyColumn":
        """Return the rows where `keep` is true."""
        values = tuple(array.filter(pa.array(keep[self.kinds == kind])) for kind, array in enumerate(self.values))
        return PropertyColumn(self.key, self.types, self.kinds[keep], values)


@dataclass(frozen=True, slots=True)
class PropertyColumns:
    """The properties of some rows; a key that no row has may be missing."""

    columns: tuple[PropertyColumn, ...]

    def filter(self, keep: Mask) -> "PropertyColumns":
        """Return the rows where `keep` is true."""
        return PropertyColumns(tuple(column.filter(keep) for column in self.columns))


def columns_from_maps(rows: Sequence[Mapping[str, object]]) -> PropertyColumns:
    """Return the columns of property maps as read from JSON or by Arrow's to_pylist."""
    keys = dict.fromkeys(key for row in rows for key in row)
    if len({property_path(key) for key in keys}) < len(keys):
        rows = [{property_path(key): row[key] for key in reversed(list(row))} for row in rows]
        keys = dict.fromkeys(key for row in rows for key in row)
    columns = (column_from_values(key, [row.get(key) for row in rows]) for key in keys)
    return PropertyColumns(tuple(column for column in columns if column.types))


def column_from_values(key: str, values: Sequence[object]) -> PropertyColumn:
    """Return the column of one key; None where a row has no value."""
    kinds_seen = set(map(type, values))
    kinds_seen.discard(type(None))
    if kinds_seen == {str}:
        return column_from_array(key, pa.array(values, pa.string()))
    if kinds_seen == {bool}:
        return column_from_array(key, pa.array(values, pa.bool_()))
    return _mixed(key, [to_scalar(value) for value in values])


def column_from_array(key: str, array: pa.Array) -> PropertyColumn:
    """Return the column of one key from an array of one of the five Arrow types, null where a row has no value."""
    kind = next(name for name, arrow in _ARROW.items() if arrow == array.type)
    present = array.drop_null()
    if len(present) == 0:
        return PropertyColumn(key, (), np.zeros(len(array), np.uint8), ())
    kinds = np.asarray(array.is_null()).astype(np.uint8)
    return PropertyColumn(key, (kind,), kinds, (present,))


def to_scalar(value: object) -> str | int | float | bool | None:
    """Return the scalar that is stored for a value read from JSON, CSV or Parquet."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if value in _INT64 or value in _UINT64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _to_json(value)


def _to_json(value: object) -> str:
    text = orjson.dumps(value, default=_jsonable, option=orjson.OPT_NON_STR_KEYS).decode()
    return str(orjson.loads(text)) if text.startswith('"') else text


def _jsonable(value: object) -> object:
    # What Parquet has beyond JSON: decimals, bytes, sets of pairs.
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)


def _mixed(key: str, values: Sequence[str | int | float | bool | None]) -> PropertyColumn:
    tests: dict[str, Callable[[object], bool]] = {
        "Bool": lambda value: isinstance(value, bool),
        "Int64": lambda value: isinstance(value, int) and not isinstance(value, bool) and value in _INT64,
        "UInt64": lambda value: isinstance(value, int) and value in _UINT64,
        "Float64": lambda value: isinstance(value, float),
        "String": lambda value: isinstance(value, str),
    }
    found = {name: [test(value) for value in values] for name, test in tests.items()}
    types = tuple(name for name, hits in found.items() if any(hits))
    kinds = np.full(len(values), len(types), np.uint8)
    arrays: list[pa.Array] = []
    for index, name in enumerate(types):
        kinds[np.array(found[name], np.bool_)] = index
        arrays.append(pa.array(_pick(values, found[name]), _ARROW[name]))
    return PropertyColumn(key, types, kinds, tuple(arrays))


def _pick(values: Iterable[object], hits: Iterable[bool]) -> list[object]:
    return [value for value, hit in zip(values, hits, strict=True) if hit]
