"""viewer.can explains whether a request would be allowed, and why."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from datasource.metadata.projects import create_project
from datasource.metadata.records import RoleRecord
from tests.support.api_keys import make_key
from tests.support.gateway import NOW, Gateway
from tests.support.seeds.organization import Organization, Person, seed_organization

CAN = """query($project: ID!, $action: ResourceAction!, $resource: AccessControlledResource!, $on: ID) { viewer {
    can(projectId: $project, action: $action, resource: $resource, objectId: $on) {
        allowed reason missingScope missingLevel grantedBy {
            accessLevel source sourceSubject sourceResource sourceResourceId sourceDisplayName } } } }"""


async def can(person: Person, action: str, resource: str = "INSIGHT", on: str | None = None) -> Any:
    return (await person.ask(CAN, action=action, resource=resource, on=on)).data["viewer"]["can"]


def grant(level: str, source: str, **others: str | None) -> dict[str, Any]:
    return {
        "accessLevel": level,
        "source": source,
        "sourceSubject": None,
        "sourceResource": "INSIGHT",
        "sourceResourceId": None,
        "sourceDisplayName": None,
        **others,
    }


async def test_default_level_is_explained(org: Organization) -> None:
    plain, insight = await org.person("plain"), await org.insight("one")
    assert await can(plain, "WRITE", on=insight) == {
        "allowed": True,
        "reason": "No rule applies, so everyone has editor access.",
        "missingScope": None,
        "missingLevel": None,
        "grantedBy": grant("EDITOR", "SYSTEM_DEFAULT"),
    }


async def test_missing_scope_is_reported_before_levels(org: Organization) -> None:
    reader = await org.admin.with_scopes("insight:read")
    for action, scope in (
        ("WRITE", "insight:write"),
        ("CREATE", "insight:write"),
        ("EDIT_ACCESS", "access_control:write"),
    ):
        assert await can(reader, action) == {
            "allowed": False,
            "reason": f"The API key lacks the scope {scope}.",
            "missingScope": scope,
            "missingLevel": None,
            "grantedBy": None,
        }
    for action in ("READ", "QUERY"):
        assert (await can(reader, action))["allowed"]


@pytest.mark.parametrize(("subject", "kind"), [("plain", "MEMBER"), ("role", "ROLE"), ("everyone", "DEFAULT")])
async def test_deciding_rule_is_explained(org: Organization, subject: str, kind: str) -> None:
    plain, insight = await org.person("plain"), await org.insight("one")
    subjects: dict[str, Person | RoleRecord | None] = {
        "plain": plain,
        "role": await org.role("Analysts", plain),
        "everyone": None,
    }
    to = subjects[subject]
    name = {"plain": plain.member.email, "role": "Analysts", "everyone": None}[subject]
    whom = {"plain": "you", "role": "one of your roles", "everyone": "everyone"}[subject]
    await org.give("viewer", on=insight, to=to)
    named = {"sourceSubject": kind, "sourceDisplayName": name}
    refused = await can(plain, "WRITE", on=insight)
    assert (refused["allowed"], refused["missingLevel"], refused["missingScope"]) == (False, "EDITOR", None)
    assert refused["grantedBy"] == grant("VIEWER", "OBJECT", sourceResourceId=insight, **named)
    assert refused["reason"] == (
        f"This requires editor access to the insight {insight}; you have viewer. "
        f"A rule of this insight gives {whom} viewer access."
    )
    await org.give("none", to=to)
    of_all = await can(plain, "CREATE")
    assert (of_all["allowed"], of_all["missingLevel"]) == (False, "EDITOR")
    assert of_all["grantedBy"] == grant("NONE", "RESOURCE", **named)
    assert of_all["reason"].endswith(f"A rule of all insights gives {whom} no access.")


@pytest.mark.parametrize(
    ("person", "source", "reason"),
    [
        ("admin", "ORG_ADMIN", "Organization admins have manager access."),
        ("creator", "CREATOR", "Its creator has manager access."),
        ("machine", "PROJECT_KEY", "The project's own key has manager access."),
    ],
)
async def test_exemption_from_rules_is_explained(org: Organization, person: str, source: str, reason: str) -> None:
    insight = await org.insight("one")
    await org.give("none", on=insight)
    people = {"admin": org.admin, "creator": org.creator, "machine": await org.machine()}
    explanation = await can(people[person], "WRITE", on=insight)
    assert (explanation["allowed"], explanation["reason"]) == (True, reason)
    assert explanation["grantedBy"] == grant("MANAGER", source)


async def test_right_to_edit_access_is_explained(org: Organization) -> None:
    plain, insight = await org.person("plain"), await org.insight("one")
    refused = await can(plain, "EDIT_ACCESS", on=insight)
    assert (refused["allowed"], refused["missingLevel"]) == (False, "MANAGER")
    assert refused["grantedBy"] == grant("EDITOR", "SYSTEM_DEFAULT")
    of_project = await can(plain, "EDIT_ACCESS", "PROJECT")
    assert (of_project["allowed"], of_project["missingLevel"]) == (False, "ADMIN")
    await org.give("admin", "project", to=plain)
    for resource, on in (("INSIGHT", insight), ("INSIGHT", None), ("PROJECT", None)):
        assert (await can(plain, "EDIT_ACCESS", resource, on))["allowed"]


async def test_missing_or_unreachable_objects_are_not_allowed_without_an_error(
    org: Organization, gateway: Gateway
) -> None:
    other = await seed_organization(gateway, f"neighbours of {org.id}")
    theirs, plain = await other.insight("secret"), await org.person("plain")
    for on in ("999999", "x", theirs):
        explanation = await can(org.admin, "READ", on=on)
        assert (explanation["allowed"], explanation["missingLevel"], explanation["missingScope"]) == (
            False,
            None,
            None,
        )
        assert explanation["reason"].startswith("The project has no insight with this id.")
    stranger = await can(replace(org.admin, project=other.project), "READ", on=theirs)
    unknown = await gateway.ask(
        CAN, {"project": "999999", "action": "READ", "resource": "INSIGHT"}, key=org.admin.key
    )
    assert stranger == unknown.data["viewer"]["can"]
    assert (stranger["allowed"], stranger["grantedBy"]) == (False, None)
    await org.give("none", "project", to=plain)
    assert (await can(plain, "READ"))["reason"] == f"You have no access to project {org.id}."


@pytest.mark.parametrize(
    ("action", "resource", "on"),
    [
        ("QUERY", "ACTION", None),
        ("QUERY", "PROJECT", None),
        ("QUERY", "INSIGHT", "1"),
        ("CREATE", "PROJECT", None),
        ("CREATE", "INSIGHT", "1"),
    ],
)
async def test_action_that_a_resource_lacks_is_rejected(
    org: Organization, action: str, resource: str, on: str | None
) -> None:
    answer = await org.admin.ask(CAN, action=action, resource=resource, on=on)
    assert (answer.extensions["code"], answer.extensions["path"]) == ("BAD_USER_INPUT", ["action"])


async def test_viewer_describes_the_key(org: Organization) -> None:
    end = NOW + timedelta(days=90)
    other = await create_project(org.store, organization_id=org.organization_id, name="other")
    key = await make_key(
        org.store,
        org.admin.member,
        ["insight:read"],
        projects=[other.id],
        organizations=[org.organization_id],
        expires_at=end,
    )
    document = """{ viewer { keyMask keyExpiresAt scopes scopedProjects scopedOrganizations user { email level }
        projects { edges { node { id } } } } }"""
    viewer = (await org.gateway.ask(document, key=key)).data["viewer"]
    assert viewer == {
        "keyMask": f"phx_...{key[-4:]}",
        "keyExpiresAt": end.isoformat(),
        "scopes": ["insight:read"],
        "scopedProjects": [str(other.id)],
        "scopedOrganizations": [org.organization_id],
        "user": {"email": org.admin.member.email, "level": "ADMIN"},
        "projects": {"edges": [{"node": {"id": str(other.id)}}]},
    }
    assert key not in str(viewer)


async def test_viewers_projects_show_where_their_levels_come_from(org: Organization) -> None:
    plain = await org.person("plain")
    document = """{ viewer { projects { edges { node { id userAccessLevel grantedBy {
        accessLevel source sourceSubject sourceResource sourceResourceId sourceDisplayName } } } } } }"""

    async def node(person: Person) -> Any:
        [edge] = (await person.ask(document)).data["viewer"]["projects"]["edges"]
        assert edge["node"]["id"] == org.id
        assert edge["node"]["userAccessLevel"] == edge["node"]["grantedBy"]["accessLevel"]
        return edge["node"]["grantedBy"]

    of_project = {"sourceResource": "PROJECT"}
    assert await node(plain) == grant("ADMIN", "SYSTEM_DEFAULT", **of_project)
    assert await node(org.admin) == grant("ADMIN", "ORG_ADMIN", **of_project)
    await org.give("member", "project", to=await org.role("Analysts", plain))
    named = {"sourceSubject": "ROLE", "sourceDisplayName": "Analysts", "sourceResourceId": org.id}
    assert await node(plain) == grant("MEMBER", "OBJECT", **of_project, **named)
