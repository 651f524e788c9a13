import pytest

from datasource.metadata.organizations import (
    create_organization,
    ensure_organization,
    find_organization,
    get_organization,
    list_organizations,
)
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


async def test_organizations_are_listed_by_name(store: MetadataStore) -> None:
    made = [await create_organization(store, name=name) for name in ("Zeta", "Acme")]
    assert await list_organizations(store) == (made[1], made[0])


async def test_create_organization_of_a_taken_name_is_refused(store: MetadataStore) -> None:
    await create_organization(store, name="Acme")
    with pytest.raises(BadUserInput, match="There is an organization named 'Acme' already") as caught:
        await create_organization(store, name=" Acme ")
    assert caught.value.path == ("name",)


async def test_find_organization_by_name(store: MetadataStore) -> None:
    made = await create_organization(store, name="Acme")
    assert await find_organization(store, name=" Acme ") == made
    assert await find_organization(store, name="Acm") is None
    with pytest.raises(NotFound, match="There is no organization named 'Acm'"):
        await get_organization(store, name="Acm")


@pytest.mark.parametrize("name", ["", "\0", "\udcff", "x" * 201])
async def test_organization_of_an_unusable_name_is_refused(store: MetadataStore, name: str) -> None:
    for function in (create_organization, find_organization, ensure_organization):
        with pytest.raises(BadUserInput, match="The name of the organization"):
            await function(store, name=name)
