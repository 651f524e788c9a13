"""accessControlSet rejects invalid rules with the path of the error, in the specified order."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import AccessLevel
from permissions.resources import Resource, registered
from schema.build import build_schema
from tests.asgi.access_calls import SET, changed_policy, read_policy, rules_of, set_access
from tests.support.gateway import Answer, Gateway, open_gateway
from tests.support.seeds.organization import Organization, seed_organization


def error(answer: Answer) -> tuple[str, Any]:
    assert answer.body["data"] is None
    return answer.extensions["code"], answer.extensions.get("path")


@pytest.mark.parametrize(
    ("resource", "level", "words"),
    [
        ("INSIGHT", "MEMBER", "NONE, VIEWER, EDITOR, MANAGER"),
        ("COHORT", "ADMIN", "NONE, VIEWER, EDITOR, MANAGER"),
        ("PROJECT", "EDITOR", "NONE, MEMBER, ADMIN"),
        ("ACTION", "NONE", "below VIEWER, the minimum for actions"),
    ],
)
async def test_invalid_level_is_rejected(org: Organization, resource: str, level: str, words: str) -> None:
    answer = await set_access(org.admin, level, resource)
    assert error(answer) == ("BAD_USER_INPUT", ["input", "accessLevel"])
    assert words in answer.error["message"]


async def test_minimum_applies_to_rules_of_a_single_action(org: Organization) -> None:
    answer = await set_access(org.admin, "NONE", "ACTION", on=await org.action("a"))
    assert error(answer) == ("BAD_USER_INPUT", ["input", "accessLevel"])


async def test_level_above_the_maximum_is_rejected(gateway: Gateway, org: Organization) -> None:
    log = Resource("activity_log", default=AccessLevel.VIEWER, maximum=AccessLevel.VIEWER)
    with registered(log):
        async with open_gateway(
            gateway.stores, gateway.settings, schema=build_schema(gateway.settings)
        ) as extended:
            admin = replace(org.admin, gateway=extended)
            answer = await set_access(admin, "EDITOR", "ACTIVITY_LOG")
            assert error(answer) == ("BAD_USER_INPUT", ["input", "accessLevel"])
            assert "above VIEWER, the maximum for activity logs" in answer.error["message"]
            assert rules_of(await changed_policy(admin, "NONE", "ACTIVITY_LOG")) == [(None, "NONE")]


async def test_missing_level_does_not_remove_the_rule(org: Organization) -> None:
    await org.give("viewer")
    answer = await org.admin.ask(SET, resource="INSIGHT")
    assert error(answer) == ("BAD_USER_INPUT", ["input", "accessLevel"])
    assert rules_of(await read_policy(org.admin, "INSIGHT")) == [(None, "VIEWER")]


async def test_unknown_resource_is_rejected(org: Organization) -> None:
    answer = await set_access(org.admin, "VIEWER", "DASHBOARD")
    assert answer.extensions["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("member", ["x", "", "1", "3f2504e0-4f89-41d3-9a0c"])
async def test_malformed_member_id_is_rejected_with_a_hint(org: Organization, member: str) -> None:
    answer = await set_access(org.admin, "VIEWER", member=member)
    assert error(answer) == ("BAD_USER_INPUT", ["input", "memberId"])
    assert "members" in answer.extensions["hint"]
    assert "uuid" not in (answer.error["message"] + answer.extensions["hint"]).lower()


async def test_unknown_and_foreign_members_get_the_same_error(org: Organization, gateway: Gateway) -> None:
    foreign = await seed_organization(gateway, f"neighbours of {org.id}")
    unknown = await set_access(org.admin, "VIEWER", member=str(uuid4()))
    assert error(unknown) == ("BAD_USER_INPUT", ["input", "memberId"])
    assert (await set_access(org.admin, "VIEWER", to=foreign.creator)).body == unknown.body


async def test_membership_id_is_rejected_as_member_id(org: Organization) -> None:
    answer = await set_access(org.admin, "VIEWER", member=org.creator.membership_id)
    assert error(answer) == ("BAD_USER_INPUT", ["input", "memberId"])


async def test_unknown_and_foreign_roles_get_the_same_error(org: Organization, gateway: Gateway) -> None:
    foreign = await (await seed_organization(gateway, f"neighbours of {org.id}")).role("theirs")
    unknown = await set_access(org.admin, "VIEWER", role=str(uuid4()))
    assert error(unknown) == ("BAD_USER_INPUT", ["input", "roleId"])
    assert "roles" in unknown.extensions["hint"]
    assert (await set_access(org.admin, "VIEWER", to=foreign)).body == unknown.body


async def test_errors_are_reported_one_at_a_time_in_order(org: Organization, gateway: Gateway) -> None:
    """Start with all errors at once, and correct each after it was reported."""
    insight, plain = await org.insight("one"), await org.person("plain")
    role, foreign = await org.role("ours"), await (await seed_organization(gateway, f"beyond {org.id}")).role("x")
    faults: dict[str, Any] = {"on": insight, "level": "ADMIN", "member": "x", "role": foreign.id}
    await set_features(org.store, org.organization_id, role_based_access=False)

    async def ask() -> tuple[str, Any]:
        return error(await plain.ask(SET, resource="INSIGHT", **faults))

    assert await ask() == ("BAD_USER_INPUT", ["input", "accessLevel"])
    faults["level"] = "VIEWER"
    assert await ask() == ("BAD_USER_INPUT", ["input", "memberId"])
    faults["member"] = str(uuid4())
    assert await ask() == ("BAD_USER_INPUT", ["input", "roleId"])
    del faults["member"]
    assert await ask() == ("FORBIDDEN", None)
    await set_features(org.store, org.organization_id, role_based_access=True)
    assert await ask() == ("BAD_USER_INPUT", ["input", "roleId"])
    faults["role"] = role.id
    assert await ask() == ("FORBIDDEN", None)
    await org.give("manager", on=insight, to=plain)
    answer = await plain.ask(SET, resource="INSIGHT", **faults)
    assert ("ours", "VIEWER") in rules_of(answer.data["accessControlSet"])


async def test_missing_object_is_reported_before_any_other_error(org: Organization) -> None:
    faults = {"level": "ADMIN", "member": "x", "role": "y"}
    closed, hidden = await org.insight("closed"), await org.person("hidden")
    await org.give("none", on=closed, to=hidden)
    assert error(await hidden.ask(SET, resource="INSIGHT", on=closed, **faults)) == ("FORBIDDEN", None)
    assert error(await hidden.ask(SET, resource="INSIGHT", on="999999", **faults)) == ("NOT_FOUND", None)


async def test_member_and_role_cannot_be_combined(org: Organization) -> None:
    role = await org.role("both")
    answer = await set_access(org.admin, "VIEWER", to=org.creator, role=role.id)
    assert error(answer) == ("BAD_USER_INPUT", ["input", "roleId"])


async def test_role_rule_cannot_be_set_or_removed_while_roles_are_off(org: Organization) -> None:
    role = await org.role("off")
    await org.give("viewer", to=role)
    await set_features(org.store, org.organization_id, role_based_access=False)
    for level in ("EDITOR", None):
        answer = await set_access(org.admin, level, to=role)
        assert error(answer) == ("FORBIDDEN", None)
        assert "Role-based access is switched off" in answer.error["message"]
    policy = await changed_policy(org.admin, "VIEWER", to=org.creator)
    assert set(rules_of(policy)) == {("off", "VIEWER"), (org.creator.member.email, "VIEWER")}


async def test_rules_can_be_set_while_access_control_is_off(org: Organization) -> None:
    await set_features(org.store, org.organization_id, access_control=False)
    insight, plain = await org.insight("kept"), await org.person("plain")
    assert rules_of(await changed_policy(org.admin, "NONE", on=insight)) == [(None, "NONE")]
    assert rules_of(await changed_policy(org.creator, "VIEWER", on=insight)) == [(None, "VIEWER")]
    assert error(await set_access(plain, "NONE", on=insight))[0] == "FORBIDDEN"


async def test_project_rule_with_another_resource_id_is_forbidden(org: Organization) -> None:
    other = await create_project(org.store, organization_id=org.organization_id, name="other")
    answer = await set_access(org.admin, "NONE", "PROJECT", on=str(other.id))
    assert error(answer)[0] == "FORBIDDEN"
    assert "is a different project than projectId" in answer.error["message"]
    own = await changed_policy(org.admin, "MEMBER", "PROJECT", on=org.id)
    assert [(each["resourceId"], each["accessLevel"]) for each in own["accessControls"]] == [(org.id, "MEMBER")]


@pytest.mark.parametrize("resource", ["INSIGHT", "ACTION", "COHORT"])
async def test_object_unknown_deleted_or_of_another_project_is_not_found(
    org: Organization, gateway: Gateway, resource: str
) -> None:
    kind = resource.lower()
    foreign = await (await seed_organization(gateway, f"neighbours of {org.id}")).saved(kind, "theirs")
    deleted = await org.saved(kind, "gone")
    delete = f"mutation($project: ID!, $id: ID!) {{ {kind}Delete(projectId: $project, id: $id) }}"
    assert (await org.admin.ask(delete, id=deleted)).data
    answers = [await set_access(org.admin, "VIEWER", resource, on=each) for each in (foreign, deleted, "x", "0")]
    assert [error(answer)[0] for answer in answers] == ["NOT_FOUND"] * 4
    assert len({str(answer.body) for answer in answers}) == 1


@pytest.mark.parametrize("level", ["VIEWER", None])
async def test_caller_who_may_not_change_rules_sees_what_is_required(org: Organization, level: str | None) -> None:
    insight, plain = await org.insight("one"), await org.person("plain")
    on_object = await set_access(plain, level, on=insight)
    assert error(on_object)[0] == "FORBIDDEN"
    assert on_object.error["message"] == "You must be manager to modify insight permissions."
    assert on_object.extensions["missingLevel"] == "MANAGER"
    on_project = await set_access(plain, None if level is None else "MEMBER", "PROJECT")
    assert on_project.error["message"] == "You must be admin to modify project permissions."
    on_all = await set_access(plain, level)
    assert "must be an organization admin" in on_all.error["message"]
    assert (await read_policy(org.admin, "INSIGHT", insight))["accessControls"] == []


async def test_limit_of_objects_with_rules_blocks_only_new_objects(gateway: Gateway, org: Organization) -> None:
    settings = gateway.settings.model_copy(update={"max_objects_with_rules": 2})
    first, second, third = [await org.insight(name) for name in ("first", "second", "third")]
    async with open_gateway(gateway.stores, settings) as small:
        admin = replace(org.admin, gateway=small)
        for each in (first, second):
            await changed_policy(admin, "VIEWER", on=each)
        refused = await set_access(admin, "VIEWER", on=third)
        assert error(refused) == ("BAD_USER_INPUT", ["input", "resourceId"])
        assert "2 objects" in refused.error["message"]
        await changed_policy(admin, "EDITOR", on=first)
        await changed_policy(admin, "EDITOR", on=first, to=org.creator)
        await changed_policy(admin, None, on=third)
        await changed_policy(admin, "EDITOR")
        await changed_policy(admin, "VIEWER", "ACTION", on=await org.action("another kind"))
        await changed_policy(admin, None, on=second)
        assert rules_of(await changed_policy(admin, "NONE", on=third)) == [(None, "NONE")]
