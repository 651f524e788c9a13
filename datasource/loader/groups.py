"""Groups: rows with the type, the key and the properties of one group."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native_format import NativeBlock, NativeColumn, encode_strings
from datasource.loader.chunks import Record, Reject
from datasource.loader.insert import insert_blocks
from datasource.loader.json_encoding import encode_json
from datasource.loader.parse_events import properties_of
from datasource.loader.person_store import VersionClock
from datasource.loader.property_columns import columns_from_maps
from datasource.tables.steps import GROUP_TYPE_COUNT

FIELDS: Final = frozenset({"group_type", "group_type_index", "group_key", "properties"})

GroupTypeIndex = Callable[[str], Awaitable[int | None]]
"""The index of the group type of that name, given to it now if need be; None when all five are taken."""

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


def read_group(record: Record) -> GroupRow:
    """The group in a row. Raises ValueError with the reason."""
    fields = record.fields
    if fields is None:
        raise ValueError(record.reason)
    key = fields.get("group_key")
    if isinstance(key, bool) or not isinstance(key, str | int) or key == "":
        raise ValueError("group_key is missing" if key in (None, "") else "group_key is not a text")
    return GroupRow(record, _type_of(fields), str(key), properties_of(fields) or {})


def _type_of(fields: Mapping[str, object]) -> str | int:
    index, name = fields.get("group_type_index"), fields.get("group_type")
    if index in (None, ""):
        if not isinstance(name, str) or not name:
            raise ValueError("group_type and group_type_index are both missing")
        return name
    if isinstance(index, bool) or str(index) not in map(str, range(GROUP_TYPE_COUNT)):
        raise ValueError(f"group_type_index is not 0 to {GROUP_TYPE_COUNT - 1}")
    return int(str(index))


class GroupStore:
    """The groups of one project, seen from one load."""

    def __init__(self, engine: Engine, project_id: int, type_index: GroupTypeIndex) -> None:
        self._engine = engine
        self._project_id = project_id
        self._type_index = type_index
        self._indexes: dict[str, int | None] = {}
        self._clock = VersionClock()

    async def store(self, rows: Iterable[GroupRow]) -> tuple[int, tuple[Reject, ...]]:
        """Store the groups; of two rows for one group the later counts. Answers how many rows and what not."""
        stored: dict[tuple[int, str], GroupRow] = {}
        rejects: list[Reject] = []
        count = 0
        for row in rows:
            index = await self._index_of(row.type)
            if index is None:
                reason = (
                    f"group type {row.type!r} would be one more than the {GROUP_TYPE_COUNT} a project can have"
                )
                rejects.append(Reject(row.record.row, reason, row.record.text))
                continue
            stored[index, row.key] = row
            count += 1
        if stored:
            await self._insert(stored)
        return count, tuple(rejects)

    async def _index_of(self, kind: str | int) -> int | None:
        if isinstance(kind, int):
            return kind
        if kind not in self._indexes:
            self._indexes[kind] = await self._type_index(kind)
        return self._indexes[kind]

    async def _insert(self, groups: Mapping[tuple[int, str], GroupRow]) -> None:
        keys = pa.array([key for _, key in groups], pa.string())
        version = self._clock.next()
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
