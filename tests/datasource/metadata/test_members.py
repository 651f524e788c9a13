import pytest

from datasource.metadata.members import (
    add_member,
    ensure_member,
    find_member,
    find_members,
    get_member,
    list_members,
    list_organization_members,
    remove_member,
    set_member_active,
    set_member_level,
)
from datasource.metadata.organizations import create_organization
from datasource.metadata.records import OrganizationLevel, OrganizationRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


@pytest.fixture
async def organization(store: MetadataStore) -> OrganizationRecord:
    return await create_organization(store, name="Acme")


async def test_add_member_keeps_the_address_as_written(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    member = await add_member(
        store,
        email=" Ada@Example.com ",
        organization_id=organization.id,
        name="Ada",
        level=OrganizationLevel.OWNER,
    )
    assert (member.email, member.name, member.is_active) == ("Ada@Example.com", "Ada", True)
    assert [(each.organization_name, each.level) for each in member.memberships] == [
        ("Acme", OrganizationLevel.OWNER)
    ]


@pytest.mark.parametrize("spelling", ["ada@example.com", "ADA@EXAMPLE.COM", " Ada@Example.com"])
async def test_find_member_ignores_case(
    store: MetadataStore, organization: OrganizationRecord, spelling: str
) -> None:
    member = await add_member(store, email="Ada@Example.com", organization_id=organization.id)
    assert await find_member(store, email=spelling) == member


@pytest.mark.parametrize(
    ("first", "second"),
    [("ada@example.com", "ADA@example.com"), ("jürgen@example.com", "JÜRGEN@example.com")],
    ids=["ascii", "beyond ascii"],
)
async def test_add_member_again_in_another_case_is_rejected(
    store: MetadataStore, organization: OrganizationRecord, first: str, second: str
) -> None:
    await add_member(store, email=first, organization_id=organization.id)
    with pytest.raises(BadUserInput, match="is already a member of this organization"):
        await add_member(store, email=second, organization_id=organization.id)
    assert len(await list_members(store)) == 1


async def test_add_member_to_a_second_organization_keeps_one_user(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    other = await create_organization(store, name="Zeta")
    first = await add_member(store, email="ada@example.com", organization_id=organization.id, name="Ada")
    second = await add_member(
        store, email="ADA@example.com", organization_id=other.id, level=OrganizationLevel.ADMIN
    )
    assert (second.id, second.email, second.name) == (first.id, "ada@example.com", "Ada")
    assert second.level_in(organization.id) is OrganizationLevel.MEMBER
    assert second.level_in(other.id) is OrganizationLevel.ADMIN
    assert second.level_in("elsewhere") is None
    assert second.highest_level is OrganizationLevel.ADMIN


async def test_add_member_to_a_deleted_organization_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="organization"):
        await add_member(store, email="ada@example.com", organization_id="nowhere")
    assert await list_members(store) == ()


@pytest.mark.parametrize("email", ["", "ada", "@", "a@b@c", "a b@c", f"{'a' * 250}@example.com", "a\0@b"])
async def test_add_member_with_an_invalid_address_is_rejected(
    store: MetadataStore, organization: OrganizationRecord, email: str
) -> None:
    with pytest.raises(BadUserInput, match="is not a valid e-mail address"):
        await add_member(store, email=email, organization_id=organization.id)


async def test_ensure_member_twice_changes_nothing(store: MetadataStore, organization: OrganizationRecord) -> None:
    first = await ensure_member(
        store, email="ada@example.com", organization_id=organization.id, level=OrganizationLevel.OWNER
    )
    assert await ensure_member(store, email="ADA@example.com", organization_id=organization.id) == first


async def test_get_unknown_member_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match=r"no member with the e-mail address 'ada@example\.com'"):
        await get_member(store, email="ada@example.com")


async def test_set_member_active_can_be_undone(store: MetadataStore, organization: OrganizationRecord) -> None:
    await add_member(store, email="ada@example.com", organization_id=organization.id)
    await set_member_active(store, email="Ada@example.com", is_active=False)
    assert (await get_member(store, email="ada@example.com")).is_active is False
    await set_member_active(store, email="ada@example.com", is_active=True)
    assert (await get_member(store, email="ada@example.com")).is_active is True


def test_levels_ascend_from_member_to_owner() -> None:
    assert OrganizationLevel.MEMBER < OrganizationLevel.ADMIN < OrganizationLevel.OWNER


async def test_find_members_returns_those_that_exist(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    ada = await add_member(store, email="ada@example.com", organization_id=organization.id)
    await add_member(store, email="bob@example.com", organization_id=organization.id)
    assert await find_members(store, [ada.id, ada.id, "nobody"]) == {ada.id: ada}


async def test_set_member_level_changes_one_membership(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    other = await create_organization(store, name="Zeta")
    for each in (organization, other):
        await add_member(store, email="ada@example.com", organization_id=each.id)
    changed = await set_member_level(
        store, email="ADA@example.com", organization_id=other.id, level=OrganizationLevel.OWNER
    )
    assert changed.level_in(organization.id) is OrganizationLevel.MEMBER
    assert changed.level_in(other.id) is OrganizationLevel.OWNER
    assert await get_member(store, email="ada@example.com") == changed


async def test_set_member_level_in_another_organization_is_not_found(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    other = await create_organization(store, name="Zeta")
    await add_member(store, email="ada@example.com", organization_id=organization.id)
    for email in ("ada@example.com", "bob@example.com"):
        with pytest.raises(NotFound, match=email):
            await set_member_level(store, email=email, organization_id=other.id, level=OrganizationLevel.OWNER)


async def test_remove_member_ends_one_membership_and_keeps_the_user(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    other = await create_organization(store, name="Zeta")
    for each in (organization, other):
        await add_member(store, email="ada@example.com", organization_id=each.id, name="Ada")
    await remove_member(store, email="Ada@example.com", organization_id=organization.id)
    left = await get_member(store, email="ada@example.com")
    assert left.organization_ids == (other.id,)
    with pytest.raises(NotFound, match="is not a member of this organization"):
        await remove_member(store, email="ada@example.com", organization_id=organization.id)
    await remove_member(store, email="ada@example.com", organization_id=other.id)
    assert (await get_member(store, email="ada@example.com")).memberships == ()


async def test_returning_member_is_the_same_user_with_a_new_membership(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    first = await add_member(
        store, email="ada@example.com", organization_id=organization.id, level=OrganizationLevel.OWNER
    )
    await remove_member(store, email="ada@example.com", organization_id=organization.id)
    again = await add_member(store, email="ada@example.com", organization_id=organization.id)
    assert again.id == first.id
    assert again.level_in(organization.id) is OrganizationLevel.MEMBER
    assert again.memberships[0].id != first.memberships[0].id


async def test_organization_members_are_the_active_ones_by_address(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    other = await create_organization(store, name="Zeta")
    created = {}
    for name in ("cyd", "ada", "bob"):
        email = f"{name}@example.com"
        created[name] = await add_member(store, email=email, organization_id=organization.id)
    await add_member(store, email="dan@example.com", organization_id=other.id)
    await set_member_active(store, email="bob@example.com", is_active=False)
    assert await list_organization_members(store, organization.id) == (created["ada"], created["cyd"])
    requested = [created["cyd"].id, created["bob"].id, "nobody"]
    assert await list_organization_members(store, organization.id, user_ids=requested) == (created["cyd"],)
    assert await list_organization_members(store, organization.id, user_ids=[]) == ()
