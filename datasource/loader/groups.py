"""Groups: rows with the type, key and properties of one group."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native_format import NativeBlock, NativeColumn, encode_strings
from datasource.loader.chunks import Record, Rejects
from datasource.loader.insert import VersionClock, insert_blocks
from datasource.loader.json_encoding import encode_json
from datasource.loader.limits import MAX_ID_LENGTH, MAX_KEY_LENGTH, check_length, slices_of_cells
from datasource.loader.property_columns import columns_from_maps
from datasource.loader.row_fields import parse_properties
from datasource.tables.steps import GROUP_TYPE_COUNT

FIELDS: Final = frozenset({"group_type", "group_type_index", "group_key", "properties"})

GroupTypeIndex = Callable[[str], Awaitable[int | None]]
"""Returns the index of the group type of that name, assigning one if needed; None when all five are taken."""

_INSERT = """
INSERT INTO groups (project_id, type_index, key, properties, version)
SELECT {project:UInt32}, type_index, key, properties, version FROM {block}
"""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group as a file describes it; its type is a name or an index."""

    record: Record
    type: str | int
    key: str
    properties: Mapping[str, object]


def parse_group(record: Record) -> GroupRow:
    """Parse a row. Raises ValueError with the reason."""
    fields = record.fields
    if fields is None:
        raise ValueError(record.reason)
    key = fields.get("group_key")
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise ValueError("group_key is missing" if key in (None, "") else "group_key is not a string")
    check_length("group_key", str(key), MAX_ID_LENGTH)
    return GroupRow(record, _parse_type(fields), str(key), parse_properties(fields) or {})


def _parse_type(fields: Mapping[str, object]) -> str | int:
    index, name = fields.get("group_type_index"), fields.get("group_type")
    if index in (None, ""):
        if not isinstance(name, str) or not name:
            raise ValueError("group_type and group_type_index are both missing")
        check_length("group_type", name, MAX_KEY_LENGTH)
        return name
    if isinstance(index, bool) or str(index) not in map(str, range(GROUP_TYPE_COUNT)):
        raise ValueError(f"group_type_index is not from 0 to {GROUP_TYPE_COUNT - 1}")
    return int(str(index))


class GroupStore:
    """Stores the groups of one load into one project."""

    def __init__(self, engine: Engine, project_id: int, type_index: GroupTypeIndex) -> None:
        self._engine = engine
        self._project_id = project_id
        self._type_index = type_index
        self._indexes: dict[str, int | None] = {}
        self._clock = VersionClock()

    async def store(self, rows: Iterable[GroupRow]) -> tuple[int, Rejects]:
        """Store the groups, the later row winning, and return the number of stored rows and the rejects."""
        stored: dict[tuple[int, str], GroupRow] = {}
        rejects = Rejects()
        count = 0
        for row in rows:
            index = await self._find_index(row.type)
            if index is None:
                reason = f"group type {row.type!r} is one too many: a project can have {GROUP_TYPE_COUNT}"
                rejects.add(row.record, reason)
                continue
            stored[index, row.key] = row
            count += 1
        if stored:
            await self._insert(stored)
        return count, rejects

    async def _find_index(self, kind: str | int) -> int | None:
        if isinstance(kind, int):
            return kind
        if kind not in self._indexes:
            self._indexes[kind] = await self._type_index(kind)
        return self._indexes[kind]

    async def _insert(self, groups: Mapping[tuple[int, str], GroupRow]) -> None:
        version = self._clock.next()
        items = list(groups.items())
        for part in slices_of_cells([row.properties for _, row in items]):
            await self._insert_part(dict(items[part]), version)

    async def _insert_part(self, groups: Mapping[tuple[int, str], GroupRow], version: int) -> None:
        keys = pa.array([key for _, key in groups], pa.string())
        columns = (
            NativeColumn("type_index", "UInt8", bytes(index for index, _ in groups)),
            NativeColumn("key", "String", encode_strings(keys)),
            NativeColumn(
                "properties", "JSON", encode_json(columns_from_maps([row.properties for row in groups.values()]))
            ),
            NativeColumn("version", "UInt64", version.to_bytes(8, "little") * len(groups)),
        )
        block = NativeBlock(len(groups), columns)
        await insert_blocks(self._engine, _INSERT, [block], {"project": self._project_id})
