"""The caller's level on nodes (in lists, by id, after changes), and who may edit access rules."""

from typing import Any

import pytest

from tests.asgi.access_calls import changed_policy, read_policy, set_access
from tests.support.seeds.organization import Organization, Person

KINDS = ("insight", "action", "cohort")
NEW = {"insight": 'query: {events: [{event: "view"}]}', "action": "steps: []", "cohort": "filters: []"}


def document(kind: str) -> str:
    return f"""query($project: ID!, $id: ID!) {{ project(id: $project) {{
        one: {kind}(id: $id) {{ userAccessLevel }}
        list: {kind}s {{ edges {{ node {{ name userAccessLevel }} }} }} }} }}"""


async def levels(person: Person, kind: str, on: str) -> tuple[str, dict[str, str]]:
    """Return the level on an object by its id, and the levels in the list by name."""
    project = (await person.ask(document(kind), id=on)).data["project"]
    nodes = [edge["node"] for edge in project["list"]["edges"]]
    return project["one"]["userAccessLevel"], {each["name"]: each["userAccessLevel"] for each in nodes}


@pytest.mark.parametrize("kind", KINDS)
async def test_each_node_has_the_callers_level(org: Organization, kind: str) -> None:
    plain = await org.person("plain")
    made = {name: await org.saved(kind, name) for name in ("default", "named", "everyone", "role")}
    made["mine"] = await org.saved(kind, "mine", by=plain)
    await org.give("manager", kind, on=made["named"], to=plain)
    await org.give("viewer", kind, on=made["everyone"])
    await org.give("viewer", kind, on=made["role"], to=await org.role("Analysts", plain))
    expected = {
        "default": "EDITOR",
        "named": "MANAGER",
        "everyone": "VIEWER",
        "role": "VIEWER",
        "mine": "MANAGER",
    }
    for name, level in expected.items():
        assert await levels(plain, kind, made[name]) == (level, expected)
    assert set((await levels(org.admin, kind, made["mine"]))[1].values()) == {"MANAGER"}


async def test_level_on_projects_is_shown_in_the_list_and_by_id(org: Organization) -> None:
    plain = await org.person("plain")
    answer = """query($project: ID!) { project(id: $project) { userAccessLevel }
        projects { edges { node { userAccessLevel } } }
        viewer { projects { edges { node { userAccessLevel } } } } }"""
    for given, level in ((None, "ADMIN"), ("member", "MEMBER"), ("admin", "ADMIN")):
        await org.give(given, "project", to=plain)
        data = (await plain.ask(answer)).data
        listed = {"edges": [{"node": {"userAccessLevel": level}}]}
        assert data == {
            "project": {"userAccessLevel": level},
            "projects": listed,
            "viewer": {"projects": listed},
        }


@pytest.mark.parametrize("kind", KINDS)
async def test_creator_is_manager_right_after_creating(org: Organization, kind: str) -> None:
    plain = await org.person("plain")
    create = f"""mutation($project: ID!) {{ {kind}Create(
        input: {{projectId: $project, name: "new", {NEW[kind]}}}) {{
            id userAccessLevel createdBy {{ email }} }} }}"""
    made = (await plain.ask(create)).data[f"{kind}Create"]
    assert (made["userAccessLevel"], made["createdBy"]) == ("MANAGER", {"email": plain.member.email})
    await org.give("none", kind, on=made["id"])
    assert (await levels(plain, kind, made["id"]))[0] == "MANAGER"
    update = f"""mutation($project: ID!, $id: ID!) {{ {kind}Update(
        input: {{projectId: $project, id: $id, name: "x"}}) {{
            userAccessLevel accessPolicy {{ userCanEditAccessLevels }} }} }}"""
    changed = (await plain.ask(update, id=made["id"])).data[f"{kind}Update"]
    assert changed == {"userAccessLevel": "MANAGER", "accessPolicy": {"userCanEditAccessLevels": True}}
    assert await changed_policy(plain, "VIEWER", kind.upper(), on=made["id"], to=org.creator)


async def may_edit(person: Person, resource: str, on: str | None) -> bool:
    """Return whether a change succeeds, as the policy must have said before."""
    text = (await read_policy(person, resource, on))["userCanEditAccessLevels"]
    answer = await set_access(person, None, resource, on=on)
    assert ("errors" not in answer.body) is text
    return bool(text)


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        ([], (False, False, False)),
        ([("admin", "project", "person")], (True, True, True)),
        ([("admin", "project", "role")], (True, True, True)),
        ([("admin", "project", "everyone")], (True, True, True)),
        ([("member", "project", "person")], (False, False, False)),
        ([("manager", "object", "person")], (True, False, False)),
        ([("manager", "object", "role")], (True, False, False)),
        ([("manager", "object", "everyone")], (True, False, False)),
        ([("manager", "insight", "person")], (True, False, False)),
        ([("manager", "insight", "everyone")], (True, False, False)),
        ([("editor", "object", "person")], (False, False, False)),
        ([("manager", "insight", "everyone"), ("editor", "object", "person")], (False, False, False)),
        ([("manager", "action", "everyone")], (False, False, False)),
    ],
    ids=lambda value: " and ".join(" ".join(rule) for rule in value) or "none" if isinstance(value, list) else "",
)
async def test_right_to_edit_access_rules(
    org: Organization, rules: list[tuple[str, str, str]], outcome: tuple[bool, bool, bool]
) -> None:
    """Of one insight, of all insights, of the project: only explicit admins and managers."""
    insight, plain = await org.insight("one"), await org.person("plain")
    subjects: dict[str, Any] = {"person": plain, "role": await org.role("Analysts", plain), "everyone": None}
    for level, about, subject in rules:
        on = insight if about == "object" else None
        await org.give(level, "insight" if on else about, on=on, to=subjects[subject])
    # An object's rule for everyone is the one that is removed, so it comes last.
    found = {
        "project": (await read_policy(plain, "PROJECT"))["userCanEditAccessLevels"],
        "all": await may_edit(plain, "COHORT", None),
        "one": await may_edit(plain, "INSIGHT", insight),
    }
    assert (found["one"], found["all"], found["project"]) == outcome
    answer = await set_access(plain, None, "PROJECT", to=org.creator)
    assert ("errors" not in answer.body) is outcome[2]


async def test_creator_may_edit_rules_only_behind_the_gate(org: Organization) -> None:
    insight = await org.insight("one")
    await org.give("viewer")
    assert (await read_policy(org.creator, "INSIGHT", insight))["userCanEditAccessLevels"]
    assert (await set_access(org.creator, "NONE", on=insight)).extensions["code"] == "FORBIDDEN"
    await org.give("editor")
    assert (await changed_policy(org.creator, "NONE", on=insight))["userAccessLevel"] == "MANAGER"
