"""Roles: named groups of an organization's members, so that one access rule can be about many of them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from datasource.metadata.access_controls import remove_rules_naming
from datasource.metadata.audit import OPERATOR, Actor, AuditAction, Change, add_changes
from datasource.metadata.models import AccessControl, Membership, Role, RoleMembership, User, utc_now
from datasource.metadata.names import check_name, sort_key
from datasource.metadata.organizations import check_organization
from datasource.metadata.records import MemberRecord, MembershipRecord, RoleRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


async def create_role(
    store: MetadataStore, *, organization_id: str, name: str, actor: Actor = OPERATOR, now: datetime | None = None
) -> RoleRecord:
    """Raises BadUserInput for a name that is invalid or taken, and NotFound without the organization."""
    role = Role(organization_id=organization_id, name=check_name(name, what="role"))
    try:
        async with store.write() as session:
            session.add(role)
            await session.flush()
            change = Change(organization_id, AuditAction.ROLE_CREATED, _target(role), after={"name": role.name})
            add_changes(session, actor, now or utc_now(), [change])
    except IntegrityError as exc:
        await check_organization(store, organization_id)
        raise BadUserInput(
            "This organization already has a role named {name!r}.", name=role.name, path=("name",)
        ) from exc
    return _record(role)


async def list_roles(store: MetadataStore, organization_id: str) -> tuple[RoleRecord, ...]:
    """List the roles of an organization by name."""
    query = select(Role).where(Role.organization_id == organization_id)
    async with store.read() as session:
        records = [_record(row) for row in await session.scalars(query)]
    return tuple(sorted(records, key=lambda record: sort_key(record.name)))


async def get_role(store: MetadataStore, *, organization_id: str, name: str) -> RoleRecord:
    """Raises NotFound."""
    name = check_name(name, what="role")
    query = select(Role).where(Role.organization_id == organization_id, Role.name == name)
    async with store.read() as session:
        row = await session.scalar(query)
    if row is None:
        raise _no_role(name)
    return _record(row)


async def find_roles(store: MetadataStore, role_ids: Collection[str]) -> dict[str, RoleRecord]:
    """Load many roles by id; the result has no entry for one that does not exist."""
    async with store.read() as session:
        rows = await session.scalars(select(Role).where(Role.id.in_(sorted(set(role_ids)))))
        return {row.id: _record(row) for row in rows}


async def find_role_members(store: MetadataStore, role_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Load the user ids in each role, by e-mail address; the result has no entry for an empty role."""
    query = (
        select(RoleMembership.role_id, User.id, User.email_key)
        .join(Membership, Membership.id == RoleMembership.membership_id)
        .join(User, User.id == Membership.user_id)
        .where(RoleMembership.role_id.in_(sorted(set(role_ids))))
    )
    found: dict[str, list[str]] = defaultdict(list)
    async with store.read() as session:
        rows = (await session.execute(query)).all()
    for role_id, user_id, _ in sorted(rows, key=lambda row: row.email_key):
        found[role_id].append(user_id)
    return {role_id: tuple(members) for role_id, members in found.items()}


async def find_memberships_roles(store: MetadataStore, organization_id: str) -> dict[str, frozenset[str]]:
    """Load the role ids of each membership; the result has no entry for one without roles."""
    query = (
        select(RoleMembership.membership_id, RoleMembership.role_id)
        .join(Role, Role.id == RoleMembership.role_id)
        .where(Role.organization_id == organization_id)
    )
    found: dict[str, set[str]] = defaultdict(set)
    async with store.read() as session:
        for membership_id, role_id in await session.execute(query):
            found[membership_id].add(role_id)
    return {membership_id: frozenset(roles) for membership_id, roles in found.items()}


async def add_role_member(
    store: MetadataStore,
    role: RoleRecord,
    member: MemberRecord,
    *,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> None:
    """Add a member to a role, unless they are in it. Raises BadUserInput for a member of another organization."""
    membership = _membership(role, member)
    async with store.write() as session:
        if await session.get(Role, role.id, with_for_update=True) is None:
            raise _no_role(role.name)
        if await session.get(Membership, membership.id, with_for_update=True) is None:
            raise NotFound("{email} is no longer a member of this organization.", email=member.email)
        if await session.get(RoleMembership, (role.id, membership.id)):
            return
        session.add(RoleMembership(role_id=role.id, membership_id=membership.id))
        _audit(session, role, member, AuditAction.ROLE_MEMBER_ADDED, actor=actor, now=now)


async def remove_role_member(
    store: MetadataStore,
    role: RoleRecord,
    member: MemberRecord,
    *,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> None:
    """Raises NotFound for a member who is not in the role."""
    membership = member.membership_in(role.organization_id)
    async with store.write() as session:
        row = (
            await session.get(RoleMembership, (role.id, membership.id), with_for_update=True)
            if membership
            else None
        )
        if row is None:
            raise NotFound("{email} is not in the role {role!r}.", email=member.email, role=role.name)
        await session.delete(row)
        _audit(session, role, member, AuditAction.ROLE_MEMBER_REMOVED, actor=actor, now=now)


async def delete_role(
    store: MetadataStore, role: RoleRecord, *, actor: Actor = OPERATOR, now: datetime | None = None
) -> None:
    """Delete a role and the access rules about it. Raises NotFound if it is already deleted."""
    at = now or utc_now()
    async with store.write() as session:
        await remove_rules_naming(
            session, role.organization_id, AccessControl.role_id == role.id, actor=actor, now=at
        )
        deleted_id = await session.scalar(delete(Role).where(Role.id == role.id).returning(Role.id))
        if deleted_id is None:
            raise _no_role(role.name)
        change = Change(
            role.organization_id, AuditAction.ROLE_DELETED, {"role_id": role.id}, before={"name": role.name}
        )
        add_changes(session, actor, at, [change])


def _membership(role: RoleRecord, member: MemberRecord) -> MembershipRecord:
    membership = member.membership_in(role.organization_id)
    if membership is None:
        raise BadUserInput(
            "{email} is not a member of the role's organization.", email=member.email, path=("member",)
        )
    return membership


def _audit(
    session: AsyncSession,
    role: RoleRecord,
    member: MemberRecord,
    action: AuditAction,
    *,
    actor: Actor,
    now: datetime | None,
) -> None:
    target = {"role_id": role.id, "role": role.name, "member_id": member.id, "member": member.email}
    add_changes(session, actor, now or utc_now(), [Change(role.organization_id, action, target)])


def _no_role(name: str) -> NotFound:
    return NotFound("This organization has no role named {name!r}.", name=name)


def _target(role: Role) -> dict[str, object]:
    return {"role_id": role.id, "role": role.name}


def _record(row: Role) -> RoleRecord:
    return RoleRecord(id=row.id, organization_id=row.organization_id, name=row.name)
