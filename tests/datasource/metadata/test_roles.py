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
from tests.support.seeds.organizations import World, audit_log, open_access_world


@pytest.fixture
async def world(store: MetadataStore) -> World:
    return await open_access_world(store)


async def test_created_role_is_found_unchanged(store: MetadataStore, world: World) -> None:
    created = await create_role(store, organization_id=world.acme.id, name=" Sales ")
    assert created == RoleRecord(id=created.id, organization_id=world.acme.id, name="Sales")
    assert await get_role(store, organization_id=world.acme.id, name=" Sales ") == created
    assert await find_roles(store, [created.id, created.id, "nothing"]) == {created.id: created}


async def test_roles_are_listed_by_name_within_their_organization(store: MetadataStore, world: World) -> None:
    first = await create_role(store, organization_id=world.acme.id, name="Accounting")
    assert await list_roles(store, world.acme.id) == (first, world.analysts, world.editors)
    assert await list_roles(store, world.zeta.id) == (world.zetas,)
    assert await list_roles(store, "nowhere") == ()


async def test_create_role_with_a_taken_name_is_rejected_within_its_organization(
    store: MetadataStore, world: World
) -> None:
    with pytest.raises(BadUserInput, match="already has a role named 'Analysts'") as caught:
        await create_role(store, organization_id=world.acme.id, name="Analysts")
    assert caught.value.path == ("name",)
    assert (await create_role(store, organization_id=world.zeta.id, name="Analysts")).name == "Analysts"


@pytest.mark.parametrize("name", ["", "  ", "\0", "\udcff", "x" * 201])
async def test_create_role_with_an_invalid_name_is_rejected(store: MetadataStore, world: World, name: str) -> None:
    with pytest.raises(BadUserInput, match="The name of the role"):
        await create_role(store, organization_id=world.acme.id, name=name)


async def test_create_role_in_a_deleted_organization_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="organization"):
        await create_role(store, organization_id="nowhere", name="Analysts")


async def test_get_role_of_another_organization_is_not_found(store: MetadataStore, world: World) -> None:
    with pytest.raises(NotFound, match="has no role named 'Zetas'"):
        await get_role(store, organization_id=world.acme.id, name="Zetas")


@pytest.mark.parametrize("name", ["", "\0", "\udcff", "x" * 201])
async def test_get_role_with_an_invalid_name_is_bad_input(store: MetadataStore, world: World, name: str) -> None:
    with pytest.raises(GatewayError) as caught:
        await get_role(store, organization_id=world.acme.id, name=name)
    assert isinstance(caught.value, BadUserInput | NotFound)


async def test_role_members_are_listed_by_their_addresses(store: MetadataStore, world: World) -> None:
    await add_role_member(store, world.analysts, world.bob)
    assert await find_role_members(store, [world.analysts.id, world.editors.id, "nothing"]) == {
        world.analysts.id: (world.ada.id, world.bob.id),
        world.editors.id: (world.bob.id,),
    }


async def test_roles_of_memberships_are_those_of_the_organization(store: MetadataStore, world: World) -> None:
    await add_role_member(store, world.editors, world.ada)
    assert await find_memberships_roles(store, world.acme.id) == {
        world.ada_in_acme: {world.analysts.id, world.editors.id},
        world.bob_in_acme: {world.editors.id},
    }
    assert await find_memberships_roles(store, world.zeta.id) == {world.ada_in_zeta: {world.zetas.id}}


async def test_add_role_member_twice_changes_nothing(store: MetadataStore, world: World) -> None:
    before = await audit_log(store, world.acme)
    await add_role_member(store, world.analysts, world.ada)
    assert (await find_role_members(store, [world.analysts.id]))[world.analysts.id] == (world.ada.id,)
    assert await audit_log(store, world.acme) == before


async def test_add_role_member_from_many_tasks_adds_once(store: MetadataStore, world: World) -> None:
    before = len(await audit_log(store, world.acme))
    adding = (add_role_member(store, world.analysts, world.bob) for _ in range(6))
    # All of them finish before the first error is raised, or their connections would outlive the test.
    assert await asyncio.gather(*adding, return_exceptions=True) == [None] * 6
    assert world.bob.id in (await find_role_members(store, [world.analysts.id]))[world.analysts.id]
    assert len(await audit_log(store, world.acme)) == before + 1


async def test_add_role_member_of_another_organization_is_rejected(store: MetadataStore, world: World) -> None:
    with pytest.raises(BadUserInput, match="is not a member of the role's organization") as caught:
        await add_role_member(store, world.zetas, world.bob)
    assert caught.value.path == ("member",)
    assert await find_role_members(store, [world.zetas.id]) == {world.zetas.id: (world.ada.id,)}


async def test_add_role_member_to_a_deleted_role_is_not_found(store: MetadataStore, world: World) -> None:
    await delete_role(store, world.analysts)
    with pytest.raises(NotFound):
        await add_role_member(store, world.analysts, world.bob)


async def test_add_role_member_who_just_left_is_not_found(store: MetadataStore, world: World) -> None:
    await remove_member(store, email="bob@example.com", organization_id=world.acme.id)
    with pytest.raises(NotFound):
        await add_role_member(store, world.analysts, world.bob)


async def test_remove_role_member_who_is_not_in_the_role_is_not_found(store: MetadataStore, world: World) -> None:
    await remove_role_member(store, world.analysts, world.ada)
    for role, member in ((world.analysts, world.ada), (world.zetas, world.bob)):
        with pytest.raises(NotFound, match=f"{member.email} is not in the role '{role.name}'"):
            await remove_role_member(store, role, member)
    assert await find_role_members(store, [world.analysts.id]) == {}


async def test_deleted_role_loses_its_members(store: MetadataStore, world: World) -> None:
    await delete_role(store, world.analysts)
    assert await list_roles(store, world.acme.id) == (world.editors,)
    assert await find_memberships_roles(store, world.acme.id) == {world.bob_in_acme: {world.editors.id}}
    with pytest.raises(NotFound, match="has no role named 'Analysts'"):
        await delete_role(store, world.analysts)


async def test_member_who_leaves_loses_the_organizations_roles(store: MetadataStore, world: World) -> None:
    await remove_member(store, email="ada@example.com", organization_id=world.acme.id)
    assert await find_role_members(store, [world.analysts.id, world.zetas.id]) == {world.zetas.id: (world.ada.id,)}
