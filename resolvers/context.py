"""What a request carries from its start to its answer."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from strawberry.dataloader import DataLoader

from datasource.cache.persisted_queries import OperationStore
from datasource.clickhouse.engine import Engine, Limits
from datasource.layouts.contract import EventLayout
from datasource.layouts.native import NativeLayout
from datasource.metadata.access_controls import RuleAbout, find_rules_about
from datasource.metadata.actions import ACTION_REPOSITORY
from datasource.metadata.cohorts import COHORT_REPOSITORY, find_distinct_ids
from datasource.metadata.insights import INSIGHT_REPOSITORY
from datasource.metadata.members import find_members, find_membership_owners, list_organization_members
from datasource.metadata.records import (
    ActionRecord,
    CohortRecord,
    InsightRecord,
    MemberRecord,
    RoleRecord,
    RuleRecord,
)
from datasource.metadata.roles import find_memberships_roles, find_role_members, find_roles
from datasource.metadata.saved import SavedKey
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError, LimitExceeded, NotFound, Place
from permissions.authenticate import LinkedKey, authenticate, authenticate_link
from permissions.caller import Caller
from permissions.enforce import require_caller
from permissions.reach import ReachedProject, find_owner_projects, reach_projects
from resolvers.ids import read_id
from resolvers.trend_cache.read_through import TrendCache
from settings import Settings
from telemetry.request import KEY_ID, Operation, OperationReport, no_op

Key = TypeVar("Key")
Value = TypeVar("Value")


class TrendBudget:
    """How many trends one request may still run: a list of projects would multiply them without an end."""

    def __init__(self, trends: int) -> None:
        self._allowed = trends
        self._left = trends

    def spend(self) -> None:
        """Raises QUERY_TOO_EXPENSIVE once the request has had its share."""
        if not self._left:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                f"One request may ask for {self._allowed} trends.",
                limit=self._allowed,
                actual=None,
                unit="trends",
                hint="Send several requests, or ask for fewer projects at once.",
            )
        self._left -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Who asks, when, and what there is to answer with. `now` is in UTC and the request's only clock.

    Exactly one of `caller` and `authentication_error` is set.
    """

    request_id: str
    now: datetime
    settings: Settings
    store: MetadataStore = field(repr=False)
    engine: Engine = field(repr=False)
    layout: EventLayout = field(repr=False)
    answers: TrendCache = field(repr=False)
    limits: Limits
    trend_budget: TrendBudget = field(repr=False)
    projects: DataLoader[int, ReachedProject | None] = field(repr=False)
    # Those of the owner's organizations, in reach of the key or not: only to tell why one is not.
    owner_projects: DataLoader[int, ReachedProject | None] = field(repr=False)
    # Loaders below ask nobody for leave: a project in a key is one that `projects` answered.
    actions: DataLoader[SavedKey, ActionRecord | None] = field(repr=False)
    insights: DataLoader[SavedKey, InsightRecord | None] = field(repr=False)
    cohorts: DataLoader[SavedKey, CohortRecord | None] = field(repr=False)
    cohort_lists: DataLoader[SavedKey, tuple[str, ...] | None] = field(repr=False)
    members: DataLoader[str, MemberRecord | None] = field(repr=False)
    memberships: DataLoader[str, MemberRecord | None] = field(repr=False)
    roles: DataLoader[str, RoleRecord | None] = field(repr=False)
    role_members: DataLoader[str, tuple[str, ...] | None] = field(repr=False)
    rules: DataLoader[RuleAbout, tuple[RuleRecord, ...] | None] = field(repr=False)
    organization_members: DataLoader[str, tuple[MemberRecord, ...]] = field(repr=False)
    membership_roles: DataLoader[str, Mapping[str, frozenset[str]]] = field(repr=False)
    caller: Caller | None
    authentication_error: GatewayError | None
    # Texts that clients sent before, None where none are kept.
    operations: OperationStore | None = field(default=None, repr=False)
    # As the client wrote them, before they are coerced; the schema fills them in.
    sent_variables: dict[str, object] = field(default_factory=dict, repr=False)
    operation: Operation = field(default_factory=Operation)
    report: Callable[[OperationReport], None] = field(default=no_op, repr=False)

    async def reach(self, project_id: str) -> ReachedProject:
        """The project that a request is about, as the caller meets it.

        Raises FORBIDDEN where the key or the project's rules keep a member of its organization out, and NOT_FOUND,
        always in the same words, for an id that is malformed or unknown and for projects of other organizations.
        """
        number = read_id(project_id)
        if number is None:
            raise no_such_project()
        reached = await self.projects.load(number)
        if reached is None:
            await self._check_key_reaches(number)
            raise no_such_project()
        return reached

    async def _check_key_reaches(self, project_id: int) -> None:
        caller = require_caller(self)
        projects = caller.reach.project_ids
        if projects is not None and project_id not in projects:
            raise _out_of_scope(f"The API key is not for the project {project_id}.")
        found = await self.owner_projects.load(project_id)
        if found is None:
            return
        if not found.policy.can_reach_project():
            raise GatewayError(
                ErrorCode.FORBIDDEN,
                f"You have no access to the project {project_id}.",
                hint="An admin of its organization can give you access.",
            )
        membership = caller.user.membership_in(found.record.organization_id) if caller.user else None
        if membership is not None and caller.is_locked_out(membership):
            raise _out_of_scope(f"The organization of the project {project_id} accepts API keys of admins only.")
        raise _out_of_scope(f"The API key is not for the organization of the project {project_id}.")


async def open_context(
    *,
    request_id: str,
    authorization: str | None,
    now: datetime,
    settings: Settings,
    store: MetadataStore,
    engine: Engine,
    layout: EventLayout | None = None,
    answers: TrendCache | None = None,
    report: Callable[[OperationReport], None] = no_op,
    operations: OperationStore | None = None,
    link: LinkedKey | None = None,
) -> RequestContext:
    """The context of a request with that Authorization header. A refused key is told to guarded fields only.

    `layout` says in which tables of the engine the events are, by default in the gateway's own. `answers` are
    those kept for all requests, by default none. `report` is told how each operation ended. `link` is
    the key that a signed link carries, which then counts as if it had been sent.
    """
    caller, refusal = await _identify(store, authorization, link, now)
    KEY_ID.set(caller.key_id if caller else None)
    return RequestContext(
        request_id=request_id,
        now=now,
        settings=settings,
        store=store,
        engine=engine,
        layout=layout or NativeLayout(),
        answers=answers or TrendCache(),
        limits=Limits(
            seconds=settings.query_timeout_s,
            rows_to_read=settings.query_max_rows,
            memory_bytes=settings.query_max_memory,
        ),
        trend_budget=TrendBudget(settings.max_trends),
        projects=DataLoader(ProjectsOf(store, caller, refusal, find=reach_projects).load),
        owner_projects=DataLoader(ProjectsOf(store, caller, refusal, find=find_owner_projects).load),
        actions=_batched(store, ACTION_REPOSITORY.find),
        insights=_batched(store, INSIGHT_REPOSITORY.find),
        cohorts=_batched(store, COHORT_REPOSITORY.find),
        cohort_lists=_batched(store, find_distinct_ids),
        members=_batched(store, find_members),
        memberships=_batched(store, find_membership_owners),
        roles=_batched(store, find_roles),
        role_members=_batched(store, find_role_members),
        rules=_batched(store, find_rules_about),
        organization_members=_one_by_one(store, list_organization_members),
        membership_roles=_one_by_one(store, find_memberships_roles),
        caller=caller,
        authentication_error=refusal,
        report=report,
        operations=operations,
    )


class FindProjects(Protocol):
    """How projects of one caller are found, many at once."""

    def __call__(
        self, store: MetadataStore, caller: Caller, project_ids: Collection[int]
    ) -> Awaitable[Mapping[int, ReachedProject]]: ...


@dataclass(frozen=True, slots=True)
class ProjectsOf:
    """Loads projects of one caller; None for every id that `find` does not answer."""

    store: MetadataStore
    caller: Caller | None
    authentication_error: GatewayError | None
    find: FindProjects

    async def load(self, project_ids: list[int]) -> list[ReachedProject | None]:
        """One answer per id, in the same order."""
        found = await self.find(self.store, require_caller(self), project_ids)
        return [found.get(project_id) for project_id in project_ids]


def no_such_project() -> NotFound:
    """The refusal of every id that is no project within reach, whatever the reason."""
    return NotFound(
        "There is no such project within the reach of the API key.",
        hint=Place.PROJECTS,
    )


def _out_of_scope(message: str) -> GatewayError:
    return GatewayError(ErrorCode.FORBIDDEN, message, hint=Place.PROJECTS)


def _batched(
    store: MetadataStore, find: Callable[[MetadataStore, Collection[Key]], Awaitable[Mapping[Key, Value]]]
) -> DataLoader[Key, Value | None]:
    async def load(keys: list[Key]) -> list[Value | None]:
        found = await find(store, keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _one_by_one(
    store: MetadataStore, find: Callable[[MetadataStore, Key], Awaitable[Value]]
) -> DataLoader[Key, Value]:
    """For what a request asks of few keys, often of a single one, but many times."""

    async def load(keys: list[Key]) -> list[Value]:
        return [await find(store, key) for key in keys]

    return DataLoader(load)


async def _identify(
    store: MetadataStore, authorization: str | None, link: LinkedKey | None, now: datetime
) -> tuple[Caller | None, GatewayError | None]:
    try:
        if link is not None:
            return await authenticate_link(store, link, now=now), None
        return await authenticate(store, authorization, now=now), None
    except GatewayError as refusal:
        return None, refusal
