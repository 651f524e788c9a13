"""The reader of access cases fails on anything unknown."""

from typing import Any

import pytest

from datasource.metadata.records import OrganizationLevel
from tests.conformance.access.cases import Change, Question, SetRule, read_access_case
from tests.conformance.fields import CaseError

RULE = {"resource": "dashboard", "resource_id": "@o1", "member": "u1", "role": None, "access_level": "viewer"}
QUESTION: dict[str, Any] = {
    "as": "u1",
    "ask": "user_access_level",
    "resource": "dashboard",
    "object": "o1",
    "expect": None,
}
CHECK = {**QUESTION, "ask": "check", "required_level": "viewer", "expect": True}
REQUEST: dict[str, Any] = {"as": "u1", "resource": "dashboard", "object": "o1", "expect": {"status": 200}}
LIST = {**REQUEST, "ask": "request", "action": "list"}
SET = {**REQUEST, "ask": "set", "endpoint": "access_controls", "set": {"access_level": None}}
GET = {**REQUEST, "ask": "get", "endpoint": "access_controls"}
PEOPLE = {**REQUEST, "ask": "users_with_access"}
ORGANIZATION: dict[str, Any] = {"members": [{"ref": "u1", "level": "member"}], "roles": []}
CASE: dict[str, Any] = {
    "name": "a case",
    "source": "",
    "tags": [],
    "organization": ORGANIZATION,
    "objects": [{"ref": "o1", "resource": "dashboard", "created_by": None}],
    "access_controls": [RULE],
    "steps": [QUESTION],
}


def change(**what: object) -> dict[str, object]:
    return {"as": "system", "ask": "change", "change": what}


@pytest.mark.parametrize("step", [QUESTION, CHECK, LIST, SET, GET, PEOPLE])
def test_step_of_each_kind_is_read(step: dict[str, object]) -> None:
    assert len(read_access_case({**CASE, "steps": [step]}, "a case").steps) == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"object": []},
        {"organization": {**ORGANIZATION, "teams": []}},
        {"organization": {"members": [{"ref": "u1", "level": "guest"}]}},
        {"organization": {"members": [{"ref": "u1", "level": "member", "is_active": False}]}},
        {"organization": {"roles": [{"ref": "r1", "members": [], "name": "x"}]}},
        {"organization": {**ORGANIZATION, "features": ["sso"]}},
        {"objects": [{"ref": "o1", "resource": "dashboard", "created_by": None, "deleted": True}]},
        {"objects": [{"ref": "o1"}]},
        {"access_controls": [{**RULE, "project": "other"}]},
        {"access_controls": [{**RULE, "access_level": "owner"}]},
        {"access_controls": [{"resource": "dashboard"}]},
        {"steps": []},
        {"steps": [change(features=[])]},
    ],
)
def test_case_with_what_the_runner_does_not_know_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        read_access_case({**CASE, **parts}, "a case")


@pytest.mark.parametrize(
    "step",
    [
        {**QUESTION, "ask": "best_level"},
        {**QUESTION, "at": "now"},
        {**QUESTION, "object": None},
        {**QUESTION, "required_level": "viewer"},
        {**QUESTION, "as": None},
        {key: value for key, value in QUESTION.items() if key != "expect"},
        {**CHECK, "required_level": "boss"},
        {**CHECK, "required_level": None},
        {**CHECK, "include_all_if_admin": True},
        {**LIST, "action": "search"},
        {**LIST, "action": "retrieve", "object": None},
        {**LIST, "project_from": "other"},
        {**LIST, "key": {"scopes": ["*"], "label": "a"}},
        {**LIST, "key": {"scopes": "*"}},
        {**LIST, "expect": {}},
        {**LIST, "expect": {"status": 200, "rows": []}},
        {**LIST, "expect": {"status": 200, "items": [1]}},
        {**LIST, "expect": {"status": 200, "items": "o1"}},
        {**SET, "endpoint": "rules"},
        {**SET, "set": {"access_level": None, "team": "x"}},
        {**SET, "expect": {"status": 200, "body": {}}},
        {**SET, "object": None},
        {**GET, "expect": {"status": 200, "total_count": 1}},
        {**GET, "expect": {"status": 200, "rows": ["x"]}},
        {**PEOPLE, "expect": {"status": 200, "total_count": True}},
        {**PEOPLE, "expect": {"status": 200, "users_contain": ["u1"]}},
        change(level="admin"),
        change(features=["sso"]),
        change(membership_level={"u1": "guest"}),
        change(remove_from_role="r1"),
        change(put_row={"resource": "dashboard"}),
        {**change(features=[]), "expect": None},
    ],
)
def test_step_with_what_the_runner_does_not_know_is_refused(step: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        read_access_case({**CASE, "steps": [QUESTION, step]}, "a case")


def test_defaults_are_those_of_the_format() -> None:
    case = read_access_case({**CASE, "steps": [{**LIST, "object": None}, QUESTION]}, "a case")
    assert case.organization.features == {"access_control", "role_based_access"}
    assert case.organization.object_rule_limit is None
    assert case.organization.members[0].is_active
    question = case.steps[1]
    assert isinstance(question, Question)
    assert not question.includes_all_for_admins


def test_missing_level_and_null_are_told_apart() -> None:
    steps = [{**SET, "set": given} for given in ({}, {"access_level": None})]
    missing, null = read_access_case({**CASE, "steps": steps}, "a case").steps
    assert isinstance(missing, SetRule)
    assert isinstance(null, SetRule)
    assert ("access_level" in missing.rule.given, "access_level" in null.rule.given) == (False, True)


@pytest.mark.parametrize("removal", [{"r1": "u1"}, {"r1": ["u1"]}, {"role": "r1", "member": "u1"}, [{"r1": "u1"}]])
def test_changes_are_read_together_and_in_each_way_of_writing(removal: object) -> None:
    step = change(
        membership_level={"u1": "owner"},
        leave_organization="u1",
        features=[],
        remove_from_role=removal,
        put_row=RULE,
    )
    found, _ = read_access_case({**CASE, "steps": [step, QUESTION]}, "a case").steps
    assert isinstance(found, Change)
    assert (found.levels, found.leaving) == ({"u1": OrganizationLevel.OWNER}, ("u1",))
    assert (found.features, found.role_removals, len(found.rules)) == (frozenset(), (("r1", "u1"),), 1)
