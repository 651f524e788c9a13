"""Creates, changes and calculates cohorts.

A calculation stores its members as a new version, and then the cohort switches to it. The version before stays,
for trends that began before the switch.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from datasource.clickhouse.engine import Engine, Limits
from datasource.clickhouse.errors import ClickHouseError
from datasource.events.cohort_members import delete_members, store_members
from datasource.layouts.contract import EventLayout, check_own_tables
from datasource.layouts.native import NativeLayout
from datasource.metadata import cohorts
from datasource.metadata.audit import OPERATOR, Actor
from datasource.metadata.cohorts import COHORT_REPOSITORY, CalculatedMembers, CohortChange, StoredMembership
from datasource.metadata.records import CohortRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from datasource.sql.tree import Query
from errors import BadUserInput, ErrorCode, GatewayError
from permissions.resources import COHORT
from resolvers.cohort_graph import CohortGraph, load_cohort_graph
from resolvers.cohort_queries import FILTERS, MemberQueries, Membership, StaticMembers
from resolvers.saved import not_found
from resolvers.stored_json import dump_groups, load_definition
from resolvers.trends.behavior_query import MEMBER
from resolvers.trends.cohorts import CohortDefinition
from resolvers.usage import SavedUse, check_unused, find_cohort_uses

logger = logging.getLogger("trendgate.cohorts")

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one cohort's calculation; `error` is None if it succeeded."""

    cohort: CohortRecord
    error: GatewayError | None = None


@dataclass(frozen=True, slots=True)
class CohortCalculator:
    """Creates, changes and calculates the cohorts of one project as of `now`."""

    store: MetadataStore = field(repr=False)
    engine: Engine = field(repr=False)
    limits: Limits
    now: datetime
    project: ProjectRecord
    actor: Actor = OPERATOR
    layout: EventLayout = field(default_factory=NativeLayout, repr=False)

    async def create(
        self, *, name: str, membership: Membership, description: str = "", created_by: str | None = None
    ) -> CohortRecord:
        """Create a cohort with its members, or nothing if they cannot be calculated.

        Raises BadUserInput, with a path below `filters` or `distinct_ids`, for an invalid membership.
        """
        self._check_tables()
        query = await self._queries.check(membership, await self._load_graph(membership))
        record = await cohorts.create_cohort(
            self.store,
            project_id=self.project.id,
            name=name,
            description=description,
            membership=_stored(membership),
            created_by=created_by,
            now=self.now,
        )
        try:
            return await self._fill(record, query) or _existing(await self._find(record.id))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._delete(record.id)
            raise

    async def update(
        self,
        cohort_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        membership: Membership | None = None,
    ) -> CohortRecord:
        """Change what is not None. A new membership also calculates the members, and then the cohort's dependents.

        A membership that cannot be calculated changes nothing. Raises as `create` does, and NOT_FOUND.
        """
        if membership is None:
            change = CohortChange(name, description)
            return _existing(await cohorts.update_cohort(self.store, self._key(cohort_id), change, now=self.now))
        self._check_tables()
        change = CohortChange(name, description, _stored(membership))
        for _ in range(_ATTEMPTS):
            graph = await self._load_graph(membership)
            record = _existing(graph.records.get(cohort_id))
            if isinstance(membership, CohortDefinition):
                graph.check_cycles(cohort_id, membership, FILTERS)
            updated = await self._fill(record, await self._queries.check(membership, graph), change)
            if updated:
                await self._calculate(graph.dependents(cohort_id))
                return updated
        raise _keeps_changing()

    async def calculate(self, cohort_ids: Iterable[int]) -> tuple[Outcome, ...]:
        """Calculate cohorts after their dependencies, in that order.

        A cohort that fails keeps its members, and its error is stored. Raises BadUserInput for a cycle.
        """
        self._check_tables()
        graph = await load_cohort_graph(self.store, self.project.id)
        return await self._calculate(graph.in_order([each for each in cohort_ids if each in graph.records]))

    async def calculate_all(self) -> tuple[Outcome, ...]:
        """Calculate every cohort of the project, as `calculate` does."""
        return await self.calculate(await cohorts.all_cohorts(self.store, self.project.id))

    async def delete(self, cohort_id: int, *, may_name: Callable[[SavedUse], bool] = lambda _: True) -> None:
        """Raises NOT_FOUND, and BadUserInput if anything uses it, naming what `may_name` allows."""
        graph = await load_cohort_graph(self.store, self.project.id)
        record = _existing(graph.records.get(cohort_id))
        check_unused(COHORT, await find_cohort_uses(self.store, self.project, cohort_id, graph), may_name)
        if not await self._delete(record.id):
            raise not_found(COHORT)
        if self.layout.has_own_tables:
            await delete_members(self.engine, self.project.id, record.id)

    @property
    def _queries(self) -> MemberQueries:
        return MemberQueries(self.engine, self.limits, self.now, self.project, self.layout)

    def _key(self, cohort_id: int) -> tuple[int, int]:
        return self.project.id, cohort_id

    def _check_tables(self) -> None:
        """Raises NOT_AVAILABLE where the members could not be stored."""
        check_own_tables(self.layout, "Calculating cohorts")

    async def _find(self, cohort_id: int) -> CohortRecord | None:
        key = self._key(cohort_id)
        return (await COHORT_REPOSITORY.find(self.store, [key])).get(key)

    async def _delete(self, cohort_id: int) -> bool:
        key = self._key(cohort_id)
        return await COHORT_REPOSITORY.delete(self.store, key, now=self.now, actor=self.actor)

    async def _load_graph(self, membership: Membership) -> CohortGraph:
        definition = membership if isinstance(membership, CohortDefinition) else None
        return await load_cohort_graph(self.store, self.project.id, definition)

    async def _calculate(self, order: Iterable[int]) -> tuple[Outcome, ...]:
        outcomes: dict[int, Outcome] = {}
        for cohort_id in order:
            outcome = await self._calculate_one(cohort_id, outcomes)
            if outcome is not None:
                outcomes[cohort_id] = outcome
        return tuple(outcomes.values())

    async def _calculate_one(self, cohort_id: int, earlier: Mapping[int, Outcome]) -> Outcome | None:
        record: CohortRecord | None = None
        try:
            for _ in range(_ATTEMPTS):
                # Loaded again for each attempt: another request may have changed the definition.
                graph = await load_cohort_graph(self.store, self.project.id)
                record = graph.records.get(cohort_id)
                if record is None:
                    return None
                calculated = await self._fill(record, await self._stored_query(record, graph, earlier))
                if calculated:
                    return Outcome(calculated)
            raise _keeps_changing()
        except (GatewayError, ClickHouseError) as failure:
            if record is None:
                raise
            error = _about(record, failure)
            await cohorts.record_failure(self.store, self._key(cohort_id), error.message)
            return Outcome(record, error)

    async def _stored_query(
        self, record: CohortRecord, graph: CohortGraph, earlier: Mapping[int, Outcome]
    ) -> Query | None:
        if record.is_static:
            key = self._key(record.id)
            found = await cohorts.find_distinct_ids(self.store, [key])
            return await self._queries.of_static(StaticMembers(found.get(key, ())))
        definition = load_definition(record.groups)
        for used in graph.dependencies(definition):
            if used in earlier and earlier[used].error:
                raise BadUserInput("It uses cohort {id}, which could not be calculated.", id=used)
        return self._queries.of_definition(definition, graph)

    async def _fill(
        self, record: CohortRecord, query: Query | None, change: CohortChange | None = None
    ) -> CohortRecord | None:
        """Store the members and switch to them; None if the cohort was changed or calculated in the meantime."""
        key = self._key(record.id)
        version = await cohorts.next_version(self.store, key)
        if version is None:
            raise not_found(COHORT)
        try:
            size = 0 if query is None else await self._insert(record, version, query)
            calculated = CalculatedMembers(version, size, self.now)
            switched = await cohorts.switch_version(self.store, record, calculated, change)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await delete_members(self.engine, *key, first=version, end=version + 1)
            raise
        if switched is None:
            await delete_members(self.engine, *key, first=version, end=version + 1)
        elif record.version:
            await delete_members(self.engine, *key, end=record.version)
        return switched

    async def _insert(self, record: CohortRecord, version: int, query: Query) -> int:
        return await store_members(
            self.engine, self.project.id, record.id, version, query, person=MEMBER, limits=self.limits
        )


def _existing(record: CohortRecord | None) -> CohortRecord:
    if record is None:
        raise not_found(COHORT)
    return record


def _stored(membership: Membership) -> StoredMembership:
    if isinstance(membership, StaticMembers):
        return StoredMembership(is_static=True, distinct_ids=membership.distinct_ids)
    return StoredMembership(is_static=False, groups=dump_groups(membership))


def _about(record: CohortRecord, failure: GatewayError | ClickHouseError) -> GatewayError:
    """Name the cohort in the error, because the caller may have asked for another one."""
    if isinstance(failure, ClickHouseError):
        logger.error("cohort %s of project %s: %s", record.id, record.project_id, failure)
        failure = GatewayError(ErrorCode.INTERNAL, "ClickHouse failed.", hint="The log has the reason.")
    # The definition is stored, so its paths are not part of this request.
    return failure.reworded(
        "Cohort {id}, {name!r}, could not be calculated: {message}", id=record.id, name=record.name
    ).at(())


def _keeps_changing() -> GatewayError:
    return GatewayError(
        ErrorCode.RATE_LIMITED, "The cohort keeps changing during its calculation.", hint="Try again in a moment."
    )
