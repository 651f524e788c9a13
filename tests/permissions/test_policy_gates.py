import pytest

from datasource.metadata.records import AccessLevel, RuleRecord
from permissions.policy import Access
from permissions.resources import ACTION, INSIGHT
from tests.permissions.policy_builders import ADMIN, ROLES_OFF, RULES_OFF, STRANGER, policy
from tests.permissions.policy_rules import (
    EDITOR,
    INSIGHT_1,
    MANAGER,
    OWN_INSIGHT,
    PROJECT_ADMIN,
    VIEWER,
    about_ada,
    about_everyone,
    about_role,
    project_rule,
)


def test_explicit_access_has_no_default() -> None:
    assert policy().explicit_access(INSIGHT_1) == Access(None)
    assert policy(about_ada("manager"), features=RULES_OFF).explicit_access(INSIGHT_1) == Access(None)
    assert policy().explicit_access(policy().project) == Access(None)


@pytest.mark.parametrize(
    "deciding",
    [about_ada("none"), about_role("viewer"), about_everyone("manager"), about_everyone("editor", on=None)],
    ids=["member", "role", "everyone", "resource"],
)
def test_explicit_access_comes_from_any_rule(deciding: RuleRecord) -> None:
    access = policy(deciding).explicit_access(INSIGHT_1)
    assert (access.level, access.rule) == (deciding.access_level, deciding)


def test_explicit_access_of_creators_and_admins_is_the_highest() -> None:
    for features in (RULES_OFF, ROLES_OFF):
        assert policy(features=features).explicit_access(OWN_INSIGHT).level is MANAGER
        assert policy(principal=ADMIN, features=features).explicit_access(INSIGHT_1).level is MANAGER
    assert policy(principal=STRANGER).explicit_access(OWN_INSIGHT) == Access(None)


def test_project_admin_is_explicit_by_a_rule_for_everyone_but_not_by_default() -> None:
    asked = policy()
    assert asked.object_access(asked.project).level is PROJECT_ADMIN
    assert asked.explicit_access(asked.project).level is None
    stored = policy(project_rule("admin"))
    assert stored.explicit_access(stored.project).level is PROJECT_ADMIN


@pytest.mark.parametrize(
    ("rules", "can_list", "can_create"),
    [
        ([], True, True),
        ([about_everyone("none", on=None)], False, False),
        ([about_everyone("none", on=None), about_ada("viewer")], True, False),
        ([about_everyone("none", on=None), about_role("manager", on="9")], True, False),
        ([about_everyone("none", on=None), about_ada("none")], False, False),
        ([about_everyone("none", on=None), about_everyone("manager")], False, False),
        ([about_everyone("editor", on=None), about_ada("manager")], True, True),
        ([about_everyone("none", on=None), about_ada("viewer", ACTION)], False, False),
    ],
)
def test_rule_by_name_on_one_object_opens_a_closed_resource_for_reading_but_not_for_creating(
    rules: list[RuleRecord], can_list: bool, can_create: bool
) -> None:
    asked = policy(*rules)
    assert asked.passes_gate(INSIGHT, VIEWER) is can_list
    assert asked.passes_gate(INSIGHT, EDITOR, strictly=True) is can_create


@pytest.mark.parametrize(
    ("rules", "reached"),
    [
        ([about_ada("editor")], [VIEWER, EDITOR]),
        ([about_ada("viewer"), about_role("editor", on="2")], [VIEWER, EDITOR]),
        ([about_role("manager")], [VIEWER, EDITOR, MANAGER]),
        ([about_everyone("manager")], []),
        ([about_ada("manager", on=None)], []),
        ([about_ada("none")], []),
        ([about_ada("manager", ACTION)], []),
    ],
)
def test_rule_by_name_gives_specific_access_to_an_object(
    rules: list[RuleRecord], reached: list[AccessLevel]
) -> None:
    levels = [VIEWER, EDITOR, MANAGER]
    assert [level for level in levels if policy(*rules).has_specific_access(INSIGHT, level)] == reached
    assert not any(policy(*rules, features=RULES_OFF).has_specific_access(INSIGHT, level) for level in levels)
    assert all(
        policy(*rules, principal=ADMIN, features=RULES_OFF).has_specific_access(INSIGHT, level) for level in levels
    )


def test_level_on_one_object_passes_the_gate_unless_strict() -> None:
    asked = policy(about_everyone("none", on=None), about_ada("editor", on="9"))
    assert asked.passes_gate(INSIGHT, EDITOR)
    assert not asked.passes_gate(INSIGHT, MANAGER)
    assert not asked.passes_gate(INSIGHT, VIEWER, strictly=True)


def test_gate_requires_the_level_on_the_resource() -> None:
    asked = policy(about_everyone("viewer", on=None))
    assert asked.passes_gate(INSIGHT, VIEWER, strictly=True)
    assert not asked.passes_gate(INSIGHT, EDITOR)
    assert not policy(principal=STRANGER).passes_gate(INSIGHT, VIEWER)
    assert policy(about_everyone("none", on=None), principal=ADMIN).passes_gate(INSIGHT, MANAGER, strictly=True)
