"""accessControlSet sets and removes rules, and returns the resulting policy."""

import pytest

from datasource.metadata.members import remove_member
from datasource.metadata.organizations import set_features
from tests.asgi.access_calls import changed_policy, read_policy, rules_of, set_access
from tests.support.gateway import NOW
from tests.support.seeds.organization import Organization

TIMES = """query($project: ID!) { accessPolicy(projectId: $project, resource: INSIGHT) {
    accessControls { id createdAt updatedAt } } }"""
NEWEST_ENTRY = """query($project: ID!) { project(id: $project) {
    auditLog(first: 1) { edges { node { action target } } } } }"""


async def test_rule_can_be_set_changed_and_removed(org: Organization) -> None:
    insight = await org.insight("one")
    given = await changed_policy(org.admin, "VIEWER", on=insight, to=org.creator)
    assert given["accessControls"] == [
        {
            "resource": "INSIGHT",
            "resourceId": insight,
            "accessLevel": "VIEWER",
            "member": {"email": org.creator.member.email},
            "role": None,
            "createdBy": {"email": org.admin.member.email},
        }
    ]
    changed = await changed_policy(org.admin, "MANAGER", on=insight, to=org.creator)
    assert rules_of(changed) == [(org.creator.member.email, "MANAGER")]
    assert await read_policy(org.admin, "INSIGHT", insight) == changed
    assert rules_of(await changed_policy(org.admin, None, on=insight, to=org.creator)) == []


async def test_each_subject_has_its_own_rule(org: Organization) -> None:
    role, insight = await org.role("Analysts"), await org.insight("one")
    await changed_policy(org.admin, "NONE", on=insight)
    await changed_policy(org.admin, "VIEWER", on=insight, to=role)
    await changed_policy(org.admin, "EDITOR", on=insight, to=org.creator)
    everyone = await changed_policy(org.admin, "VIEWER", on=insight)
    assert set(rules_of(everyone)) == {
        (None, "VIEWER"),
        ("Analysts", "VIEWER"),
        (org.creator.member.email, "EDITOR"),
    }
    removed = await changed_policy(org.admin, None, on=insight, to=role)
    assert {subject for subject, _ in rules_of(removed)} == {None, org.creator.member.email}


async def test_removing_a_missing_rule_has_no_effect(org: Organization) -> None:
    insight = await org.insight("one")
    for _ in range(2):
        assert rules_of(await changed_policy(org.admin, None, on=insight)) == []
    plain = await org.person("plain")
    assert (await set_access(plain, None, on=insight)).extensions["code"] == "FORBIDDEN"


async def test_rule_has_times_of_creation_and_update(org: Organization) -> None:
    await changed_policy(org.admin, "VIEWER")
    before = (await org.admin.ask(TIMES)).data["accessPolicy"]["accessControls"]
    assert [(each["createdAt"], each["updatedAt"]) for each in before] == [(NOW.isoformat(),) * 2]
    await changed_policy(org.admin, "EDITOR")
    after = (await org.admin.ask(TIMES)).data["accessPolicy"]["accessControls"]
    assert [each["id"] for each in after] == [each["id"] for each in before]


async def test_rule_of_the_operator_has_no_creator(org: Organization) -> None:
    await org.give("viewer")
    [rule] = (await read_policy(org.admin, "INSIGHT"))["accessControls"]
    assert rule["createdBy"] is None


async def test_rule_outlives_its_creator(org: Organization) -> None:
    leader = await org.person("leader")
    await org.give("admin", "project", to=leader)
    await changed_policy(leader, "VIEWER")
    await remove_member(org.store, email=leader.member.email, organization_id=org.organization_id)
    [rule] = (await read_policy(org.admin, "INSIGHT"))["accessControls"]
    assert (rule["accessLevel"], rule["createdBy"]) == ("VIEWER", None)


async def test_rules_for_a_whole_kind_are_separate_from_rules_of_objects(org: Organization) -> None:
    insight = await org.insight("one")
    await changed_policy(org.admin, "VIEWER", on=insight)
    assert rules_of(await changed_policy(org.admin, "EDITOR")) == [(None, "EDITOR")]
    assert rules_of(await changed_policy(org.admin, "NONE", "COHORT")) == [(None, "NONE")]
    assert rules_of(await read_policy(org.admin, "INSIGHT", insight)) == [(None, "VIEWER")]
    assert set(rules_of(await read_policy(org.admin))) == {(None, "EDITOR"), (None, "NONE")}


@pytest.mark.parametrize("level", ["MEMBER", "NONE"])
async def test_caller_can_remove_their_own_access_to_a_project_and_sees_the_result(
    org: Organization, level: str
) -> None:
    leader = await org.person("leader")
    await org.give("admin", "project", to=leader)
    lowered = await changed_policy(leader, level, "PROJECT", to=leader)
    assert (lowered["userAccessLevel"], lowered["userCanEditAccessLevels"]) == (level, False)
    assert rules_of(lowered) == [(leader.member.email, level)]
    assert (await set_access(leader, "ADMIN", "PROJECT", to=leader)).extensions["code"] == "FORBIDDEN"


async def test_caller_can_remove_their_own_access_to_an_insight_and_sees_the_result(org: Organization) -> None:
    insight, manager = await org.insight("one"), await org.person("manager")
    await org.give("none", on=insight)
    await org.give("manager", on=insight, to=manager)
    removed = await changed_policy(manager, None, on=insight, to=manager)
    assert (removed["userAccessLevel"], removed["userCanEditAccessLevels"]) == ("NONE", False)
    assert rules_of(removed) == [(None, "NONE")]
    for level in ("MANAGER", None):
        assert (await set_access(manager, level, on=insight, to=manager)).extensions["code"] == "FORBIDDEN"


async def test_caller_can_remove_their_own_access_to_all_insights_and_sees_the_result(org: Organization) -> None:
    leader = await org.person("leader")
    await org.give("admin", "project", to=leader)
    closed = await changed_policy(leader, "NONE")
    assert (closed["userAccessLevel"], closed["userCanEditAccessLevels"]) == ("NONE", True)
    assert (await changed_policy(leader, None))["userAccessLevel"] == "EDITOR"


async def test_later_fields_of_a_request_see_the_change(org: Organization) -> None:
    insight, plain = await org.insight("one"), await org.person("plain")
    await org.give("admin", "project", to=plain)
    answer = await plain.ask(
        """mutation($project: ID!, $on: ID!, $me: ID!) {
            close: accessControlSet(input: {projectId: $project, resource: INSIGHT, resourceId: $on, memberId: $me,
                accessLevel: VIEWER}) { userAccessLevel }
            rename: insightUpdate(input: {projectId: $project, id: $on, name: "late"}) { name }
        }""",
        on=insight,
        me=plain.member.id,
    )
    assert answer.extensions["code"] == "FORBIDDEN"
    assert answer.error["path"] == ["rename"]
    again = await plain.ask(
        "query($project: ID!) { project(id: $project) { insights { edges { node { name } } } } }"
    )
    assert again.data["project"]["insights"]["edges"] == [{"node": {"name": "one"}}]


@pytest.mark.parametrize("kind", ["insight", "action", "cohort"])
async def test_deleting_an_object_deletes_its_rules(org: Organization, kind: str) -> None:
    made, kept = await org.saved(kind, "short-lived"), await org.saved(kind, "kept")
    for each in (made, kept):
        await changed_policy(org.admin, "VIEWER", kind.upper(), on=each, to=org.creator)
    delete = f"mutation($project: ID!, $id: ID!) {{ {kind}Delete(projectId: $project, id: $id) }}"
    assert (await org.admin.ask(delete, id=made)).data
    log = await org.admin.ask(NEWEST_ENTRY)
    [entry] = log.data["project"]["auditLog"]["edges"]
    assert entry["node"]["action"] == "ACCESS_CONTROL_REMOVED"
    assert entry["node"]["target"]["resourceId"] == made
    assert rules_of(await read_policy(org.admin, kind.upper(), kept)) == [(org.creator.member.email, "VIEWER")]


async def test_rules_stay_stored_without_effect_while_access_control_is_off(org: Organization) -> None:
    insight, plain = await org.insight("one"), await org.person("plain")
    await org.give("none", on=insight, to=plain)
    await set_features(org.store, org.organization_id, access_control=False)
    policy = await read_policy(plain, "INSIGHT", insight)
    assert rules_of(policy) == [(plain.member.email, "NONE")]
    assert (policy["userAccessLevel"], policy["userCanEditAccessLevels"]) == ("EDITOR", False)
    await set_features(org.store, org.organization_id, access_control=True)
    opened = await plain.ask(
        "query($project: ID!, $on: ID!) { project(id: $project) { insight(id: $on) { id } } }", on=insight
    )
    assert opened.extensions["code"] == "FORBIDDEN"
