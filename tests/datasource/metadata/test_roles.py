import asyncio

import pytest

from datasource.metadata.members import remove_member
from datasource.metadata.records import RoleRecord
from datasource.metadata.roles import (
    add_role_member,
    create_role,
    delete_role,
    find_memberships_roles,
    find_role_members,
    find_roles,
    get_role,
    list_roles,
    remove_role_member,
)
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, GatewayError, NotFound
from tests.support.seeds.two_organizations import Organizations, audit_log, seed_organizations


@pytest.fixture
async def orgs(store: MetadataStore) -> Organizations:
    return await seed_organizations(store)


async def test_created_role_is_found_unchanged(store: MetadataStore, orgs: Organizations) -> None:
    created = await create_role(store, organization_id=orgs.acme.id, name=" Sales ")
    assert created == RoleRecord(id=created.id, organization_id=orgs.acme.id, name="Sales")
    assert await get_role(store, organization_id=orgs.acme.id, name=" Sales ") == created
    assert await find_roles(store, [created.id, created.id, "nothing"]) == {created.id: created}


async def test_roles_are_listed_by_name_within_their_organization(
    store: MetadataStore, orgs: Organizations
) -> None:
    first = await create_role(store, organization_id=orgs.acme.id, name="Accounting")
    assert await list_roles(store, orgs.acme.id) == (first, orgs.analysts, orgs.editors)
    assert await list_roles(store, orgs.zeta.id) == (orgs.zetas,)
    assert await list_roles(store, "nowhere") == ()


async def test_create_role_with_a_taken_name_is_rejected_within_its_organization(
    store: MetadataStore, orgs: Organizations
) -> None:
    with pytest.raises(BadUserInput, match="already has a role named 'Analysts'") as caught:
        await create_role(store, organization_id=orgs.acme.id, name="Analysts")
    assert caught.value.path == ("name",)
    assert (await create_role(store, organization_id=orgs.zeta.id, name="Analysts")).name == "Analysts"


@pytest.mark.parametrize("name", ["", "  ", "\0", "\udcff", "x" * 201])
async def test_create_role_with_an_invalid_name_is_rejected(
    store: MetadataStore, orgs: Organizations, name: str
) -> None:
    with pytest.raises(BadUserInput, match="The name of the role"):
        await create_role(store, organization_id=orgs.acme.id, name=name)


async def test_create_role_in_a_deleted_organization_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="organization"):
        await create_role(store, organization_id="nowhere", name="Analysts")


async def test_get_role_of_another_organization_is_not_found(store: MetadataStore, orgs: Organizations) -> None:
    with pytest.raises(NotFound, match="has no role named 'Zetas'"):
        await get_role(store, organization_id=orgs.acme.id, name="Zetas")


@pytest.mark.parametrize("name", ["", "\0", "\udcff", "x" * 201])
async def test_get_role_with_an_invalid_name_is_bad_input(
    store: MetadataStore, orgs: Organizations, name: str
) -> None:
    with pytest.raises(GatewayError) as caught:
        await get_role(store, organization_id=orgs.acme.id, name=name)
    assert isinstance(caught.value, BadUserInput | NotFound)


async def test_role_members_are_listed_by_their_addresses(store: MetadataStore, orgs: Organizations) -> None:
    await add_role_member(store, orgs.analysts, orgs.bob)
    assert await find_role_members(store, [orgs.analysts.id, orgs.editors.id, "nothing"]) == {
        orgs.analysts.id: (orgs.ada.id, orgs.bob.id),
        orgs.editors.id: (orgs.bob.id,),
    }


async def test_roles_of_memberships_are_those_of_the_organization(
    store: MetadataStore, orgs: Organizations
) -> None:
    await add_role_member(store, orgs.editors, orgs.ada)
    assert await find_memberships_roles(store, orgs.acme.id) == {
        orgs.ada_in_acme: {orgs.analysts.id, orgs.editors.id},
        orgs.bob_in_acme: {orgs.editors.id},
    }
    assert await find_memberships_roles(store, orgs.zeta.id) == {orgs.ada_in_zeta: {orgs.zetas.id}}


async def test_add_role_member_twice_changes_nothing(store: MetadataStore, orgs: Organizations) -> None:
    before = await audit_log(store, orgs.acme)
    await add_role_member(store, orgs.analysts, orgs.ada)
    assert (await find_role_members(store, [orgs.analysts.id]))[orgs.analysts.id] == (orgs.ada.id,)
    assert await audit_log(store, orgs.acme) == before


async def test_add_role_member_from_many_tasks_adds_once(store: MetadataStore, orgs: Organizations) -> None:
    before = len(await audit_log(store, orgs.acme))
    adding = (add_role_member(store, orgs.analysts, orgs.bob) for _ in range(6))
    # All of them finish before the first error is raised, or their connections would outlive the test.
    assert await asyncio.gather(*adding, return_exceptions=True) == [None] * 6
    assert orgs.bob.id in (await find_role_members(store, [orgs.analysts.id]))[orgs.analysts.id]
    assert len(await audit_log(store, orgs.acme)) == before + 1


async def test_add_role_member_of_another_organization_is_rejected(
    store: MetadataStore, orgs: Organizations
) -> None:
    with pytest.raises(BadUserInput, match="is not a member of the role's organization") as caught:
        await add_role_member(store, orgs.zetas, orgs.bob)
    assert caught.value.path == ("member",)
    assert await find_role_members(store, [orgs.zetas.id]) == {orgs.zetas.id: (orgs.ada.id,)}


async def test_add_role_member_to_a_deleted_role_is_not_found(store: MetadataStore, orgs: Organizations) -> None:
    await delete_role(store, orgs.analysts)
    with pytest.raises(NotFound):
        await add_role_member(store, orgs.analysts, orgs.bob)


async def test_add_role_member_who_just_left_is_not_found(store: MetadataStore, orgs: Organizations) -> None:
    await remove_member(store, email="bob@example.com", organization_id=orgs.acme.id)
    with pytest.raises(NotFound):
        await add_role_member(store, orgs.analysts, orgs.bob)


async def test_remove_role_member_who_is_not_in_the_role_is_not_found(
    store: MetadataStore, orgs: Organizations
) -> None:
    await remove_role_member(store, orgs.analysts, orgs.ada)
    for role, member in ((orgs.analysts, orgs.ada), (orgs.zetas, orgs.bob)):
        with pytest.raises(NotFound, match=f"{member.email} is not in the role '{role.name}'"):
            await remove_role_member(store, role, member)
    assert await find_role_members(store, [orgs.analysts.id]) == {}


async def test_deleted_role_loses_its_members(store: MetadataStore, orgs: Organizations) -> None:
    await delete_role(store, orgs.analysts)
    assert await list_roles(store, orgs.acme.id) == (orgs.editors,)
    assert await find_memberships_roles(store, orgs.acme.id) == {orgs.bob_in_acme: {orgs.editors.id}}
    with pytest.raises(NotFound, match="has no role named 'Analysts'"):
        await delete_role(store, orgs.analysts)


async def test_member_who_leaves_loses_the_organizations_roles(store: MetadataStore, orgs: Organizations) -> None:
    await remove_member(store, email="ada@example.com", organization_id=orgs.acme.id)
    assert await find_role_members(store, [orgs.analysts.id, orgs.zetas.id]) == {orgs.zetas.id: (orgs.ada.id,)}
