"""A person's key reaches the projects of their organizations, as restricted by the key and the organizations."""

from dataclasses import replace
from typing import Any

import pytest

from datasource.metadata.members import add_member
from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import OrganizationLevel, ProjectRecord
from tests.asgi.access_calls import READ
from tests.support.api_keys import make_key
from tests.support.gateway import Gateway
from tests.support.seeds.access_over_http import Person, World, open_world

NAME = "query($project: ID!) { project(id: $project) { name } }"
NAMES = "{ projects { totalCount edges { node { name } } } viewer { projects { totalCount } } }"


async def names(person: Person) -> list[str]:
    data = (await person.ask(NAMES)).data
    found = [edge["node"]["name"] for edge in data["projects"]["edges"]]
    assert data["projects"]["totalCount"] == data["viewer"]["projects"]["totalCount"] == len(found)
    return found


async def refusals(person: Person, project: ProjectRecord) -> tuple[str, str, str]:
    """Return the codes for a project by its id and as the projectId of a field, and the message of the latter."""
    there = replace(person, project=project)
    by_id, as_subject = await there.ask(NAME), await there.ask(READ)
    assert project.name not in str(by_id.body) + str(as_subject.body)
    return by_id.extensions["code"], as_subject.extensions["code"], as_subject.error["message"]


async def two_worlds(world: World, gateway: Gateway) -> tuple[World, Person]:
    """Another organization, and a member of both."""
    other = await open_world(gateway, f"beside {world.id}")
    both = await world.person("both")
    member = await add_member(world.store, email=both.member.email, organization_id=other.organization_id)
    return other, replace(both, member=member)


@pytest.mark.parametrize(
    ("projects", "organizations", "reached"),
    [
        ((), (), ["own", "sibling", "other"]),
        (("own",), (), ["own"]),
        (("own", "other"), (), ["own", "other"]),
        ((), ("other",), ["other"]),
        (("own", "other"), ("other",), ["other"]),
        (("own",), ("other",), []),
    ],
)
async def test_key_reaches_only_what_all_of_its_restrictions_allow(
    world: World, gateway: Gateway, projects: tuple[str, ...], organizations: tuple[str, ...], reached: list[str]
) -> None:
    other, both = await two_worlds(world, gateway)
    sibling = await create_project(world.store, organization_id=world.organization_id, name="a sibling")
    there = {"own": world.project, "sibling": sibling, "other": other.project}
    organization = {"own": world.organization_id, "other": other.organization_id}
    key = await make_key(
        world.store,
        both.member,
        ["*"],
        projects=[there[name].id for name in projects],
        organizations=[organization[name] for name in organizations],
    )
    person = replace(both, key=key)
    assert sorted(await names(person)) == sorted(there[name].name for name in reached)
    for name, project in there.items():
        if name in reached:
            assert (await replace(person, project=project).ask(NAME)).data["project"]["name"] == project.name
        else:
            by_id, as_subject, message = await refusals(person, project)
            assert (by_id, as_subject) == ("NOT_FOUND", "FORBIDDEN")
            assert message.startswith("This API key has no access to ")
            assert str(project.id) in message


async def test_project_of_another_organization_is_not_found_for_any_key(world: World, gateway: Gateway) -> None:
    foreign = (await open_world(gateway, f"beyond {world.id}")).project
    by_id, as_subject, message = await refusals(world.admin, foreign)
    assert (by_id, as_subject) == ("NOT_FOUND", "NOT_FOUND")
    unknown = await gateway.ask(READ, {"project": "999999"}, key=world.admin.key)
    assert message == unknown.error["message"]


async def test_organization_without_member_keys_rejects_only_those(world: World, gateway: Gateway) -> None:
    other, both = await two_worlds(world, gateway)
    await set_features(world.store, world.organization_id, member_keys=False)
    by_id, as_subject, message = await refusals(both, world.project)
    assert (by_id, as_subject) == ("NOT_FOUND", "FORBIDDEN")
    assert message == f"The organization of project {world.id} only accepts API keys of admins."
    assert await names(both) == [other.project.name]
    owner = await world.person("owner", level=OrganizationLevel.OWNER)
    accepted: tuple[Any, ...] = (world.admin, owner, await world.machine())
    for person in accepted:
        assert (await person.ask(NAME)).data["project"]["name"] == world.project.name
    await set_features(world.store, world.organization_id, member_keys=True)
    assert sorted(await names(both)) == sorted([world.project.name, other.project.name])


async def test_level_in_another_organization_gives_no_access(world: World, gateway: Gateway) -> None:
    """Neither an admin level, nor a role, nor a rule for the membership there."""
    other, both = await two_worlds(world, gateway)
    owner = await add_member(
        world.store,
        email="owner@elsewhere.example",
        organization_id=other.organization_id,
        level=OrganizationLevel.OWNER,
    )
    joined = await add_member(world.store, email=owner.email, organization_id=world.organization_id)
    person = replace(both, member=joined, key=await make_key(world.store, joined, ["*"]))
    await other.give("manager", to=replace(person, project=other.project))
    await world.give("none", "insight")
    document = "query($project: ID!) { project(id: $project) { insights { totalCount } } }"
    assert (await person.ask(document)).extensions["code"] == "FORBIDDEN"
    there = replace(person, project=other.project)
    assert (await there.ask(document)).data["project"]["insights"]["totalCount"] == 0
