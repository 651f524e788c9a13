"""A case's data in the tables of a PostHog installation, with its cohorts calculated as PostHog does."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self, cast

import pyarrow as pa

from datasource.clickhouse.engine import Engine, Limits
from datasource.events.definition_pages import ProjectReader
from datasource.layouts.providers import PostHogLayoutProvider
from datasource.metadata.import_existing import import_cohort
from datasource.metadata.records import WeekStartDay
from datasource.metadata.store import MetadataStore
from datasource.sql.tree import Query
from resolvers.stored_json import load_definition
from resolvers.trends.cohorts import listed_members, members
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import Cohort
from resolvers.trends.saved_objects import SavedObjects
from tests.conformance import cases
from tests.conformance.cases import Case
from tests.conformance.world import People, read_cohort
from tests.support.clock import UTC_ZONE
from tests.support.posthog_tables import DATABASE, fill_sessions, insert_rows, make_tables

_cohort_ids = itertools.count(500_000)
_MOMENT = pa.timestamp("us", tz="UTC")
_VERSION = 3


@dataclass(frozen=True, slots=True)
class PostHogWorld:
    """The installation in which every case's project is a team."""

    engine: Engine
    metadata: MetadataStore
    layouts: PostHogLayoutProvider
    cohorts: dict[int, Cohort] = field(default_factory=dict)

    @classmethod
    async def open(cls, engine: Engine, metadata: MetadataStore) -> Self:
        """The tables, created if they are missing."""
        await make_tables(engine)
        return cls(engine, metadata, await PostHogLayoutProvider.find(engine, DATABASE))

    async def add_data(self, project_id: int, case: Case, *, is_other: bool = False) -> None:
        """Insert the project's persons, groups and events, or only the other project's events."""
        people = People()
        if not is_other:
            await self._add_persons(project_id, case.persons, people)
            await self._add_groups(project_id, case.groups)
        events = [event for event in case.events if event.is_of_other_project is is_other]
        await self._add_events(project_id, [event for event in events for _ in range(event.repeat)], people)
        await self._insert(
            "person_distinct_id2",
            project_id,
            distinct_id=list(people.numbers),
            person_id=[str(people.ids[number]) for number in people.numbers.values()],
        )
        await fill_sessions(self.engine, project_id)

    async def add_cohort(self, project_id: int, cohort: cases.Cohort, now: datetime) -> int:
        """Calculate the cohort's members, which the gateway only reads, and return the cohort's id."""
        given = read_cohort(cohort, project_id)
        cohort_id, is_static = next(_cohort_ids), "filters" not in given
        version = 0 if is_static else _VERSION
        if is_static:
            distinct_ids = tuple(str(each) for each in cohort.distinct_ids or ())
            query = listed_members(distinct_ids) if distinct_ids else None
        else:
            definition = load_definition(cast(list[dict[str, object]], given["filters"]))
            context = CompileContext(UTC_ZONE, now, WeekStartDay.SUNDAY, self.cohorts)
            query = members(definition, context, SavedObjects(cohorts=self.cohorts))
        found = [] if query is None else await self._persons(project_id, query, now)
        table = "person_static_cohort" if is_static else "cohortpeople"
        more = {} if is_static else {"sign": [1] * len(found), "version": [version] * len(found)}
        await self._insert(table, project_id, person_id=found, cohort_id=[cohort_id] * len(found), **more)
        await import_cohort(
            self.metadata,
            project_id=project_id,
            cohort_id=cohort_id,
            name=cohort.name,
            version=version,
            size=len(found),
            is_static=is_static,
            now=now,
        )
        self.cohorts[cohort_id] = Cohort(cohort_id, cohort.name, version, is_static)
        return cohort_id

    async def _persons(self, project_id: int, query: Query, now: datetime) -> list[str]:
        source = ProjectReader(self.engine, project_id, Limits(seconds=20))
        answer = await source.query((await self.layouts.at(now)).lower(query))
        return sorted({str(person) for person in answer.columns[0]}) if answer.columns else []

    async def _add_persons(self, project_id: int, persons: Sequence[cases.Person], people: People) -> None:
        numbers = [people.add(person.distinct_ids) for person in persons]
        await self._insert(
            "person",
            project_id,
            id=[str(people.ids[number]) for number in numbers],
            properties=[json.dumps(person.properties) for person in persons],
        )

    async def _add_groups(self, project_id: int, groups: Sequence[cases.Group]) -> None:
        await self._insert(
            "groups",
            project_id,
            group_type_index=[group.type_index for group in groups],
            group_key=[group.key for group in groups],
            group_properties=[json.dumps(group.properties) for group in groups],
            _timestamp=list(range(len(groups))),  # the last description of a group counts
        )

    async def _add_events(self, project_id: int, events: Sequence[cases.Event], people: People) -> None:
        await self._insert(
            "events",
            project_id,
            event=[event.name for event in events],
            timestamp=pa.array([event.timestamp.astimezone(UTC) for event in events], _MOMENT),
            distinct_id=[event.distinct_id for event in events],
            person_id=[str(people.ids[people.number_of(event.distinct_id)]) for event in events],
            properties=[json.dumps(event.properties) for event in events],
        )

    async def _insert(self, table: str, project_id: int, **columns: Sequence[object]) -> None:
        await insert_rows(self.engine, table, project_id, columns)
