"""How cohorts get their members. A calculation is stored beside the one that is read, and then takes its place.

The members of the calculation before the one that is read stay, for trends that began before the switch.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

import anyio

from datasource.clickhouse.engine import Engine, Limits
from datasource.clickhouse.errors import ClickHouseError
from datasource.events.cohort_members import drop_members, store_members
from datasource.layouts.contract import EventLayout, check_own_tables
from datasource.layouts.native import NativeLayout
from datasource.metadata import cohorts
from datasource.metadata.audit import OPERATOR, Actor
from datasource.metadata.cohorts import COHORT_REPOSITORY, CalculatedMembers, CohortChange, StoredMembership
from datasource.metadata.records import CohortRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Query
from errors import BadUserInput, ErrorCode, GatewayError
from permissions.resources import COHORT
from resolvers.cohort_graph import CohortLibrary, load_library
from resolvers.projects import trend_project
from resolvers.regexes import check_regexes, regexes_of
from resolvers.saved import not_found
from resolvers.stored_json import dump_groups, load_definition
from resolvers.trends.behavior_query import MEMBER
from resolvers.trends.cohorts import CohortDefinition, known_distinct_ids, listed_members, members
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import InputPath

logger = logging.getLogger("trendgate.cohorts")

FILTERS: InputPath = ("filters",)
DISTINCT_IDS: InputPath = ("distinctIds",)

_ATTEMPTS = 5
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """The members of a static cohort: the persons of these distinct ids."""

    distinct_ids: tuple[str, ...]


Membership = CohortDefinition | Listed
"""What says who is in a cohort."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one cohort's calculation; `failure` is None when it went well."""

    cohort: CohortRecord
    failure: GatewayError | None = None


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
        """The new cohort with its members. Nothing stays of one that cannot be calculated.

        Raises BadUserInput, with a path below `filters` or `distinctIds`, for what makes no cohort.
        """
        self._check_tables()
        query = await self._checked(membership, await self._library(membership))
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
            return await self._fill(record, query) or _there(await self._find(record.id))
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
        """The cohort after the changes, with new members if `membership` is given, those of its dependants too.

        A definition that cannot be calculated changes nothing. Raises as `create` does, and NOT_FOUND.
        """
        key = (self.project.id, cohort_id)
        if membership is None:
            change = CohortChange(name, description)
            return _there(await cohorts.update_cohort(self.store, key, change, now=self.now))
        self._check_tables()
        change = CohortChange(name, description, _stored(membership))
        for _ in range(_ATTEMPTS):
            library = await self._library(membership)
            record = _there(library.records.get(cohort_id))
            if isinstance(membership, CohortDefinition):
                library.check_cycles(cohort_id, membership, FILTERS)
            updated = await self._fill(record, await self._checked(membership, library), change)
            if updated:
                await self._calculate(library.dependants(cohort_id))
                return updated
        raise _busy()

    async def calculate(self, cohort_ids: Iterable[int]) -> tuple[Outcome, ...]:
        """Calculate cohorts anew, and before each one those that it uses; in that order.

        What fails keeps its members, and its reason is noted. Raises BadUserInput for cohorts in a circle.
        """
        self._check_tables()
        library = await load_library(self.store, self.project.id)
        return await self._calculate(library.in_order([each for each in cohort_ids if each in library.records]))

    async def calculate_all(self) -> tuple[Outcome, ...]:
        """The same for every cohort of the project."""
        return await self.calculate(await cohorts.all_cohorts(self.store, self.project.id))

    async def delete(self, cohort_id: int, *, may_name: Callable[[CohortRecord], bool] = lambda _: True) -> None:
        """Raises NOT_FOUND, and BadUserInput while other cohorts use it, of which it names those that it may."""
        library = await load_library(self.store, self.project.id)
        record = _there(library.records.get(cohort_id))
        if users := library.users(cohort_id):
            named = [f"{user.name!r} ({user.id})" for user in users if may_name(user)][:_NAMED]
            names = f": {', '.join(named)}" if named else ""
            more = f" and {len(users) - len(named)} more" if named and len(users) > len(named) else ""
            raise BadUserInput(
                f"The cohort is used by {len(users)} other{'s' * (len(users) > 1)}{names}{more}.",
                path=("id",),
                hint="Change or delete those first.",
            )
        if not await self._delete(record.id):
            raise not_found(COHORT)
        if self.layout.has_own_tables:
            await drop_members(self.engine, self.project.id, record.id)

    def _check_tables(self) -> None:
        """Raises NOT_AVAILABLE where the members could not be stored."""
        check_own_tables(self.layout, "Calculating cohorts")

    async def _delete(self, cohort_id: int) -> bool:
        key = (self.project.id, cohort_id)
        return await COHORT_REPOSITORY.delete(self.store, key, now=self.now, actor=self.actor)

    async def _find(self, cohort_id: int) -> CohortRecord | None:
        key = (self.project.id, cohort_id)
        return (await COHORT_REPOSITORY.find(self.store, [key])).get(key)

    async def _library(self, membership: Membership) -> CohortLibrary:
        definition = membership if isinstance(membership, CohortDefinition) else None
        return await load_library(self.store, self.project.id, definition)

    async def _checked(self, membership: Membership, library: CohortLibrary) -> Query | None:
        """The members' query; refuses what cannot be calculated before anything is stored."""
        if isinstance(membership, Listed):
            return await self._checked_list(membership)
        await check_regexes(self, regexes_of(membership.filters()))
        return self._query(membership, library)

    def _query(self, definition: CohortDefinition, library: CohortLibrary) -> Query | None:
        project, catalog = trend_project(self.project), library.catalog(definition)
        context = CompileContext(project.timezone, self.now, project.week_start, catalog.cohorts)
        return members(definition, context, catalog)

    async def _checked_list(self, listed: Listed) -> Query | None:
        if not listed.distinct_ids:
            return None
        known = await self._known(listed.distinct_ids)
        unknown = [text for text in dict.fromkeys(listed.distinct_ids) if text not in known]
        if unknown:
            named = ", ".join(repr(text) for text in unknown[:_NAMED])
            raise BadUserInput(
                f"{len(unknown)} of the distinct ids belong to nobody: {named}{' ...' * (len(unknown) > _NAMED)}.",
                path=DISTINCT_IDS,
                hint="A person is known by a distinct id once an event or a person with it was loaded.",
            )
        return listed_members(listed.distinct_ids)

    async def _known(self, distinct_ids: tuple[str, ...]) -> set[str]:
        query = known_distinct_ids(distinct_ids)
        statement = render(scope_to_project(self.layout.lower(query), self.project.id))
        answer = await self.engine.query(statement.text, statement.params, limits=self.limits)
        return {str(text) for text in answer.columns[0]}

    async def _calculate(self, order: Iterable[int]) -> tuple[Outcome, ...]:
        outcomes: dict[int, Outcome] = {}
        for cohort_id in order:
            outcome = await self._calculate_one(cohort_id, outcomes)
            if outcome is not None:
                outcomes[cohort_id] = outcome
        return tuple(outcomes.values())

    async def _calculate_one(self, cohort_id: int, before: dict[int, Outcome]) -> Outcome | None:
        key = (self.project.id, cohort_id)
        record: CohortRecord | None = None
        try:
            for _ in range(_ATTEMPTS):
                library = await load_library(self.store, self.project.id)
                record = library.records.get(cohort_id)
                if record is None:
                    return None
                calculated = await self._fill(record, await self._stored_query(record, library, before))
                if calculated:
                    return Outcome(calculated)
            raise _busy()
        except (GatewayError, ClickHouseError) as failure:
            if record is None:
                raise
            refusal = _explained(record, failure)
            await cohorts.record_failure(self.store, key, refusal.message)
            return Outcome(record, refusal)

    async def _stored_query(
        self, record: CohortRecord, library: CohortLibrary, before: dict[int, Outcome]
    ) -> Query | None:
        if record.is_static:
            key = (self.project.id, record.id)
            found = await cohorts.find_distinct_ids(self.store, [key])
            return await self._checked_list(Listed(found.get(key, ())))
        definition = load_definition(record.groups)
        for used in library.uses(definition):
            if used in before and before[used].failure:
                raise BadUserInput(f"It uses the cohort {used}, which could not be calculated.")
        return self._query(definition, library)

    async def _fill(
        self, record: CohortRecord, query: Query | None, change: CohortChange | None = None
    ) -> CohortRecord | None:
        """Store the members and let them count; None when the cohort was changed or calculated meanwhile."""
        key = (self.project.id, record.id)
        version = await cohorts.next_version(self.store, key)
        if version is None:
            raise not_found(COHORT)
        try:
            size = 0 if query is None else await self._insert(record, version, query)
            found = CalculatedMembers(version, size, self.now)
            switched = await cohorts.switch_version(self.store, record, found, change)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await drop_members(self.engine, *key, first=version, end=version + 1)
            raise
        if switched is None:
            await drop_members(self.engine, *key, first=version, end=version + 1)
        elif record.version:
            await drop_members(self.engine, *key, end=record.version)
        return switched

    async def _insert(self, record: CohortRecord, version: int, query: Query) -> int:
        return await store_members(
            self.engine, self.project.id, record.id, version, query, person=MEMBER, limits=self.limits
        )


def _there(record: CohortRecord | None) -> CohortRecord:
    if record is None:
        raise not_found(COHORT)
    return record


def _stored(membership: Membership) -> StoredMembership:
    if isinstance(membership, Listed):
        return StoredMembership(is_static=True, distinct_ids=membership.distinct_ids)
    return StoredMembership(is_static=False, groups=dump_groups(membership))


def _explained(record: CohortRecord, failure: GatewayError | ClickHouseError) -> GatewayError:
    """Who asks for a calculation did not write the definition: say which cohort it is about."""
    name = f"The cohort {record.id}, {record.name!r}, could not be calculated"
    if isinstance(failure, ClickHouseError):
        logger.error("cohort %s of project %s: %s", record.id, record.project_id, failure)
        return GatewayError(ErrorCode.INTERNAL, f"{name}: ClickHouse failed.", hint="The log has the reason.")
    return GatewayError(failure.code, f"{name}: {failure.message}", hint=failure.hint, details=failure.details)


def _busy() -> GatewayError:
    return GatewayError(
        ErrorCode.RATE_LIMITED, "The cohort is being changed all the time.", hint="Try again in a moment."
    )
