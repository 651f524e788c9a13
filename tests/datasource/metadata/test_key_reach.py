"""Keys of members who are removed from an organization, and added again."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from datasource.metadata.audit import AuditAction
from datasource.metadata.keys import NewKey, find_key_by_id, insert_key, list_keys, replace_key, revoke_key
from datasource.metadata.members import add_member, get_member, remove_member, set_member_active
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project
from datasource.metadata.records import KeyRecord, KeyState, MemberRecord, OrganizationRecord, OwnedKey
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound
from tests.support.seeds.two_organizations import audit_log

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
EMAIL = "ada@example.com"


@dataclass(frozen=True, slots=True)
class Site:
    """Ada, a member of two organizations with a project each."""

    store: MetadataStore
    acme: OrganizationRecord
    zeta: OrganizationRecord
    shop: int
    zoo: int
    ada: MemberRecord

    async def key(self, name: str, **settings: object) -> KeyRecord:
        new = NewKey(
            user_id=self.ada.id, label=name, secure_value=f"sha256${name}", mask=f"phx_...{name}", scopes=["*"]
        )
        return await insert_key(self.store, replace(new, **settings), now=NOON)  # type: ignore[arg-type]  # its fields

    async def remove(self, organization: OrganizationRecord) -> None:
        await remove_member(self.store, email=EMAIL, organization_id=organization.id, now=LATER)

    async def add(self, organization: OrganizationRecord) -> None:
        await add_member(self.store, email=EMAIL, organization_id=organization.id)

    async def found(self, key: KeyRecord) -> OwnedKey:
        owned = await find_key_by_id(self.store, key.id)
        assert owned is not None
        return owned

    async def state(self, key: KeyRecord) -> KeyState:
        return (await self.found(key)).state_at(LATER)

    async def organizations(self, key: KeyRecord) -> set[str]:
        """The names of the organizations whose memberships the key may use."""
        owner = (await self.found(key)).owner
        assert owner is not None
        return {each.organization_name for each in owner.memberships}


@pytest.fixture
async def site(store: MetadataStore) -> Site:
    acme, zeta = [await create_organization(store, name=name) for name in ("Acme", "Zeta")]
    shop = await create_project(store, organization_id=acme.id, name="Shop")
    zoo = await create_project(store, organization_id=zeta.id, name="Zoo")
    for organization in (acme, zeta):
        ada = await add_member(store, email=EMAIL, organization_id=organization.id)
    return Site(store, acme, zeta, shop.id, zoo.id, ada)


async def test_key_of_a_removed_member_is_not_revived_when_they_are_added_again(site: Site) -> None:
    key = await site.key("0001")
    for organization in (site.acme, site.zeta):
        await site.remove(organization)
    assert await site.state(key) is KeyState.OWNER_REMOVED
    assert (await site.found(key)).key.owner_removed_at == LATER
    for organization in (site.acme, site.zeta):
        await site.add(organization)
    assert await site.state(key) is KeyState.OWNER_REMOVED
    assert await site.organizations(key) == set()
    new = await site.key("0002")
    assert await site.state(new) is KeyState.ACTIVE
    assert await site.organizations(new) == {"Acme", "Zeta"}


async def test_key_keeps_the_other_organization_and_loses_this_one_for_good(site: Site) -> None:
    key = await site.key("0001")
    await site.remove(site.acme)
    assert (await site.state(key), await site.organizations(key)) == (KeyState.ACTIVE, {"Zeta"})
    await site.add(site.acme)
    assert (await site.state(key), await site.organizations(key)) == (KeyState.ACTIVE, {"Zeta"})
    await site.remove(site.zeta)
    assert await site.state(key) is KeyState.OWNER_REMOVED


@pytest.mark.parametrize("restricted_to", ["organization", "project"])
async def test_restricted_key_is_refused_once_its_organization_is_lost(site: Site, restricted_to: str) -> None:
    if restricted_to == "organization":
        inside = await site.key("0001", scoped_organizations=[site.acme.id])
        outside = await site.key("0002", scoped_organizations=[site.zeta.id])
    else:
        inside = await site.key("0001", scoped_projects=[site.shop])
        outside = await site.key("0002", scoped_projects=[site.zoo, site.shop])
    await site.remove(site.acme)
    assert await site.state(inside) is KeyState.OWNER_REMOVED
    assert await site.state(outside) is KeyState.ACTIVE
    await site.add(site.acme)
    assert await site.state(inside) is KeyState.OWNER_REMOVED
    assert await site.organizations(outside) == {"Zeta"}


async def test_key_reaches_an_organization_that_the_member_joins_for_the_first_time(site: Site) -> None:
    key = await site.key("0001")
    await site.add(await create_organization(site.store, name="New"))
    assert await site.organizations(key) == {"Acme", "New", "Zeta"}


async def test_key_of_a_removed_member_cannot_be_rolled(site: Site) -> None:
    key = await site.key("0001", scoped_organizations=[site.acme.id])
    await site.remove(site.acme)
    with pytest.raises(BadUserInput, match=r"owner of the key phx_\.\.\.0001 was removed"):
        await replace_key(site.store, key.id, secure_value="sha256$new", mask="phx_...new0")
    await site.add(site.acme)
    with pytest.raises(BadUserInput, match="was removed"):
        await replace_key(site.store, key.id, secure_value="sha256$new", mask="phx_...new0")
    assert (await site.found(key)).key.mask == "phx_...0001"


async def test_key_of_a_removed_member_can_be_revoked(site: Site) -> None:
    key = await site.key("0001", scoped_organizations=[site.acme.id])
    await site.remove(site.acme)
    await revoke_key(site.store, key.id, now=LATER)
    assert await site.state(key) is KeyState.REVOKED


async def test_revoked_key_of_a_removed_member_stays_revoked(site: Site) -> None:
    key = await site.key("0001", scoped_organizations=[site.acme.id])
    await revoke_key(site.store, key.id, now=NOON)
    await site.remove(site.acme)
    assert await site.state(key) is KeyState.REVOKED
    assert (await site.found(key)).key.owner_removed_at is None


async def test_refused_keys_do_not_count_as_usable(site: Site) -> None:
    await site.key("0001", scoped_organizations=[site.acme.id])
    await site.remove(site.acme)
    new = NewKey(user_id=site.ada.id, label="x", secure_value="sha256$x", mask="phx_...000x", scopes=["*"])
    await insert_key(site.store, new, most_per_user=1)
    with pytest.raises(BadUserInput, match="at most 1 usable"):
        await insert_key(site.store, replace(new, secure_value="sha256$y"), most_per_user=1)


async def test_member_of_no_organization_gets_no_key(site: Site) -> None:
    for organization in (site.acme, site.zeta):
        await site.remove(organization)
    with pytest.raises(BadUserInput, match=r"ada@example\.com is not a member of any organization"):
        await site.key("0001")
    assert await list_keys(site.store) == ()


async def test_removal_records_the_keys_that_are_refused(site: Site) -> None:
    await site.key("0001", scoped_organizations=[site.acme.id])
    await site.key("0002")
    await site.remove(site.acme)
    entry = (await audit_log(site.store, site.acme))[-1]
    assert entry.action is AuditAction.MEMBER_REMOVED
    assert entry.before == {"level": "member", "keys": ["phx_...0001"]}


async def test_failed_removal_changes_no_key(site: Site) -> None:
    key = await site.key("0001")
    other = await create_organization(site.store, name="Other")
    with pytest.raises(NotFound):
        await site.remove(other)
    assert await site.organizations(key) == {"Acme", "Zeta"}


async def test_key_of_a_deactivated_member_is_listed_as_such_and_works_again_later(site: Site) -> None:
    key = await site.key("0001")
    await set_member_active(site.store, email=EMAIL, is_active=False)
    assert await site.state(key) is KeyState.OWNER_INACTIVE
    await set_member_active(site.store, email=EMAIL, is_active=True)
    assert await site.state(key) is KeyState.ACTIVE
    assert (await get_member(site.store, email=EMAIL)).is_active
