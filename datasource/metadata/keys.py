"""API keys, stored as a hash and a mask; `permissions` makes and checks the keys themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from datasource.metadata.audit import OPERATOR, Actor, AuditAction, Change, add_changes
from datasource.metadata.key_reach import OrganizationOrProject, key_reach
from datasource.metadata.members import member_record
from datasource.metadata.models import LARGEST_PROJECT_ID, ApiKey, AuditEntry, Membership, Project, User, utc_now
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound

# A write per request would be expensive, and an hour's precision is enough to find unused keys.
LAST_USED_PRECISION = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to store, of a member (`user_id`) or a project. In `scoped_…`, None and empty mean no restriction."""

    label: str
    secure_value: str
    mask: str
    scopes: Sequence[str]
    user_id: str | None = None
    project_id: int | None = None
    description: str = ""
    scoped_projects: Sequence[int] | None = None
    scoped_organizations: Sequence[str] | None = None
    expires_at: datetime | None = None


async def insert_key(
    store: MetadataStore,
    new: NewKey,
    *,
    most_per_user: int | None = None,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> KeyRecord:
    """Raises BadUserInput if the owner is in no organization or already has `most_per_user` usable keys."""
    at = now or utc_now()
    key = ApiKey(
        user_id=new.user_id,
        project_id=new.project_id,
        label=new.label,
        description=new.description,
        secure_value=new.secure_value,
        mask=new.mask,
        scopes=list(new.scopes),
        scoped_projects=list(new.scoped_projects) if new.scoped_projects else None,
        scoped_organizations=list(new.scoped_organizations) if new.scoped_organizations else None,
        created_at=at,
        expires_at=new.expires_at,
    )
    try:
        async with store.write() as session:
            if new.user_id is not None:
                await _check_owner(session, new.user_id, most_per_user, at)
            session.add(key)
            await session.flush()
            await _audit(session, key, AuditAction.KEY_CREATED, actor, at)
    except IntegrityError as exc:
        raise BadUserInput("The owner of the key no longer exists, or the key already exists.") from exc
    return _record(key)


async def list_keys(store: MetadataStore) -> tuple[OwnedKey, ...]:
    """List all keys, including revoked ones, oldest first."""
    async with store.read() as session:
        rows = await session.scalars(_owned_keys().order_by(ApiKey.created_at, ApiKey.id))
        return tuple(_owned(row) for row in rows.unique())


async def find_key(store: MetadataStore, secure_value: str) -> tuple[OwnedKey, str] | None:
    """Find the key with this hash, and the hash as stored."""
    async with store.read() as session:
        rows = await session.scalars(_owned_keys().where(ApiKey.secure_value == secure_value))
        row = rows.unique().one_or_none()
        return (_owned(row), row.secure_value) if row else None


async def find_key_by_id(store: MetadataStore, key_id: str) -> OwnedKey | None:
    async with store.read() as session:
        row = (await session.scalars(_owned_keys().where(ApiKey.id == key_id))).unique().one_or_none()
        return _owned(row) if row else None


async def get_key(store: MetadataStore, id_or_mask: str) -> KeyRecord:
    """Raises NotFound, and BadUserInput for a mask that several keys share."""
    async with store.read() as session:
        return _record(await _find(session, id_or_mask))


async def revoke_key(
    store: MetadataStore, id_or_mask: str, *, actor: Actor = OPERATOR, now: datetime | None = None
) -> KeyRecord:
    """Revoke a key; a revoked key keeps the time of its first revocation. Raises as `get_key` does."""
    at = now or utc_now()
    async with store.write() as session:
        key = await _find(session, id_or_mask, for_update=True)
        if key.revoked_at is None:
            key.revoked_at = at
            await _audit(session, key, AuditAction.KEY_REVOKED, actor, at)
        return _record(key)


async def replace_key(
    store: MetadataStore,
    key_id: str,
    *,
    secure_value: str,
    mask: str,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> KeyRecord:
    """Replace the value of a key; the old one stops working.

    Raises BadUserInput for a key that is revoked or whose owner was removed.
    """
    at = now or utc_now()
    async with store.write() as session:
        key = await _find(session, key_id, for_update=True)
        if key.revoked_at is not None:
            raise BadUserInput("The key {mask} is revoked.", mask=key.mask, hint="Create a new one.")
        if key.owner_removed_at is not None:
            raise BadUserInput(
                "The owner of the key {mask} was removed from the organization.",
                mask=key.mask,
                hint="Create a new key for a member.",
            )
        old = key.mask
        key.secure_value, key.mask, key.last_rolled_at = secure_value, mask, at
        await _audit(session, key, AuditAction.KEY_ROLLED, actor, at, before={"mask": old}, after={"mask": mask})
        return _record(key)


async def touch_key(store: MetadataStore, key: KeyRecord, now: datetime) -> None:
    """Record that the key was used, at most once an hour."""
    if key.last_used_at is not None and now - key.last_used_at < LAST_USED_PRECISION:
        return
    stale: ColumnElement[bool] = or_(
        ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - LAST_USED_PRECISION
    )
    async with store.write() as session:
        await session.execute(update(ApiKey).where(ApiKey.id == key.id, stale).values(last_used_at=now))


async def unknown_projects(
    store: MetadataStore, project_ids: Sequence[int], organization_ids: Sequence[str]
) -> tuple[int, ...]:
    """The projects that belong to none of the organizations."""
    possible = [project_id for project_id in project_ids if 0 < project_id <= LARGEST_PROJECT_ID]
    query = select(Project.id).where(Project.id.in_(possible), Project.organization_id.in_(organization_ids))
    async with store.read() as session:
        known = set(await session.scalars(query))
    return tuple(project_id for project_id in project_ids if project_id not in known)


async def _check_owner(session: AsyncSession, user_id: str, most: int | None, now: datetime) -> None:
    # The lock makes the keys of one member take turns, so that two cannot exceed the limit together, and none is
    # made while the member is being removed.
    user = await session.get(User, user_id, with_for_update=True)
    if user is not None and not await session.scalar(
        select(func.count()).select_from(Membership).where(Membership.user_id == user_id)
    ):
        raise BadUserInput(
            "{email} is not a member of any organization.",
            email=user.email,
            hint="Add them to an organization first.",
        )
    if most is None:
        return
    usable = (
        ApiKey.revoked_at.is_(None),
        ApiKey.owner_removed_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
    )
    count = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == user_id, *usable)
    if (await session.scalar(count) or 0) >= most:
        raise BadUserInput(
            "A member can have at most {most} usable API keys.",
            most=most,
            hint="Revoke a key that is no longer needed.",
        )


async def _find(session: AsyncSession, id_or_mask: str, *, for_update: bool = False) -> ApiKey:
    missing = NotFound("There is no key {key!r}.", key=id_or_mask, hint="Use the id or the mask of a key.")
    if not id_or_mask.isprintable():
        raise missing
    query = select(ApiKey).where(or_(ApiKey.id == id_or_mask, ApiKey.mask == id_or_mask))
    if for_update:
        query = query.with_for_update()
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


async def _audit(
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


def _owned_keys() -> Select[ApiKey]:
    # One statement, because this runs for every request.
    owner = joinedload(ApiKey.user)
    return select(ApiKey).options(owner.joinedload(User.memberships).joinedload(Membership.organization))


def _owned(row: ApiKey) -> OwnedKey:
    if row.user is None:
        return OwnedKey(_record(row), owner=None)
    owner, lost = member_record(row.user), row.lost_organizations or ()
    memberships = tuple(each for each in owner.memberships if each.organization_id not in lost)
    return OwnedKey(_record(row), replace(owner, memberships=memberships))


def _record(row: ApiKey) -> KeyRecord:
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
    )
