import pytest

from datasource.metadata.members import add_member, get_member
from datasource.metadata.organizations import (
    create_organization,
    ensure_organization,
    find_organization,
    get_organization,
    list_organizations,
    set_features,
)
from datasource.metadata.records import OrganizationFeatures
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


async def test_organizations_are_listed_by_name(store: MetadataStore) -> None:
    created = [await create_organization(store, name=name) for name in ("Zeta", "Acme")]
    assert await list_organizations(store) == (created[1], created[0])


async def test_create_organization_with_a_taken_name_is_rejected(store: MetadataStore) -> None:
    await create_organization(store, name="Acme")
    with pytest.raises(BadUserInput, match="An organization named 'Acme' already exists") as caught:
        await create_organization(store, name=" Acme ")
    assert caught.value.path == ("name",)


async def test_find_organization_by_name(store: MetadataStore) -> None:
    created = await create_organization(store, name="Acme")
    assert await find_organization(store, name=" Acme ") == created
    assert await find_organization(store, name="Acm") is None
    with pytest.raises(NotFound, match="There is no organization named 'Acm'"):
        await get_organization(store, name="Acm")


@pytest.mark.parametrize("name", ["", "\0", "\udcff", "x" * 201])
async def test_organization_with_an_invalid_name_is_rejected(store: MetadataStore, name: str) -> None:
    for function in (create_organization, find_organization, ensure_organization):
        with pytest.raises(BadUserInput, match="The name of the organization"):
            await function(store, name=name)


async def test_new_organization_has_every_feature_on(store: MetadataStore) -> None:
    created = await create_organization(store, name="Acme")
    assert created.features == OrganizationFeatures(access_control=True, role_based_access=True, member_keys=True)
    assert await find_organization(store, name="Acme") == created


async def test_set_features_changes_only_what_is_given(store: MetadataStore) -> None:
    acme = await create_organization(store, name="Acme")
    other = await create_organization(store, name="Other")
    first = await set_features(store, acme.id, access_control=False)
    assert first.features == OrganizationFeatures(access_control=False)
    second = await set_features(store, acme.id, role_based_access=False)
    assert second.features == OrganizationFeatures(access_control=False, role_based_access=False)
    third = await set_features(store, acme.id, access_control=True, member_keys=False)
    assert third.features == OrganizationFeatures(role_based_access=False, member_keys=False)
    assert await set_features(store, acme.id) == third
    assert await get_organization(store, name="Acme") == third
    assert await get_organization(store, name="Other") == other


async def test_features_are_part_of_a_membership(store: MetadataStore) -> None:
    acme = await create_organization(store, name="Acme")
    other = await create_organization(store, name="Other")
    for organization in (acme, other):
        await add_member(store, email="ada@example.com", organization_id=organization.id)
    await set_features(store, other.id, role_based_access=False, member_keys=False)
    ada = await get_member(store, email="ada@example.com")
    assert [each.features for each in ada.memberships] == [
        OrganizationFeatures(),
        OrganizationFeatures(role_based_access=False, member_keys=False),
    ]


async def test_set_features_of_a_deleted_organization_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="organization"):
        await set_features(store, "nowhere", access_control=False)
