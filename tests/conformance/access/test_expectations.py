"""Expectations on an answer find every kind of difference."""

from collections.abc import Mapping

import pytest

from tests.conformance.access.expectations import Expectation, Reply, failures

RULE = {"resource": "dashboard", "resource_id": "o1", "member": "u1", "role": None, "access_level": "viewer"}
OTHER = {**RULE, "member": None, "role": "r1"}
BODY = {"access_controls": [RULE, OTHER], "available_access_levels": ["none", "viewer"], "inherited_access": None}
PEOPLE = (
    {"ref": "u1", "access_level": "manager", "access_source": "creator", "organization_membership_level": 8},
    {"ref": "u2", "access_level": "viewer", "access_source": "default", "organization_membership_level": 1},
)
REPLY = Reply(
    frozenset({200}),
    attr="access_level",
    detail="You must be manager of feature flags.",
    body=BODY,
    items=("o1", "o2"),
    people=PEOPLE,
    total=2,
)


@pytest.mark.parametrize(
    "checks",
    [
        {"attr": "access_level"},
        {"detail_contains": ["MANAGER", "feature_flag"], "detail_lacks": ["UUID"]},
        {"body": BODY},
        {"body": {**BODY, "access_controls": [{"role": "r1"}, {"member": "u1", "resource_id": "@o1"}]}},
        {"body_contains": {"access_controls": [{"role": "r1"}]}},
        {"body_contains": {"available_access_levels": ["none", "viewer"], "inherited_access": None}},
        {"rows": [OTHER, RULE]},
        {"items": ["o2", "o1"]},
        {"total_count": 2, "users_lack": ["u3"]},
        {"users_contain": [{"ref": "u2", "access_source": "default"}]},
        {"users_contain": [{"ref": "u1", "organization_membership_level": "admin"}]},
        {"levels_in_order": ["manager", "viewer"]},
        {"levels_in_order": True},
    ],
)
def test_what_holds_is_no_failure(checks: Mapping[str, object]) -> None:
    assert failures(Expectation(200, checks), REPLY) == []


@pytest.mark.parametrize(
    "checks",
    [
        {"attr": "role"},
        {"attr": None},
        {"detail_contains": ["editor"]},
        {"detail_lacks": ["manager"]},
        {"body": {**BODY, "extra": None}},
        {"body": {"access_controls": [RULE, OTHER]}},
        {"body": {**BODY, "available_access_levels": ["viewer", "none"]}},
        {"body": {**BODY, "access_controls": [RULE]}},
        {"body": {**BODY, "access_controls": [RULE, RULE]}},
        {"body_contains": {"access_controls": [{"role": "r2"}]}},
        {"body_contains": {"access_controls": []}},
        {"body_contains": {"user_access_level": "none"}},
        {"body_contains": {"available_access_levels": ["none"]}},
        {"rows": []},
        {"rows": [RULE, {**OTHER, "access_level": "editor"}]},
        {"items": ["o1"]},
        {"items": ["o1", "o2", "o3"]},
        {"total_count": 3},
        {"users_contain": [{"ref": "u2", "access_level": "editor"}]},
        {"users_contain": [{"ref": "u3"}]},
        {"users_lack": ["u2"]},
        {"levels_in_order": ["viewer", "manager"]},
    ],
)
def test_what_does_not_hold_is_found(checks: Mapping[str, object]) -> None:
    assert failures(Expectation(200, checks), REPLY) != []


def test_levels_out_of_order_are_found() -> None:
    turned = Reply(frozenset({200}), people=PEOPLE[::-1])
    assert failures(Expectation(200, {"levels_in_order": True}), turned) != []


def test_other_status_is_found_and_says_why() -> None:
    [failure] = failures(Expectation(403, {}), REPLY)
    assert failure == "status 200 where 403 was expected: You must be manager of feature flags."
    assert failures(Expectation(403, {}), Reply(frozenset({403, 404}))) == []


@pytest.mark.parametrize("check", [{"body_contains": {"a": 1}}, {"rows": [RULE]}, {"body": {}}, {"items": []}])
def test_answer_without_the_part_in_question_is_found(check: Mapping[str, object]) -> None:
    assert failures(Expectation(204, check), Reply(frozenset({204}))) != []
