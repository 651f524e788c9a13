"""Property values as columns: for each key the types its values have, and the values of each type.

Values are scalars: text, number or boolean. An array or an object is kept as its compact JSON text; null is
the same as absent.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

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
"""From here on a double may stand for an integer that it does not equal."""


@dataclass(frozen=True, slots=True)
class PropertyColumn:
    """`kinds` says for each row which of `types` its value has, len(types) where it has none.

    `values` holds, for each type, the values of the rows of that type, in row order.
    """

    key: str
    types: tuple[str, ...]
    kinds: npt.NDArray[np.uint8]
    values: tuple[pa.Array, ...]

    def filter(self, keep: Mask) -> "PropertyColumn":
        """The rows to keep."""
        values = tuple(array.filter(pa.array(keep[self.kinds == kind])) for kind, array in enumerate(self.values))
        return PropertyColumn(self.key, self.types, self.kinds[keep], values)


@dataclass(frozen=True, slots=True)
class PropertyColumns:
    """The properties of some rows; a key that no row has may be missing."""

    columns: tuple[PropertyColumn, ...]

    def filter(self, keep: Mask) -> "PropertyColumns":
        """The rows to keep."""
        return PropertyColumns(tuple(column.filter(keep) for column in self.columns))


def columns_from_maps(rows: Sequence[Mapping[str, object]]) -> PropertyColumns:
    """The columns of property maps as a JSON reader or Arrow's to_pylist gives them."""
    keys = dict.fromkeys(key for row in rows for key in row)
    if len({path_of(key) for key in keys}) < len(keys):
        rows = [{path_of(key): row[key] for key in reversed(list(row))} for row in rows]
        keys = dict.fromkeys(key for row in rows for key in row)
    columns = (column_from_values(key, [row.get(key) for row in rows]) for key in keys)
    return PropertyColumns(tuple(column for column in columns if column.types))


def path_of(key: str) -> str:
    """The path at which ClickHouse keeps a key: a bare dot would mean a nested object.

    So the keys `a.b` and `a%2Eb` are one; of an event that has both the first one counts.
    """
    return key.replace(".", "%2E")


def column_from_values(key: str, values: Sequence[object]) -> PropertyColumn:
    """The column of one key; None where a row has no value."""
    kinds_seen = set(map(type, values))
    kinds_seen.discard(type(None))
    if kinds_seen == {str}:
        return column_from_array(key, pa.array(values, pa.string()))
    if kinds_seen == {bool}:
        return column_from_array(key, pa.array(values, pa.bool_()))
    return _mixed(key, [scalar_of(value) for value in values])


def column_from_array(key: str, array: pa.Array) -> PropertyColumn:
    """The column of one key from an array of one of the five Arrow types, null where a row has no value."""
    kind = next(name for name, arrow in _ARROW.items() if arrow == array.type)
    present = array.drop_null()
    if len(present) == 0:
        return PropertyColumn(key, (), np.zeros(len(array), np.uint8), ())
    kinds = np.asarray(array.is_null()).astype(np.uint8)
    return PropertyColumn(key, (kind,), kinds, (present,))


def scalar_of(value: object) -> str | int | float | bool | None:
    """The scalar that is stored for a value read from JSON, CSV or Parquet."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if value in _INT64 or value in _UINT64 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _json_text(value)


def _json_text(value: object) -> str:
    text = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()
    return str(orjson.loads(text)) if text.startswith('"') else text


def _plain(value: object) -> object:
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
    for place, name in enumerate(types):
        kinds[np.array(found[name], np.bool_)] = place
        arrays.append(pa.array(_pick(values, found[name]), _ARROW[name]))
    return PropertyColumn(key, types, kinds, tuple(arrays))


def _pick(values: Iterable[object], hits: Iterable[bool]) -> list[object]:
    return [value for value, hit in zip(values, hits, strict=True) if hit]
