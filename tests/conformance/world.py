"""Inserts a case's project: its data directly into the tables, its cohorts and actions through the API."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.metadata.models import GroupType
from datasource.metadata.models import Project as ProjectRow
from datasource.metadata.records import WeekStartDay
from datasource.metadata.store import MetadataStore
from datasource.tables.steps import JSON_INSERT_SETTINGS
from resolvers.trends.actions import StringMatching
from tests.conformance.cases import Action, Case, Cohort, Event, Group, Person
from tests.conformance.fields import CaseError, read_object, without_missing
from tests.conformance.filters import Input, read_filter_list

# Other tests share the engine and number their projects from 1.
_project_ids = itertools.count(5_000_000)
_MOMENT = pa.timestamp("us", tz="UTC")
_MATCHINGS = ("url_matching", "text_matching", "href_matching")


@dataclass(slots=True)
class People:
    """Assigns a person to every distinct id: one that the case describes, or one without properties."""

    numbers: dict[str, int] = field(default_factory=dict)
    ids: dict[int, UUID] = field(default_factory=dict)

    def add(self, distinct_ids: Sequence[str]) -> int:
        """The number of a new person."""
        number = len(self.ids) + 1
        self.ids[number] = uuid4()
        self.numbers.update(dict.fromkeys(distinct_ids, number))
        return number

    def number_of(self, distinct_id: str) -> int:
        """The number of the person of a distinct id."""
        return self.numbers.get(distinct_id) or self.add((distinct_id,))


async def add_project(store: MetadataStore, organization_id: str, case: Case) -> int:
    """Create a project with the case's settings, except its test-account filters, and return its id."""
    project_id = next(_project_ids)
    day = case.project.week_start_day
    if day not in WeekStartDay.__members__:
        raise CaseError(f"project.week_start_day: {day!r} is unknown")
    async with store.write() as session:
        session.add(
            ProjectRow(
                id=project_id,
                organization_id=organization_id,
                name=f"{case.name} {project_id}"[-200:],
                timezone=case.project.timezone,
                week_start_day=WeekStartDay[day],
                group_types=[GroupType(index=index, name=name) for index, name in case.group_types],
            )
        )
    return project_id


async def set_test_account_filters(store: MetadataStore, project_id: int, filters: object) -> None:
    """Return the filters in PostHog's form, with references resolved."""
    read = read_filter_list(filters, "project.test_account_filters")
    async with store.write() as session:
        project = await session.get_one(ProjectRow, project_id)
        project.test_account_filters = read


async def add_data(engine: Engine, project_id: int, case: Case, *, is_other: bool = False) -> None:
    """Insert the project's persons, groups and events, or only the other project's events."""
    tables = _Tables(engine, project_id)
    people = People()
    if not is_other:
        await tables.add_persons(case.persons, people)
        await tables.add_groups(case.groups)
    events = [event for event in case.events if event.is_of_other_project is is_other]
    await tables.add_events([event for event in events for _ in range(event.repeat)], people)
    await tables.add_distinct_ids(people)


@dataclass(frozen=True, slots=True)
class _Tables:
    engine: Engine
    project_id: int

    async def add_persons(self, persons: Sequence[Person], people: People) -> None:
        numbers = [people.add(person.distinct_ids) for person in persons]
        await self._insert(
            "persons",
            {
                "person_no": numbers,
                "person_id": [str(people.ids[number]) for number in numbers],
                "properties": [json.dumps(person.properties) for person in persons],
                "version": [1] * len(persons),
            },
        )

    async def add_groups(self, groups: Sequence[Group]) -> None:
        await self._insert(
            "groups",
            {
                "type_index": [group.type_index for group in groups],
                "key": [group.key for group in groups],
                "properties": [json.dumps(group.properties) for group in groups],
                "version": list(range(len(groups))),  # the last description of a group counts
            },
        )

    async def add_events(self, events: Sequence[Event], people: People) -> None:
        numbers = [people.number_of(event.distinct_id) for event in events]
        await self._insert(
            "events",
            {
                "event": [event.name for event in events],
                "timestamp": pa.array([event.timestamp for event in events], _MOMENT),
                "uuid": [str(uuid4()) for _ in events],
                "distinct_id": [event.distinct_id for event in events],
                "person_no": numbers,
                "person_id": [str(people.ids[number]) for number in numbers],
                "properties": [json.dumps(event.properties) for event in events],
            },
        )

    async def add_distinct_ids(self, people: People) -> None:
        numbers = list(people.numbers.values())
        await self._insert(
            "person_distinct_ids",
            {
                "distinct_id": list(people.numbers),
                "person_no": numbers,
                "person_id": [str(people.ids[number]) for number in numbers],
                "version": [1] * len(numbers),
            },
        )

    async def _insert(self, table: str, columns: Mapping[str, Sequence[object]]) -> None:
        rows = len(next(iter(columns.values())))
        if not rows:
            return
        batch = pa.table({"project_id": [self.project_id] * rows, **columns})
        names = ", ".join(batch.column_names)
        values = names.replace("properties", "CAST(properties, 'JSON')")
        settings = f"SETTINGS {JSON_INSERT_SETTINGS}"
        text = " ".join(("INSERT INTO", table, f"({names})", settings, "SELECT", values, "FROM {batch}"))
        await self.engine.insert(text, batch)


def read_action(action: Action, project_id: int) -> Input:
    """The action as ActionCreateInput."""
    steps = [_read_step(step, place) for place, step in action.steps]
    return {"projectId": str(project_id), "name": action.name, "steps": steps}


def _read_step(step: object, where: str) -> Input:
    with read_object(step, where) as fields:
        matchings = {key: fields.text(key) for key in _MATCHINGS}
        for key, matching in matchings.items():
            if matching is not None and matching.upper() not in StringMatching.__members__:
                raise CaseError(f"{where}.{key}: {matching!r} is unknown")
        url, text, href = (matching and matching.upper() for matching in matchings.values())
        return without_missing(
            event=fields.text("event"),
            url=fields.text("url"),
            urlMatching=url,
            text=fields.text("text"),
            textMatching=text,
            href=fields.text("href"),
            hrefMatching=href,
            selector=fields.text("selector"),
            tagName=fields.text("tag_name"),
            properties=read_filter_list(fields.take("properties", []), f"{where}.properties") or None,
        )


def read_cohort(cohort: Cohort, project_id: int) -> Input:
    """The cohort as CohortCreateInput."""
    named: Input = {"projectId": str(project_id), "name": cohort.name}
    if cohort.distinct_ids is not None:
        if cohort.groups:
            raise CaseError(f"cohort {cohort.ref}: a static cohort has no groups")
        return {**named, "distinctIds": list(cohort.distinct_ids)}
    return {**named, "filters": [_read_cohort_group(group, place) for place, group in cohort.groups]}


def _read_cohort_group(group: object, where: str) -> Input:
    with read_object(group, where) as fields:
        filters = read_filter_list(_spelled_out(fields.take("properties", [])), f"{where}.properties")
    return {"properties": [_of_person(filter_) for filter_ in filters]}


def _spelled_out(properties: object) -> object:
    """Return the old short form {key: value, ...} as a list of filters."""
    if not isinstance(properties, dict):
        return properties
    if "type" in properties:
        if properties["type"] != "AND":
            raise CaseError("a cohort's group is all of its properties, not any of them")
        return properties
    return [{"key": key, "value": value} for key, value in properties.items()]


def _of_person(filter_: Input) -> Input:
    """Old cohort groups are about people: a filter without a type is about a person."""
    return {**filter_, "type": "PERSON"} if filter_["type"] == "EVENT" else filter_
