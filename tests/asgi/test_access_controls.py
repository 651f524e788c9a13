"""accessControlSet sets and removes rules, and returns the resulting policy."""

import pytest

from datasource.metadata.members import remove_member
from datasource.metadata.organizations import set_features
from tests.asgi.access_calls import changed_policy, read_policy, rules_of, set_access
from tests.support.gateway import NOW
from tests.support.seeds.access_over_http import World

TIMES = """query($project: ID!) { accessPolicy(projectId: $project, resource: INSIGHT) {
    accessControls { id createdAt updatedAt } } }"""
NEWEST_ENTRY = """query($project: ID!) { project(id: $project) {
    auditLog(first: 1) { edges { node { action target } } } } }"""


async def test_rule_can_be_set_changed_and_removed(world: World) -> None:
    insight = await world.insight("one")
    given = await changed_policy(world.admin, "VIEWER", on=insight, to=world.creator)
    assert given["accessControls"] == [
        {
            "resource": "INSIGHT",
            "resourceId": insight,
            "accessLevel": "VIEWER",
            "member": {"email": world.creator.member.email},
            "role": None,
            "createdBy": {"email": world.admin.member.email},
        }
    ]
    changed = await changed_policy(world.admin, "MANAGER", on=insight, to=world.creator)
    assert rules_of(changed) == [(world.creator.member.email, "MANAGER")]
    assert await read_policy(world.admin, "INSIGHT", insight) == changed
    assert rules_of(await changed_policy(world.admin, None, on=insight, to=world.creator)) == []


async def test_each_subject_has_its_own_rule(world: World) -> None:
    role, insight = await world.role("Analysts"), await world.insight("one")
    await changed_policy(world.admin, "NONE", on=insight)
    await changed_policy(world.admin, "VIEWER", on=insight, to=role)
    await changed_policy(world.admin, "EDITOR", on=insight, to=world.creator)
    everyone = await changed_policy(world.admin, "VIEWER", on=insight)
    assert set(rules_of(everyone)) == {
        (None, "VIEWER"),
        ("Analysts", "VIEWER"),
        (world.creator.member.email, "EDITOR"),
    }
    removed = await changed_policy(world.admin, None, on=insight, to=role)
    assert {subject for subject, _ in rules_of(removed)} == {None, world.creator.member.email}


async def test_removing_a_missing_rule_has_no_effect(world: World) -> None:
    insight = await world.insight("one")
    for _ in range(2):
        assert rules_of(await changed_policy(world.admin, None, on=insight)) == []
    plain = await world.person("plain")
    assert (await set_access(plain, None, on=insight)).extensions["code"] == "FORBIDDEN"


async def test_rule_has_times_of_creation_and_update(world: World) -> None:
    await changed_policy(world.admin, "VIEWER")
    before = (await world.admin.ask(TIMES)).data["accessPolicy"]["accessControls"]
    assert [(each["createdAt"], each["updatedAt"]) for each in before] == [(NOW.isoformat(),) * 2]
    await changed_policy(world.admin, "EDITOR")
    after = (await world.admin.ask(TIMES)).data["accessPolicy"]["accessControls"]
    assert [each["id"] for each in after] == [each["id"] for each in before]


async def test_rule_of_the_operator_has_no_creator(world: World) -> None:
    await world.give("viewer")
    [rule] = (await read_policy(world.admin, "INSIGHT"))["accessControls"]
    assert rule["createdBy"] is None


async def test_rule_outlives_its_creator(world: World) -> None:
    leader = await world.person("leader")
    await world.give("admin", "project", to=leader)
    await changed_policy(leader, "VIEWER")
    await remove_member(world.store, email=leader.member.email, organization_id=world.organization_id)
    [rule] = (await read_policy(world.admin, "INSIGHT"))["accessControls"]
    assert (rule["accessLevel"], rule["createdBy"]) == ("VIEWER", None)


async def test_rules_for_a_whole_kind_are_separate_from_rules_of_objects(world: World) -> None:
    insight = await world.insight("one")
    await changed_policy(world.admin, "VIEWER", on=insight)
    assert rules_of(await changed_policy(world.admin, "EDITOR")) == [(None, "EDITOR")]
    assert rules_of(await changed_policy(world.admin, "NONE", "COHORT")) == [(None, "NONE")]
    assert rules_of(await read_policy(world.admin, "INSIGHT", insight)) == [(None, "VIEWER")]
    assert set(rules_of(await read_policy(world.admin))) == {(None, "EDITOR"), (None, "NONE")}


@pytest.mark.parametrize("level", ["MEMBER", "NONE"])
async def test_caller_can_remove_their_own_access_to_a_project_and_sees_the_result(
    world: World, level: str
) -> None:
    leader = await world.person("leader")
    await world.give("admin", "project", to=leader)
    lowered = await changed_policy(leader, level, "PROJECT", to=leader)
    assert (lowered["userAccessLevel"], lowered["userCanEditAccessLevels"]) == (level, False)
    assert rules_of(lowered) == [(leader.member.email, level)]
    assert (await set_access(leader, "ADMIN", "PROJECT", to=leader)).extensions["code"] == "FORBIDDEN"


async def test_caller_can_remove_their_own_access_to_an_insight_and_sees_the_result(world: World) -> None:
    insight, manager = await world.insight("one"), await world.person("manager")
    await world.give("none", on=insight)
    await world.give("manager", on=insight, to=manager)
    removed = await changed_policy(manager, None, on=insight, to=manager)
    assert (removed["userAccessLevel"], removed["userCanEditAccessLevels"]) == ("NONE", False)
    assert rules_of(removed) == [(None, "NONE")]
    for level in ("MANAGER", None):
        assert (await set_access(manager, level, on=insight, to=manager)).extensions["code"] == "FORBIDDEN"


async def test_caller_can_remove_their_own_access_to_all_insights_and_sees_the_result(world: World) -> None:
    leader = await world.person("leader")
    await world.give("admin", "project", to=leader)
    closed = await changed_policy(leader, "NONE")
    assert (closed["userAccessLevel"], closed["userCanEditAccessLevels"]) == ("NONE", True)
    assert (await changed_policy(leader, None))["userAccessLevel"] == "EDITOR"


async def test_later_fields_of_a_request_see_the_change(world: World) -> None:
    insight, plain = await world.insight("one"), await world.person("plain")
    await world.give("admin", "project", to=plain)
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
async def test_deleting_an_object_deletes_its_rules(world: World, kind: str) -> None:
    made, kept = await world.saved(kind, "short-lived"), await world.saved(kind, "kept")
    for each in (made, kept):
        await changed_policy(world.admin, "VIEWER", kind.upper(), on=each, to=world.creator)
    delete = f"mutation($project: ID!, $id: ID!) {{ {kind}Delete(projectId: $project, id: $id) }}"
    assert (await world.admin.ask(delete, id=made)).data
    log = await world.admin.ask(NEWEST_ENTRY)
    [entry] = log.data["project"]["auditLog"]["edges"]
    assert entry["node"]["action"] == "ACCESS_CONTROL_REMOVED"
    assert entry["node"]["target"]["resourceId"] == made
    assert rules_of(await read_policy(world.admin, kind.upper(), kept)) == [(world.creator.member.email, "VIEWER")]


async def test_rules_stay_stored_without_effect_while_access_control_is_off(world: World) -> None:
    insight, plain = await world.insight("one"), await world.person("plain")
    await world.give("none", on=insight, to=plain)
    await set_features(world.store, world.organization_id, access_control=False)
    policy = await read_policy(plain, "INSIGHT", insight)
    assert rules_of(policy) == [(plain.member.email, "NONE")]
    assert (policy["userAccessLevel"], policy["userCanEditAccessLevels"]) == ("EDITOR", False)
    await set_features(world.store, world.organization_id, access_control=True)
    opened = await plain.ask(
        "query($project: ID!, $on: ID!) { project(id: $project) { insight(id: $on) { id } } }", on=insight
    )
    assert opened.extensions["code"] == "FORBIDDEN"
