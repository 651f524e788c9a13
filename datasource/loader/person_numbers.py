"""Persons by distinct id, and their numbers: each person of a project has one, from 1 on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datasource.clickhouse.engine import Engine, ParamValue
from datasource.loader.event_ids import UuidArray, uuid_array
from datasource.loader.insert import LOADING

_NAMESPACE: Final = UUID("6e9d1d1c-3c0b-5f0e-9a51-0b6c1f6f2a77")
_MAX_CACHED: Final = 200_000
_MAX_IDS_PER_QUERY: Final = 20_000

_HIGHEST = """
SELECT max(no) AS no FROM
(
    SELECT max(person_no) AS no FROM person_distinct_ids WHERE project_id = {project:UInt32}
    UNION ALL SELECT max(person_no) AS no FROM persons WHERE project_id = {project:UInt32}
    UNION ALL SELECT max(old_no) AS no FROM person_merges WHERE project_id = {project:UInt32}
)
"""

_KNOWN = """
SELECT distinct_id, person_no, toString(person_id) AS person_id, version
FROM person_distinct_ids FINAL
WHERE project_id = {project:UInt32} AND distinct_id IN {distinct_ids:Array(String)}
"""

_BY_PERSON_ID = """
SELECT toString(person_id) AS person_id, min(ifNull(merged.new_no, found.person_no)) AS no FROM
(
    SELECT person_id, person_no FROM person_distinct_ids FINAL
    WHERE project_id = {project:UInt32} AND toString(person_id) IN {person_ids:Array(String)}
    UNION ALL
    SELECT person_id, person_no FROM persons
    WHERE project_id = {project:UInt32} AND toString(person_id) IN {person_ids:Array(String)}
) AS found
LEFT JOIN
(
    SELECT old_no, toNullable(new_no) AS new_no FROM person_merges FINAL WHERE project_id = {project:UInt32}
) AS merged ON merged.old_no = found.person_no
GROUP BY person_id
"""

_INSERT = """
INSERT INTO person_distinct_ids (project_id, distinct_id, person_no, person_id, version)
SELECT {project:UInt32}, distinct_id, person_no, toUUID(person_id), version FROM {batch}
"""


@dataclass(frozen=True, slots=True)
class Person:
    """The person that a distinct id belongs to. `version` is that of this assignment."""

    number: int
    id: UUID
    version: int = 0


class PersonNumbers:
    """The persons of one project, with a bounded cache of those that were looked up."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._cache: dict[str, Person] = {}
        self._highest: int | None = None

    def default_id(self, distinct_id: str) -> UUID:
        """Return the id of the person of this distinct id when no row gives another."""
        return uuid5(_NAMESPACE, f"{self._project_id}/{distinct_id}")

    async def next_number(self) -> int:
        """Return a number that no person of the project has ever had."""
        self._highest = await self._highest_number() + 1
        return self._highest

    def clear_cache(self) -> None:
        self._cache.clear()

    async def find(self, distinct_ids: Iterable[str]) -> dict[str, Person]:
        """Find the persons of those distinct ids that the project has."""
        wanted = list(distinct_ids)
        missing = [each for each in wanted if each not in self._cache]
        if len(self._cache) + len(missing) > _MAX_CACHED:
            self.clear_cache()
            missing = wanted
        fresh = await self._look_up(missing) if missing else {}
        if len(fresh) < _MAX_CACHED:
            self._cache.update(fresh)
        return {each: found for each in wanted if (found := fresh.get(each) or self._cache.get(each))}

    async def find_numbers(self, person_ids: Iterable[str]) -> dict[str, int]:
        """Find the numbers of those persons that the project has; a merged person has the survivor's."""
        found: dict[str, int] = {}
        for part in _batches(sorted(set(person_ids))):
            params: dict[str, ParamValue] = {"project": self._project_id, "person_ids": part}
            answer = await self._engine.query(_BY_PERSON_ID, params, limits=LOADING)
            found.update((str(person_id), int(str(number))) for person_id, number in answer.rows())
        return found

    async def add(self, persons: Mapping[str, Person]) -> None:
        """Store the persons of these distinct ids."""
        if not persons:
            return
        batch = pa.table(
            {
                "distinct_id": pa.array(list(persons), pa.string()),
                "person_no": pa.array([person.number for person in persons.values()], pa.uint32()),
                "person_id": pa.array([str(person.id) for person in persons.values()], pa.string()),
                "version": pa.array([person.version for person in persons.values()], pa.uint64()),
            }
        )
        await self._engine.insert(_INSERT, batch, {"project": self._project_id})
        if len(persons) < _MAX_CACHED:
            self._cache.update(persons)

    async def assign(
        self, distinct_ids: pa.Array, person_ids: pa.Array
    ) -> tuple[npt.NDArray[np.uint32], UuidArray]:
        """Return the number and id of the person of each row; new persons are stored.

        `person_ids` has the person of a row whose distinct id is new, null where the row gives none.
        """
        coded = distinct_ids.dictionary_encode()
        unique: list[str] = coded.dictionary.to_pylist()
        codes = np.asarray(coded.indices)
        known = await self.find(unique)
        new = [code for code, distinct_id in enumerate(unique) if distinct_id not in known]
        if new:
            known.update(await self._create(unique, new, _first_rows(codes, len(unique)), person_ids))
        persons = [known[distinct_id] for distinct_id in unique]
        numbers = np.array([person.number for person in persons], np.uint32)
        return numbers[codes], uuid_array([person.id for person in persons])[codes]

    async def _create(
        self, unique: Sequence[str], new: Sequence[int], first_rows: Sequence[int], person_ids: pa.Array
    ) -> dict[str, Person]:
        given = {code: value for code in new if (value := person_ids[first_rows[code]].as_py())}
        ids = {code: UUID(given[code]) if code in given else self.default_id(unique[code]) for code in new}
        numbers = await self.find_numbers(map(str, ids.values()))
        created: dict[str, Person] = {}
        for code in new:
            number = numbers.get(str(ids[code]))
            if number is None:
                number = numbers[str(ids[code])] = await self.next_number()
            created[unique[code]] = Person(number, ids[code])
        await self.add(created)
        return created

    async def _look_up(self, distinct_ids: Sequence[str]) -> dict[str, Person]:
        if await self._is_empty():
            return {}
        found: dict[str, Person] = {}
        for part in _batches(distinct_ids):
            params: dict[str, ParamValue] = {"project": self._project_id, "distinct_ids": part}
            for distinct_id, number, person_id, version in (
                await self._engine.query(_KNOWN, params, limits=LOADING)
            ).rows():
                found[str(distinct_id)] = Person(int(str(number)), UUID(str(person_id)), int(str(version)))
        return found

    async def _is_empty(self) -> bool:
        self._highest = await self._highest_number()
        return self._highest == 0

    async def _highest_number(self) -> int:
        if self._highest is not None:
            return self._highest
        answer = await self._engine.query(_HIGHEST, {"project": self._project_id}, limits=LOADING)
        return int(str(answer.columns[0][0]))


def _first_rows(codes: npt.NDArray[np.int32], count: int) -> list[int]:
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    rows: list[int] = first.tolist()
    return rows


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _MAX_IDS_PER_QUERY):
        yield ids[start : start + _MAX_IDS_PER_QUERY]
