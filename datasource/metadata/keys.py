"""API keys, stored as a hash and a mask; `permissions` makes and checks the keys themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from datasource.metadata.audit import OPERATOR, Actor, AuditAction
from datasource.metadata.key_rows import audit_key, find_row, key_record, owned_key, owned_keys
from datasource.metadata.models import LARGEST_PROJECT_ID, ApiKey, Membership, Project, User, utc_now
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput

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
            await audit_key(session, key, AuditAction.KEY_CREATED, actor, at)
    except IntegrityError as exc:
        raise BadUserInput("The owner of the key no longer exists, or the key already exists.") from exc
    return key_record(key)


async def list_keys(store: MetadataStore) -> tuple[OwnedKey, ...]:
    """List all keys, including revoked ones, oldest first."""
    async with store.read() as session:
        rows = await session.scalars(owned_keys().order_by(ApiKey.created_at, ApiKey.id))
        return tuple(owned_key(row) for row in rows.unique())


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and the hash of it as stored; `until` is the end of the value that was found, if it is an old one."""

    owned: OwnedKey
    secure_value: str
    until: datetime | None = None


async def find_key(store: MetadataStore, secure_value: str) -> FoundKey | None:
    """Find the key whose value, current or old, has this hash. An old value is found even after its end."""
    query = owned_keys().where(or_(ApiKey.secure_value == secure_value, ApiKey.old_secure_value == secure_value))
    async with store.read() as session:
        row = (await session.scalars(query)).unique().one_or_none()
        if row is None:
            return None
        if row.secure_value == secure_value or row.old_secure_value is None:
            return FoundKey(owned_key(row), row.secure_value)
        return FoundKey(owned_key(row), row.old_secure_value, row.old_value_until)


async def find_key_by_id(store: MetadataStore, key_id: str) -> OwnedKey | None:
    async with store.read() as session:
        row = (await session.scalars(owned_keys().where(ApiKey.id == key_id))).unique().one_or_none()
        return owned_key(row) if row else None


async def get_key(store: MetadataStore, id_or_mask: str) -> KeyRecord:
    """Raises NotFound, and BadUserInput for a mask that several keys share."""
    return (await get_owned_key(store, id_or_mask)).key


async def get_owned_key(store: MetadataStore, id_or_mask: str) -> OwnedKey:
    """Raises as `get_key`."""
    async with store.read() as session:
        row = await find_row(session, id_or_mask)
        rows = await session.scalars(owned_keys().where(ApiKey.id == row.id))
        return owned_key(rows.unique().one())


async def revoke_key(
    store: MetadataStore, id_or_mask: str, *, actor: Actor = OPERATOR, now: datetime | None = None
) -> KeyRecord:
    """Revoke a key, its old value too; the time of its first revocation stays. Raises as `get_key`."""
    at = now or utc_now()
    async with store.write() as session:
        key = await find_row(session, id_or_mask, for_update=True)
        if key.revoked_at is None:
            key.revoked_at = at
            await audit_key(session, key, AuditAction.KEY_REVOKED, actor, at)
        return key_record(key)


async def replace_key(
    store: MetadataStore,
    key_id: str,
    *,
    secure_value: str,
    mask: str,
    old_value_until: datetime | None = None,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> KeyRecord:
    """Replace the value of a key. The old one works until `old_value_until`; an older one stops working.

    Raises BadUserInput for a key that is revoked or whose owner was removed.
    """
    at = now or utc_now()
    async with store.write() as session:
        key = await find_row(session, key_id, for_update=True)
        _check_changeable(key)
        is_kept = old_value_until is not None
        before: dict[str, object] = {"mask": key.mask}
        after: dict[str, object] = {"mask": mask}
        if old_value_until is not None:
            after["old_value_until"] = old_value_until.isoformat()
        key.old_secure_value, key.old_mask = (key.secure_value, key.mask) if is_kept else (None, None)
        key.old_value_until = old_value_until
        key.secure_value, key.mask, key.last_rolled_at = secure_value, mask, at
        await audit_key(session, key, AuditAction.KEY_ROLLED, actor, at, before=before, after=after)
        return key_record(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanges:
    """The settings of a key to change; None leaves one as it is. `never_expires` removes the expiry."""

    label: str | None = None
    scopes: Sequence[str] | None = None
    expires_at: datetime | None = None
    never_expires: bool = False


async def update_key(
    store: MetadataStore,
    id_or_mask: str,
    changes: KeyChanges,
    *,
    most_per_user: int | None = None,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> tuple[KeyRecord, KeyRecord]:
    """Change the settings of a key, and return it before and after.

    Raises as `replace_key` does, and BadUserInput if an expired key would become one usable key too many.
    """
    at = now or utc_now()
    async with store.write() as session:
        key = await find_row(session, id_or_mask)
        has_new_expiry = changes.expires_at is not None or changes.never_expires
        if has_new_expiry and key.user_id is not None and key.expires_at is not None and key.expires_at <= at:
            # It locks the owner, and the removal of a member locks their keys after that too.
            await _check_owner(session, key.user_id, most_per_user, at)
        key = await find_row(session, key.id, for_update=True)
        _check_changeable(key)
        before = key_record(key)
        if changes.label is not None:
            key.label = changes.label
        if changes.scopes is not None:
            key.scopes = list(changes.scopes)
        if has_new_expiry:
            key.expires_at = changes.expires_at
        after = key_record(key)
        if after != before:
            was, is_now = _changed(before, after)
            await audit_key(session, key, AuditAction.KEY_UPDATED, actor, at, before=was, after=is_now)
        return before, after


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


def _check_changeable(key: ApiKey) -> None:
    if key.revoked_at is not None:
        raise BadUserInput("The key {mask} is revoked.", mask=key.mask, hint="Create a new one.")
    if key.owner_removed_at is not None:
        raise BadUserInput(
            "The owner of the key {mask} was removed from the organization.",
            mask=key.mask,
            hint="Create a new key for a member.",
        )


def _changed(before: KeyRecord, after: KeyRecord) -> tuple[dict[str, object], dict[str, object]]:
    """The settings that differ, as the audit log has them."""
    was, is_now = _audited(before), _audited(after)
    names = [name for name in was if was[name] != is_now[name]]
    return {name: was[name] for name in names}, {name: is_now[name] for name in names}


def _audited(key: KeyRecord) -> dict[str, object]:
    return {
        "label": key.label,
        "scopes": list(key.scopes),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
