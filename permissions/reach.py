"""The projects that a caller can reach, each with its policy."""

from collections.abc import Collection
from dataclasses import dataclass

from datasource.metadata import reach
from datasource.metadata.records import OrganizationFeatures, ProjectRecord, RuleRecord
from datasource.metadata.store import MetadataStore
from permissions.caller import Caller
from permissions.policy import Policy


@dataclass(frozen=True, slots=True)
class ReachedProject:
    """A project that the caller can reach, and the policy for them there."""

    record: ProjectRecord
    policy: Policy


@dataclass(frozen=True, slots=True)
class ReachedPage:
    """A page of the reachable projects, by ascending id; `total` counts all of them."""

    projects: tuple[ReachedProject, ...]
    total: int
    has_next: bool


async def reach_projects(
    store: MetadataStore, caller: Caller, project_ids: Collection[int]
) -> dict[int, ReachedProject]:
    """Return the given projects that the caller can reach; loads the rules of all with one statement."""

    async def load(missing: list[tuple[Caller, int]]) -> dict[tuple[Caller, int], ReachedProject]:
        ids = [project_id for _, project_id in missing]
        found = await reach.ruled_projects(store, caller.reach, ids, _membership_ids(caller))
        reached = (_reached(caller, ruled.record, ruled.rules) for ruled in found.values())
        return {(caller, each.record.id): each for each in reached if each.policy.can_reach_project()}

    # The whole caller is part of the key: a policy made for one who has changed since must not be found.
    found = await store.snapshot.get_many([(caller, project_id) for project_id in project_ids], load)
    return {project_id: project for (_, project_id), project in found.items()}


async def list_reached_projects(
    store: MetadataStore, caller: Caller, *, first: int, after: int | None, offset: int = 0
) -> ReachedPage:
    """List reachable projects with an id greater than `after`, skipping the first `offset`.

    Projects hidden by rules are neither listed nor counted.
    """
    hidden = await _hidden_projects(store, caller)
    page = await reach.projects_in_reach(
        store, caller.reach, first=first, after=after, offset=offset, hidden=hidden
    )
    ids = [record.id for record in page.projects]
    rules = await reach.rules_of_projects(store, ids, _membership_ids(caller))
    reached = (_reached(caller, record, rules.get(record.id, ())) for record in page.projects)
    return ReachedPage(tuple(reached), page.total, page.has_next)


async def reread_project(store: MetadataStore, caller: Caller, project: ReachedProject) -> ReachedProject:
    """Return the project with its current rules, even if they now hide it from the caller."""
    rules = await reach.rules_of_projects(store, [project.record.id], _membership_ids(caller))
    return _reached(caller, project.record, rules.get(project.record.id, ()))


async def find_owner_projects(
    store: MetadataStore, caller: Caller, project_ids: Collection[int]
) -> dict[int, ReachedProject]:
    """Return the given projects of the owner's organizations, regardless of rules and the scope of the key."""
    found = await reach.ruled_projects(store, caller.owner_reach, project_ids, _membership_ids(caller))
    return {ruled.record.id: _reached(caller, ruled.record, ruled.rules) for ruled in found.values()}


async def _hidden_projects(store: MetadataStore, caller: Caller) -> list[int]:
    found = await reach.rules_about_projects(store, caller.reach, _membership_ids(caller))
    return [
        project_id
        for project_id, (organization_id, rules) in found.items()
        if not policy_for(caller, organization_id, project_id, rules).can_reach_project()
    ]


def policy_for(caller: Caller, organization_id: str, project_id: int, rules: Collection[RuleRecord]) -> Policy:
    """Build the policy from the project's rules that apply to the caller."""
    membership = caller.user.membership_in(organization_id) if caller.user else None
    features = membership.features if membership else OrganizationFeatures()
    return Policy(caller.principal_in(organization_id), project_id, rules, features)


def _reached(caller: Caller, record: ProjectRecord, rules: Collection[RuleRecord]) -> ReachedProject:
    return ReachedProject(record, policy_for(caller, record.organization_id, record.id, rules))


def _membership_ids(caller: Caller) -> list[str]:
    return [membership.id for membership in caller.memberships]
