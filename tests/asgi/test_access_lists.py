"""Lists, counts and pages exclude what rules hide."""

from typing import Any

import pytest

from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import OrganizationLevel, ProjectRecord
from tests.support.seeds.organization import Organization, Person

KINDS = ("insight", "action", "cohort")
PROJECTS = """query($first: Int! = 50, $after: String) { projects(first: $first, after: $after) { totalCount
    pageInfo { hasNextPage endCursor } edges { node { name } } } }"""
MINE = """query($first: Int! = 50, $after: String) { viewer { projects(first: $first, after: $after) { totalCount
    edges { node { id userAccessLevel } } } } }"""


def listing(kind: str) -> str:
    arguments = "first: $first, after: $after, search: $search, includeHidden: $all"
    return f"""query($project: ID!, $first: Int! = 50, $after: String, $search: String, $all: Boolean! = false) {{
        project(id: $project) {{ list: {kind}s({arguments}) {{
            totalCount pageInfo {{ hasNextPage endCursor }} edges {{ node {{ name }} }} }} }} }}"""


async def page(person: Person, kind: str, **arguments: Any) -> tuple[list[str], int, dict[str, Any]]:
    """Return the names, the total and the position of the page."""
    found = (await person.ask(listing(kind), **arguments)).data["project"]["list"]
    return [edge["node"]["name"] for edge in found["edges"]], found["totalCount"], found["pageInfo"]


@pytest.mark.parametrize("kind", KINDS)
async def test_admins_see_hidden_objects_on_request(org: Organization, kind: str) -> None:
    await org.give("none", kind, on=await org.saved(kind, "hidden"))
    await org.saved(kind, "shown")
    owner, plain = await org.person("owner", level=OrganizationLevel.OWNER), await org.person("plain")
    for person in (org.admin, owner):
        assert (await page(person, kind))[:2] == (["shown"], 1)
        assert (await page(person, kind, all=True))[:2] == (["hidden", "shown"], 2)
    for asked in (False, True):
        assert (await page(plain, kind, all=asked))[:2] == (["shown"], 1)
        assert (await page(org.creator, kind, all=asked))[:2] == (["hidden", "shown"], 2)


async def test_project_admin_does_not_see_hidden_objects(org: Organization) -> None:
    leader = await org.person("leader")
    await org.give("admin", "project", to=leader)
    await org.give("none", on=await org.insight("hidden"))
    assert (await page(leader, "insight", all=True))[:2] == ([], 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_and_totals_exclude_hidden_objects(org: Organization, kind: str) -> None:
    plain = await org.person("plain")
    for index in range(9):
        made = await org.saved(kind, f"thing {index}")
        if index % 3 != 1:
            await org.give("none", kind, on=made, to=plain if index % 2 else None)
    await org.saved(kind, "thing of mine", by=plain)
    shown = ["thing 1", "thing 4", "thing 7", "thing of mine"]
    names, after = [], None
    for _ in range(4):
        found, total, place = await page(plain, kind, first=1, after=after)
        names += found
        after = place["endCursor"]
        assert (total, place["hasNextPage"]) == (4, len(names) < 4)
    assert names == shown
    assert (await page(plain, kind, search="7"))[:2] == (["thing 7"], 1)
    assert (await page(plain, kind, search="8"))[:2] == ([], 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_closed_resource_lists_only_opened_and_own_objects(org: Organization, kind: str) -> None:
    plain = await org.person("plain")
    names = ("opened to me", "opened to a role", "opened to everyone", "closed to me", "nothing said")
    made = {name: await org.saved(kind, name) for name in names}
    await org.saved(kind, "mine", by=plain)
    await org.give("none", kind)
    assert (await plain.ask(listing(kind))).extensions["code"] == "FORBIDDEN"
    await org.give("viewer", kind, on=made["opened to me"], to=plain)
    await org.give("editor", kind, on=made["opened to a role"], to=await org.role("Analysts", plain))
    await org.give("editor", kind, on=made["opened to everyone"])
    await org.give("none", kind, on=made["closed to me"], to=plain)
    assert (await page(plain, kind))[:2] == (["opened to me", "opened to a role", "mine"], 3)


async def test_rules_hide_nothing_while_access_control_is_off(org: Organization) -> None:
    await org.give("none", on=await org.insight("hidden"))
    await set_features(org.store, org.organization_id, access_control=False)
    assert (await page(await org.person("plain"), "insight"))[0] == ["hidden"]


async def more_projects(org: Organization, *names: str) -> list[ProjectRecord]:
    return [await create_project(org.store, organization_id=org.organization_id, name=name) for name in names]


async def test_hidden_projects_are_neither_listed_nor_counted_nor_found(org: Organization) -> None:
    plain = await org.person("plain")
    hidden, named, opened = await more_projects(org, "hidden", "named", "opened")
    await org.give("none", "project", project=hidden)
    await org.give("none", "project", to=plain, project=named)
    await org.give("none", "project", project=opened)
    await org.give("member", "project", to=await org.role("Analysts", plain), project=opened)
    own = org.project.name
    first = (await plain.ask(PROJECTS, first=1)).data["projects"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = (await plain.ask(PROJECTS, first=1, after=first["pageInfo"]["endCursor"])).data["projects"]
    assert [edge["node"]["name"] for edge in first["edges"] + rest["edges"]] == [own, "opened"]
    assert rest["pageInfo"]["hasNextPage"] is False
    mine = (await plain.ask(MINE)).data["viewer"]["projects"]
    assert [(edge["node"]["id"], edge["node"]["userAccessLevel"]) for edge in mine["edges"]] == [
        (org.id, "ADMIN"),
        (str(opened.id), "MEMBER"),
    ]
    everything = (await org.admin.ask(PROJECTS)).data["projects"]
    assert [edge["node"]["name"] for edge in everything["edges"]] == [own, "hidden", "named", "opened"]


async def test_hidden_project_looks_like_a_missing_one(org: Organization) -> None:
    plain = await org.person("plain")
    await org.give("none", "project")
    document = "query($project: ID!) { project(id: $project) { name } }"
    refused = await plain.ask(document)
    assert refused.extensions["code"] == "NOT_FOUND"
    assert refused.body == (await plain.gateway.ask(document, {"project": "999999"}, key=plain.key)).body
    assert (await org.admin.ask(document)).data["project"]["name"] == org.project.name


async def test_mutation_in_a_hidden_project_is_forbidden_without_effect(org: Organization) -> None:
    plain, insight = await org.person("plain"), await org.insight("one")
    await org.give("manager", on=insight, to=plain)
    await org.give("none", "project", to=plain)
    change = """mutation($project: ID!, $id: ID!) {
        insightUpdate(input: {projectId: $project, id: $id, name: "x"}) { id } }"""
    refused = await plain.ask(change, id=insight)
    assert refused.extensions["code"] == "FORBIDDEN"
    assert refused.error["message"] == f"You have no access to project {org.id}."
    assert (await page(org.admin, "insight"))[0] == ["one"]


async def test_creators_have_no_access_to_their_objects_in_a_hidden_project(org: Organization) -> None:
    insight = await org.insight("mine")
    await org.give("none", "project")
    document = "query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) { name } } }"
    assert (await org.creator.ask(document, id=insight)).extensions["code"] == "NOT_FOUND"
    reference = """query($project: ID!, $id: ID!) { _entities(representations: [
        {__typename: "Insight", projectId: $project, id: $id}]) { ... on Insight { name } } }"""
    assert (await org.creator.ask(reference, id=insight)).extensions["code"] == "FORBIDDEN"
