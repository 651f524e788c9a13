"""usersWithAccess, and the members and roles that can be given access."""

from typing import Any

import pytest

from datasource.metadata.members import set_member_active
from datasource.metadata.organizations import set_features
from datasource.metadata.records import OrganizationLevel
from tests.support.gateway import Gateway
from tests.support.seeds.organization import Organization, Person, seed_organization

USERS = """usersWithAccess(first: $first, after: $after) { totalCount
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node { member { email level } accessLevel accessSource } } }"""
OF = {
    kind: f"""query($project: ID!, $id: ID!, $first: Int! = 50, $after: String) {{ project(id: $project) {{
        at: {kind}(id: $id) {{ {USERS} }} }} }}"""
    for kind in ("insight", "action", "cohort")
}
OF_PROJECT = (
    f"query($project: ID!, $first: Int! = 50, $after: String) {{ at: project(id: $project) {{ {USERS} }} }}"
)
MEMBERS = """query($project: ID!, $first: Int! = 50, $after: String, $search: String) { project(id: $project) {
    members(first: $first, after: $after, search: $search) { totalCount pageInfo { hasNextPage }
        edges { cursor node { email name level } } } } }"""
ROLES = "query($project: ID!) { project(id: $project) { roles { name members { email } } } }"


def name(email: str) -> str:
    return email.partition("@")[0]


async def users(person: Person, kind: str, on: str) -> list[tuple[str, str, str]]:
    return shown((await person.ask(OF[kind], id=on)).data["project"]["at"])


def shown(answer: Any) -> list[tuple[str, str, str]]:
    """Return the name, level and source of each user, in order."""
    nodes = [edge["node"] for edge in answer["usersWithAccess"]["edges"]]
    assert answer["usersWithAccess"]["totalCount"] >= len(nodes)
    return [(name(each["member"]["email"]), each["accessLevel"], each["accessSource"]) for each in nodes]


@pytest.mark.parametrize("kind", ["insight", "action", "cohort"])
async def test_users_are_sorted_by_level_and_have_the_first_matching_source(org: Organization, kind: str) -> None:
    made = await org.saved(kind, "one")
    owner = await org.person("owner", level=OrganizationLevel.OWNER)
    names = ("both", "default", "leader", "named", "none", "role only")
    people = {each: await org.person(each) for each in names}
    role = await org.role("Analysts", people["both"], people["role only"], org.creator)
    for person in (people["both"], people["named"], owner, org.creator):
        await org.give("viewer", kind, on=made, to=person)
    await org.give("none", kind, on=made, to=people["none"])
    await org.give("manager", kind, on=made, to=role)
    await org.give("member", "project", to=people["leader"])
    await org.give("editor", kind, to=people["default"])
    assert await users(people["default"], kind, made) == [
        ("admin", "MANAGER", "ORGANIZATION_ADMIN"),
        ("both", "MANAGER", "EXPLICIT_MEMBER"),
        ("creator", "MANAGER", "CREATOR"),
        ("owner", "MANAGER", "ORGANIZATION_ADMIN"),
        ("role-only", "MANAGER", "EXPLICIT_ROLE"),
        ("default", "EDITOR", "DEFAULT"),
        ("leader", "EDITOR", "PROJECT_ADMIN"),
        ("named", "VIEWER", "EXPLICIT_MEMBER"),
    ]


async def test_inactive_members_and_those_without_the_project_are_not_listed(org: Organization) -> None:
    insight = await org.insight("one")
    hidden, inactive = await org.person("hidden"), await org.person("inactive")
    await org.give("none", "project", to=hidden)
    await org.give("manager", on=insight, to=hidden)
    await org.give("manager", on=insight, to=inactive)
    await set_member_active(org.store, email=inactive.member.email, is_active=False)
    assert [each[0] for each in await users(org.creator, "insight", insight)] == ["admin", "creator"]
    emails = [each["node"]["email"] for each in await members(org.creator)]
    assert [name(email) for email in emails] == ["admin", "creator", "hidden"]


async def test_resource_wide_rules_decide_levels_but_are_not_a_source(org: Organization) -> None:
    insight, closed = await org.insight("one"), await org.person("closed")
    await org.give("none", to=closed)
    await org.give("manager", to=await org.person("raised"))
    assert await users(org.admin, "insight", insight) == [
        ("admin", "MANAGER", "ORGANIZATION_ADMIN"),
        ("creator", "MANAGER", "CREATOR"),
        ("raised", "MANAGER", "DEFAULT"),
    ]


async def test_users_of_a_project_have_its_levels(org: Organization) -> None:
    await org.person("plain")
    await org.give("none", "project", to=await org.person("out"))
    await org.give("member", "project", to=await org.person("low"))
    await org.give("admin", "project", to=await org.role("Leaders", await org.person("leader")))
    assert shown((await org.creator.ask(OF_PROJECT)).data["at"]) == [
        ("admin", "ADMIN", "ORGANIZATION_ADMIN"),
        ("creator", "ADMIN", "DEFAULT"),
        ("leader", "ADMIN", "EXPLICIT_ROLE"),
        ("plain", "ADMIN", "DEFAULT"),
        ("low", "MEMBER", "EXPLICIT_MEMBER"),
    ]


async def test_defaults_apply_while_access_control_is_off(org: Organization) -> None:
    insight, plain = await org.insight("one"), await org.person("plain")
    await org.give("none", on=insight, to=plain)
    await set_features(org.store, org.organization_id, access_control=False)
    assert (await users(plain, "insight", insight))[-1] == ("plain", "EDITOR", "DEFAULT")


async def test_pages_contain_every_user_once_across_levels(org: Organization) -> None:
    insight = await org.insight("one")
    for index in range(5):
        person = await org.person(f"p{index}")
        await org.give("manager" if index % 2 else "viewer", on=insight, to=person)
    everybody = await users(org.admin, "insight", insight)
    assert [level for _, level, _ in everybody] == ["MANAGER"] * 4 + ["VIEWER"] * 3
    found: list[tuple[str, str, str]] = []
    after = None
    for size in (2, 2, 2, 1):
        page = (await org.admin.ask(OF["insight"], id=insight, first=2, after=after)).data["project"]["at"]
        assert page["usersWithAccess"]["totalCount"] == 7
        assert page["usersWithAccess"]["pageInfo"]["hasNextPage"] is (len(found) + size < 7)
        assert page["usersWithAccess"]["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert len(shown(page)) == size
        found += shown(page)
        after = page["usersWithAccess"]["pageInfo"]["endCursor"]
    assert found == everybody


@pytest.mark.parametrize("arguments", [{"first": 0}, {"first": 501}, {"after": "x"}])
async def test_invalid_page_is_rejected(org: Organization, arguments: dict[str, Any]) -> None:
    answer = await org.admin.ask(OF["insight"], id=await org.insight("one"), **arguments)
    assert (answer.extensions["code"], answer.extensions["path"]) == ("BAD_USER_INPUT", list(arguments))
    answer = await org.admin.ask(MEMBERS, **arguments)
    assert (answer.extensions["code"], answer.extensions["path"]) == ("BAD_USER_INPUT", list(arguments))


async def members(person: Person, **arguments: Any) -> list[Any]:
    found: list[Any] = (await person.ask(MEMBERS, **arguments)).data["project"]["members"]["edges"]
    return found


async def test_members_of_the_organization_are_listed_by_email_in_pages(
    org: Organization, gateway: Gateway
) -> None:
    await seed_organization(gateway, f"neighbours of {org.id}")
    await org.person("bob")
    everybody = await members(org.creator)
    assert [(name(each["node"]["email"]), each["node"]["level"]) for each in everybody] == [
        ("admin", "ADMIN"),
        ("bob", "MEMBER"),
        ("creator", "MEMBER"),
    ]
    first = (await org.creator.ask(MEMBERS, first=2)).data["project"]["members"]
    assert (first["totalCount"], first["pageInfo"]) == (3, {"hasNextPage": True})
    rest = await members(org.creator, after=first["edges"][1]["cursor"])
    assert first["edges"] + rest == everybody
    assert [name(each["node"]["email"]) for each in await members(org.creator, search="BO")] == ["bob"]
    assert await members(org.creator, search="neighbours") == []


async def test_roles_of_the_organization_are_listed_by_name_with_members(
    org: Organization, gateway: Gateway
) -> None:
    await (await seed_organization(gateway, f"neighbours of {org.id}")).role("Foreigners")
    inside = await org.person("inside")
    await org.role("Writers", org.creator, inside)
    await org.role("Analysts")
    assert (await inside.ask(ROLES)).data["project"]["roles"] == [
        {"name": "Analysts", "members": []},
        {
            "name": "Writers",
            "members": [{"email": org.creator.member.email}, {"email": inside.member.email}],
        },
    ]
