"""Stores person rows: assigns numbers, merges persons, keeps the newest properties."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

import numpy as np

from datasource.clickhouse.engine import Engine, ParamValue
from datasource.clickhouse.native_format import NativeBlock, NativeColumn
from datasource.loader.event_ids import uuid_array
from datasource.loader.insert import LOADING, VersionClock, insert_blocks
from datasource.loader.json_encoding import encode_json, encode_uuids
from datasource.loader.limits import slices_of_cells
from datasource.loader.parse_persons import PersonRow
from datasource.loader.person_changes import PersonChanges
from datasource.loader.person_numbers import Person, PersonNumbers
from datasource.loader.property_columns import columns_from_maps
from datasource.loader.replicas import sync_persons

TOMBSTONE: Final = 2**64 - 1
"""The version of the empty row that a merged person keeps, so that its old id still leads to its number."""

_INSERT = """
INSERT INTO persons (project_id, person_no, person_id, properties, created_at, version)
SELECT {project:UInt32}, person_no, person_id, properties, created_at, version FROM {block}
"""

_INHERIT_PROPERTIES = """
INSERT INTO persons (project_id, person_no, person_id, properties, created_at, version)
SELECT
    project_id, transform(person_no, {old:Array(UInt32)}, {new:Array(UInt32)}, person_no) AS survivor,
    toUUID(transform(person_no, {old:Array(UInt32)}, {new_id:Array(String)}, '')), properties, created_at,
    version
FROM persons FINAL
WHERE project_id = {project:UInt32} AND person_no IN {old:Array(UInt32)} AND version < {tombstone:UInt64}
    AND survivor NOT IN
    (
        SELECT person_no FROM persons
        WHERE project_id = {project:UInt32} AND person_no IN {new:Array(UInt32)}
    )
"""

_RECORD_MERGES = """
INSERT INTO person_merges (project_id, old_no, new_no, version)
SELECT {project:UInt32}, merge.1, merge.2, {version:UInt64} FROM
(
    SELECT arrayJoin(arrayZip({old:Array(UInt32)}, {new:Array(UInt32)})) AS merge
)
"""

_FLATTEN_MERGES = """
INSERT INTO person_merges (project_id, old_no, new_no, version)
SELECT project_id, old_no, transform(new_no, {old:Array(UInt32)}, {new:Array(UInt32)}, new_no), {version:UInt64}
FROM person_merges FINAL
WHERE project_id = {project:UInt32} AND new_no IN {old:Array(UInt32)}
"""

_MOVE_DISTINCT_IDS = """
INSERT INTO person_distinct_ids (project_id, distinct_id, person_no, person_id, version)
SELECT
    project_id, distinct_id, transform(person_no, {old:Array(UInt32)}, {new:Array(UInt32)}, person_no),
    toUUID(transform(person_no, {old:Array(UInt32)}, {new_id:Array(String)}, '')), version
FROM person_distinct_ids FINAL
WHERE project_id = {project:UInt32} AND person_no IN {old:Array(UInt32)}
"""

_DESCRIBED = """
SELECT DISTINCT person_no FROM persons
WHERE project_id = {project:UInt32} AND person_no IN {numbers:Array(UInt32)} AND version < {tombstone:UInt64}
"""

_COUNT_DISTINCT_IDS = """
SELECT count() FROM person_distinct_ids FINAL WHERE project_id = {project:UInt32} AND person_no = {no:UInt32}
"""


class PersonStore:
    """Stores the persons of one load into one project."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._person_numbers = PersonNumbers(engine, project_id)
        self._clock = VersionClock()

    async def store(self, rows: Sequence[PersonRow]) -> int:
        """Store the rows in their order; can be repeated after an interruption at any point."""
        changes = await self._start(rows)
        for index, row in enumerate(rows):
            if self._is_move(row, changes):
                # Whether a distinct id is left is counted in ClickHouse, so everything before must be stored.
                await self._write(changes)
                changes = await self._start(rows[index:])
                await self._move(row, changes)
            await changes.apply(row, self._clock.next())
        await self._write(changes)
        return len(rows)

    async def _start(self, rows: Sequence[PersonRow]) -> PersonChanges:
        self._person_numbers.clear_cache()
        await sync_persons(self._engine)
        known = await self._person_numbers.find(dict.fromkeys(text for row in rows for text in row.distinct_ids))
        numbers = await self._person_numbers.find_numbers(str(row.person_id) for row in rows if row.person_id)
        by_id = {UUID(text): number for text, number in numbers.items()}
        described = await self._find_described({person.number for person in known.values()} | set(by_id.values()))
        return PersonChanges(self._person_numbers, known, by_id, described)

    async def _find_described(self, numbers: Iterable[int]) -> set[int]:
        params: dict[str, ParamValue] = {
            "project": self._project_id,
            "numbers": sorted(numbers),
            "tombstone": TOMBSTONE,
        }
        answer = await self._engine.query(_DESCRIBED, params, limits=LOADING)
        return {int(str(number)) for number in answer.columns[0]}

    def _is_move(self, row: PersonRow, changes: PersonChanges) -> bool:
        if row.distinct_id_version is None or row.person_id is None or len(row.distinct_ids) != 1:
            return False
        current = changes.persons.get(row.distinct_ids[0])
        if current is None or row.distinct_id_version <= current.version:
            return False
        target = changes.numbers.get(row.person_id)
        return target is None or changes.survivor(target) != changes.survivor(current.number)

    async def _move(self, row: PersonRow, changes: PersonChanges) -> None:
        distinct_id, person_id, version = row.distinct_ids[0], row.person_id, row.distinct_id_version
        if person_id is None or version is None:
            return
        former = changes.persons[distinct_id]
        number = changes.numbers.get(person_id)
        if number is None:
            number = changes.numbers[person_id] = await self._person_numbers.next_number()
        changes.assign(distinct_id, Person(number, person_id, version))
        params = {"project": self._project_id, "no": former.number}
        answer = await self._engine.query(_COUNT_DISTINCT_IDS, params, limits=LOADING)
        if answer.columns[0][0] == 1:
            changes.merge([former, Person(number, person_id)])

    async def _write(self, changes: PersonChanges) -> None:
        params = self._merge_params(changes, changes.merged)
        # In this order, a load that was killed between two statements finds the merge still to be done.
        if changes.merged:
            rows = changes.latest_properties()
            undescribed = [old for old in changes.merged if changes.survivor(old) not in rows]
            await self._engine.command(_INHERIT_PROPERTIES, self._merge_params(changes, undescribed))
        await self._person_numbers.add(changes.assignments())
        await self._write_properties(changes)
        if changes.merged:
            await self._engine.command(_RECORD_MERGES, params)
            await self._engine.command(_FLATTEN_MERGES, params)
            await self._write_tombstones(changes)
            await self._engine.command(_MOVE_DISTINCT_IDS, params)
        self._person_numbers.clear_cache()

    def _merge_params(self, changes: PersonChanges, merged: Iterable[int]) -> dict[str, ParamValue]:
        survivors = {number: changes.survivor(number) for number in merged}
        return {
            "project": self._project_id,
            "version": self._clock.next(),
            "tombstone": TOMBSTONE,
            "old": list(survivors),
            "new": list(survivors.values()),
            "new_id": [str(changes.ids[number]) for number in survivors.values()],
        }

    async def _write_properties(self, changes: PersonChanges) -> None:
        rows = changes.latest_properties()
        if rows:
            await self._insert(
                [(number, changes.ids[number]) for number in rows],
                [row.properties or {} for row, _ in rows.values()],
                [row.created_at or self._clock.next() for row, _ in rows.values()],
                [version for _, version in rows.values()],
            )

    async def _write_tombstones(self, changes: PersonChanges) -> None:
        old = [(number, changes.ids[number]) for number in changes.merged]
        await self._insert(old, [{}] * len(old), [0] * len(old), [TOMBSTONE] * len(old))

    async def _insert(
        self,
        persons: Sequence[tuple[int, UUID]],
        properties: Sequence[Mapping[str, object]],
        created_at: Sequence[int],
        versions: Sequence[int],
    ) -> None:
        for part in slices_of_cells(properties):
            await self._insert_part(persons[part], properties[part], created_at[part], versions[part])

    async def _insert_part(
        self,
        persons: Sequence[tuple[int, UUID]],
        properties: Sequence[Mapping[str, object]],
        created_at: Sequence[int],
        versions: Sequence[int],
    ) -> None:
        columns = (
            NativeColumn("person_no", "UInt32", np.array([no for no, _ in persons], np.uint32).tobytes()),
            NativeColumn("person_id", "UUID", encode_uuids(uuid_array([each for _, each in persons]))),
            NativeColumn("properties", "JSON", encode_json(columns_from_maps(properties))),
            NativeColumn("created_at", "DateTime64(6, 'UTC')", np.array(created_at, np.int64).tobytes()),
            NativeColumn("version", "UInt64", np.array(versions, np.uint64).tobytes()),
        )
        block = NativeBlock(len(persons), columns)
        await insert_blocks(self._engine, _INSERT, [block], {"project": self._project_id})
