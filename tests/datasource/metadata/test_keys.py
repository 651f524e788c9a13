from datetime import UTC, datetime, timedelta

import pytest

from datasource.metadata.keys import (
    find_key,
    insert_key,
    list_keys,
    revoke_key,
    touch_key,
    unknown_projects,
)
from datasource.metadata.members import add_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project, ensure_project
from datasource.metadata.records import KeyRecord, MemberRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def owner(store: MetadataStore) -> MemberRecord:
    organization = await create_organization(store, name="Acme")
    return await add_member(store, email="ada@example.com", organization_id=organization.id)


async def _insert(store: MetadataStore, owner: MemberRecord, name: str) -> KeyRecord:
    return await insert_key(
        store,
        user_id=owner.id,
        label=f"label {name}",
        secure_value=f"sha256${name}",
        mask=f"phx_...{name}",
        scopes=["insight:read", "project:write"],
    )


async def test_key_is_found_by_its_hash_with_its_owner(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    await _insert(store, owner, "0002")
    found = await find_key(store, "sha256$0001")
    assert found is not None
    assert found.key == key
    assert found.owner == owner
    assert found.key.scopes == ("insight:read", "project:write")
    assert (found.key.scoped_projects, found.key.scoped_organizations) == (None, None)


@pytest.mark.parametrize("secure_value", ["sha256$000", "sha256$00011", "SHA256$0001", "%", "", "' OR 1=1 --"])
async def test_key_of_another_hash_is_not_found(
    store: MetadataStore, owner: MemberRecord, secure_value: str
) -> None:
    await _insert(store, owner, "0001")
    assert await find_key(store, secure_value) is None


async def test_key_keeps_what_it_is_scoped_to(store: MetadataStore, owner: MemberRecord) -> None:
    key = await insert_key(
        store,
        user_id=owner.id,
        label="narrow",
        secure_value="sha256$narrow",
        mask="...",
        scopes=["*"],
        scoped_projects=[3, 1],
        scoped_organizations=list(owner.organization_ids),
    )
    found = await find_key(store, "sha256$narrow")
    assert found is not None
    assert found.key == key
    assert found.key.scoped_projects == (3, 1)
    assert found.key.scoped_organizations == owner.organization_ids


async def test_insert_key_twice_is_refused(store: MetadataStore, owner: MemberRecord) -> None:
    await _insert(store, owner, "0001")
    with pytest.raises(BadUserInput, match="exists already"):
        await _insert(store, owner, "0001")


async def test_revoke_key_by_id_or_mask_keeps_the_first_time(store: MetadataStore, owner: MemberRecord) -> None:
    key = await _insert(store, owner, "0001")
    await _insert(store, owner, "0002")
    revoked = await revoke_key(store, "phx_...0001")
    assert revoked.revoked_at is not None
    assert await revoke_key(store, key.id) == revoked
    assert [each.key.revoked_at is None for each in await list_keys(store)] == [False, True]


@pytest.mark.parametrize("wanted", ["phx_...zzzz", "", "%", "\0", "\udcff"])
async def test_revoke_key_nobody_has_is_not_found(store: MetadataStore, owner: MemberRecord, wanted: str) -> None:
    await _insert(store, owner, "0001")
    with pytest.raises(NotFound) as caught:
        await revoke_key(store, wanted)
    assert caught.value.message == f"There is no key {wanted!r}."


async def test_revoke_key_by_a_mask_of_two_asks_for_the_id(store: MetadataStore, owner: MemberRecord) -> None:
    ids = []
    for name in ("one", "two"):
        key = await insert_key(
            store, user_id=owner.id, label=name, secure_value=name, mask="phx_...same", scopes=["*"]
        )
        ids.append(key.id)
    with pytest.raises(BadUserInput, match="2 keys look like") as caught:
        await revoke_key(store, "phx_...same")
    assert all(key_id in (caught.value.hint or "") for key_id in ids)
    assert all(each.key.revoked_at is None for each in await list_keys(store))


async def test_last_use_moves_once_an_hour(store: MetadataStore, owner: MemberRecord) -> None:
    async def use(at: datetime) -> datetime | None:
        found = await find_key(store, "sha256$0001")
        assert found is not None
        await touch_key(store, found.key, at)
        again = await find_key(store, "sha256$0001")
        assert again is not None
        return again.key.last_used_at

    key = await _insert(store, owner, "0001")
    assert key.last_used_at is None
    assert await use(NOON) == NOON
    assert await use(NOON + timedelta(minutes=59, seconds=59)) == NOON
    assert await use(NOON + timedelta(hours=1)) == NOON + timedelta(hours=1)


async def test_last_use_seen_by_an_older_reader_does_not_move_back(
    store: MetadataStore, owner: MemberRecord
) -> None:
    stale = await _insert(store, owner, "0001")
    await touch_key(store, stale, NOON)
    await touch_key(store, stale, NOON - timedelta(minutes=5))
    found = await find_key(store, "sha256$0001")
    assert found is not None
    assert found.key.last_used_at == NOON


async def test_unknown_projects_are_those_of_no_given_organization(
    store: MetadataStore, owner: MemberRecord
) -> None:
    own = await create_project(store, organization_id=owner.organization_ids[0], name="Own")
    foreign = await ensure_project(store, organization="Other", name="Foreign")
    asked = (foreign.id, own.id, 99, -1, 2**70)
    assert await unknown_projects(store, asked, owner.organization_ids) == (foreign.id, 99, -1, 2**70)
