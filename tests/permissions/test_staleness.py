"""Every change of access holds at once in the process that makes it, and within a second in every other one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest

from datasource.metadata.keys import revoke_key
from datasource.metadata.members import add_member, get_member, remove_member, set_member_active, set_member_level
from datasource.metadata.organizations import set_features
from datasource.metadata.projects import update_project
from datasource.metadata.records import OrganizationLevel
from datasource.metadata.roles import add_role_member, delete_role, remove_role_member
from datasource.metadata.snapshot import MAX_AGE_S
from datasource.metadata.store import MetadataStore
from errors import GatewayError
from permissions.authenticate import LinkedKey, authenticate, authenticate_link
from permissions.key_issuing import IssuedKey, issue_key, roll_key
from permissions.policy import Controlled
from permissions.reach import reach_projects
from permissions.resources import INSIGHT
from tests.support.seeds.two_organizations import (
    NOON,
    Organizations,
    given_rule,
    seed_organizations,
    set_level,
)

EXPIRY: Final = NOON + timedelta(days=1)


@dataclass(frozen=True)
class Site:
    """Bob's key. Bob is an editor of insights by his role, which only the organization's features turn on."""

    orgs: Organizations
    issued: IssuedKey


Change = Callable[[MetadataStore, Site], Awaitable[object]]


async def _roll(store: MetadataStore, site: Site) -> None:
    await roll_key(store, site.issued.record.id)


async def _leave_role(store: MetadataStore, site: Site) -> None:
    bob = await get_member(store, email=site.orgs.bob.email)
    await remove_role_member(store, site.orgs.editors, bob)


async def _join_role(store: MetadataStore, site: Site) -> None:
    bob = await get_member(store, email=site.orgs.bob.email)
    await add_role_member(store, site.orgs.analysts, bob)


CHANGES: Final[dict[str, Change]] = {
    "key revoked": lambda store, site: revoke_key(store, site.issued.record.id),
    "key rolled": _roll,
    "member deactivated": lambda store, site: set_member_active(store, email=site.orgs.bob.email, is_active=False),
    "member removed": lambda store, site: remove_member(
        store, email=site.orgs.bob.email, organization_id=site.orgs.acme.id
    ),
    "member promoted": lambda store, site: set_member_level(
        store,
        email=site.orgs.bob.email,
        organization_id=site.orgs.acme.id,
        level=OrganizationLevel.ADMIN,
    ),
    "member added elsewhere": lambda store, site: add_member(
        store, email=site.orgs.bob.email, organization_id=site.orgs.zeta.id
    ),
    "keys of members refused": lambda store, site: set_features(store, site.orgs.acme.id, member_keys=False),
    "roles turned off": lambda store, site: set_features(store, site.orgs.acme.id, role_based_access=False),
    "access control turned off": lambda store, site: set_features(store, site.orgs.acme.id, access_control=False),
    "role left": _leave_role,
    "role joined": _join_role,
    "role deleted": lambda store, site: delete_role(store, site.orgs.editors),
    "project hidden": lambda store, site: set_level(
        store, site.orgs.shop, "none", resource="project", on=str(site.orgs.shop.id)
    ),
    "insights opened to the member": lambda store, site: set_level(
        store, site.orgs.shop, "manager", member=site.orgs.bob_in_acme
    ),
    "rule of the role removed": lambda store, site: set_level(store, site.orgs.shop, None, role=site.orgs.editors),
    "time zone changed": lambda store, site: update_project(store, site.orgs.shop.id, timezone="Asia/Kathmandu"),
}


@pytest.fixture
async def site(store: MetadataStore) -> Site:
    orgs = await seed_organizations(store)
    await set_features(store, orgs.acme.id, access_control=True, role_based_access=True)
    await given_rule(store, orgs.shop, "viewer")
    await given_rule(store, orgs.shop, "editor", role=orgs.editors)
    await given_rule(store, orgs.shop, "manager", role=orgs.analysts)
    issued = await issue_key(
        store, owner=orgs.bob, label="CI", scopes=["insight:read"], expires_at=EXPIRY, now=NOON
    )
    return Site(orgs, issued)


@pytest.fixture
async def other_process(
    store: MetadataStore,  # noqa: ARG001 - makes the tables
    database_url: str,
) -> AsyncIterator[MetadataStore]:
    """A store on the same database that shares nothing with `store`."""
    async with MetadataStore.open(database_url) as other:
        yield other


async def _access(store: MetadataStore, site: Site) -> object:
    """What Bob's key and a link made with it may do in all projects; the refusal where they may nothing."""
    found = []
    link = LinkedKey(site.issued.record.id, NOON)
    for authenticated in (
        authenticate(store, f"Bearer {site.issued.value}", now=NOON),
        authenticate_link(store, link, now=NOON),
    ):
        try:
            caller = await authenticated
        except GatewayError as error:
            found.append(str(error.message))
            continue
        reached = await reach_projects(store, caller, range(1, 10))
        found.append(
            str(
                [
                    (each.record, each.policy.object_access(Controlled(INSIGHT, "1", None)))
                    for _, each in sorted(reached.items())
                ]
            )
        )
    return found


async def _truth(database_url: str, site: Site) -> object:
    """The same, from a process that has read nothing before."""
    async with MetadataStore.open(database_url) as unread:
        return await _access(unread, site)


@pytest.mark.parametrize("name", CHANGES)
async def test_change_holds_at_once_in_the_process_that_makes_it(
    store: MetadataStore, database_url: str, site: Site, name: str
) -> None:
    before = await _access(store, site)
    await CHANGES[name](store, site)
    after = await _access(store, site)
    assert after == await _truth(database_url, site)
    assert after != before


@pytest.mark.parametrize("name", CHANGES)
async def test_change_of_another_process_holds_within_a_second(
    store: MetadataStore, other_process: MetadataStore, database_url: str, site: Site, name: str
) -> None:
    before = await _access(store, site)
    await CHANGES[name](other_process, site)
    if database_url.startswith("postgresql"):
        await asyncio.sleep(MAX_AGE_S)
    after = await _access(store, site)
    assert after == await _truth(database_url, site)
    assert after != before
    assert MAX_AGE_S < 1


async def test_key_expires_without_a_change(store: MetadataStore, site: Site) -> None:
    header = f"Bearer {site.issued.value}"
    await authenticate(store, header, now=EXPIRY - timedelta(seconds=1))
    with pytest.raises(GatewayError, match="expired"):
        await authenticate(store, header, now=EXPIRY)
