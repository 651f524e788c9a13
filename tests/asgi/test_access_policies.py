"""Access policies on nodes, at the root, and of whole resources."""

from typing import Any

import pytest

from datasource.metadata.members import remove_member
from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.roles import delete_role
from tests.asgi.access_calls import POLICY, READ, read_policy, rules_of
from tests.support.gateway import Gateway
from tests.support.seeds.organization import Organization, seed_organization

KINDS = ("insight", "action", "cohort")
LADDER = ["NONE", "VIEWER", "EDITOR", "MANAGER"]
PEOPLE = "usersWithAccess { totalCount edges { node { member { email } } } }"


def node(kind: str, selection: str) -> str:
    return f"query($project: ID!, $id: ID!) {{ project(id: $project) {{ {kind}(id: $id) {{ {selection} }} }} }}"


def system_default(resource: str, level: str = "EDITOR") -> dict[str, Any]:
    return {
        "accessLevel": level,
        "source": "SYSTEM_DEFAULT",
        "sourceSubject": None,
        "sourceResource": resource,
        "sourceResourceId": None,
        "sourceDisplayName": None,
    }


def rule_for_everyone(resource: str, level: str) -> dict[str, Any]:
    ruled = {"source": "RESOURCE", "sourceSubject": "DEFAULT"}
    return {**system_default(resource, level), **ruled}


@pytest.mark.parametrize("kind", KINDS)
async def test_object_policy_is_the_same_on_the_node_and_at_the_root(org: Organization, kind: str) -> None:
    made, plain, role = await org.saved(kind, "one"), await org.person("plain"), await org.role("Analysts")
    await org.give("viewer", kind, on=made)
    await org.give("manager", kind, on=made, to=role)
    await org.give("editor", kind, on=made, to=plain)
    await org.give("viewer", kind, on=await org.saved(kind, "another"))
    policy = (await plain.ask(node(kind, f"accessPolicy {{ {POLICY} }}"), id=made)).data["project"][kind][
        "accessPolicy"
    ]
    assert set(rules_of(policy)) == {
        (None, "VIEWER"),
        ("Analysts", "MANAGER"),
        (plain.member.email, "EDITOR"),
    }
    assert {(each["resource"], each["resourceId"]) for each in policy["accessControls"]} == {(kind.upper(), made)}
    del policy["accessControls"]
    assert policy == {
        "availableAccessLevels": LADDER,
        "defaultAccessLevel": "EDITOR",
        "minimumAccessLevel": "VIEWER" if kind == "action" else "NONE",
        "maximumAccessLevel": "MANAGER",
        "userAccessLevel": "EDITOR",
        "userCanEditAccessLevels": False,
        "inheritedAccess": system_default(kind.upper()),
    }
    assert (await read_policy(plain, kind.upper(), made)).items() >= policy.items()


@pytest.mark.parametrize("kind", KINDS)
async def test_inherited_access_is_the_level_of_everyone_without_the_objects_own_rule(
    org: Organization, kind: str
) -> None:
    made, plain = await org.saved(kind, "one"), await org.person("plain")
    await org.give("manager", kind, on=made)
    await org.give("none", kind, to=plain)
    await org.give("manager", kind, to=await org.role("Analysts", plain))
    before = await read_policy(plain, kind.upper(), made)
    assert before["inheritedAccess"] == system_default(kind.upper())
    await org.give("viewer", kind)
    after = await read_policy(plain, kind.upper(), made)
    assert after["inheritedAccess"] == rule_for_everyone(kind.upper(), "VIEWER")
    assert after["userAccessLevel"] == "MANAGER"


async def test_policy_of_a_project_inherits_nothing(org: Organization) -> None:
    plain = await org.person("plain")
    await org.give("admin", "project", to=plain)
    expected = {
        "accessControls": [
            {
                "resource": "PROJECT",
                "resourceId": org.id,
                "accessLevel": "ADMIN",
                "member": {"email": plain.member.email},
                "role": None,
                "createdBy": None,
            }
        ],
        "availableAccessLevels": ["NONE", "MEMBER", "ADMIN"],
        "defaultAccessLevel": "ADMIN",
        "minimumAccessLevel": "NONE",
        "maximumAccessLevel": "ADMIN",
        "userAccessLevel": "ADMIN",
        "userCanEditAccessLevels": True,
        "inheritedAccess": None,
    }
    answer = await plain.ask(f"query($project: ID!) {{ project(id: $project) {{ accessPolicy {{ {POLICY} }} }} }}")
    assert answer.data["project"]["accessPolicy"] == expected
    assert await read_policy(plain, "PROJECT") == expected
    assert await read_policy(plain, "PROJECT", org.id) == expected


async def test_policy_of_all_resources_has_every_resource_wide_rule(org: Organization) -> None:
    plain = await org.person("plain")
    await org.give("viewer")
    await org.give("none", "cohort", to=plain)
    await org.give("viewer", "action", on=await org.action("one"))
    document = (
        f"query($project: ID!) {{ project(id: $project) {{ resourceAccessPolicy {{ {POLICY} {PEOPLE} }} }} }}"
    )
    policy = (await plain.ask(document)).data["project"]["resourceAccessPolicy"]
    assert {(each["resource"], each["resourceId"], each["accessLevel"]) for each in policy["accessControls"]} == {
        ("INSIGHT", None, "VIEWER"),
        ("COHORT", None, "NONE"),
    }
    del policy["accessControls"]
    assert policy == {
        "availableAccessLevels": LADDER,
        "defaultAccessLevel": "EDITOR",
        "minimumAccessLevel": "NONE",
        "maximumAccessLevel": "MANAGER",
        "userAccessLevel": "ADMIN",
        "userCanEditAccessLevels": False,
        "inheritedAccess": None,
        "usersWithAccess": None,
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_policy_of_a_resource_has_only_its_own_rules(org: Organization, kind: str) -> None:
    plain = await org.person("plain")
    for each in KINDS:
        await org.give("viewer" if each == kind else "manager", each)
    policy = await read_policy(plain, kind.upper())
    assert rules_of(policy) == [(None, "VIEWER")]
    assert policy["minimumAccessLevel"] == ("VIEWER" if kind == "action" else "NONE")
    assert (policy["userAccessLevel"], policy["inheritedAccess"]) == ("VIEWER", None)


async def test_scope_to_read_access_is_sufficient(org: Organization) -> None:
    reader = await org.creator.with_scopes("access_control:read")
    insight = await org.insight("one")
    await org.give("viewer", on=insight)
    assert rules_of(await read_policy(reader, "INSIGHT", insight)) == [(None, "VIEWER")]
    assert rules_of(await read_policy(reader)) == []
    answer = await reader.ask(node("insight", "name"), id=insight)
    assert answer.extensions["missingScope"] == "project:read"


async def test_scope_to_write_access_includes_reading(org: Organization) -> None:
    assert rules_of(await read_policy(await org.creator.with_scopes("access_control:write"))) == []


async def test_policy_at_the_root_requires_access_to_its_object(org: Organization, gateway: Gateway) -> None:
    closed, plain = await org.insight("closed"), await org.person("plain")
    await org.give("none", on=closed)
    foreign = await (await seed_organization(gateway, f"neighbours of {org.id}")).insight("theirs")
    for on, code in ((closed, "FORBIDDEN"), (foreign, "NOT_FOUND"), ("x", "NOT_FOUND")):
        assert (await plain.ask(READ, resource="INSIGHT", on=on)).extensions["code"] == code
    await org.give("none", to=plain)
    assert (await plain.ask(READ, resource="INSIGHT", on=foreign)).extensions["code"] == "FORBIDDEN"
    other = await create_project(org.store, organization_id=org.organization_id, name="other")
    assert (await plain.ask(READ, resource="PROJECT", on=str(other.id))).extensions["code"] == "FORBIDDEN"


async def test_resource_id_without_resource_is_rejected(org: Organization) -> None:
    answer = await org.admin.ask(READ, on="1")
    assert (answer.extensions["code"], answer.extensions["path"]) == ("BAD_USER_INPUT", ["resourceId"])


async def test_rules_omit_members_who_left_and_deleted_roles(org: Organization) -> None:
    leaver, role = await org.person("leaver"), await org.role("Analysts")
    await org.give("viewer", to=leaver)
    await org.give("viewer", to=role)
    assert len((await read_policy(org.admin, "INSIGHT"))["accessControls"]) == 2
    await remove_member(org.store, email=leaver.member.email, organization_id=org.organization_id)
    await delete_role(org.store, role)
    assert (await read_policy(org.admin, "INSIGHT"))["accessControls"] == []


@pytest.mark.parametrize(
    ("person", "level", "can_edit"),
    [("admin", "MANAGER", True), ("creator", "MANAGER", True), ("plain", "EDITOR", False)],
)
async def test_policy_has_the_callers_level_and_right_to_edit(
    org: Organization, person: str, level: str, can_edit: object
) -> None:
    insight = await org.insight("one")
    people = {"admin": org.admin, "creator": org.creator, "plain": await org.person("plain")}
    policy = await read_policy(people[person], "INSIGHT", insight)
    assert (policy["userAccessLevel"], policy["userCanEditAccessLevels"]) == (level, can_edit)


async def test_owner_may_edit_rules_while_access_control_is_off(org: Organization) -> None:
    insight, plain = await org.insight("one"), await org.person("plain")
    await org.give("manager", on=insight, to=plain)
    await set_features(org.store, org.organization_id, access_control=False)
    for person, can_edit in ((org.admin, True), (org.creator, True), (plain, False)):
        assert (await read_policy(person, "INSIGHT", insight))["userCanEditAccessLevels"] is can_edit
    assert not (await read_policy(org.creator, "PROJECT"))["userCanEditAccessLevels"]
