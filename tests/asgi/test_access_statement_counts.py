"""A request loads rules once, for any number of objects."""

import pytest

from datasource.metadata.projects import create_project
from tests.support.seeds.organization import Organization, Person, statements_reading

INSIGHTS = """query($project: ID!, $first: Int!) { project(id: $project) { insights(first: $first) {
    edges { node { name userAccessLevel } } } } }"""
EVERYTHING = """query($project: ID!) { project(id: $project) { userAccessLevel
    insights { edges { node { userAccessLevel trend { series { count } } } } }
    actions { edges { node { userAccessLevel } } } cohorts { edges { node { userAccessLevel } } } } }"""
POLICIES = """query($project: ID!, $first: Int!) { project(id: $project) { insights(first: $first) {
    edges { node {
        accessPolicy { accessControls { accessLevel member { email } createdBy { email } } }
        usersWithAccess { totalCount edges { node { member { email } } } } } } } } }"""
PROJECTS = """query($first: Int!) { projects(first: $first) { edges { node { userAccessLevel
    insights { edges { node { name userAccessLevel } } } actions { totalCount } cohorts { totalCount } } } } }"""
REFERENCES = """query($refs: [_Any!]!) { _entities(representations: $refs) {
    ... on Insight { userAccessLevel } ... on Action { userAccessLevel } ... on Project { userAccessLevel } } }"""


@pytest.fixture
async def plain(org: Organization) -> Person:
    return await org.person("plain")


async def test_rules_are_loaded_once_for_any_number_of_insights(org: Organization, plain: Person) -> None:
    for index in range(60):
        insight = await org.insight(f"insight {index}")
        await org.give("viewer" if index % 2 else "manager", on=insight, to=plain)
    for first in (1, 60):
        with statements_reading("access_controls", org.store) as sent:
            answer = await plain.ask(INSIGHTS, first=first)
        edges = answer.data["project"]["insights"]["edges"]
        levels = [edge["node"]["userAccessLevel"] for edge in edges]
        assert levels == ["MANAGER", "VIEWER"] * (first // 2) + ["MANAGER"] * (first % 2)
        assert len(sent) == 1


async def test_rules_are_loaded_once_for_all_resources(org: Organization, plain: Person) -> None:
    for kind in ("insight", "action", "cohort"):
        for name in ("one", "two"):
            await org.give("viewer", kind, on=await org.saved(kind, name), to=plain)
    with statements_reading("access_controls", org.store) as sent:
        project = (await plain.ask(EVERYTHING)).data["project"]
    assert {
        edge["node"]["userAccessLevel"]
        for kind in ("insights", "actions", "cohorts")
        for edge in project[kind]["edges"]
    } == {"VIEWER"}
    assert len(sent) == 1


async def test_rules_of_many_projects_are_loaded_together(org: Organization, plain: Person) -> None:
    """Once for all projects, to exclude hidden ones, and once for those of the page."""
    for index in range(6):
        name = f"{org.project.name} {index}"
        project = await create_project(org.store, organization_id=org.organization_id, name=name)
        await org.give("none" if index == 3 else "member", "project", to=plain, project=project)
        await org.give("viewer", to=plain, project=project)
    await org.insight("one")
    counts = []
    for first in (1, 7):
        with statements_reading("access_controls", org.store) as sent:
            edges = (await plain.ask(PROJECTS, first=first)).data["projects"]["edges"]
        assert len(edges) == min(first, 6)
        counts.append(len(sent))
    assert counts == [2, 2]
    assert [edge["node"]["userAccessLevel"] for edge in edges] == ["ADMIN"] + ["MEMBER"] * 5


async def test_policies_of_many_objects_need_no_more_statements_than_one(org: Organization, plain: Person) -> None:
    for index in range(20):
        await org.give("viewer", on=await org.insight(f"insight {index}"), to=plain)
    await plain.ask(POLICIES, first=1)  # the first use of a key is noted, which takes statements of its own
    counts = []
    for first in (1, 20):
        with statements_reading("", org.store) as sent:
            answer = await plain.ask(POLICIES, first=first)
        edges = answer.data["project"]["insights"]["edges"]
        assert all(len(edge["node"]["accessPolicy"]["accessControls"]) == 1 for edge in edges)
        assert all(edge["node"]["usersWithAccess"]["totalCount"] >= 2 for edge in edges)
        counts.append(len(sent))
    assert counts[0] == counts[1]


async def test_rules_are_loaded_once_for_references_to_several_types(org: Organization, plain: Person) -> None:
    refs = [{"__typename": "Project", "id": org.id}]
    for kind in ("Insight", "Action"):
        for name in ("one", "two", "three"):
            made = await org.saved(kind.lower(), name)
            refs.append({"__typename": kind, "projectId": org.id, "id": made})
    with statements_reading("access_controls", org.store) as sent:
        answer = await plain.ask(REFERENCES, refs=refs)
    assert [each["userAccessLevel"] for each in answer.data["_entities"]] == ["ADMIN"] + ["EDITOR"] * 6
    assert len(sent) == 1


async def test_members_of_many_rules_are_loaded_together(org: Organization, plain: Person) -> None:
    document = """query($project: ID!) { accessPolicy(projectId: $project, resource: INSIGHT) {
        accessControls { member { email } role { name members { email } } } } }"""
    counts = []
    for names in (("a",), ("b", "c", "d", "e")):
        for name in names:
            person = await org.person(name)
            await org.give("viewer", to=person)
            await org.give("viewer", to=await org.role(name, person))
        with statements_reading("SELECT", org.store) as sent:
            rules = (await plain.ask(document)).data["accessPolicy"]["accessControls"]
        assert all((each["member"] or each["role"]["members"][0])["email"] for each in rules)
        counts.append(len(sent))
    assert len(rules) == 10
    assert counts[0] == counts[1]


async def test_second_request_reads_neither_key_nor_project_nor_rules(org: Organization, plain: Person) -> None:
    document = "query($project: ID!) { project(id: $project) { name userAccessLevel } }"
    await plain.ask(document)
    with statements_reading("", org.store) as first:
        await plain.ask(document)
    with statements_reading("") as second:
        await plain.ask(document)
    assert len(first) > 0
    assert second == []
