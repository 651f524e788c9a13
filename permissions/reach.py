"""The projects that a caller reaches, each with the policy that binds them there."""

from collections.abc import Collection
from dataclasses import dataclass

from datasource.metadata import reach
from datasource.metadata.records import OrganizationFeatures, ProjectRecord, RuleRecord
from datasource.metadata.store import MetadataStore
from permissions.caller import Caller
from permissions.policy import Policy


@dataclass(frozen=True, slots=True)
class ReachedProject:
    """A project as the caller meets it."""

    record: ProjectRecord
    policy: Policy


@dataclass(frozen=True, slots=True)
class ReachedPage:
    """Some of the projects in reach, by ascending id; `total` counts all of them."""

    projects: tuple[ReachedProject, ...]
    total: int
    has_next: bool


async def reach_projects(
    store: MetadataStore, caller: Caller, project_ids: Collection[int]
) -> dict[int, ReachedProject]:
    """Those of the projects that exist for the caller, with one statement for all of their rules."""
    found = await reach.ruled_projects(store, caller.reach, project_ids, _membership_ids(caller))
    reached = (_reached(caller, ruled.record, ruled.rules) for ruled in found.values())
    return {each.record.id: each for each in reached if each.policy.can_reach_project()}


async def list_reached_projects(
    store: MetadataStore, caller: Caller, *, first: int, after: int | None, offset: int = 0
) -> ReachedPage:
    """The first of them with an id greater than `after`, after passing over `offset`.

    What rules hide is neither on a page nor counted.
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
    """The project after a change of its rules, also where these hide it from the caller now."""
    rules = await reach.rules_of_projects(store, [project.record.id], _membership_ids(caller))
    return _reached(caller, project.record, rules.get(project.record.id, ()))


async def find_owner_projects(
    store: MetadataStore, caller: Caller, project_ids: Collection[int]
) -> dict[int, ReachedProject]:
    """Those that are of an organization of the key's owner, whatever the key is scoped to and rules say."""
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
    """`rules` are those of the project that apply to the caller."""
    membership = caller.user.membership_in(organization_id) if caller.user else None
    features = membership.features if membership else OrganizationFeatures()
    return Policy(caller.principal_in(organization_id), project_id, rules, features)


def _reached(caller: Caller, record: ProjectRecord, rules: Collection[RuleRecord]) -> ReachedProject:
    return ReachedProject(record, policy_for(caller, record.organization_id, record.id, rules))


def _membership_ids(caller: Caller) -> list[str]:
    return [membership.id for membership in caller.memberships]
