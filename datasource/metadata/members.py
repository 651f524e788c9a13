import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from datasource.metadata.access_controls import remove_rules_naming
from datasource.metadata.audit import OPERATOR, Actor, AuditAction, Change, Document, add_changes
from datasource.metadata.key_reach import withdraw_keys
from datasource.metadata.models import EMAIL_KEY_LENGTH, AccessControl, Membership, User, utc_now
from datasource.metadata.names import check_name, sort_key
from datasource.metadata.organizations import check_organization, features_of
from datasource.metadata.records import MemberRecord, MembershipRecord, OrganizationLevel
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound

EMAIL_LENGTH = 254
EMAIL_SHAPE = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


async def add_member(
    store: MetadataStore,
    *,
    email: str,
    organization_id: str,
    name: str = "",
    level: OrganizationLevel = OrganizationLevel.MEMBER,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> MemberRecord:
    """Add a member; a user who is already in another organization keeps their name and keys.

    Raises BadUserInput for an invalid e-mail address and for someone who is already a member, and NotFound
    without the organization.
    """
    email = check_email(email)
    already = BadUserInput("{email} is already a member of this organization.", email=email, path=("email",))
    try:
        async with store.write() as session:
            user = await _find_or_add_user(session, email=email, name=name)
            if any(membership.organization_id == organization_id for membership in user.memberships):
                raise already
            user.memberships.append(Membership(organization_id=organization_id, level=level))
            await session.flush()
            action = AuditAction.MEMBER_ADDED
            _audit(session, user, organization_id, action, actor=actor, now=now, after=_level(level))
            return await _read_member(session, user.id)
    except IntegrityError as exc:
        await check_organization(store, organization_id)
        raise already from exc


async def ensure_member(
    store: MetadataStore,
    *,
    email: str,
    organization_id: str,
    name: str = "",
    level: OrganizationLevel = OrganizationLevel.MEMBER,
) -> MemberRecord:
    """Find the member or add one; an existing member keeps their level and name."""
    found = await find_member(store, email=email)
    if found and found.level_in(organization_id) is not None:
        return found
    try:
        return await add_member(store, email=email, organization_id=organization_id, name=name, level=level)
    except BadUserInput:
        added_elsewhere = await find_member(store, email=email)
        if added_elsewhere is None or added_elsewhere.level_in(organization_id) is None:
            raise
        return added_elsewhere


async def find_member(store: MetadataStore, *, email: str) -> MemberRecord | None:
    async with store.read() as session:
        user = await session.scalar(_members().where(User.email_key == email_key(email)))
        return member_record(user) if user else None


async def find_members(store: MetadataStore, user_ids: Collection[str]) -> dict[str, MemberRecord]:
    """Load many members by user id; the result has no entry for one that does not exist."""
    async with store.read() as session:
        users = await session.scalars(_members().where(User.id.in_(sorted(set(user_ids)))))
        return {user.id: member_record(user) for user in users}


async def find_membership_owners(store: MetadataStore, membership_ids: Collection[str]) -> dict[str, MemberRecord]:
    """Load the owners of many memberships; the result has no entry for one that does not exist."""
    wanted = sorted(set(membership_ids))
    owners = select(Membership.user_id).where(Membership.id.in_(wanted))
    async with store.read() as session:
        users = (await session.scalars(_members().where(User.id.in_(owners)))).all()
    records = [member_record(user) for user in users]
    return {each.id: record for record in records for each in record.memberships if each.id in wanted}


async def get_member(store: MetadataStore, *, email: str) -> MemberRecord:
    """Raises BadUserInput for an invalid e-mail address, and NotFound without the member."""
    member = await find_member(store, email=check_email(email))
    if member is None:
        raise _no_member(email)
    return member


async def list_members(store: MetadataStore) -> tuple[MemberRecord, ...]:
    """List the members of all organizations by e-mail address."""
    return await _list(store, _members())


async def list_organization_members(
    store: MetadataStore, organization_id: str, *, user_ids: Collection[str] | None = None
) -> tuple[MemberRecord, ...]:
    """List an organization's active members by e-mail address; `user_ids` restricts the list."""
    query = _members().where(
        User.is_active.is_(True),
        User.id.in_(select(Membership.user_id).where(Membership.organization_id == organization_id)),
    )
    if user_ids is not None:
        query = query.where(User.id.in_(sorted(set(user_ids))))
    return await _list(store, query)


async def set_member_active(
    store: MetadataStore, *, email: str, is_active: bool, actor: Actor = OPERATOR, now: datetime | None = None
) -> MemberRecord:
    """Activate or deactivate a member; the keys of an inactive one do not work."""
    async with store.write() as session:
        user = await _get_user(session, email)
        if user.is_active is not is_active:
            for each in user.memberships:
                before, after = {"is_active": user.is_active}, {"is_active": is_active}
                action = AuditAction.MEMBER_CHANGED
                _audit(
                    session, user, each.organization_id, action, actor=actor, now=now, before=before, after=after
                )
        user.is_active = is_active
        return member_record(user)


async def set_member_level(
    store: MetadataStore,
    *,
    email: str,
    organization_id: str,
    level: OrganizationLevel,
    actor: Actor = OPERATOR,
    now: datetime | None = None,
) -> MemberRecord:
    """Raises NotFound for someone who is not a member of the organization."""
    async with store.write() as session:
        user = await _get_user(session, email)
        membership = _membership(user, organization_id)
        if membership.level is not level:
            before, after = _level(membership.level), _level(level)
            action = AuditAction.MEMBER_CHANGED
            _audit(session, user, organization_id, action, actor=actor, now=now, before=before, after=after)
        membership.level = level
        return member_record(user)


async def remove_member(
    store: MetadataStore, *, email: str, organization_id: str, actor: Actor = OPERATOR, now: datetime | None = None
) -> None:
    """Remove a membership, the access rules about it and its place in the member's keys, for good.

    Raises NotFound without it.
    """
    at = now or utc_now()
    async with store.write() as session:
        user = await _get_user(session, email)
        membership = _membership(user, organization_id)
        named = AccessControl.member_id == membership.id
        await remove_rules_naming(session, organization_id, named, actor=actor, now=at)
        await session.delete(membership)
        await session.flush()
        refused = await withdraw_keys(session, user.id, organization_id, at)
        before = {**_level(membership.level), **({"keys": [key.mask for key in refused]} if refused else {})}
        _audit(session, user, organization_id, AuditAction.MEMBER_REMOVED, actor=actor, now=at, before=before)


def email_key(email: str) -> str:
    """Fold an e-mail address to what all its spellings in upper and lower case have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email.strip()).casefold())


def check_email(email: str) -> str:
    """Strip an e-mail address of outer spaces. Raises BadUserInput for an invalid one."""
    trimmed = email.strip()
    is_short = len(trimmed) <= EMAIL_LENGTH and len(email_key(trimmed)) <= EMAIL_KEY_LENGTH
    if not is_short or not trimmed.isprintable() or not EMAIL_SHAPE.fullmatch(trimmed):
        raise BadUserInput(
            "{email!r} is not a valid e-mail address.",
            email=trimmed[:EMAIL_LENGTH],
            path=("email",),
            hint="Use an address such as ada@example.com.",
        )
    return trimmed


def member_record(user: User) -> MemberRecord:
    """The user's memberships and their organizations must be loaded."""
    memberships = (
        MembershipRecord(
            id=membership.id,
            organization_id=membership.organization_id,
            organization_name=membership.organization.name,
            level=membership.level,
            features=features_of(membership.organization),
        )
        for membership in user.memberships
    )
    return MemberRecord(
        id=user.id,
        email=user.email,
        name=user.name,
        is_active=user.is_active,
        created_at=user.created_at,
        memberships=tuple(sorted(memberships, key=lambda membership: sort_key(membership.organization_name))),
    )


async def _get_user(session: AsyncSession, email: str) -> User:
    query = _members().where(User.email_key == email_key(email)).with_for_update(of=User)
    user = await session.scalar(query)
    if user is None:
        raise _no_member(email)
    return user


def _no_member(email: str) -> NotFound:
    return NotFound("There is no member with the e-mail address {email!r}.", email=email)


def _membership(user: User, organization_id: str) -> Membership:
    for membership in user.memberships:
        if membership.organization_id == organization_id:
            return membership
    raise NotFound("{email} is not a member of this organization.", email=user.email)


def _level(level: OrganizationLevel) -> dict[str, object]:
    return {"level": level.name.lower()}


def _audit(
    session: AsyncSession,
    user: User,
    organization_id: str,
    action: AuditAction,
    *,
    actor: Actor,
    now: datetime | None,
    before: Document | None = None,
    after: Document | None = None,
) -> None:
    target = {"member_id": user.id, "member": user.email}
    change = Change(organization_id, action, target, before=before, after=after)
    add_changes(session, actor, now or utc_now(), [change])


async def _list(store: MetadataStore, query: Select[User]) -> tuple[MemberRecord, ...]:
    async with store.read() as session:
        records = [member_record(user) for user in await session.scalars(query)]
    return tuple(sorted(records, key=lambda record: email_key(record.email)))


def _members() -> Select[User]:
    return select(User).options(selectinload(User.memberships).options(joinedload(Membership.organization)))


async def _find_or_add_user(session: AsyncSession, *, email: str, name: str) -> User:
    user = await session.scalar(_members().where(User.email_key == email_key(email)))
    if user is None:
        shown_name = check_name(name, what="member") if name.strip() else ""
        user = User(email=email, email_key=email_key(email), name=shown_name, memberships=[])
        session.add(user)
    return user


async def _read_member(session: AsyncSession, user_id: str) -> MemberRecord:
    query = _members().where(User.id == user_id).execution_options(populate_existing=True)
    return member_record((await session.scalars(query)).one())
