"""What one request loads from the metadata store, in batches and each thing once."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from strawberry.dataloader import DataLoader

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
from errors import GatewayError
from permissions.caller import Caller
from permissions.enforce import require_caller
from permissions.reach import ReachedProject, find_owner_projects, reach_projects

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Loaders:
    """One loader per kind of record; an unknown key loads None.

    Only `projects` and `owner_projects` check access: a project id in the keys of the others must come from them.
    """

    projects: DataLoader[int, ReachedProject | None]
    owner_projects: DataLoader[int, ReachedProject | None]
    """Projects of the owner's organizations, whether or not the key reaches them: only to explain why not."""
    actions: DataLoader[SavedKey, ActionRecord | None]
    insights: DataLoader[SavedKey, InsightRecord | None]
    cohorts: DataLoader[SavedKey, CohortRecord | None]
    cohort_lists: DataLoader[SavedKey, tuple[str, ...] | None]
    members: DataLoader[str, MemberRecord | None]
    memberships: DataLoader[str, MemberRecord | None]
    roles: DataLoader[str, RoleRecord | None]
    role_members: DataLoader[str, tuple[str, ...] | None]
    rules: DataLoader[RuleAbout, tuple[RuleRecord, ...] | None]
    organization_members: DataLoader[str, tuple[MemberRecord, ...]]
    membership_roles: DataLoader[str, Mapping[str, frozenset[str]]]


def open_loaders(
    store: MetadataStore, caller: Caller | None, authentication_error: GatewayError | None
) -> Loaders:
    """Return empty loaders for one request of that caller."""
    return Loaders(
        projects=DataLoader(ProjectsOf(store, caller, authentication_error, find=reach_projects).load),
        owner_projects=DataLoader(ProjectsOf(store, caller, authentication_error, find=find_owner_projects).load),
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
    )


class FindProjects(Protocol):
    """Finds projects of one caller, many at once."""

    def __call__(
        self, store: MetadataStore, caller: Caller, project_ids: Collection[int]
    ) -> Awaitable[Mapping[int, ReachedProject]]: ...


@dataclass(frozen=True, slots=True)
class ProjectsOf:
    """Loads projects of one caller. Raises the authentication error where there is no caller."""

    store: MetadataStore
    caller: Caller | None
    authentication_error: GatewayError | None
    find: FindProjects

    async def load(self, project_ids: list[int]) -> list[ReachedProject | None]:
        found = await self.find(self.store, require_caller(self), project_ids)
        return [found.get(project_id) for project_id in project_ids]


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
    """For what a request needs of few keys, often of one, but many times."""

    async def load(keys: list[Key]) -> list[Value]:
        return [await find(store, key) for key in keys]

    return DataLoader(load)
