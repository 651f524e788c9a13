"""Assignments of distinct ids, merges and newest properties of a batch of person rows."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from datasource.loader.parse_persons import PersonRow
from datasource.loader.person_numbers import Person, PersonNumbers


class PersonChanges:
    """The changes of a batch of person rows, before they are written."""

    def __init__(
        self,
        person_numbers: PersonNumbers,
        persons: dict[str, Person],
        numbers: dict[UUID, int],
        described: set[int],
    ) -> None:
        self._person_numbers = person_numbers
        self._described = described
        self._before = dict(persons)
        self.persons = persons
        self.numbers = numbers
        self.ids = {number: person_id for person_id, number in numbers.items()}
        self.ids.update((person.number, person.id) for person in persons.values())
        self.merged: dict[int, int] = {}
        self._properties: dict[int, tuple[PersonRow, int]] = {}

    def survivor(self, number: int) -> int:
        """Return the number that a person has after the merges so far."""
        while number in self.merged:
            number = self.merged[number]
        return number

    def assign(self, distinct_id: str, person: Person) -> None:
        """Assign a distinct id to a person."""
        self.persons[distinct_id] = person
        self.ids.setdefault(person.number, person.id)

    async def apply(self, row: PersonRow, version: int) -> None:
        """Apply a row. `version` is that of its properties if the row gives none."""
        known = [self.persons[distinct_id] for distinct_id in row.distinct_ids if distinct_id in self.persons]
        person = self.merge(known) if known else await self._new_person(row)
        for distinct_id in row.distinct_ids:
            if distinct_id not in self.persons:
                self.assign(distinct_id, replace(person, version=row.distinct_id_version or 0))
            elif row.distinct_id_version is not None and len(row.distinct_ids) == 1:
                kept = max(self.persons[distinct_id].version, row.distinct_id_version)
                self.assign(distinct_id, replace(self.persons[distinct_id], version=kept))
        if row.properties is not None:
            self._keep_newest(person.number, row, version if row.version is None else row.version)

    def merge(self, persons: Iterable[Person]) -> Person:
        """Merge the persons into the one with the lowest number, and return it."""
        numbers = sorted({self.survivor(person.number) for person in persons})
        for number in numbers[1:]:
            self.merged[number] = numbers[0]
            kept = self._properties.pop(number, None)
            if kept is not None and numbers[0] not in self._properties and numbers[0] not in self._described:
                self._properties[numbers[0]] = kept
        return Person(numbers[0], self.ids[numbers[0]])

    def assignments(self) -> dict[str, Person]:
        """Return the distinct ids whose person or version differs from what is stored, after merges."""
        changed: dict[str, Person] = {}
        for distinct_id, person in self.persons.items():
            if self._before.get(distinct_id) != person:
                number = self.survivor(person.number)
                changed[distinct_id] = Person(number, self.ids[number], person.version)
        return changed

    def latest_properties(self) -> dict[int, tuple[PersonRow, int]]:
        """Return the newest row of each person with its version."""
        return self._properties

    async def _new_person(self, row: PersonRow) -> Person:
        person_id = row.person_id or self._person_numbers.default_id(row.distinct_ids[0])
        number = self.numbers.get(person_id)
        if number is None:
            number = await self._person_numbers.next_number()
            self.numbers[person_id] = number
        number = self.survivor(number)
        return Person(number, self.ids.setdefault(number, person_id))

    def _keep_newest(self, number: int, row: PersonRow, version: int) -> None:
        known = self._properties.get(number)
        if known is None or version >= known[1]:
            self._properties[number] = (row, version)
