"""API keys as the store knows them: by hash and mask. The keys themselves are `permissions`' part."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from datasource.metadata.members import member_record
from datasource.metadata.models import LARGEST_PROJECT_ID, ApiKey, Membership, Project, User, utc_now
from datasource.metadata.records import KeyRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound

# Writing at every request would make each read a write; an hour's precision is enough to find unused keys.
LAST_USED_PRECISION = timedelta(hours=1)


async def insert_key(
    store: MetadataStore,
    *,
    user_id: str,
    label: str,
    secure_value: str,
    mask: str,
    scopes: Sequence[str],
    scoped_projects: Sequence[int] | None = None,
    scoped_organizations: Sequence[str] | None = None,
) -> KeyRecord:
    """`scoped_…`: None or empty for no narrowing."""
    key = ApiKey(
        user_id=user_id,
        label=label,
        secure_value=secure_value,
        mask=mask,
        scopes=list(scopes),
        scoped_projects=list(scoped_projects) if scoped_projects else None,
        scoped_organizations=list(scoped_organizations) if scoped_organizations else None,
    )
    try:
        async with store.write() as session:
            session.add(key)
    except IntegrityError as exc:
        raise BadUserInput("The key's owner is not there any more, or the key exists already.") from exc
    return _record(key)


async def list_keys(store: MetadataStore) -> tuple[OwnedKey, ...]:
    """Revoked ones included, oldest first."""
    async with store.read() as session:
        rows = await session.scalars(_owned_keys().order_by(ApiKey.created_at, ApiKey.id))
        return tuple(_owned(row) for row in rows.unique())


async def find_key(store: MetadataStore, secure_value: str) -> OwnedKey | None:
    async with store.read() as session:
        rows = await session.scalars(_owned_keys().where(ApiKey.secure_value == secure_value))
        row = rows.unique().one_or_none()
        return _owned(row) if row else None


async def revoke_key(store: MetadataStore, id_or_mask: str) -> KeyRecord:
    """Repeating it is harmless: the time of the first revocation stays."""
    if not id_or_mask.isprintable():
        raise NotFound(f"There is no key {id_or_mask!r}.")
    async with store.write() as session:
        query = select(ApiKey).where(or_(ApiKey.id == id_or_mask, ApiKey.mask == id_or_mask))
        keys = (await session.scalars(query.order_by(ApiKey.created_at))).all()
        if not keys:
            raise NotFound(f"There is no key {id_or_mask!r}.", hint="Give the id or the mask of a key.")
        if len(keys) > 1:
            ids = ", ".join(key.id for key in keys)
            raise BadUserInput(f"{len(keys)} keys look like {id_or_mask}.", hint=f"Give one of the ids {ids}.")
        keys[0].revoked_at = keys[0].revoked_at or utc_now()
        return _record(keys[0])


async def touch_key(store: MetadataStore, key: KeyRecord, now: datetime) -> None:
    """Remember that the key was used, at most once an hour."""
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
    """Those of the projects that none of the organizations has."""
    possible = [project_id for project_id in project_ids if 0 < project_id <= LARGEST_PROJECT_ID]
    query = select(Project.id).where(Project.id.in_(possible), Project.organization_id.in_(organization_ids))
    async with store.read() as session:
        known = set(await session.scalars(query))
    return tuple(project_id for project_id in project_ids if project_id not in known)


def _owned_keys() -> Select[ApiKey]:
    # One statement for all of it: this runs at every request.
    owner = joinedload(ApiKey.user, innerjoin=True)
    return select(ApiKey).options(owner.joinedload(User.memberships).joinedload(Membership.organization))


def _owned(row: ApiKey) -> OwnedKey:
    return OwnedKey(key=_record(row), owner=member_record(row.user))


def _record(row: ApiKey) -> KeyRecord:
    return KeyRecord(
        id=row.id,
        user_id=row.user_id,
        label=row.label,
        mask=row.mask,
        scopes=tuple(row.scopes),
        scoped_projects=tuple(row.scoped_projects) if row.scoped_projects else None,
        scoped_organizations=tuple(row.scoped_organizations) if row.scoped_organizations else None,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
