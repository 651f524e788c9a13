"""The rows of API keys, and their entries in the audit log."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from datasource.metadata.audit import Actor, AuditAction, Change, add_changes
from datasource.metadata.key_reach import OrganizationOrProject, key_reach
from datasource.metadata.members import member_record
from datasource.metadata.models import ApiKey, AuditEntry, Membership, User
from datasource.metadata.records import KeyRecord, OwnedKey
from errors import BadUserInput, NotFound


async def find_row(session: AsyncSession, id_or_mask: str, *, for_update: bool = False) -> ApiKey:
    """Find a key by its id, its mask, or the mask of its old value. Raises NotFound and BadUserInput."""
    missing = NotFound("There is no key {key!r}.", key=id_or_mask, hint="Use the id or the mask of a key.")
    if not id_or_mask.isprintable():
        raise missing
    query = select(ApiKey).where(
        or_(ApiKey.id == id_or_mask, ApiKey.mask == id_or_mask, ApiKey.old_mask == id_or_mask)
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    keys = (await session.scalars(query.order_by(ApiKey.created_at))).all()
    if not keys:
        raise missing
    if len(keys) > 1:
        raise BadUserInput(
            "{count} keys have the mask {mask}.",
            count=len(keys),
            mask=id_or_mask,
            ids=tuple(key.id for key in keys),
            hint="Use one of the ids {ids}.",
        )
    return keys[0]


async def audit_key(
    session: AsyncSession,
    key: ApiKey,
    action: AuditAction,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    """Record an entry for each organization or project that the key can or could access."""
    owner = await session.get(User, key.user_id) if key.user_id else None
    target: dict[str, object] = {
        "key_id": key.id,
        "mask": key.mask,
        "label": key.label,
        "member_id": owner.id if owner else None,
        "member": owner.email if owner else None,
    }
    changes = []
    # Each has an entry of its own, so that its log does not reveal the others.
    for organization_id, project_id in await key_reach(session, key) or await _reach_at_creation(session, key):
        created = _settings(key, organization_id, project_id) if action is AuditAction.KEY_CREATED else None
        changes.append(
            Change(organization_id, action, target, before=before, after=after or created, project_id=project_id)
        )
    add_changes(session, actor, now, changes)


async def _reach_at_creation(session: AsyncSession, key: ApiKey) -> list[OrganizationOrProject]:
    """What the audit log recorded when the key was created, for a key that has lost all access."""
    query = select(AuditEntry.organization_id, AuditEntry.project_id).where(
        AuditEntry.action == AuditAction.KEY_CREATED.value, AuditEntry.target["key_id"].as_string() == key.id
    )
    rows = await session.execute(query.distinct())
    return [(organization_id, project_id) for organization_id, project_id in rows]


def _settings(key: ApiKey, organization_id: str, project_id: int | None) -> dict[str, object]:
    return {
        "scopes": list(key.scopes),
        "scoped_projects": None if key.scoped_projects is None else [project_id],
        "scoped_organizations": None if key.scoped_organizations is None else [organization_id],
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }


def owned_keys() -> Select[ApiKey]:
    # One statement, because this runs for every request.
    owner = joinedload(ApiKey.user)
    return select(ApiKey).options(owner.joinedload(User.memberships).joinedload(Membership.organization))


def owned_key(row: ApiKey) -> OwnedKey:
    if row.user is None:
        return OwnedKey(key_record(row), owner=None)
    owner, lost = member_record(row.user), row.lost_organizations or ()
    memberships = tuple(each for each in owner.memberships if each.organization_id not in lost)
    return OwnedKey(key_record(row), replace(owner, memberships=memberships))


def key_record(row: ApiKey) -> KeyRecord:
    return KeyRecord(
        id=row.id,
        user_id=row.user_id,
        project_id=row.project_id,
        label=row.label,
        description=row.description,
        mask=row.mask,
        scopes=tuple(row.scopes),
        scoped_projects=tuple(row.scoped_projects) if row.scoped_projects else None,
        scoped_organizations=tuple(row.scoped_organizations) if row.scoped_organizations else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        last_rolled_at=row.last_rolled_at,
        owner_removed_at=row.owner_removed_at,
        revoked_at=row.revoked_at,
        old_mask=row.old_mask,
        old_value_until=row.old_value_until,
    )
