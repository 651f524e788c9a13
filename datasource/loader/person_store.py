"""Stores person rows: gives numbers, merges persons, keeps the newest properties."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import numpy as np

from datasource.clickhouse.engine import Engine, ParamValue
from datasource.clickhouse.native_format import NativeBlock, NativeColumn
from datasource.loader.event_ids import halves_of
from datasource.loader.insert import LOADING, insert_blocks
from datasource.loader.json_encoding import encode_json, encode_uuids
from datasource.loader.parse_persons import PersonRow
from datasource.loader.person_numbers import People, Person
from datasource.loader.property_columns import columns_from_maps
from datasource.loader.replicas import await_persons


class VersionClock:
    """Microseconds since 1970, each greater than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next version."""
        self._last = max(time.time_ns() // 1000, self._last + 1)
        return self._last


TOMBSTONE: Final = 2**64 - 1
"""The version of the empty row that stays of a merged person: it leads from the old id to the number."""

_INSERT = """
INSERT INTO persons (project_id, person_no, person_id, properties, created_at, version)
SELECT {project:UInt32}, person_no, person_id, properties, created_at, version FROM {block}
"""

_KEEP_PROPERTIES = """
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

_SHARED = """
SELECT count() FROM person_distinct_ids FINAL WHERE project_id = {project:UInt32} AND person_no = {no:UInt32}
"""


class PersonStore:
    """The persons of one project, seen from one load."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._people = People(engine, project_id)
        self._clock = VersionClock()

    async def store(self, rows: Sequence[PersonRow]) -> int:
        """Store the rows, in their order; safe to repeat after an interruption at any point."""
        changes = await self._start(rows)
        for place, row in enumerate(rows):
            if self._moves(row, changes):
                # Whether a person is left with nothing can only be counted once all before is stored.
                await self._write(changes)
                changes = await self._start(rows[place:])
                await self._move(row, changes)
            await changes.apply(row, self._clock.next())
        await self._write(changes)
        return len(rows)

    async def _start(self, rows: Sequence[PersonRow]) -> "Changes":
        self._people.forget()
        await await_persons(self._engine)
        known = await self._people.find(dict.fromkeys(text for row in rows for text in row.distinct_ids))
        numbers = await self._people.numbers_of(str(row.person_id) for row in rows if row.person_id)
        by_id = {UUID(text): number for text, number in numbers.items()}
        described = await self._described({person.number for person in known.values()} | set(by_id.values()))
        return Changes(self._people, known, by_id, described)

    async def _described(self, numbers: Iterable[int]) -> set[int]:
        params: dict[str, ParamValue] = {
            "project": self._project_id,
            "numbers": sorted(numbers),
            "tombstone": TOMBSTONE,
        }
        answer = await self._engine.query(_DESCRIBED, params, limits=LOADING)
        return {int(str(number)) for number in answer.columns[0]}

    def _moves(self, row: PersonRow, changes: "Changes") -> bool:
        if row.distinct_id_version is None or row.person_id is None or len(row.distinct_ids) != 1:
            return False
        now = changes.persons.get(row.distinct_ids[0])
        if now is None or row.distinct_id_version <= now.version:
            return False
        target = changes.numbers.get(row.person_id)
        return target is None or changes.survivor(target) != changes.survivor(now.number)

    async def _move(self, row: PersonRow, changes: "Changes") -> None:
        text, person_id, version = row.distinct_ids[0], row.person_id, row.distinct_id_version
        if person_id is None or version is None:
            return
        former = changes.persons[text]
        number = changes.numbers.get(person_id)
        if number is None:
            number = changes.numbers[person_id] = await self._people.next_number()
        changes.belong(text, Person(number, person_id, version))
        params = {"project": self._project_id, "no": former.number}
        answer = await self._engine.query(_SHARED, params, limits=LOADING)
        if answer.columns[0][0] == 1:
            changes.merge([former, Person(number, person_id)])

    async def _write(self, changes: "Changes") -> None:
        params = self._merge_params(changes, changes.merged)
        # In this order, a load that was killed between two of these finds the merge still to be done.
        if changes.merged:
            rows = changes.latest_properties()
            silent = [old for old in changes.merged if changes.survivor(old) not in rows]
            await self._engine.command(_KEEP_PROPERTIES, self._merge_params(changes, silent))
        await self._people.add(changes.belongings())
        await self._write_properties(changes)
        if changes.merged:
            await self._engine.command(_RECORD_MERGES, params)
            await self._engine.command(_FLATTEN_MERGES, params)
            await self._bury(changes)
            await self._engine.command(_MOVE_DISTINCT_IDS, params)
        self._people.forget()

    def _merge_params(self, changes: "Changes", merged: Iterable[int]) -> dict[str, ParamValue]:
        survivors = {number: changes.survivor(number) for number in merged}
        return {
            "project": self._project_id,
            "version": self._clock.next(),
            "tombstone": TOMBSTONE,
            "old": list(survivors),
            "new": list(survivors.values()),
            "new_id": [str(changes.ids[number]) for number in survivors.values()],
        }

    async def _write_properties(self, changes: "Changes") -> None:
        rows = changes.latest_properties()
        if rows:
            await self._insert(
                [(number, changes.ids[number]) for number in rows],
                [row.properties or {} for row, _ in rows.values()],
                [row.created_at or self._clock.next() for row, _ in rows.values()],
                [version for _, version in rows.values()],
            )

    async def _bury(self, changes: "Changes") -> None:
        old = [(number, changes.ids[number]) for number in changes.merged]
        await self._insert(old, [{}] * len(old), [0] * len(old), [TOMBSTONE] * len(old))

    async def _insert(
        self,
        persons: Sequence[tuple[int, UUID]],
        properties: Sequence[Mapping[str, object]],
        created_at: Sequence[int],
        versions: Sequence[int],
    ) -> None:
        columns = (
            NativeColumn("person_no", "UInt32", np.array([no for no, _ in persons], np.uint32).tobytes()),
            NativeColumn("person_id", "UUID", encode_uuids(halves_of([each for _, each in persons]))),
            NativeColumn("properties", "JSON", encode_json(columns_from_maps(properties))),
            NativeColumn("created_at", "DateTime64(6, 'UTC')", np.array(created_at, np.int64).tobytes()),
            NativeColumn("version", "UInt64", np.array(versions, np.uint64).tobytes()),
        )
        block = NativeBlock(len(persons), columns)
        await insert_blocks(self._engine, _INSERT, [block], {"project": self._project_id})


class Changes:
    """What a batch of person rows changes, until it is written."""

    def __init__(
        self, people: People, persons: dict[str, Person], numbers: dict[UUID, int], described: set[int]
    ) -> None:
        self._people = people
        self._described = described
        self._before = dict(persons)
        self.persons = persons
        self.numbers = numbers
        self.ids = {number: person_id for person_id, number in numbers.items()}
        self.ids.update((person.number, person.id) for person in persons.values())
        self.merged: dict[int, int] = {}
        self._properties: dict[int, tuple[PersonRow, int]] = {}

    def survivor(self, number: int) -> int:
        """The number that a person has after the merges so far."""
        while number in self.merged:
            number = self.merged[number]
        return number

    def belong(self, distinct_id: str, person: Person) -> None:
        """Note to whom a distinct id belongs from now on."""
        self.persons[distinct_id] = person
        self.ids.setdefault(person.number, person.id)

    async def apply(self, row: PersonRow, version: int) -> None:
        """Take over a row; `version` is for one that names none."""
        known = [self.persons[text] for text in row.distinct_ids if text in self.persons]
        person = self.merge(known) if known else await self._new_person(row)
        for text in row.distinct_ids:
            if text not in self.persons:
                self.belong(text, replace(person, version=row.distinct_id_version or 0))
            elif row.distinct_id_version is not None and len(row.distinct_ids) == 1:
                kept = max(self.persons[text].version, row.distinct_id_version)
                self.belong(text, replace(self.persons[text], version=kept))
        if row.properties is not None:
            self._offer(person.number, row, version if row.version is None else row.version)

    def merge(self, persons: Iterable[Person]) -> Person:
        """Make these one person and answer it."""
        numbers = sorted({self.survivor(person.number) for person in persons})
        for number in numbers[1:]:
            self.merged[number] = numbers[0]
            kept = self._properties.pop(number, None)
            if kept is not None and numbers[0] not in self._properties and numbers[0] not in self._described:
                self._properties[numbers[0]] = kept
        return Person(numbers[0], self.ids[numbers[0]])

    def belongings(self) -> dict[str, Person]:
        """The distinct ids whose person or version is not what is stored, merges carried out."""
        changed: dict[str, Person] = {}
        for text, person in self.persons.items():
            if self._before.get(text) != person:
                number = self.survivor(person.number)
                changed[text] = Person(number, self.ids[number], person.version)
        return changed

    def latest_properties(self) -> dict[int, tuple[PersonRow, int]]:
        """The newest row of each person with its version."""
        return self._properties

    async def _new_person(self, row: PersonRow) -> Person:
        person_id = row.person_id or self._people.default_id(row.distinct_ids[0])
        number = self.numbers.get(person_id)
        if number is None:
            number = await self._people.next_number()
            self.numbers[person_id] = number
        number = self.survivor(number)
        return Person(number, self.ids.setdefault(number, person_id))

    def _offer(self, number: int, row: PersonRow, version: int) -> None:
        known = self._properties.get(number)
        if known is None or version >= known[1]:
            self._properties[number] = (row, version)
