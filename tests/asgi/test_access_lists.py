"""Lists, counts and pages exclude what rules hide."""

from typing import Any

import pytest

from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import OrganizationLevel, ProjectRecord
from tests.support.seeds.access_over_http import Person, World

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
async def test_admins_see_hidden_objects_on_request(world: World, kind: str) -> None:
    await world.give("none", kind, on=await world.saved(kind, "hidden"))
    await world.saved(kind, "shown")
    owner, plain = await world.person("owner", level=OrganizationLevel.OWNER), await world.person("plain")
    for person in (world.admin, owner):
        assert (await page(person, kind))[:2] == (["shown"], 1)
        assert (await page(person, kind, all=True))[:2] == (["hidden", "shown"], 2)
    for asked in (False, True):
        assert (await page(plain, kind, all=asked))[:2] == (["shown"], 1)
        assert (await page(world.creator, kind, all=asked))[:2] == (["hidden", "shown"], 2)


async def test_project_admin_does_not_see_hidden_objects(world: World) -> None:
    leader = await world.person("leader")
    await world.give("admin", "project", to=leader)
    await world.give("none", on=await world.insight("hidden"))
    assert (await page(leader, "insight", all=True))[:2] == ([], 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_and_totals_exclude_hidden_objects(world: World, kind: str) -> None:
    plain = await world.person("plain")
    for index in range(9):
        made = await world.saved(kind, f"thing {index}")
        if index % 3 != 1:
            await world.give("none", kind, on=made, to=plain if index % 2 else None)
    await world.saved(kind, "thing of mine", by=plain)
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
async def test_closed_resource_lists_only_opened_and_own_objects(world: World, kind: str) -> None:
    plain = await world.person("plain")
    names = ("opened to me", "opened to a role", "opened to everyone", "closed to me", "nothing said")
    made = {name: await world.saved(kind, name) for name in names}
    await world.saved(kind, "mine", by=plain)
    await world.give("none", kind)
    assert (await plain.ask(listing(kind))).extensions["code"] == "FORBIDDEN"
    await world.give("viewer", kind, on=made["opened to me"], to=plain)
    await world.give("editor", kind, on=made["opened to a role"], to=await world.role("Analysts", plain))
    await world.give("editor", kind, on=made["opened to everyone"])
    await world.give("none", kind, on=made["closed to me"], to=plain)
    assert (await page(plain, kind))[:2] == (["opened to me", "opened to a role", "mine"], 3)


async def test_rules_hide_nothing_while_access_control_is_off(world: World) -> None:
    await world.give("none", on=await world.insight("hidden"))
    await set_features(world.store, world.organization_id, access_control=False)
    assert (await page(await world.person("plain"), "insight"))[0] == ["hidden"]


async def more_projects(world: World, *names: str) -> list[ProjectRecord]:
    return [await create_project(world.store, organization_id=world.organization_id, name=name) for name in names]


async def test_hidden_projects_are_neither_listed_nor_counted_nor_found(world: World) -> None:
    plain = await world.person("plain")
    hidden, named, opened = await more_projects(world, "hidden", "named", "opened")
    await world.give("none", "project", project=hidden)
    await world.give("none", "project", to=plain, project=named)
    await world.give("none", "project", project=opened)
    await world.give("member", "project", to=await world.role("Analysts", plain), project=opened)
    own = world.project.name
    first = (await plain.ask(PROJECTS, first=1)).data["projects"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    rest = (await plain.ask(PROJECTS, first=1, after=first["pageInfo"]["endCursor"])).data["projects"]
    assert [edge["node"]["name"] for edge in first["edges"] + rest["edges"]] == [own, "opened"]
    assert rest["pageInfo"]["hasNextPage"] is False
    mine = (await plain.ask(MINE)).data["viewer"]["projects"]
    assert [(edge["node"]["id"], edge["node"]["userAccessLevel"]) for edge in mine["edges"]] == [
        (world.id, "ADMIN"),
        (str(opened.id), "MEMBER"),
    ]
    everything = (await world.admin.ask(PROJECTS)).data["projects"]
    assert [edge["node"]["name"] for edge in everything["edges"]] == [own, "hidden", "named", "opened"]


async def test_hidden_project_looks_like_a_missing_one(world: World) -> None:
    plain = await world.person("plain")
    await world.give("none", "project")
    document = "query($project: ID!) { project(id: $project) { name } }"
    refused = await plain.ask(document)
    assert refused.extensions["code"] == "NOT_FOUND"
    assert refused.body == (await plain.gateway.ask(document, {"project": "999999"}, key=plain.key)).body
    assert (await world.admin.ask(document)).data["project"]["name"] == world.project.name


async def test_mutation_in_a_hidden_project_is_forbidden_without_effect(world: World) -> None:
    plain, insight = await world.person("plain"), await world.insight("one")
    await world.give("manager", on=insight, to=plain)
    await world.give("none", "project", to=plain)
    change = """mutation($project: ID!, $id: ID!) {
        insightUpdate(input: {projectId: $project, id: $id, name: "x"}) { id } }"""
    refused = await plain.ask(change, id=insight)
    assert refused.extensions["code"] == "FORBIDDEN"
    assert refused.error["message"] == f"You have no access to project {world.id}."
    assert (await page(world.admin, "insight"))[0] == ["one"]


async def test_creators_have_no_access_to_their_objects_in_a_hidden_project(world: World) -> None:
    insight = await world.insight("mine")
    await world.give("none", "project")
    document = "query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) { name } } }"
    assert (await world.creator.ask(document, id=insight)).extensions["code"] == "NOT_FOUND"
    reference = """query($project: ID!, $id: ID!) { _entities(representations: [
        {__typename: "Insight", projectId: $project, id: $id}]) { ... on Insight { name } } }"""
    assert (await world.creator.ask(reference, id=insight)).extensions["code"] == "FORBIDDEN"
