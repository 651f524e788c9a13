"""Changes of access over the API are in the audit log."""

from typing import Any

import pytest

from datasource.metadata.members import add_member
from datasource.metadata.projects import create_project
from tests.asgi.access_calls import changed_policy, set_access
from tests.support.gateway import NOW, Gateway
from tests.support.seeds.organization import Organization, Person, seed_organization

LOG = """query($project: ID!, $first: Int! = 50, $after: String) { project(id: $project) {
    auditLog(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node {
        id at action projectId target before after actor { kind memberId email keyId keyMask } } } } } }"""


async def entries(person: Person, **arguments: Any) -> list[Any]:
    found = (await person.ask(LOG, **arguments)).data["project"]["auditLog"]
    assert found["totalCount"] >= len(found["edges"])
    return [edge["node"] for edge in found["edges"]]


async def about_access(person: Person) -> list[Any]:
    return [each for each in await entries(person, first=500) if each["action"].startswith("ACCESS_CONTROL")]


async def test_change_is_recorded_with_its_author_and_previous_state(org: Organization) -> None:
    insight, role = await org.insight("one"), await org.role("Analysts")
    key = await org.admin.with_scopes("access_control:write", "project:read")
    await changed_policy(key, "VIEWER", on=insight, to=org.creator)
    await changed_policy(key, "EDITOR", on=insight, to=org.creator)
    await changed_policy(key, "NONE", "COHORT", to=role)
    await changed_policy(key, None, on=insight, to=org.creator)
    found = await about_access(key)
    key_id = (await key.ask("{ viewer { keyId } }")).data["viewer"]["keyId"]
    for each in found:
        assert each["actor"] == {
            "kind": "API_KEY",
            "memberId": org.admin.member.id,
            "email": org.admin.member.email,
            "keyId": key_id,
            "keyMask": f"phx_...{key.key[-4:]}",
        }
        assert (each["at"], each["projectId"]) == (NOW.isoformat(), org.id)
    on_insight = {
        "resource": "insight",
        "resourceId": insight,
        "memberId": org.creator.member.id,
        "member": org.creator.member.email,
    }
    on_cohorts = {"resource": "cohort", "resourceId": None, "roleId": role.id, "role": "Analysts"}
    viewer, editor, none = ({"accessLevel": level} for level in ("viewer", "editor", "none"))
    assert [(each["action"], each["target"], each["before"], each["after"]) for each in found] == [
        ("ACCESS_CONTROL_REMOVED", on_insight, editor, None),
        ("ACCESS_CONTROL_SET", on_cohorts, None, none),
        ("ACCESS_CONTROL_SET", on_insight, viewer, editor),
        ("ACCESS_CONTROL_SET", on_insight, None, viewer),
    ]


async def test_failed_requests_and_changes_without_effect_are_not_recorded(org: Organization) -> None:
    plain = await org.person("plain")
    await changed_policy(org.admin, "VIEWER")
    before = await entries(org.admin, first=500)
    await changed_policy(org.admin, "VIEWER")
    await changed_policy(org.admin, None, "COHORT")
    for refused in (set_access(plain, "NONE"), set_access(org.admin, "NONE", "ACTION")):
        assert "errors" in (await refused).body
    assert await entries(org.admin, first=500) == before


async def test_change_by_the_operator_has_no_member(org: Organization) -> None:
    await org.give("viewer")
    [entry] = await about_access(org.admin)
    no_person = dict.fromkeys(("memberId", "email", "keyId", "keyMask"))
    assert entry["actor"] == {"kind": "COMMAND_LINE", **no_person}


async def test_key_value_is_never_recorded(org: Organization) -> None:
    key = await org.admin.with_scopes("*")
    await changed_policy(key, "VIEWER")
    body = str((await org.admin.ask(LOG, first=500)).body)
    assert f"phx_...{key.key[-4:]}" in body
    assert key.key not in body
    assert "sha256$" not in body


@pytest.mark.parametrize(
    ("person", "is_answered"),
    [("admin", True), ("project admin", True), ("project member", False), ("plain", False), ("creator", False)],
)
async def test_audit_log_requires_the_right_to_edit_access_rules(
    org: Organization, person: str, is_answered: object
) -> None:
    people = {"admin": org.admin, "creator": org.creator, "plain": await org.person("plain")}
    for level in ("member", "admin"):
        people[f"project {level}"] = await org.person(f"project {level}")
        await org.give(level, "project", to=people[f"project {level}"])
    answer = await people[person].ask(LOG)
    if is_answered:
        assert answer.data["project"]["auditLog"]["totalCount"] > 0
    else:
        assert (answer.extensions["code"], answer.body["data"]) == ("FORBIDDEN", None)
        assert "admin" in answer.error["message"]


async def test_audit_log_requires_the_scope_to_read_access(org: Organization) -> None:
    key = await org.admin.with_scopes("project:write", "insight:write")
    assert (await key.ask(LOG)).extensions["missingScope"] == "access_control:read"
    reader = await org.admin.with_scopes("project:read", "access_control:read")
    assert await entries(reader)


async def test_audit_log_excludes_other_projects_and_organizations(org: Organization, gateway: Gateway) -> None:
    sibling = await create_project(org.store, organization_id=org.organization_id, name="sibling")
    other = await seed_organization(gateway, f"neighbours of {org.id}")
    await add_member(org.store, email=org.admin.member.email, organization_id=other.organization_id)
    await org.give("viewer", project=sibling)
    await other.give("viewer")
    await other.role("Foreigners")
    assert await about_access(org.admin) == []
    found = await entries(org.admin, first=500)
    assert {each["projectId"] for each in found} == {None}
    assert "neighbours" not in str(found)
    assert "Foreigners" not in str(found)
    assert {each["action"] for each in found} == {"MEMBER_ADDED", "KEY_CREATED"}
    await org.role("Analysts")
    assert (await entries(org.admin, first=1))[0]["action"] == "ROLE_CREATED"


async def test_pages_contain_every_entry_once_newest_first(org: Organization) -> None:
    for level in ("NONE", "VIEWER", "EDITOR"):
        await changed_policy(org.admin, level)
    everything = await entries(org.admin, first=500)
    numbers = [int(each["id"]) for each in everything]
    assert numbers == sorted(numbers, reverse=True)
    found: list[Any] = []
    after = None
    while len(found) < len(everything):
        page = (await org.admin.ask(LOG, first=2, after=after)).data["project"]["auditLog"]
        assert page["totalCount"] == len(everything)
        found += [edge["node"] for edge in page["edges"]]
        assert page["pageInfo"]["hasNextPage"] is (len(found) < len(everything))
        after = page["pageInfo"]["endCursor"]
    assert found == everything


@pytest.mark.parametrize("arguments", [{"first": 0}, {"first": 501}, {"after": "x"}])
async def test_invalid_page_is_rejected(org: Organization, arguments: dict[str, Any]) -> None:
    answer = await org.admin.ask(LOG, **arguments)
    assert (answer.extensions["code"], answer.extensions["path"]) == ("BAD_USER_INPUT", list(arguments))
