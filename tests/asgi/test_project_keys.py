"""Keys of a project: limited to it and to their scopes, and never allowed to change access rules."""

import pytest

from datasource.metadata.projects import create_project
from tests.asgi.access_calls import read_policy, set_access
from tests.support.gateway import Gateway
from tests.support.seeds.organization import Organization, seed_organization

KINDS = ("insight", "action", "cohort")
NEW = {"insight": 'query: {events: [{event: "view"}]}', "action": "steps: []", "cohort": "filters: []"}
NAME = "query($project: ID!) { project(id: $project) { name userAccessLevel } }"
VIEWER = """{ viewer { user { id email name level } keyId keyLabel keyExpiresAt scopes scopedProjects
    scopedOrganizations
    projects { totalCount edges { node { id userAccessLevel grantedBy { source sourceSubject } } } } } }"""


async def test_project_key_reaches_only_its_project(org: Organization, gateway: Gateway) -> None:
    machine = await org.machine()
    sibling = await create_project(org.store, organization_id=org.organization_id, name="sibling")
    foreign = (await seed_organization(gateway, f"neighbours of {org.id}")).project
    assert (await machine.ask(NAME)).data["project"] == {"name": org.project.name, "userAccessLevel": "ADMIN"}
    for other in (sibling, foreign):
        refused = await gateway.ask(NAME, {"project": str(other.id)}, key=machine.key)
        assert refused.extensions["code"] == "NOT_FOUND"
        update = 'mutation($project: ID!) { projectUpdate(input: {id: $project, name: "taken"}) { id } }'
        refused = await gateway.ask(update, {"project": str(other.id)}, key=machine.key)
        assert refused.extensions["code"] == "FORBIDDEN"


async def test_viewer_of_a_project_key_describes_the_key(org: Organization) -> None:
    machine = await org.machine("project:read", "insight:read")
    viewer = (await machine.ask(VIEWER)).data["viewer"]
    assert viewer == {
        "user": {"id": viewer["keyId"], "email": "", "name": "machine", "level": "MEMBER"},
        "keyId": viewer["keyId"],
        "keyLabel": "machine",
        "keyExpiresAt": None,
        "scopes": ["project:read", "insight:read"],
        "scopedProjects": [org.id],
        "scopedOrganizations": None,
        "projects": {
            "totalCount": 1,
            "edges": [
                {
                    "node": {
                        "id": org.id,
                        "userAccessLevel": "ADMIN",
                        "grantedBy": {"source": "PROJECT_KEY", "sourceSubject": None},
                    }
                }
            ],
        },
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_project_key_is_not_limited_by_rules(org: Organization, kind: str) -> None:
    machine = await org.machine("project:read", f"{kind}:write")
    made = await org.saved(kind, "closed")
    await org.give("none", "project")
    await org.give("none", kind)
    await org.give("none", kind, on=made)
    listed = await machine.ask(
        f"query($project: ID!) {{ project(id: $project) {{ list: {kind}s {{ edges {{ node {{ name }} }} }} }} }}"
    )
    assert listed.data["project"]["list"]["edges"] == [{"node": {"name": "closed"}}]
    update = f"""mutation($project: ID!, $id: ID!) {{ {kind}Update(
        input: {{projectId: $project, id: $id, name: "changed"}}) {{ name userAccessLevel }} }}"""
    changed = (await machine.ask(update, id=made)).data[f"{kind}Update"]
    assert changed == {"name": "changed", "userAccessLevel": "MANAGER"}
    create = f"""mutation($project: ID!) {{ {kind}Create(
        input: {{projectId: $project, name: "new", {NEW[kind]}}}) {{ createdBy {{ email }} userAccessLevel }} }}"""
    new = (await machine.ask(create)).data[f"{kind}Create"]
    assert new == {"createdBy": None, "userAccessLevel": "MANAGER"}
    delete = f"mutation($project: ID!, $id: ID!) {{ {kind}Delete(projectId: $project, id: $id) }}"
    assert (await machine.ask(delete, id=made)).data[f"{kind}Delete"] == made


async def test_project_key_is_limited_by_its_scopes(org: Organization) -> None:
    machine = await org.machine("project:read", "insight:read")
    delete = "mutation($project: ID!, $id: ID!) { insightDelete(projectId: $project, id: $id) }"
    refused = await machine.ask(delete, id=await org.insight("one"))
    assert refused.extensions["missingScope"] == "insight:write"


async def test_project_key_reads_access_rules_but_never_changes_them(org: Organization) -> None:
    machine, insight = await org.machine(), await org.insight("one")
    create = f"""mutation($project: ID!) {{ insightCreate(
        input: {{projectId: $project, name: "x", {NEW["insight"]}}}) {{ id }} }}"""
    own = (await machine.ask(create)).data["insightCreate"]["id"]
    for resource, on in (("INSIGHT", insight), ("INSIGHT", own), ("INSIGHT", None), ("PROJECT", None)):
        policy = await read_policy(machine, resource, on)
        assert policy["userCanEditAccessLevels"] is False
        level = "ADMIN" if resource == "PROJECT" else "MANAGER"
        assert policy["userAccessLevel"] == level
        for given in (level, None):
            refused = await set_access(machine, given, resource, on=on, to=org.creator)
            assert refused.extensions["code"] == "FORBIDDEN"
        assert await read_policy(machine, resource, on) == policy
    log = "query($project: ID!) { project(id: $project) { auditLog { totalCount } } }"
    assert (await machine.ask(log)).extensions["code"] == "FORBIDDEN"


async def test_project_key_is_not_listed_among_users_with_access(org: Organization) -> None:
    machine, insight = await org.machine(), await org.insight("one")
    document = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) {
        usersWithAccess { edges { node { member { email } } } } } } }"""
    users = (await machine.ask(document, id=insight)).data["project"]["insight"]["usersWithAccess"]["edges"]
    emails = [each["node"]["member"]["email"] for each in users]
    assert emails == [org.admin.member.email, org.creator.member.email]
