"""What databases do differently by themselves, and must not do here: order, case, characters, sizes."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from datasource.metadata.actions import ACTION_REPOSITORY, create_action
from datasource.metadata.insights import INSIGHT_REPOSITORY, create_insight
from datasource.metadata.keys import NewKey, insert_key, list_keys
from datasource.metadata.members import (
    add_member,
    ensure_member,
    find_member,
    find_members,
    list_members,
    list_organization_members,
)
from datasource.metadata.models import Organization
from datasource.metadata.organizations import create_organization, list_organizations
from datasource.metadata.projects import create_project, ensure_project, find_project, list_projects
from datasource.metadata.roles import add_role_member, create_role, find_role_members, get_role, list_roles
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound
from tests.support.seeds.projects import MADE

# Sorted by code points, by most languages' rules, and by a database's own, these come out differently.
MIXED = ("zeta", "Álamo", "alpha", "_new", "Zeta", "b-2", "b1", "Alpha", "ß", "10", "9")
IN_ORDER = ["10", "9", "_new", "Alpha", "alpha", "b-2", "b1", "ß", "Zeta", "zeta", "Álamo"]


async def test_organizations_have_the_same_order(store: MetadataStore) -> None:
    for name in MIXED:
        await create_organization(store, name=name)
    assert [each.name for each in await list_organizations(store)] == IN_ORDER


async def test_roles_have_the_same_order(store: MetadataStore) -> None:
    acme = await create_organization(store, name="Acme")
    for name in MIXED:
        await create_role(store, organization_id=acme.id, name=name)
    assert [each.name for each in await list_roles(store, acme.id)] == IN_ORDER


async def test_members_have_the_same_order_by_address(store: MetadataStore) -> None:
    acme = await create_organization(store, name="Acme")
    role = await create_role(store, organization_id=acme.id, name="Everyone")
    emails = ["b-2@x.org", "B1@x.org", "á@x.org", "a_b@x.org", "A@x.org", "a.b@x.org", "Z@x.org"]
    for email in emails:
        member = await add_member(store, email=email, organization_id=acme.id)
        await add_role_member(store, role, member)
    wanted = ["a.b@x.org", "A@x.org", "a_b@x.org", "b-2@x.org", "B1@x.org", "Z@x.org", "á@x.org"]
    assert [each.email for each in await list_members(store)] == wanted
    assert [each.email for each in await list_organization_members(store, acme.id)] == wanted
    in_role = (await find_role_members(store, [role.id]))[role.id]
    known = await find_members(store, in_role)
    assert [known[user_id].email for user_id in in_role] == wanted


async def test_names_are_case_sensitive(store: MetadataStore) -> None:
    for name in ("Acme", "ACME", "Ácme", "Acme\u0301", "Acmé"):
        organization = await create_organization(store, name=name)
        await create_project(store, name="P", organization_id=organization.id)
        assert await find_project(store, organization_id=organization.id, name="p") is None
    assert len(await list_projects(store)) == 5
    role = await create_role(store, organization_id=organization.id, name="Analysts")
    assert await get_role(store, organization_id=organization.id, name="Analysts") == role
    with pytest.raises(NotFound):
        await get_role(store, organization_id=organization.id, name="analysts")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("straSSe", ["STRASSE", "Straße"]),
        ("ÁL", ["Álamo", "álamo"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("/", ["sla/sh"]),
        ("'", ["o'clock"]),
        ("ω", ["ΑΒΩ"]),
        ("ДО", ["Дом", "домой"]),
    ],
)
async def test_search_finds_the_same_on_every_store(store: MetadataStore, search: str, found: list[str]) -> None:
    project = await ensure_project(store, organization="Acme", name="shop")
    names = ["STRASSE", "Straße", "Álamo", "álamo", "100%", "a_b", "back\\slash", "sla/sh", "o'clock", "ΑΒΩ"]
    for name in [*names, "Дом", "домой"]:
        await create_action(store, project_id=project.id, name=name, steps=[], now=MADE)
    page = await ACTION_REPOSITORY.list_page(store, project.id, first=100, search=search)
    assert [each.name for each in page.records] == found


async def test_string_with_a_nul_character_is_rejected(store: MetadataStore) -> None:
    project = await ensure_project(store, organization="Acme", name="shop")
    with pytest.raises(BadUserInput, match="contains a NUL character"):
        await create_action(store, project_id=project.id, name="a\0b", steps=[], now=MADE)
    with pytest.raises(BadUserInput, match="contains a NUL character"):
        await find_members(store, ["\0"])
    with pytest.raises(BadUserInput, match="contains a NUL character"):
        async with store.write() as session:
            session.add_all([Organization(name="one"), Organization(name="tw\0")])
    assert (await ACTION_REPOSITORY.list_page(store, project.id, first=10)).total == 0
    assert len(await list_organizations(store)) == 1


async def test_json_is_stored_unchanged(store: MetadataStore) -> None:
    project = await ensure_project(store, organization="Acme", name="shop")
    query: dict[str, Any] = {
        "texts": ["", "a\0b", "'; DROP TABLE insights", "\u2028", "😀", "x" * 200_000],
        "numbers": [0, -1, 2**53 + 1, 2**64 - 1, 0.1, 1e300, -0.0],
        "z": None,
        "a": [True, False, [], {}],
        "Z": {"b": 1, "a": 2},
    }
    created = await create_insight(store, project_id=project.id, name="Q", query=query, now=MADE)
    found = (await INSIGHT_REPOSITORY.find(store, [(project.id, created.id)]))[project.id, created.id]
    assert found.query == query
    assert list(found.query) == ["texts", "numbers", "z", "a", "Z"]


async def test_long_strings_are_stored_whole(store: MetadataStore) -> None:
    project = await ensure_project(store, organization="Acme", name="shop")
    name, description = "ΐ" * 400, "😀" * 10_000
    created = await create_action(
        store, project_id=project.id, name=name, description=description, steps=[], now=MADE
    )
    found = (await ACTION_REPOSITORY.find(store, [(project.id, created.id)]))[project.id, created.id]
    assert (found.name, found.description) == (name, description)


async def test_address_too_long_after_case_folding_is_rejected(store: MetadataStore) -> None:
    acme = await create_organization(store, name="Acme")
    with pytest.raises(BadUserInput, match="is not a valid e-mail address"):
        await add_member(store, email="ß" * 200 + "@x.org", organization_id=acme.id)
    longest = "ß" * 140 + "@x.org"
    await add_member(store, email=longest, organization_id=acme.id)
    found = await find_member(store, email="SS" * 140 + "@X.ORG")
    assert found is not None
    assert found.email == longest


async def test_instants_are_stored_to_the_microsecond_in_any_zone(store: MetadataStore) -> None:
    member = await ensure_member(
        store, email="a@x.org", organization_id=(await create_organization(store, name="Acme")).id
    )
    instants = [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(2024, 10, 27, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC),
    ]
    for number, instant in enumerate(instants):
        key = NewKey(
            user_id=member.id, label="k", secure_value=str(number), mask="m", scopes=["*"], expires_at=instant
        )
        await insert_key(store, key, now=MADE + timedelta(microseconds=number))
    assert [owned.key.expires_at for owned in await list_keys(store)] == instants
