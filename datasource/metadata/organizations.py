from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from datasource.metadata.audit import OPERATOR, Actor, AuditAction, Change, add_changes
from datasource.metadata.models import Organization, utc_now
from datasource.metadata.names import check_name, sort_key
from datasource.metadata.records import OrganizationFeatures, OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


async def create_organization(store: MetadataStore, *, name: str) -> OrganizationRecord:
    """Raises BadUserInput for a name that is invalid or taken."""
    name = check_name(name, what="organization")
    organization = Organization(name=name)
    try:
        async with store.write() as session:
            session.add(organization)
    except IntegrityError as exc:
        raise BadUserInput("An organization named {name!r} already exists.", name=name, path=("name",)) from exc
    return _record(organization)


async def list_organizations(store: MetadataStore) -> tuple[OrganizationRecord, ...]:
    """List all organizations by name."""
    async with store.read() as session:
        records = [_record(row) for row in await session.scalars(select(Organization))]
    return tuple(sorted(records, key=lambda record: sort_key(record.name)))


async def find_organization(store: MetadataStore, *, name: str) -> OrganizationRecord | None:
    name = check_name(name, what="organization")
    async with store.read() as session:
        row = await session.scalar(select(Organization).where(Organization.name == name))
        return _record(row) if row else None


async def get_organization(store: MetadataStore, *, name: str) -> OrganizationRecord:
    found = await find_organization(store, name=name)
    if found is None:
        raise NotFound("There is no organization named {name!r}.", name=name.strip())
    return found


async def ensure_organization(store: MetadataStore, *, name: str) -> OrganizationRecord:
    """Find the organization or create it; two processes may do so at once."""
    found = await find_organization(store, name=name)
    if found:
        return found
    try:
        return await create_organization(store, name=name)
    except BadUserInput:
        created_elsewhere = await find_organization(store, name=name)
        if created_elsewhere is None:
            raise
        return created_elsewhere


async def set_features(
    store: MetadataStore,
    organization_id: str,
    *,
    access_control: bool | None = None,
    role_based_access: bool | None = None,
    member_keys: bool | None = None,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> OrganizationRecord:
    """Turn features on or off; None leaves one unchanged. Raises NotFound without the organization."""
    requested = {
        "access_control": access_control,
        "role_based_access": role_based_access,
        "member_keys": member_keys,
    }
    async with store.write() as session:
        row = await session.get(Organization, organization_id, with_for_update=True)
        if row is None:
            raise NotFound("The organization does not exist.")
        changed = {name: on for name, on in requested.items() if on is not None and on is not getattr(row, name)}
        if changed:
            change = Change(
                organization_id,
                AuditAction.ORGANIZATION_CHANGED,
                {"organization": row.name},
                before={name: getattr(row, name) for name in changed},
                after=dict(changed),
            )
            add_changes(session, actor, now or utc_now(), [change])
        for name, on in changed.items():
            setattr(row, name, on)
        return _record(row)


async def check_organization(store: MetadataStore, organization_id: str) -> None:
    """Raises NotFound without the organization."""
    async with store.read() as session:
        if await session.get(Organization, organization_id) is None:
            raise NotFound("The organization does not exist.")


def features_of(row: Organization) -> OrganizationFeatures:
    return OrganizationFeatures(
        access_control=row.access_control,
        role_based_access=row.role_based_access,
        member_keys=row.member_keys,
    )


def _record(row: Organization) -> OrganizationRecord:
    return OrganizationRecord(id=row.id, name=row.name, created_at=row.created_at, features=features_of(row))
