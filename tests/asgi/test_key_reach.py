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
from tests.support.seeds.organization import Organization, Person, seed_organization

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


async def two_organizations(org: Organization, gateway: Gateway) -> tuple[Organization, Person]:
    """Another organization, and a member of both."""
    other = await seed_organization(gateway, f"beside {org.id}")
    both = await org.person("both")
    member = await add_member(org.store, email=both.member.email, organization_id=other.organization_id)
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
    org: Organization,
    gateway: Gateway,
    projects: tuple[str, ...],
    organizations: tuple[str, ...],
    reached: list[str],
) -> None:
    other, both = await two_organizations(org, gateway)
    sibling = await create_project(org.store, organization_id=org.organization_id, name="a sibling")
    there = {"own": org.project, "sibling": sibling, "other": other.project}
    organization = {"own": org.organization_id, "other": other.organization_id}
    key = await make_key(
        org.store,
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


async def test_project_of_another_organization_is_not_found_for_any_key(
    org: Organization, gateway: Gateway
) -> None:
    foreign = (await seed_organization(gateway, f"beyond {org.id}")).project
    by_id, as_subject, message = await refusals(org.admin, foreign)
    assert (by_id, as_subject) == ("NOT_FOUND", "NOT_FOUND")
    unknown = await gateway.ask(READ, {"project": "999999"}, key=org.admin.key)
    assert message == unknown.error["message"]


async def test_organization_without_member_keys_rejects_only_those(org: Organization, gateway: Gateway) -> None:
    other, both = await two_organizations(org, gateway)
    await set_features(org.store, org.organization_id, member_keys=False)
    by_id, as_subject, message = await refusals(both, org.project)
    assert (by_id, as_subject) == ("NOT_FOUND", "FORBIDDEN")
    assert message == f"The organization of project {org.id} only accepts API keys of admins."
    assert await names(both) == [other.project.name]
    owner = await org.person("owner", level=OrganizationLevel.OWNER)
    accepted: tuple[Any, ...] = (org.admin, owner, await org.machine())
    for person in accepted:
        assert (await person.ask(NAME)).data["project"]["name"] == org.project.name
    await set_features(org.store, org.organization_id, member_keys=True)
    assert sorted(await names(both)) == sorted([org.project.name, other.project.name])


async def test_level_in_another_organization_gives_no_access(org: Organization, gateway: Gateway) -> None:
    """Neither an admin level, nor a role, nor a rule for the membership there."""
    other, both = await two_organizations(org, gateway)
    owner = await add_member(
        org.store,
        email="owner@elsewhere.example",
        organization_id=other.organization_id,
        level=OrganizationLevel.OWNER,
    )
    joined = await add_member(org.store, email=owner.email, organization_id=org.organization_id)
    person = replace(both, member=joined, key=await make_key(org.store, joined, ["*"]))
    await other.give("manager", to=replace(person, project=other.project))
    await org.give("none", "insight")
    document = "query($project: ID!) { project(id: $project) { insights { totalCount } } }"
    assert (await person.ask(document)).extensions["code"] == "FORBIDDEN"
    there = replace(person, project=other.project)
    assert (await there.ask(document)).data["project"]["insights"]["totalCount"] == 0
