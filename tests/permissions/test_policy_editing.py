import pytest

from datasource.metadata.records import RuleRecord
from permissions.policy import Controlled
from permissions.resources import Resource
from tests.permissions.policy_builders import ADAS_MEMBERSHIP, ADMIN, OWNER, STRANGER, policy
from tests.permissions.policy_rules import (
    EVERY_RULE,
    INSIGHT_1,
    OWN_INSIGHT,
    about_ada,
    about_everyone,
    about_role,
    project_rule,
)


@pytest.mark.parametrize(
    ("rules", "of_object", "of_project"),
    [
        ([], False, False),
        ([project_rule("admin")], True, True),
        ([project_rule("admin", member=ADAS_MEMBERSHIP)], True, True),
        ([project_rule("admin", role="role 1")], True, True),
        ([project_rule("member")], False, False),
        ([project_rule("member", member=ADAS_MEMBERSHIP), project_rule("admin")], False, False),
        ([about_ada("manager")], True, False),
        ([about_role("manager")], True, False),
        ([about_everyone("manager")], True, False),
        ([about_everyone("manager", on=None)], True, False),
        ([about_everyone("editor")], False, False),
        ([about_ada("editor"), about_everyone("manager", on=None)], False, False),
        ([about_ada("manager", on="2")], False, False),
    ],
)
def test_explicit_admins_and_managers_may_edit_rules(
    rules: list[RuleRecord], of_object: bool, of_project: bool
) -> None:
    asked = policy(*rules)
    assert asked.can_modify(INSIGHT_1) is of_object
    assert asked.can_modify(asked.project) is of_project
    assert asked.can_modify(OWN_INSIGHT)


def test_organization_admins_may_edit_rules() -> None:
    for principal in (ADMIN, OWNER):
        asked = policy(*EVERY_RULE, principal=principal)
        assert asked.can_modify(INSIGHT_1)
        assert asked.can_modify(asked.project)


def test_only_admins_may_edit_rules_of_a_resource_without_managers(activity_log: Resource) -> None:
    target = Controlled(activity_log, "1")
    assert not policy(about_ada("viewer", activity_log)).can_modify(target)
    assert policy(principal=ADMIN).can_modify(target)


def test_non_member_may_not_edit_rules() -> None:
    asked = policy(about_everyone("manager"), project_rule("admin"), principal=STRANGER)
    assert not asked.can_modify(INSIGHT_1)
    assert not asked.can_modify(asked.project)
