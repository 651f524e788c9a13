"""The runner of access cases against the gateway: its data count, and wrong expectations fail."""

from typing import Any

import pytest

from tests.conformance.access.runner import AccessRunner
from tests.conformance.cases import CaseSource, Kind, SetAside
from tests.conformance.fields import CaseError

MEMBERS = [{"ref": "a1", "level": "admin"}, {"ref": "u1", "level": "member"}, {"ref": "u2", "level": "member"}]
ORGANIZATION: dict[str, Any] = {"members": MEMBERS, "roles": [{"ref": "r1", "members": ["u1"]}]}
OBJECTS = [
    {"ref": "o1", "resource": "dashboard", "created_by": "u2"},
    {"ref": "o2", "resource": "dashboard", "created_by": None},
    {"ref": "i1", "resource": "insight", "created_by": "u2"},
    {"ref": "p2", "resource": "project", "created_by": None},
]
RULE = {"resource": "dashboard", "resource_id": "@o1", "member": None, "role": None, "access_level": "none"}


def question(ask: str, expect: object, actor: str = "u1", **more: Any) -> dict[str, object]:
    return {"as": actor, "ask": ask, "resource": "dashboard", "object": "o1", "expect": expect, **more}


def request(status: int, actor: str = "u1", **more: Any) -> dict[str, Any]:
    expect = {"status": status, **more.pop("expect", {})}
    return {"as": actor, "ask": "request", "resource": "dashboard", "object": "o1", "expect": expect, **more}


def setting(status: int, actor: str = "a1", **more: Any) -> dict[str, Any]:
    level = {"access_level": "viewer", "member": "u1"}
    return {**request(status, actor, **{"set": level, **more}), "ask": "set", "endpoint": "access_controls"}


def whole(status: int, given: dict[str, object], actor: str = "a1", **more: Any) -> dict[str, Any]:
    named = {"resource": "project", "object": "project", **more}
    return {**request(status, actor, **named), "ask": "set", "endpoint": "resource_access_controls", "set": given}


def change(**what: object) -> dict[str, object]:
    return {"as": "system", "ask": "change", "change": what}


async def run(runner: AccessRunner, *steps: dict[str, Any], **parts: Any) -> list[str]:
    """Run a case with these steps and one rule that closes o1 to everyone, and return what fails."""
    content = {
        "name": "a case",
        "organization": ORGANIZATION,
        "objects": OBJECTS,
        "access_controls": [RULE],
        "steps": list(steps),
        **parts,
    }
    return await runner.run(CaseSource("file.json", "a case", content, Kind.ACCESS))


@pytest.mark.parametrize(
    ("ask", "right", "wrong", "more"),
    [
        ("user_access_level", "none", "editor", {}),
        ("resource_access_level", "editor", None, {"object": None}),
        ("effective_resource_access_level", "editor", "viewer", {"object": None}),
        ("specific_access_level", None, "none", {}),
        ("explicit_access_level_is_null", False, True, {}),
        ("check", False, True, {"required_level": "viewer"}),
        ("check", True, False, {"required_level": "editor", "object": None}),
        ("has_any_specific_access", False, True, {"object": None, "required_level": "viewer"}),
        ("can_modify_access_levels", False, True, {}),
        ("access_source", "default", "creator", {}),
        ("filter_list", ["o2"], ["o1", "o2"], {"object": None}),
        ("blocked_ids", ["o1"], [], {"object": None}),
        ("filter_list", ["p2"], [], {"object": None, "resource": "project"}),
        ("filter_list", ["project", "p2"], ["project"], {"object": None, "resource": "project"}),
        ("blocked_ids", [], ["p2"], {"object": None, "resource": "project"}),
    ],
)
async def test_question_is_answered_by_the_stored_rules(
    access_runner: AccessRunner, ask: str, right: object, wrong: object, more: dict[str, Any]
) -> None:
    assert await run(access_runner, question(ask, right, **more)) == []
    assert await run(access_runner, question(ask, wrong, **more)) != []


@pytest.mark.parametrize(
    ("status", "wrong", "more"),
    [
        (200, 403, {"action": "list", "expect": {"items": ["o2"]}}),
        (403, 200, {"action": "retrieve", "expect": {"detail_contains": ["viewer"]}}),
        (403, 404, {"action": "update", "expect": {"detail_contains": ["editor"]}}),
        (201, 200, {"action": "create", "object": None}),
        (200, 403, {"action": "list", "resource": "insight", "expect": {"items": ["i1"]}}),
        (200, 403, {"action": "update", "resource": "insight", "object": "i1"}),
        (200, 403, {"action": "list", "resource": "project", "expect": {"items": ["p2", "project"]}}),
        (403, 401, {"action": "list", "key": {"scopes": ["insight:read"]}}),
        (403, 404, {"action": "list", "actor": "outsider"}),
        (404, 403, {"action": "list", "actor": "outsider", "project_from": "@current", "resource": "insight"}),
    ],
)
async def test_request_is_answered_by_the_gateway(
    access_runner: AccessRunner, status: int, wrong: int, more: dict[str, Any]
) -> None:
    assert await run(access_runner, request(status, **more)) == []
    assert await run(access_runner, request(wrong, **more)) != []


async def test_list_of_other_objects_is_found(access_runner: AccessRunner) -> None:
    assert await run(access_runner, request(200, action="list", expect={"items": ["o1", "o2"]})) != []


async def test_rule_that_is_set_counts_from_then_on(access_runner: AccessRunner) -> None:
    rule = {"resource": "dashboard", "resource_id": "@o1", "member": "u1", "role": None, "access_level": "viewer"}
    shown = {"as": "a1", "ask": "get", "resource": "dashboard", "object": "o1", "endpoint": "access_controls"}
    steps = [
        setting(200, expect={"body_contains": {"organization_member": "u1", "access_level": "viewer"}}),
        question("user_access_level", "viewer"),
        request(200, action="retrieve"),
        {**shown, "expect": {"status": 200, "rows": [RULE, rule]}},
        setting(204, set={"access_level": None, "member": "u1"}),
        {**shown, "expect": {"status": 200, "rows": [RULE]}},
    ]
    assert await run(access_runner, *steps) == []
    assert await run(access_runner, {**shown, "expect": {"status": 200, "rows": []}}) != []
    assert await run(access_runner, setting(204)) != []


async def test_refusal_of_a_rule_says_why(access_runner: AccessRunner) -> None:
    unknown = {"access_level": "boss"}
    assert await run(access_runner, setting(400, set=unknown, expect={"attr": "access_level"})) == []
    assert await run(access_runner, setting(400, set=unknown, expect={"detail_contains": ["manager"]})) == []
    raw = {"access_level": "viewer", "member_raw": "nobody"}
    assert await run(access_runner, setting(400, set=raw, expect={"attr": "organization_member"})) == []
    assert await run(access_runner, setting(400, set=raw, expect={"attr": "role"})) != []
    missing = whole(400, {"access_level": "viewer"}, expect={"attr": "resource"})
    assert await run(access_runner, missing) == []


async def test_people_with_access_are_listed(access_runner: AccessRunner) -> None:
    asked = {"as": "a1", "ask": "users_with_access", "resource": "dashboard", "object": "o1"}
    right = {"status": 200, "total_count": 2, "users_lack": ["u1"], "levels_in_order": True}
    assert await run(access_runner, {**asked, "expect": right}) == []
    assert await run(access_runner, {**asked, "expect": {**right, "total_count": 3}}) != []


@pytest.mark.parametrize(
    ("what", "before", "after"),
    [
        ({"membership_level": {"u1": "owner"}}, "none", "manager"),
        ({"leave_organization": "u1"}, "none", None),
        ({"features": []}, "none", "editor"),
        ({"put_row": {**RULE, "role": "r1", "access_level": "manager"}}, "none", "manager"),
        ({"put_row": {**RULE, "access_level": None}}, "none", "editor"),
    ],
)
async def test_change_counts_in_later_steps(
    access_runner: AccessRunner, what: dict[str, object], before: object, after: object
) -> None:
    steps = (question("user_access_level", before), change(**what))
    assert await run(access_runner, *steps, question("user_access_level", after)) == []
    assert await run(access_runner, *steps, question("user_access_level", before)) != []


async def test_role_counts_until_it_is_taken_away(access_runner: AccessRunner) -> None:
    rules = [{**RULE, "role": "r1", "access_level": "manager"}]
    steps = [
        question("user_access_level", "manager"),
        change(remove_from_role={"r1": "u1"}),
        question("user_access_level", "editor"),
    ]
    assert await run(access_runner, *steps, access_controls=rules) == []


async def test_limit_of_objects_with_rules_is_the_cases(access_runner: AccessRunner) -> None:
    second = setting(400, object="o2", expect={"detail_contains": ["limit"]})
    assert await run(access_runner, second, organization={**ORGANIZATION, "object_rule_limit": 1}) == []
    assert await run(access_runner, second) != []


async def test_roles_and_memberships_of_elsewhere_count_nothing(access_runner: AccessRunner) -> None:
    organization = {
        **ORGANIZATION,
        "foreign_roles": [{"ref": "fr1", "members": ["u1"]}],
        "foreign_memberships": ["u1"],
    }
    rules = [
        {**RULE, "role": "fr1", "access_level": "manager"},
        {**RULE, "member": "foreign:u1", "access_level": "manager"},
    ]
    steps = [
        question("user_access_level", "editor"),
        setting(
            400, set={"access_level": "viewer", "member": "foreign:u1"}, expect={"attr": "organization_member"}
        ),
        setting(400, set={"access_level": "viewer", "role": "fr1"}, expect={"attr": "role"}),
    ]
    assert await run(access_runner, *steps, organization=organization, access_controls=rules) == []


async def test_member_who_is_not_active_is_not_let_in(access_runner: AccessRunner) -> None:
    members = [*MEMBERS, {"ref": "u3", "level": "admin", "active": False}]
    organization = {**ORGANIZATION, "members": members}
    assert await run(access_runner, request(401, "u3", action="list"), organization=organization) == []


async def test_unknown_resource_has_no_level_and_passes_checks(access_runner: AccessRunner) -> None:
    objects = [{"ref": "x1", "resource": "cupboard", "created_by": None}]
    asked: dict[str, Any] = {"resource": "cupboard", "object": "x1"}
    steps = [
        question("user_access_level", None, **asked),
        question("check", True, required_level="editor", **asked),
        question("check", True, required_level="editor", resource="cupboard", object=None),
        question("blocked_ids", [], resource="cupboard", object=None),
    ]
    assert await run(access_runner, *steps, objects=objects, access_controls=[]) == []
    with pytest.raises(CaseError):
        await run(
            access_runner, request(200, action="list", resource="cupboard"), objects=objects, access_controls=[]
        )


@pytest.mark.parametrize(
    "step",
    [
        {"as": "u1", "ask": "proposed_object_access", "object": "o1", "expect": {"access_level": "none"}},
        whole(400, {"access_level": "none", "resource": "notebook"}, resource="dashboard", object="o1"),
        whole(403, {"access_level": "none", "resource": "dashboard", "resource_id": "@o1"}),
        {**request(400), "ask": "get", "endpoint": "global_access_controls"},
        request(201, action="create", resource="project", object=None),
    ],
)
async def test_what_has_no_equivalent_is_set_aside(access_runner: AccessRunner, step: dict[str, object]) -> None:
    with pytest.raises(SetAside):
        await run(access_runner, step)


async def test_rule_at_an_address_that_is_none_must_be_refused(access_runner: AccessRunner) -> None:
    given: dict[str, object] = {"access_level": "none", "resource": "notebook"}
    assert await run(access_runner, whole(400, given, "u1", resource="dashboard", object="o1")) == []
    allowed = [{"resource": "project", "resource_id": "@project", "member": "u1", "role": None}]
    rules = [{**rule, "access_level": "admin"} for rule in allowed]
    step = whole(400, given, "u1", resource="dashboard", object="o1")
    assert await run(access_runner, step, access_controls=rules) != []


@pytest.mark.parametrize(
    "step",
    [
        question("user_access_level", None, "nobody"),
        question("user_access_level", None, object="o9"),
        request(200, "nobody", action="list"),
        setting(400, set={"access_level": "viewer", "role": "r9"}),
        change(leave_organization="nobody"),
    ],
)
async def test_reference_to_nothing_fails_the_case(access_runner: AccessRunner, step: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        await run(access_runner, step, question("user_access_level", "none"))
