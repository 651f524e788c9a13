import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from datasource.metadata.audit import OPERATOR, Actor, AuditAction, Change, add_changes
from datasource.metadata.models import NAME_LENGTH, Organization, utc_now
from datasource.metadata.records import OrganizationFeatures, OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


def check_name(name: str, *, what: str) -> str:
    """The name without outer blanks; it must be there, short, and of printable characters."""
    trimmed = name.strip()
    if not trimmed:
        raise BadUserInput(f"The name of the {what} is empty.", path=("name",))
    if len(trimmed) > NAME_LENGTH:
        raise BadUserInput(
            f"The name of the {what} has {len(trimmed)} characters; {NAME_LENGTH} are allowed.",
            path=("name",),
        )
    if not trimmed.isprintable():
        raise BadUserInput(f"The name of the {what} has characters that cannot be printed.", path=("name",))
    return trimmed


def name_order(name: str) -> tuple[str, str]:
    """Sorts names whatever their case. Stores do not sort texts: each has an order of its own."""
    return unicodedata.normalize("NFC", name).casefold(), name


async def create_organization(store: MetadataStore, *, name: str) -> OrganizationRecord:
    name = check_name(name, what="organization")
    organization = Organization(name=name)
    try:
        async with store.write() as session:
            session.add(organization)
    except IntegrityError as exc:
        raise BadUserInput(f"There is an organization named {name!r} already.", path=("name",)) from exc
    return _record(organization)


async def list_organizations(store: MetadataStore) -> tuple[OrganizationRecord, ...]:
    """By name."""
    async with store.read() as session:
        records = [_record(row) for row in await session.scalars(select(Organization))]
    return tuple(sorted(records, key=lambda record: name_order(record.name)))


async def find_organization(store: MetadataStore, *, name: str) -> OrganizationRecord | None:
    name = check_name(name, what="organization")
    async with store.read() as session:
        row = await session.scalar(select(Organization).where(Organization.name == name))
        return _record(row) if row else None


async def get_organization(store: MetadataStore, *, name: str) -> OrganizationRecord:
    found = await find_organization(store, name=name)
    if found is None:
        raise NotFound(f"There is no organization named {name.strip()!r}.")
    return found


async def ensure_organization(store: MetadataStore, *, name: str) -> OrganizationRecord:
    """The organization of that name, made when missing; safe to repeat, also from two processes at once."""
    found = await find_organization(store, name=name)
    if found:
        return found
    try:
        return await create_organization(store, name=name)
    except BadUserInput:
        made_meanwhile = await find_organization(store, name=name)
        if made_meanwhile is None:
            raise
        return made_meanwhile


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
    """Switch features on or off; what is None stays as it is. Raises NotFound without the organization."""
    given = {
        "access_control": access_control,
        "role_based_access": role_based_access,
        "member_keys": member_keys,
    }
    async with store.write() as session:
        row = await session.get(Organization, organization_id, with_for_update=True)
        if row is None:
            raise NotFound("There is no such organization.")
        changed = {name: on for name, on in given.items() if on is not None and on is not getattr(row, name)}
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
    async with store.read() as session:
        if await session.get(Organization, organization_id) is None:
            raise NotFound("There is no such organization.")


def features_of(row: Organization) -> OrganizationFeatures:
    return OrganizationFeatures(
        access_control=row.access_control,
        role_based_access=row.role_based_access,
        member_keys=row.member_keys,
    )


def _record(row: Organization) -> OrganizationRecord:
    return OrganizationRecord(id=row.id, name=row.name, created_at=row.created_at, features=features_of(row))
