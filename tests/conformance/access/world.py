"""Stores a case's organization in the metadata store, through the product's own functions."""

import itertools
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from datasource.metadata.access_controls import RuleKey, set_rule
from datasource.metadata.actions import create_action
from datasource.metadata.audit import OPERATOR
from datasource.metadata.cohorts import StoredMembership, create_cohort
from datasource.metadata.insights import create_insight
from datasource.metadata.members import (
    add_member,
    ensure_member,
    find_members,
    remove_member,
    set_member_active,
    set_member_level,
)
from datasource.metadata.organizations import create_organization, set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import MemberRecord, OrganizationLevel, ProjectRecord, RoleRecord
from datasource.metadata.roles import add_role_member, create_role, remove_role_member
from datasource.metadata.store import MetadataStore
from permissions.caller import Caller
from permissions.policy import Controlled, Policy, Principal
from permissions.reach import ReachedProject, reread_project
from permissions.resources import ACTION, COHORT, INSIGHT, PROJECT, Resource
from permissions.resources import ORGANIZATION as ORGANIZATION_RESOURCE
from tests.conformance.access.cases import (
    CURRENT_PROJECT,
    FEATURES,
    ORGANIZATION,
    OUTSIDER,
    AccessCase,
    Change,
    Object,
    Role,
    Rule,
    is_project,
)
from tests.conformance.access.resources import SHELVES
from tests.conformance.fields import CaseError
from tests.support.api_keys import make_key

FOREIGN = "foreign:"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and its project; `id` is the one that rules use."""

    resource: str
    id: str
    project: ProjectRecord
    created_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """An organization as a case describes it, with the ids behind the case's references."""

    store: MetadataStore
    organization_id: str
    foreign_organization_id: str
    project: ProjectRecord
    users: dict[str, str] = field(default_factory=dict)
    """The ids of the members, including those who left."""
    emails: dict[str, str] = field(default_factory=dict)
    memberships: dict[str, str] = field(default_factory=dict)
    roles: dict[str, RoleRecord] = field(default_factory=dict)
    placed: dict[str, Placed] = field(default_factory=dict)
    keys: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    @property
    def projects(self) -> dict[str, ProjectRecord]:
        """Every project of the organization by its reference."""
        others = {ref: placed.project for ref, placed in self.placed.items() if is_project(placed.resource)}
        return {CURRENT_PROJECT: self.project, **others}

    def user_id(self, ref: str) -> str:
        if ref not in self.users:
            raise CaseError(f"{ref!r} is not a person in the case")
        return self.users[ref]

    def membership_id(self, ref: str) -> str:
        if ref not in self.memberships:
            raise CaseError(f"{ref!r} is not a member in the case")
        return self.memberships[ref]

    def role(self, ref: str) -> RoleRecord:
        if ref not in self.roles:
            raise CaseError(f"{ref!r} is not a role in the case")
        return self.roles[ref]

    def object(self, ref: str) -> Placed:
        if ref not in self.placed:
            raise CaseError(f"{ref!r} is not an object in the case")
        return self.placed[ref]

    def ref_of(self, id_: str | None, *kinds: str) -> str | None:
        """Return the reference for the id of a user, a role, or an object of these resources, or the id itself."""
        if id_ is None:
            return None
        candidates: list[tuple[str, str]] = []
        if "user" in kinds:
            candidates += [(user_id, ref) for ref, user_id in self.users.items()]
        if "role" in kinds:
            candidates += [(role.id, ref) for ref, role in self.roles.items()]
        candidates += [(placed.id, ref) for ref, placed in self.placed.items() if placed.resource in kinds]
        return dict(candidates).get(id_, id_)

    async def member(self, ref: str) -> MemberRecord:
        """Return the member's current record."""
        return (await find_members(self.store, [self.user_id(ref)]))[self.user_id(ref)]

    async def key(self, ref: str, scopes: Sequence[str]) -> str:
        """Return a key of the member: the same one for the same scopes."""
        name = (ref, tuple(scopes))
        if name not in self.keys:
            self.keys[name] = await make_key(self.store, await self.member(ref), scopes)
        return self.keys[name]

    async def caller(self, ref: str) -> Caller:
        """Return the member with a key that has all scopes."""
        return Caller(
            key_id="",
            key_label="",
            key_mask="",
            scopes=("*",),
            scoped_projects=None,
            scoped_organizations=None,
            user=await self.member(ref),
        )

    async def policy(self, ref: str, project: ProjectRecord) -> Policy:
        """Return the stored rules of the project that apply to the member, who may not even reach it."""
        unread = ReachedProject(project, Policy(Principal(None, None), project.id))
        return (await reread_project(self.store, await self.caller(ref), unread)).policy


async def build_world(store: MetadataStore, case: AccessCase) -> World:
    """Raises CaseError for references to what the case does not describe."""
    number = next(_numbers)
    name = f"{number} {case.name}"[:180]
    organization = await create_organization(store, name=name)
    foreign = await create_organization(store, name=f"{name} foreign")
    project = await create_project(store, organization_id=organization.id, name="project")
    world = World(
        store=store,
        organization_id=organization.id,
        foreign_organization_id=foreign.id,
        project=project,
    )
    world.placed[CURRENT_PROJECT] = Placed(PROJECT.name, str(project.id), project)
    world.placed[ORGANIZATION] = Placed(ORGANIZATION_RESOURCE.name, organization.id, project)
    await _add_people(world, case, number)
    for object_ in case.objects:
        world.placed[object_.ref] = await _place(world, object_)
    for rule in case.rules:
        await put_rule(world, rule)
    return world


async def _add_people(world: World, case: AccessCase, number: int) -> None:
    described = case.organization
    for member in described.members:
        await _add_member(world, member.ref, f"{member.ref}.{number}@example.com", member.level)
        if not member.is_active:
            await set_member_active(world.store, email=world.emails[member.ref], is_active=False)
    await _add_outsider(world, f"{OUTSIDER}.{number}@example.com")
    abroad = (*described.foreign_memberships, *(ref for role in described.foreign_roles for ref in role.members))
    for ref in dict.fromkeys(abroad):
        await _add_foreign(world, ref)
    for role in described.roles:
        await _add_role(world, role, world.organization_id)
    for role in described.foreign_roles:
        await _add_role(world, role, world.foreign_organization_id)
    await _switch(world, described.features)


async def _switch(world: World, features: AbstractSet[str]) -> None:
    access_control, role_based_access = (feature in features for feature in FEATURES)
    await set_features(
        world.store,
        world.organization_id,
        access_control=access_control,
        role_based_access=role_based_access,
    )


async def _add_member(world: World, ref: str, email: str, level: OrganizationLevel) -> None:
    organization_id = world.organization_id
    record = await add_member(world.store, email=email, organization_id=organization_id, level=level)
    world.users[ref], world.emails[ref] = record.id, email
    world.memberships[ref] = _membership_id(record, organization_id)


async def _add_outsider(world: World, email: str) -> None:
    record = await add_member(world.store, email=email, organization_id=world.foreign_organization_id)
    world.users[OUTSIDER], world.emails[OUTSIDER] = record.id, email


async def _add_foreign(world: World, ref: str) -> None:
    world.user_id(ref)
    organization_id = world.foreign_organization_id
    record = await add_member(world.store, email=world.emails[ref], organization_id=organization_id)
    world.memberships[f"{FOREIGN}{ref}"] = _membership_id(record, organization_id)


def _membership_id(record: MemberRecord, organization_id: str) -> str:
    return next(each.id for each in record.memberships if each.organization_id == organization_id)


async def _add_role(world: World, role: Role, organization_id: str) -> None:
    record = await create_role(world.store, organization_id=organization_id, name=role.ref)
    world.roles[role.ref] = record
    for ref in role.members:
        await add_role_member(world.store, record, await world.member(ref))


async def _place(world: World, object_: Object) -> Placed:
    name, store, project = object_.resource, world.store, world.project
    created_by = None if object_.created_by is None else world.user_id(object_.created_by)
    if name == PROJECT.name:
        other = await create_project(store, organization_id=world.organization_id, name=object_.ref)
        return Placed(name, str(other.id), other, created_by)
    saved: dict[str, Any] = {
        "project_id": project.id,
        "name": object_.ref,
        "now": datetime.now(UTC),
        "created_by": created_by,
    }
    if name == INSIGHT.name:
        number = (await create_insight(store, **saved, query={})).id
    elif name == ACTION.name:
        number = (await create_action(store, **saved, steps=[])).id
    elif name == COHORT.name:
        number = (await create_cohort(store, **saved, membership=StoredMembership(is_static=False))).id
    elif name in SHELVES:
        number = SHELVES[name].put(project.id, created_by).id
    else:
        number = next(_numbers)  # an unknown kind has no store
    return Placed(name, str(number), project, created_by)


async def put_rule(world: World, rule: Rule) -> None:
    """Insert the rule as a row, even one that the product would not allow."""
    project, resource_id = world.project, rule.resource_id
    if resource_id is not None and resource_id.startswith("@"):
        placed = world.object(resource_id[1:])
        project, resource_id = placed.project, placed.id
    key = RuleKey(
        project_id=project.id,
        resource=rule.resource,
        resource_id=resource_id,
        member_id=None if rule.member is None else world.membership_id(rule.member),
        role_id=None if rule.role is None else world.role(rule.role).id,
    )
    await set_rule(world.store, key, rule.level, actor=OPERATOR, now=datetime.now(UTC))


async def apply_change(world: World, change: Change) -> None:
    """Apply what happens between two steps."""
    store, organization_id = world.store, world.organization_id
    for ref, level in change.levels.items():
        world.user_id(ref)
        await set_member_level(store, email=world.emails[ref], organization_id=organization_id, level=level)
    for one, other in change.role_removals:
        role, ref = (one, other) if one in world.roles else (other, one)
        await remove_role_member(store, world.role(role), await world.member(ref))
    for rule in change.rules:
        await put_rule(world, rule)
    if change.features is not None:
        await _switch(world, change.features)
    for ref in change.leaving:
        world.user_id(ref)
        await remove_member(store, email=world.emails[ref], organization_id=organization_id)
        # PostHog's person still has a session, but the gateway refuses keys of a person in no organization.
        await ensure_member(store, email=world.emails[ref], organization_id=world.foreign_organization_id)
        for name in [each for each in world.keys if each[0] == ref]:
            del world.keys[name]


def as_controlled(placed: Placed, resource: Resource) -> Controlled:
    """The object as rules see it."""
    return Controlled(resource, placed.id, placed.created_by)
