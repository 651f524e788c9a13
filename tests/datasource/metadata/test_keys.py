import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from datasource.metadata.audit import AuditAction, list_audit_log
from datasource.metadata.keys import (
    FoundKey,
    KeyChanges,
    NewKey,
    find_key,
    get_key,
    insert_key,
    list_keys,
    replace_key,
    revoke_key,
    touch_key,
    unknown_projects,
    update_key,
)
from datasource.metadata.members import add_member, remove_member
from datasource.metadata.models import Project, User
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project, ensure_project
from datasource.metadata.records import KeyRecord, MemberRecord, OwnedKey, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def owner(store: MetadataStore) -> MemberRecord:
    organization = await create_organization(store, name="Acme")
    return await add_member(store, email="ada@example.com", organization_id=organization.id)


async def _insert(store: MetadataStore, owner: MemberRecord, name: str) -> KeyRecord:
    new = NewKey(
        user_id=owner.id,
        label=f"label {name}",
        secure_value=f"sha256${name}",
        mask=f"phx_...{name}",
        scopes=["insight:read", "project:write"],
    )
    return await insert_key(store, new)


async def test_key_is_found_by_its_hash_with_its_owner(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    await _insert(store, owner, "0002")
    found = await find_key(store, "sha256$0001")
    assert found is not None
    owned, stored = found.owned, found.secure_value
    assert (owned.key, owned.owner, stored) == (key, owner, "sha256$0001")
    assert (key.user_id, key.project_id, key.label, key.description) == (owner.id, None, "label 0001", "")
    assert key.scopes == ("insight:read", "project:write")
    assert (key.scoped_projects, key.scoped_organizations) == (None, None)
    assert (key.expires_at, key.last_used_at, key.last_rolled_at, key.revoked_at) == (None, None, None, None)


@pytest.mark.parametrize("secure_value", ["sha256$000", "sha256$00011", "SHA256$0001", "%", "", "' OR 1=1 --"])
async def test_key_of_another_hash_is_not_found(
    store: MetadataStore, owner: MemberRecord, secure_value: str
) -> None:
    await _insert(store, owner, "0001")
    assert await find_key(store, secure_value) is None


async def test_key_keeps_its_scope(store: MetadataStore, owner: MemberRecord) -> None:
    new = NewKey(
        user_id=owner.id,
        label="narrow",
        secure_value="sha256$narrow",
        mask="...",
        scopes=["*"],
        scoped_projects=[3, 1],
        scoped_organizations=list(owner.organization_ids),
    )
    key = await insert_key(store, new)
    found = await find_key(store, "sha256$narrow")
    assert found is not None
    assert found.owned.key == key
    assert key.scoped_projects == (3, 1)
    assert key.scoped_organizations == owner.organization_ids


async def test_same_key_cannot_be_inserted_twice(store: MetadataStore, owner: MemberRecord) -> None:
    await _insert(store, owner, "0001")
    with pytest.raises(BadUserInput, match="already exists"):
        await _insert(store, owner, "0001")


async def test_revoke_key_by_id_or_mask_keeps_the_first_time(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    await _insert(store, owner, "0002")
    revoked = await revoke_key(store, "phx_...0001")
    assert revoked.revoked_at is not None
    assert await revoke_key(store, key.id) == revoked
    assert [each.key.revoked_at is None for each in await list_keys(store)] == [False, True]


@pytest.mark.parametrize("wanted", ["phx_...zzzz", "", "%", "\0", "\udcff"])
async def test_revoke_unknown_key_is_not_found(store: MetadataStore, owner: MemberRecord, wanted: str) -> None:
    await _insert(store, owner, "0001")
    with pytest.raises(NotFound) as caught:
        await revoke_key(store, wanted)
    assert caught.value.message == f"There is no key {wanted!r}."


async def test_revoke_key_by_a_shared_mask_requires_the_id(store: MetadataStore, owner: MemberRecord) -> None:
    ids = []
    for name in ("one", "two"):
        new = NewKey(user_id=owner.id, label=name, secure_value=name, mask="phx_...same", scopes=["*"])
        ids.append((await insert_key(store, new)).id)
    with pytest.raises(BadUserInput, match="2 keys have the mask") as caught:
        await revoke_key(store, "phx_...same")
    assert all(key_id in (caught.value.hint or "") for key_id in ids)
    assert all(each.key.revoked_at is None for each in await list_keys(store))


async def test_last_use_moves_once_an_hour(store: MetadataStore, owner: MemberRecord) -> None:
    async def use(at: datetime) -> datetime | None:
        found = await find_key(store, "sha256$0001")
        assert found is not None
        await touch_key(store, found.owned.key, at)
        again = await find_key(store, "sha256$0001")
        assert again is not None
        return again.owned.key.last_used_at

    key = await _insert(store, owner, "0001")
    assert key.last_used_at is None
    assert await use(NOON) == NOON
    assert await use(NOON + timedelta(minutes=59, seconds=59)) == NOON
    assert await use(NOON + timedelta(hours=1)) == NOON + timedelta(hours=1)


async def test_last_use_never_moves_back(store: MetadataStore, owner: MemberRecord) -> None:
    stale = await _insert(store, owner, "0001")
    await touch_key(store, stale, NOON)
    await touch_key(store, stale, NOON - timedelta(minutes=5))
    found = await find_key(store, "sha256$0001")
    assert found is not None
    assert found.owned.key.last_used_at == NOON


async def test_unknown_projects_are_in_none_of_the_organizations(
    store: MetadataStore, owner: MemberRecord
) -> None:
    own = await create_project(store, organization_id=owner.organization_ids[0], name="Own")
    foreign = await ensure_project(store, organization="Other", name="Foreign")
    requested = (foreign.id, own.id, 99, -1, 2**70)
    assert await unknown_projects(store, requested, owner.organization_ids) == (foreign.id, 99, -1, 2**70)


# ---------------------------------------------------------------------- keys of projects


@pytest.fixture
async def project(store: MetadataStore, owner: MemberRecord) -> ProjectRecord:
    return await create_project(store, organization_id=owner.organization_ids[0], name="P")


def _of_project(project: ProjectRecord, name: str = "p") -> NewKey:
    return NewKey(
        project_id=project.id,
        label="ingest",
        description="for\nthe CI",
        secure_value=f"sha256${name}",
        mask=f"phx_...{name}",
        scopes=["insight:read"],
        expires_at=NOON,
    )


async def test_key_of_a_project_has_no_owner(store: MetadataStore, project: ProjectRecord) -> None:
    key = await insert_key(store, _of_project(project))
    assert (key.user_id, key.project_id) == (None, project.id)
    assert (key.description, key.expires_at) == ("for\nthe CI", NOON)
    assert await find_key(store, "sha256$p") == FoundKey(OwnedKey(key, None), "sha256$p")
    assert await list_keys(store) == (OwnedKey(key, None),)


async def test_key_of_a_project_outlives_the_organizations_members(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord
) -> None:
    await insert_key(store, _of_project(project))
    await _insert(store, owner, "0001")
    await remove_member(store, email=owner.email, organization_id=owner.organization_ids[0])
    async with store.write() as session:
        await session.execute(delete(User).where(User.id == owner.id))
    assert [each.key.project_id for each in await list_keys(store)] == [project.id]


async def test_key_of_a_project_is_deleted_with_it(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord
) -> None:
    await insert_key(store, _of_project(project))
    kept = await _insert(store, owner, "0001")
    async with store.write() as session:
        await session.execute(delete(Project).where(Project.id == project.id))
    assert [each.key for each in await list_keys(store)] == [kept]


@pytest.mark.parametrize("owners", ["nobody", "both"])
async def test_database_rejects_a_key_with_no_owner_or_two(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord, owners: str
) -> None:
    new = replace(
        _of_project(project),
        user_id=owner.id if owners == "both" else None,
        project_id=project.id if owners == "both" else None,
    )
    with pytest.raises((BadUserInput, IntegrityError)):
        await insert_key(store, new)
    assert await list_keys(store) == ()


@pytest.mark.parametrize("gone", ["user", "project"])
async def test_key_of_a_deleted_owner_is_rejected(store: MetadataStore, project: ProjectRecord, gone: str) -> None:
    new = _of_project(project)
    new = replace(new, project_id=None, user_id="nobody") if gone == "user" else replace(new, project_id=9999)
    with pytest.raises(BadUserInput, match="owner of the key no longer exists"):
        await insert_key(store, new)


# ---------------------------------------------------------------------- rolling, and how many there may be


async def test_rolled_key_keeps_all_but_its_value(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    rolled = await replace_key(store, key.id, secure_value="sha256$new", mask="phx_...new1", now=NOON)
    assert rolled == replace(key, mask="phx_...new1", last_rolled_at=NOON)
    assert await find_key(store, "sha256$0001") is None
    assert await find_key(store, "sha256$new") == FoundKey(OwnedKey(rolled, owner), "sha256$new")
    assert await get_key(store, "phx_...new1") == rolled


async def test_old_value_is_found_with_its_end_and_by_its_mask(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    end = NOON + timedelta(days=1)
    rolled = await replace_key(
        store, key.id, secure_value="sha256$new", mask="phx_...new1", old_value_until=end, now=NOON
    )
    assert (rolled.mask, rolled.old_mask, rolled.old_value_until) == ("phx_...new1", key.mask, end)
    assert await find_key(store, "sha256$0001") == FoundKey(OwnedKey(rolled, owner), "sha256$0001", end)
    assert await find_key(store, "sha256$new") == FoundKey(OwnedKey(rolled, owner), "sha256$new")
    assert await get_key(store, key.mask) == rolled
    again = await replace_key(store, key.id, secure_value="sha256$third", mask="phx_...3333", now=NOON)
    assert (again.old_mask, again.old_value_until) == (None, None)
    assert await find_key(store, "sha256$0001") is None
    assert await find_key(store, "sha256$new") is None


async def test_rolls_at_once_leave_two_values_at_most(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    values = [f"sha256$r{number}" for number in range(5)]
    await asyncio.gather(
        *(
            replace_key(store, key.id, secure_value=value, mask=value[-2:], old_value_until=NOON, now=NOON)
            for value in values
        )
    )
    found = [each for value in ("sha256$0001", *values) if (each := await find_key(store, value)) is not None]
    assert sorted(each.until is None for each in found) == [False, True]


async def test_only_changes_are_recorded(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    before, after = await update_key(store, key.mask, KeyChanges(label=key.label, scopes=key.scopes), now=NOON)
    assert before == after == key
    await update_key(store, key.id, KeyChanges(label="new", scopes=key.scopes), now=NOON)
    created, updated = reversed((await list_audit_log(store, owner.organization_ids[0], first=100)).entries[:2])
    assert created.action is AuditAction.KEY_CREATED
    assert (updated.action, updated.at) == (AuditAction.KEY_UPDATED, NOON)
    assert (updated.before, updated.after) == ({"label": key.label}, {"label": "new"})


async def test_key_rolled_and_revoked_at_once_is_not_rolled_afterwards(
    store: MetadataStore, owner: MemberRecord
) -> None:
    key = await _insert(store, owner, "0001")
    await asyncio.gather(
        revoke_key(store, key.id, now=NOON),
        *(replace_key(store, key.id, secure_value=f"{number}", mask=f"{number}") for number in range(6)),
        return_exceptions=True,
    )
    page = await list_audit_log(store, owner.organization_ids[0], first=100)
    assert page.entries[0].action is AuditAction.KEY_REVOKED


async def test_rolling_a_revoked_or_missing_key_fails(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    await revoke_key(store, key.id, now=NOON)
    with pytest.raises(BadUserInput, match="is revoked"):
        await replace_key(store, key.id, secure_value="sha256$new", mask="phx_...new1")
    assert await find_key(store, "sha256$new") is None
    with pytest.raises(NotFound):
        await replace_key(store, "nothing", secure_value="sha256$new", mask="phx_...new1")


def _of_person(owner: MemberRecord, number: int, expires_at: datetime | None = None) -> NewKey:
    return NewKey(
        user_id=owner.id,
        label="x",
        secure_value=f"sha256${number}",
        mask=f"{number}",
        scopes=["*"],
        expires_at=expires_at,
    )


async def test_number_of_usable_keys_is_limited(store: MetadataStore, owner: MemberRecord) -> None:
    created = [await insert_key(store, _of_person(owner, number), most_per_user=10) for number in range(10)]
    with pytest.raises(BadUserInput, match="at most 10 usable API keys") as caught:
        await insert_key(store, _of_person(owner, 10), most_per_user=10)
    assert "Revoke" in (caught.value.hint or "")
    assert len(await list_keys(store)) == 10
    await revoke_key(store, created[0].id)
    await insert_key(store, _of_person(owner, 11), most_per_user=10)
    with pytest.raises(BadUserInput, match="at most 10"):
        await insert_key(store, _of_person(owner, 12), most_per_user=10)


async def test_expired_keys_do_not_count(store: MetadataStore, owner: MemberRecord) -> None:
    for number, expires_at in enumerate([NOON, NOON, NOON + timedelta(seconds=1)]):
        await insert_key(store, _of_person(owner, number, expires_at), now=NOON - timedelta(days=1))
    await insert_key(store, _of_person(owner, 3), most_per_user=2, now=NOON)
    with pytest.raises(BadUserInput, match="at most 2"):
        await insert_key(store, _of_person(owner, 4), most_per_user=2, now=NOON)
    await insert_key(store, _of_person(owner, 5), most_per_user=2, now=NOON + timedelta(seconds=1))


async def test_keys_of_others_and_of_projects_do_not_count(
    store: MetadataStore, owner: MemberRecord, project: ProjectRecord
) -> None:
    bob = await add_member(store, email="bob@example.com", organization_id=owner.organization_ids[0])
    await insert_key(store, _of_person(bob, 0), most_per_user=1)
    for number in range(3):
        await insert_key(store, _of_project(project, f"p{number}"), most_per_user=1)
    await insert_key(store, _of_person(owner, 1), most_per_user=1)
    with pytest.raises(BadUserInput, match="at most 1"):
        await insert_key(store, _of_person(owner, 2), most_per_user=1)


async def test_limit_of_keys_holds_for_concurrent_inserts(store: MetadataStore, owner: MemberRecord) -> None:
    ends = await asyncio.gather(
        *(insert_key(store, _of_person(owner, number), most_per_user=2) for number in range(8)),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["BadUserInput"] * 6 + ["KeyRecord"] * 2
    assert len(await list_keys(store)) == 2
