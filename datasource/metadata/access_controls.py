"""Stored access rules; `permissions` decides what they mean."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, distinct, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from datasource.metadata.audit import Actor, AuditAction, Change, add_changes
from datasource.metadata.models import AccessControl, Membership, Project, Role, RoleMembership, User
from datasource.metadata.records import AccessLevel, RuleRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


@dataclass(frozen=True, slots=True)
class RuleKey:
    """The object and the subject of a rule, as in RuleRecord; there is at most one rule for each key."""

    project_id: int
    resource: str
    resource_id: str | None = None
    member_id: str | None = None
    role_id: str | None = None


async def rules_for(
    session: AsyncSession,
    project_ids: Collection[int] | Select[int],
    membership_ids: Collection[str],
    *,
    resource: str | None = None,
) -> dict[int, list[RuleRecord]]:
    """Load the rules of each project that apply to these memberships, in one statement.

    They are the rules about everyone, about one of the memberships, and about a role that one of them has in the
    project's organization.
    """
    roles = (
        select(RoleMembership.role_id)
        .join(Role, Role.id == RoleMembership.role_id)
        .join(Membership, Membership.id == RoleMembership.membership_id)
        .where(
            RoleMembership.membership_id.in_(membership_ids),
            Role.organization_id == Membership.organization_id,
            Role.organization_id == Project.organization_id,
        )
        .correlate(Project)
    )
    members = select(Membership.id).where(
        Membership.id.in_(membership_ids), Membership.organization_id == Project.organization_id
    )
    query = (
        select(AccessControl)
        .join(Project, Project.id == AccessControl.project_id)
        .where(
            AccessControl.project_id.in_(project_ids),
            or_(
                AccessControl.subject == "",
                AccessControl.member_id.in_(members.correlate(Project)),
                AccessControl.role_id.in_(roles),
            ),
        )
    )
    if resource is not None:
        query = query.where(AccessControl.resource == resource)
    found: dict[int, list[RuleRecord]] = {}
    for row in await session.scalars(query):
        found.setdefault(row.project_id, []).append(_record(row))
    return found


async def find_rules(
    store: MetadataStore, project_id: int, *about: tuple[str, str | None]
) -> tuple[RuleRecord, ...]:
    """Load the rules about these objects (resource and id), oldest first; None for the id is a whole resource.

    Without `about`, load all rules of the project.
    """
    query = select(AccessControl).where(AccessControl.project_id == project_id)
    if about:
        query = query.where(or_(*(_is_about(resource, resource_id) for resource, resource_id in about)))
    async with store.read() as session:
        rows = await session.scalars(query.order_by(AccessControl.created_at, AccessControl.id))
        return tuple(_record(row) for row in rows)


RuleAbout = tuple[int, str, str | None]
"""A project's id, a resource, and an object's id or None for the whole resource."""


async def find_rules_about(
    store: MetadataStore, about: Collection[RuleAbout]
) -> dict[RuleAbout, tuple[RuleRecord, ...]]:
    """Load the rules about many objects in one statement; the result has no entry for one without rules."""
    ids: dict[tuple[int, str], list[str]] = {}
    for project_id, resource, resource_id in about:
        ids.setdefault((project_id, resource), []).append(resource_id or "")
    wanted = (
        (AccessControl.project_id == project_id)
        & (AccessControl.resource == resource)
        & AccessControl.resource_id.in_(sorted(found))
        for (project_id, resource), found in ids.items()
    )
    query = select(AccessControl).where(or_(*wanted)).order_by(AccessControl.created_at, AccessControl.id)
    rules: dict[RuleAbout, list[RuleRecord]] = {}
    async with store.read() as session:
        for row in await session.scalars(query):
            record = _record(row)
            rules.setdefault((record.project_id, record.resource, record.resource_id), []).append(record)
    return {key: tuple(found) for key, found in rules.items()}


async def find_resource_rules(store: MetadataStore, project_id: int) -> tuple[RuleRecord, ...]:
    """Load the project's rules about whole resources, oldest first."""
    query = select(AccessControl).where(AccessControl.project_id == project_id, AccessControl.resource_id == "")
    async with store.read() as session:
        rows = await session.scalars(query.order_by(AccessControl.created_at, AccessControl.id))
        return tuple(_record(row) for row in rows)


async def set_rule(
    store: MetadataStore,
    key: RuleKey,
    level: AccessLevel | None,
    *,
    actor: Actor,
    now: datetime,
    most_objects: int | None = None,
) -> RuleRecord | None:
    """Set the level of a rule and return it, or remove it with None.

    Raises BadUserInput if more than `most_objects` objects of a resource would have rules, and NotFound without
    the project.
    """
    try:
        async with store.write() as session:
            return await _write_rule(session, key, level, actor=actor, now=now, most_objects=most_objects)
    except IntegrityError as exc:
        raise BadUserInput("The member or role no longer exists.") from exc


async def _write_rule(
    session: AsyncSession,
    key: RuleKey,
    level: AccessLevel | None,
    *,
    actor: Actor,
    now: datetime,
    most_objects: int | None,
) -> RuleRecord | None:
    # The lock makes writers of one project take turns, so that two cannot exceed the limit together.
    project = await session.get(Project, key.project_id, with_for_update=True)
    if project is None:
        raise NotFound("The project no longer exists.")
    row = await session.scalar(select(AccessControl).where(*_is(key)))
    before = None if row is None else AccessLevel(row.access_level)
    if level is None:
        if row is not None:
            await session.delete(row)
    elif row is not None:
        row.access_level = level.value
        row.updated_at = now
    else:
        await _check_limit(session, key, most_objects)
        row = _new_row(key, level, actor, now)
        session.add(row)
    if before is not level:
        change = await _change(session, project.organization_id, key, before, level)
        add_changes(session, actor, now, [change])
    await session.flush()
    return None if level is None or row is None else _record(row)


async def remove_rules_of(
    session: AsyncSession, project_id: int, resource: str, resource_id: str, *, actor: Actor, now: datetime
) -> None:
    """Remove the rules about an object that is being deleted, in the session's transaction."""
    about = (AccessControl.project_id == project_id, _is_about(resource, resource_id))
    rows = (await session.scalars(select(AccessControl).where(*about))).all()
    if not rows:
        return
    organization_id = (await session.get_one(Project, project_id)).organization_id
    changes = [
        await _change(session, organization_id, _key(row), AccessLevel(row.access_level), None) for row in rows
    ]
    add_changes(session, actor, now, changes)
    await session.execute(delete(AccessControl).where(*about))


async def remove_rules_naming(
    session: AsyncSession, organization_id: str, condition: ColumnElement[bool], *, actor: Actor, now: datetime
) -> None:
    """Remove the rules about a member or role that is being removed, in the session's transaction."""
    rows: Sequence[AccessControl] = (await session.scalars(select(AccessControl).where(condition))).all()
    changes = [
        await _change(session, organization_id, _key(row), AccessLevel(row.access_level), None) for row in rows
    ]
    add_changes(session, actor, now, changes)
    await session.execute(delete(AccessControl).where(condition))


async def _check_limit(session: AsyncSession, key: RuleKey, most: int | None) -> None:
    if most is None or key.resource_id is None:
        return
    same = (AccessControl.project_id == key.project_id, AccessControl.resource == key.resource)
    if await session.scalar(
        select(AccessControl.id).where(*same, AccessControl.resource_id == key.resource_id).limit(1)
    ):
        return
    count = select(func.count(distinct(AccessControl.resource_id))).where(*same, AccessControl.resource_id != "")
    if (await session.scalar(count) or 0) >= most:
        raise BadUserInput(
            "At most {most:,} objects of one kind can have access controls, and the limit is reached.",
            most=most,
            path=("resource_id",),
            hint="Set the access of the whole resource, or remove access controls that are not needed.",
        )


async def _change(
    session: AsyncSession,
    organization_id: str,
    key: RuleKey,
    before: AccessLevel | None,
    after: AccessLevel | None,
) -> Change:
    target: dict[str, object] = {"resource": key.resource, "resource_id": key.resource_id}
    if key.member_id is not None:
        query = select(User).join(Membership, Membership.user_id == User.id).where(Membership.id == key.member_id)
        user = await session.scalar(query)
        target |= {"member_id": user.id if user else None, "member": user.email if user else None}
    if key.role_id is not None:
        role = await session.get(Role, key.role_id)
        target |= {"role_id": key.role_id, "role": role.name if role else None}
    return Change(
        organization_id=organization_id,
        project_id=key.project_id,
        action=AuditAction.ACCESS_CONTROL_REMOVED if after is None else AuditAction.ACCESS_CONTROL_SET,
        target=target,
        before=None if before is None else {"access_level": before.value},
        after=None if after is None else {"access_level": after.value},
    )


def _is(key: RuleKey) -> tuple[ColumnElement[bool], ...]:
    return (
        AccessControl.project_id == key.project_id,
        _is_about(key.resource, key.resource_id),
        AccessControl.subject == _subject(key),
    )


def _is_about(resource: str, resource_id: str | None) -> ColumnElement[bool]:
    return (AccessControl.resource == resource) & (AccessControl.resource_id == (resource_id or ""))


def _subject(key: RuleKey) -> str:
    return key.member_id or key.role_id or ""


def _key(row: AccessControl) -> RuleKey:
    return RuleKey(row.project_id, row.resource, row.resource_id or None, row.member_id, row.role_id)


def _new_row(key: RuleKey, level: AccessLevel, actor: Actor, now: datetime) -> AccessControl:
    return AccessControl(
        project_id=key.project_id,
        resource=key.resource,
        resource_id=key.resource_id or "",
        subject=_subject(key),
        member_id=key.member_id,
        role_id=key.role_id,
        access_level=level.value,
        created_by=actor.user_id,
        created_at=now,
        updated_at=now,
    )


def _record(row: AccessControl) -> RuleRecord:
    return RuleRecord(
        id=row.id,
        project_id=row.project_id,
        resource=row.resource,
        resource_id=row.resource_id or None,
        member_id=row.member_id,
        role_id=row.role_id,
        access_level=AccessLevel(row.access_level),
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
